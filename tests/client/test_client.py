"""Both clients send the same, understand the same, and try again the same."""

import asyncio
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.client.conftest import KEY, QUICK
from tests.client.server import HANG_UP, Reply, Server
from yunxin.client import (
    AnswerNotUnderstood,
    Application,
    AsyncClient,
    Client,
    Problem,
    Recipient,
    Refused,
    SentMessage,
    Signature,
    Template,
    Unreachable,
    answers,
)
from yunxin.client.asynchronous import AsyncPages
from yunxin.client.sync import Pages
from yunxin.dialects import keys, signing, v1

SENT = {
    "task": "C1",
    "accepted": 1,
    "refused": 1,
    "segments": 1,
    "messages": [
        {"phone": "13800000000", "id": "71", "segments": 1},
        {"phone": "1380", "refusal": {"code": "phone_invalid", "detail": "", "message": "No."}},
    ],
    "a_later_field": True,
}


def receipts(*ids: str, cursor: str) -> dict[str, Any]:
    rows = [{"id": id, "phone": "13800000000", "state": "delivered"} for id in ids]
    return {"data": rows, "next": cursor}


PAGES = {
    "/api/v1/receipts?limit=100": receipts("1", "2", cursor="c1"),
    "/api/v1/receipts?cursor=c1&limit=100": receipts("3", cursor="c2"),
    "/api/v1/receipts?cursor=c2&limit=100": receipts(cursor="c2"),
}
# Of the client → of `dialects.v1`.
ANSWERS = {
    name: name
    for name in (
        "Sent", "SentMessage", "Preview", "PreviewedMessage", "TimelineEntry", "Receipt",
        "ReceiptPart", "InboundMessage", "Package", "Balance", "Signature", "Template",
        "Application", "Replay", "Failure",
    )
} | {"Message": "MessageWithTimeline", "Refused": "RefusalTold", "Page": "Messages"}  # fmt: skip
BUSY = Reply(503, b"<html>busy</html>")

Ask = Callable[..., Any]


def sync_ask(
    url: str, name: str, *words: Any, key: str = KEY, signs: bool = False, **options: Any
) -> Any:
    with Client(url, key, signs=signs, patience=QUICK) as client:
        answer = getattr(client, name)(*words, **options)
        return list(answer) if isinstance(answer, Pages) else answer


def async_ask(
    url: str, name: str, *words: Any, key: str = KEY, signs: bool = False, **options: Any
) -> Any:
    async def run() -> Any:
        async with AsyncClient(url, key, signs=signs, patience=QUICK) as client:
            answer = getattr(client, name)(*words, **options)
            if isinstance(answer, AsyncPages):
                return [row async for row in answer]
            return await answer

    return asyncio.run(run())


@pytest.fixture(params=[sync_ask, async_ask], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    asker: Ask = request.param
    return asker


def test_a_template_is_sent_to_one_phone(server: Server, ask: Ask) -> None:
    server.replies = [Reply(200, SENT)]
    sent = ask(server.url, "send", 12, "13800000000", ["1234"], reference="order 7")
    assert (sent.task, sent.accepted, sent.refused) == ("C1", 1, 1)
    assert sent.messages == (
        SentMessage("13800000000", "71", 1),
        SentMessage("1380", refusal=Refused("phone_invalid", "", "No.")),
    )
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/v1/messages")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert len(asked.headers["idempotency-key"]) == 36
    assert asked.json == {
        "template": "12",
        "recipients": [{"phone": "13800000000"}],
        "parameters": ["1234"],
        "reference": "order 7",
    }


def test_recipients_may_have_parameters_of_their_own(server: Server, ask: Ask) -> None:
    server.replies = [Reply(200, SENT)]
    recipients = [Recipient("13800000000", ["a,b"], "r1"), "13900000000"]
    ask(server.url, "send", "12", recipients, idempotency_key="order-7")
    assert server.asked[0].headers["idempotency-key"] == "order-7"
    assert server.asked[0].json["recipients"] == [
        {"phone": "13800000000", "parameters": ["a,b"], "reference": "r1"},
        {"phone": "13900000000"},
    ]


def test_it_is_applied_for_a_signature(server: Server, ask: Ask) -> None:
    made = {"id": "5", "name": "云启", "state": "pending"}
    server.replies = [BUSY, Reply(201, made)]
    assert ask(server.url, "apply_for_signature", "云启", "发货") == Signature(
        "5", "云启", "pending"
    )
    assert [asked.path for asked in server.asked] == ["/api/v1/signatures"] * 2
    assert server.asked[1].json == {"name": "云启", "purpose": "发货"}
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1


def test_it_is_applied_for_a_template(server: Server, ask: Ask) -> None:
    made = {"id": "9", "name": "取件", "content": "单号#*#", "state": "pending"}
    server.replies = [Reply(201, made)]
    given = {"variables": ["单号"], "carriers": ["mobile"], "position": "back"}
    told = ask(server.url, "apply_for_template", "取件", 5, "单号#*#", **given)
    assert told == Template("9", "取件", "单号#*#", "pending")
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/v1/templates")
    assert asked.json == {"name": "取件", "signature": "5", "content": "单号#*#", **given}


def test_an_application_that_waits_is_asked_for_again(server: Server, ask: Ask) -> None:
    waiting = {"id": "3", "state": "waiting", "signature": None, "template": None}
    server.replies = [Reply(202, waiting), Reply(200, waiting | {"state": "done", "template": "9"})]
    waits = ask(server.url, "apply_for_template", "取件", "5", "您好")
    assert waits == Application("3", "waiting")
    assert ask(server.url, "application", waits.id) == Application("3", "done", template="9")
    assert server.asked[1].path == "/api/v1/applications/3"


@pytest.mark.parametrize("trouble", [HANG_UP, BUSY, Reply(500, {}), Reply(429, {})])
def test_a_request_is_tried_again_with_the_same_key(
    server: Server, ask: Ask, trouble: Reply
) -> None:
    server.replies = [trouble, trouble, Reply(200, SENT)]
    assert ask(server.url, "send", 12, "13800000000").accepted == 1
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1
    assert len({asked.body for asked in server.asked}) == 1
    assert len(server.asked) == 3


def test_two_wishes_have_two_keys(server: Server, ask: Ask) -> None:
    server.replies = [Reply(200, SENT)]
    ask(server.url, "send", 12, "13800000000")
    ask(server.url, "send", 12, "13800000000")
    first, second = (asked.headers["idempotency-key"] for asked in server.asked)
    assert first != second


def test_after_enough_tries_it_says_that_no_answer_came(server: Server, ask: Ask) -> None:
    server.replies = [HANG_UP]
    with pytest.raises(Unreachable):
        ask(server.url, "send", 12, "13800000000")
    assert len(server.asked) == QUICK.tries


def test_a_refusal_is_told_and_not_tried_again(server: Server, ask: Ask) -> None:
    server.replies = [
        Reply(
            422,
            {
                "type": "https://sms.example.com/interface/document/#problem-template_not_approved",
                "title": "The template is not approved.",
                "status": 422,
                "detail": "There is no approved template 12.",
                "code": "template_not_approved",
                "field": "template",
            },
        )
    ]
    with pytest.raises(Problem) as told:
        ask(server.url, "send", 12, "13800000000")
    problem = told.value
    assert (problem.status, problem.code, problem.field) == (
        422,
        "template_not_approved",
        "template",
    )
    assert problem.sentence == "There is no approved template 12."
    assert problem.link.endswith("#problem-template_not_approved")
    assert str(problem) == (
        "template_not_approved: There is no approved template 12. (field template)"
    )
    assert len(server.asked) == 1


def test_a_pause_that_is_asked_for_is_made(
    server: Server, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies = [Reply(429, {}, {"Retry-After": "0.04"}), Reply(200, SENT)]
    pauses: list[float] = []
    monkeypatch.setattr("yunxin.client.sync.time.sleep", pauses.append)

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    monkeypatch.setattr("yunxin.client.asynchronous.asyncio.sleep", sleep)
    ask(server.url, "send", 12, "13800000000")
    assert pauses == [0.04]


def test_a_pause_that_is_too_long_is_the_callers_to_make(server: Server, ask: Ask) -> None:
    server.replies = [Reply(429, {"code": "too_many_requests"}, {"Retry-After": "3600"})]
    with pytest.raises(Problem) as told:
        ask(server.url, "send", 12, "13800000000")
    assert told.value.retry_after_s == 3600
    assert len(server.asked) == 1


def test_what_is_no_answer_is_not_believed(server: Server, ask: Ask) -> None:
    server.replies = [Reply(200, b"<html>")]
    with pytest.raises(AnswerNotUnderstood):
        ask(server.url, "balance")


def test_a_signed_request_proves_itself_without_its_key(server: Server, ask: Ask) -> None:
    server.replies = [BUSY, Reply(200, SENT)]
    ask(server.url, "send", 12, "13800000000", signs=True)
    for asked in server.asked:
        assert "authorization" not in asked.headers
        assert KEY not in str(asked)
        assert asked.headers["x-yunxin-key"] == "abcdefghijkl"
        assert asked.headers["x-yunxin-signature"] == signing.sign(
            keys.signing_key(KEY),
            "POST",
            "/api/v1/messages",
            "",
            asked.headers["x-yunxin-timestamp"],
            asked.headers["x-yunxin-nonce"],
            asked.body,
        )
    assert len({asked.headers["x-yunxin-nonce"] for asked in server.asked}) == 2


def test_pages_are_read_to_the_end(server: Server, ask: Ask) -> None:
    server.answer = lambda asked: Reply(200, PAGES[asked.path])
    assert [receipt.id for receipt in ask(server.url, "receipts")] == ["1", "2", "3"]


def test_a_pull_goes_on_where_the_last_one_ended(server: Server) -> None:
    server.answer = lambda asked: Reply(200, PAGES[asked.path])
    with Client(server.url, KEY) as client:
        pull = client.receipts()
        assert len(list(pull)) == 3
        assert pull.cursor == "c2"


def test_a_key_shows_in_no_repr_and_a_wrong_one_is_refused_at_once() -> None:
    client = Client("http://127.0.0.1:1", KEY)
    assert KEY not in repr(vars(client))
    client.close()
    with pytest.raises(ValueError, match="yx_live_"):
        Client("http://127.0.0.1:1", "secret")


def test_parameters_are_no_text() -> None:
    with Client("http://127.0.0.1:1", KEY) as client, pytest.raises(TypeError):
        client.send(12, "13800000000", "1234")


def test_both_clients_offer_the_same() -> None:
    def offered(kind: type) -> dict[str, str]:
        return {
            name: str(inspect.signature(function)).replace("Async", "")
            for name, function in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert offered(Client) == offered(AsyncClient)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_answers_have_all_that_the_wire_has(name: str) -> None:
    """The client knows every field that v1 declares, by the same name."""
    wire = {field.name for field in msgspec.structs.fields(getattr(v1, ANSWERS[name]))}
    known = {field.name for field in dataclasses.fields(getattr(answers, name))}
    assert known == wire
