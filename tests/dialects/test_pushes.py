"""Pushes to the byte, and a signature that a receiver's own few lines verify."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

from yunxin.dialects import pushes
from yunxin.dialects.pushes import PartWord, Receipt, Reply
from yunxin.vocabulary import PushKind

AT = datetime(2017, 1, 19, 6, 1, 21, tzinfo=UTC)


def receipt(**values):
    defaults = {
        "event_id": 5, "message_id": 7, "phone": "18607714703", "state": "delivered",
        "code": "DELIVRD", "segments": 1, "accepted_at": AT, "submitted_at": AT, "done_at": AT,
        "finished_at": AT, "task": "C20511170688217",
    }  # fmt: skip
    return Receipt(**(defaults | values))


def test_a_status_report_of_the_dialect_to_the_byte():
    assert pushes.ronghe_receipts([receipt()]) == (
        b'[{"mobile":"18607714703","state":"0","taskid":"C20511170688217","sortid":"0",'
        b'"time":"20170119140121"}]'
    )


def test_a_reply_of_the_dialect_to_the_byte():
    reply = Reply(1, 2, "18607714703", "10655512445223", "TD5", AT)
    assert pushes.ronghe_replies([reply]) == (
        b'[{"mobile":"18607714703","fisp":"10655512445223","time":"20170119140121","msg":"TD5"}]'
    )


def test_chinese_goes_as_utf8_and_not_escaped():
    reply = Reply(1, 2, "18607714703", "1069", '好"的😀', AT)
    assert '"msg":"好\\"的😀"'.encode() in pushes.ronghe_replies([reply])


def test_each_part_of_a_long_message_has_an_entry_with_its_own_word():
    later = datetime(2017, 1, 19, 6, 1, 30, tzinfo=UTC)
    parts = [PartWord(1, "delivered", "DELIVRD", AT), PartWord(3, "failed", "MK:0023", later)]
    row = receipt(state="failed", code="MK:0023", segments=3, parts=parts, done_at=None)
    told = json.loads(pushes.ronghe_receipts([row]))
    assert [(e["sortid"], e["state"], e["time"]) for e in told] == [
        ("0", "0", "20170119140121"),
        ("1", "MK:0023", "20170119140121"),
        ("2", "MK:0023", "20170119140130"),
    ]
    assert pushes.entries(row) == 3


def test_a_message_has_as_many_entries_as_it_was_cut_into():
    """Billed by 67 units, in 7 bits it may have taken fewer parts."""
    told = json.loads(pushes.ronghe_receipts([receipt(segments=2, part_count=1)]))
    assert [e["sortid"] for e in told] == ["0"]


def test_a_failure_without_a_code_has_a_word_and_is_never_a_success():
    states = [
        ("failed", "", "UNDELIV"),
        ("expired", "", "EXPIRED"),
        ("unknown", "", "UNKNOWN"),
        ("cancelled", "", "DELETED"),
        ("failed", "0", "UNDELIV"),
        ("refused", "blocked_enterprise", "blocked_enterprise"),
        ("delivered", "000", "0"),
    ]
    for state, code, word in states:
        (told,) = json.loads(pushes.ronghe_receipts([receipt(state=state, code=code)]))
        assert told["state"] == word


def test_an_event_of_v1_says_everything():
    parts = [PartWord(1, "delivered", "DELIVRD", AT), PartWord(2, "delivered", "", None)]
    body = json.loads(pushes.v1_events([receipt(segments=2, parts=parts, reference="order-1")]))
    assert body["type"] == "receipts"
    at = "2017-01-19T06:01:21.000Z"
    assert body["events"] == [
        {
            "id": "5", "message": "7", "phone": "18607714703", "state": "delivered",
            "code": "DELIVRD", "failure": None, "segments": 2,
            "parts": [
                {"part": 1, "state": "delivered", "code": "DELIVRD", "done_at": at},
                {"part": 2, "state": "delivered", "code": None, "done_at": None},
            ],
            "accepted_at": at, "submitted_at": at, "done_at": at, "finished_at": at,
            "task": "C20511170688217", "reference": "order-1",
        }
    ]  # fmt: skip


def test_a_failure_says_what_its_code_means():
    failure = pushes.Failure("number", True, "Not assigned", "空号")
    (event,) = json.loads(pushes.v1_events([receipt(state="failed", failure=failure)]))["events"]
    assert event["failure"] == {
        "group": "number", "permanent": True, "en": "Not assigned", "zh": "空号",
    }  # fmt: skip


def test_replies_of_v1_and_the_test_have_their_type():
    reply = Reply(1, 2, "18607714703", "1069", "TD", AT, message_id=9, unsubscribed=True)
    body = json.loads(pushes.v1_events([reply]))
    assert body["type"] == "replies"
    assert body["events"] == [
        {
            "id": "1", "reply": "2", "phone": "18607714703", "number": "1069", "text": "TD",
            "received_at": "2017-01-19T06:01:21.000Z", "message": "9", "unsubscribed": True,
        }
    ]  # fmt: skip
    for kind in (PushKind.RECEIPTS, PushKind.REPLIES):
        body = json.loads(pushes.v1_events([pushes.sample(kind, AT)], PushKind.TEST))
        assert body["type"] == "test"


def test_the_signature_is_that_of_standard_webhooks():
    """The example of the specification's reference libraries."""
    headers = pushes.webhook_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_verifies_with_a_few_lines_of_its_own():
    secret = pushes.mint_webhook_secret()
    assert secret.startswith("whsec_") and secret != pushes.mint_webhook_secret()
    headers = pushes.webhook_headers("push_1", AT, b"body", secret)
    signed = f"push_1.{headers['webhook-timestamp']}.".encode() + b"body"
    digest = hmac.digest(base64.b64decode(secret[6:]), signed, hashlib.sha256)
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
