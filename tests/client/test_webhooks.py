"""A push is believed if it is signed with the secret and fresh, and never else."""

from datetime import UTC, datetime, timedelta

import pytest

from yunxin.client import webhooks
from yunxin.client.webhooks import NotGenuine
from yunxin.dialects import pushes
from yunxin.vocabulary import PushKind

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
# The vector of the Standard Webhooks libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, STAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def push(kind: PushKind = PushKind.RECEIPTS) -> tuple[str, dict[str, str], bytes]:
    secret = pushes.mint_webhook_secret()
    body = pushes.v1_events([pushes.sample(kind, NOW)])
    return secret, pushes.webhook_headers("7", NOW, body, secret), body


def test_the_signature_is_that_of_standard_webhooks() -> None:
    headers = {"Webhook-Id": ID, "Webhook-Timestamp": STAMP, "Webhook-Signature": SIGNATURE}
    with pytest.raises(KeyError):  # genuine; it only is no push of ours
        webhooks.verify(SECRET, headers, BODY, now=float(STAMP))


def test_a_push_of_the_platform_is_read() -> None:
    secret, headers, body = push()
    told = webhooks.verify(secret, headers, body, now=NOW.timestamp())
    assert (told.id, told.type) == ("7", "receipts")
    (receipt,) = told.receipts
    assert (receipt.phone, receipt.state, receipt.finished_at) == ("13800000000", "delivered", NOW)
    assert told.replies == []


def test_replies_are_read_as_well() -> None:
    secret, headers, body = push(PushKind.REPLIES)
    (reply,) = webhooks.verify(secret, headers, body, now=NOW.timestamp()).replies
    assert (reply.text, reply.received_at, reply.unsubscribed) == ("测试 test", NOW, False)


def test_during_a_rotation_one_of_two_signatures_suffices() -> None:
    secret, headers, body = push()
    headers["webhook-signature"] = "v1,AAAA v2,B " + headers["webhook-signature"]
    assert webhooks.verify(secret, headers, body, now=NOW.timestamp())


@pytest.mark.parametrize("late", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_an_old_push_is_not_believed(late: timedelta) -> None:
    secret, headers, body = push()
    with pytest.raises(NotGenuine, match="too long ago"):
        webhooks.verify(secret, headers, body, now=(NOW + late).timestamp())


@pytest.mark.parametrize(
    "name", ["webhook-id", "webhook-timestamp", "webhook-signature", "", "body", "secret"]
)
def test_what_was_altered_is_not_believed(name: str) -> None:
    secret, headers, body = push()
    if name == "body":
        body = body.replace(b"delivered", b"failed")
    elif name == "secret":
        secret = pushes.mint_webhook_secret()
    elif name:
        headers[name] = headers[name][:-4] + "1234"
    else:
        headers = {}
    with pytest.raises(NotGenuine):
        webhooks.verify(secret, headers, body, now=NOW.timestamp())
