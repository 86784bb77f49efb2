"""v1: who may ask, what is answered, and every refusal as a problem that names what is wrong."""

import asyncio
import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.test_ronghe import refreshed
from tests.api.world import Side
from tests.engine.sending import channel
from tests.engine.world import World, phone
from yunxin.api.app import App
from yunxin.dialects import keys, signing
from yunxin.dialects.problems import PROBLEMS

MESSAGES = "/api/v1/messages"
PREVIEW = "/api/v1/messages:preview"


def bearer(side: Side) -> dict[str, str]:
    return {"Authorization": f"Bearer {side.minted.key}"}


def body_of(side: Side, *numbers: int, **more: Any) -> dict[str, Any]:
    recipients = [{"phone": phone(n)} for n in numbers or (1,)]
    body = {"template": str(side.template), "recipients": recipients, "parameters": ["王", "1"]}
    return body | more


async def send(client: httpx.AsyncClient, side: Side, *numbers: int, **more: Any) -> Any:
    answer = await client.post(MESSAGES, json=body_of(side, *numbers, **more), headers=bearer(side))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def get(client: httpx.AsyncClient, side: Side, path: str, **query: Any) -> Any:
    answer = await client.get(f"/api/v1{path}", params=query, headers=bearer(side))
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer: httpx.Response, code: str, field: str | None = None) -> dict[str, Any]:
    """The problem that the answer is, which must be this one."""
    told: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (told["code"], answer.status_code) == (code, PROBLEMS[code].status), told
    assert told["type"].endswith(f"#problem-{code}")
    assert told["request"] == answer.headers["x-request-id"]
    if field is not None:
        assert told["field"] == field
    return told


# Sending ---------------------------------------------------------------------------------------


async def test_each_recipient_gets_an_id_or_a_refusal(client, acme: Side, world: World):
    body = body_of(acme, reference="order-1", extension="88")
    body["recipients"] = [
        {"phone": phone(1)},
        {"phone": f"+86 {phone(2)}", "parameters": ["李", "2,3"], "reference": "order-2"},
        {"phone": "12345"},
        {"phone": phone(1)},
        {"phone": phone(3), "parameters": []},
    ]
    answer = await client.post(MESSAGES, json=body, headers=bearer(acme))
    told = answer.json()
    assert (told["accepted"], told["refused"], told["segments"]) == (2, 3, 2)
    assert [m.get("refusal", {}).get("code") for m in told["messages"]] == [
        None, None, "phone_invalid", "phone_duplicate", "params_missing",
    ]  # fmt: skip
    assert told["messages"][4]["refusal"]["detail"] == "2/0"
    rows = world.rows("SELECT id::text, phone, reference, task_id, extension, text FROM message"
                      " ORDER BY phone")  # fmt: skip
    assert [row[0] for row in rows] == [m["id"] for m in told["messages"][:2]]
    assert [row[1:3] for row in rows] == [(phone(1), "order-1"), (phone(2), "order-2")]
    assert {row[3:5] for row in rows} == {(told["task"], "88")}
    assert "您好李,2,3" in rows[1][5]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"template": "999999"}, "template_not_approved", "template"),
        ({"template": 7}, "invalid_body", "template"),
        ({"template": "seven"}, "invalid_body", "template"),
        ({"recipients": []}, "invalid_body", "recipients"),
        ({"recipients": [{"phone": phone(1)}] * 1001}, "invalid_body", "recipients"),
        ({"recipients": [{"phone": 1}]}, "invalid_body", "recipients[0].phone"),
        ({"recipients": [{}]}, "invalid_body", "recipients[0].phone"),
        ({"extension": "1a"}, "invalid_body", "extension"),
        ({"extension": "12\n"}, "invalid_body", "extension"),
        ({"reference": "x" * 65}, "invalid_body", "reference"),
        ({"reference": "\x00"}, "invalid_body", "reference"),
        ({"tempalte": "1"}, "invalid_body", "tempalte"),
    ],
)
async def test_a_bad_body_is_a_problem_that_names_the_field(client, acme, change, code, field):
    answer = await client.post(MESSAGES, json=body_of(acme) | change, headers=bearer(acme))
    problem(answer, code, field)


async def test_an_extension_that_does_not_fit_behind_the_number_is_a_problem(
    client, app, config, acme: Side, world: World
):
    channel(world, config, 2775, access_number="1069000000001")
    await refreshed(app)
    body = body_of(acme, extension="12345678")
    for path in (MESSAGES, f"{MESSAGES}:preview"):
        answer = await client.post(path, json=body, headers=bearer(acme))
        told = problem(answer, "extension_too_long", "extension")
        assert told["detail"] == "21"
    assert world.one("SELECT count(*) FROM message") == 0
    assert (await send(client, acme, 1, extension="1234567"))["accepted"] == 1


async def test_free_digits_that_are_anothers_number_are_a_problem(
    client, app, acme: Side, globex: Side, world: World
):
    world.do("UPDATE accounts_enterprise SET extension_code = '88' WHERE id = %s", globex.id)
    await refreshed(app)
    for path in (MESSAGES, f"{MESSAGES}:preview"):
        body = body_of(acme, extension="881")
        answer = await client.post(path, json=body, headers=bearer(acme))
        problem(answer, "extension_taken", "extension")
    assert world.one("SELECT count(*) FROM message") == 0
    assert (await send(client, acme, 1, extension="8"))["accepted"] == 1
    assert (await send(client, globex, 1, extension="1"))["accepted"] == 1


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"template":"\\ud800"}', b"nul"])
async def test_what_is_no_json_is_said(client, acme, content):
    answer = await client.post(MESSAGES, content=content, headers=bearer(acme))
    problem(answer, "invalid_json")


async def test_parameters_that_cannot_be_stored_are_refused(client, acme: Side):
    told = await send(client, acme, parameters=["\x00", "1"])
    assert told["messages"][0]["refusal"]["code"] == "line_malformed"


async def test_a_body_that_is_too_large_is_said(client, acme: Side):
    content = b" " * (2 * 1024 * 1024 + 1)
    problem(await client.post(MESSAGES, content=content, headers=bearer(acme)), "body_too_large")


async def test_what_concerns_all_is_a_problem(client, app, acme: Side, world: World):
    post = {"url": MESSAGES, "json": body_of(acme), "headers": bearer(acme)}
    world.do("UPDATE billing_package SET used = total")
    problem(await client.post(**post), "no_balance")
    world.do("UPDATE content_signature SET state = 'cancelled'")
    await refreshed(app)
    problem(await client.post(**post), "signature_not_approved")
    world.do("UPDATE accounts_enterprise SET suspended_at = now()")
    await refreshed(app)
    problem(await client.post(**post), "enterprise_suspended")


async def test_a_template_of_others_does_not_exist(client, acme: Side, globex: Side):
    body = body_of(acme, template=str(globex.template))
    answer = await client.post(MESSAGES, json=body, headers=bearer(acme))
    problem(answer, "template_not_approved")


async def test_a_key_has_its_effect_once(client, acme: Side, globex: Side, world: World):
    headers = bearer(acme) | {"Idempotency-Key": "order-1"}
    post = {"url": MESSAGES, "json": body_of(acme, 1, 2), "headers": headers}
    first = await client.post(**post)
    again = await asyncio.gather(*(client.post(**post) for _ in range(5)))
    assert all(answer.json() == first.json() for answer in again)
    assert {answer.headers["idempotency-replayed"] for answer in again} == {"true"}
    assert world.one("SELECT count(*) FROM message") == 2
    other = await client.post(MESSAGES, json=body_of(acme, 3), headers=headers)
    problem(other, "idempotency_key_reused", "Idempotency-Key")
    theirs = bearer(globex) | {"Idempotency-Key": "order-1"}
    assert (await client.post(MESSAGES, json=body_of(globex), headers=theirs)).status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
async def test_a_bad_idempotency_key_is_said(client, acme, key):
    headers = bearer(acme) | {"Idempotency-Key": key}
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    answer = await client.post(MESSAGES, json=body_of(acme), headers=encoded)
    problem(answer, "idempotency_key_invalid")


async def test_a_preview_shows_text_and_price_and_sends_nothing(client, acme, world: World):
    world.block(phone(2))
    body = body_of(acme, 1, 2)
    told = (await client.post(PREVIEW, json=body, headers=bearer(acme))).json()
    assert (told["accepted"], told["refused"], told["segments"]) == (1, 1, 1)
    assert told["messages"][0]["text"].endswith("您好王,1。")
    assert told["messages"][1]["refusal"]["code"] == "blocked_global"
    assert world.one("SELECT count(*) FROM message") == 0
    assert world.used(acme.package) == 0
    world.do("UPDATE billing_package SET used = total")
    problem(await client.post(PREVIEW, json=body, headers=bearer(acme)), "no_balance")


async def test_previews_count_as_recipients(client, app, acme: Side):
    acme.limit(recipients_per_s=2)
    await refreshed(app)
    body = body_of(acme, *range(1000))
    answers = [await client.post(PREVIEW, json=body, headers=bearer(acme)) for _ in range(2)]
    assert answers[0].status_code == 200
    problem(answers[1], "too_many_recipients")


async def test_refusals_are_told_in_the_language_that_is_asked_for(client, acme):
    headers = bearer(acme) | {"Accept-Language": "zh-CN,zh;q=0.9"}
    body = body_of(acme) | {"recipients": [{"phone": "1"}]}
    told = (await client.post(MESSAGES, json=body, headers=headers)).json()
    assert told["messages"][0]["refusal"]["message"] == "不是正确的手机号码。"
    stranger = {"Authorization": f"Bearer {keys.mint().key}", "Accept-Language": "zh"}
    answer = await client.get("/api/v1/balance", headers=stranger)
    assert problem(answer, "invalid_key")["title"].startswith("密钥")


# Who may ask -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_credentials"),
        ({"Authorization": "Basic YQ=="}, "missing_credentials"),
        ({"Authorization": "Bearer nonsense"}, "invalid_key"),
        ({"Authorization": f"Bearer {keys.mint().key}"}, "invalid_key"),
    ],
)
async def test_a_stranger_gets_no_further(client, acme, headers, code):
    answer = await client.get("/api/v1/balance", headers=headers)
    problem(answer, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_key_with_another_secret_is_no_key(client, acme: Side):
    forged = acme.minted.key[:-1] + ("a" if acme.minted.key[-1] != "a" else "b")
    answer = await client.get("/api/v1/balance", headers={"Authorization": f"Bearer {forged}"})
    problem(answer, "invalid_key")


@pytest.mark.parametrize("column", ["disabled_at", "expires_at"])
async def test_a_key_that_ended_is_no_key(client, app, acme, world, column):
    world.do(f"UPDATE interfaces_credential SET {column} = now() WHERE id = %s", acme.key_row)
    await refreshed(app)
    problem(await client.get("/api/v1/balance", headers=bearer(acme)), "invalid_key")


async def test_a_key_has_scopes_and_networks_of_its_own(client_at, app, acme: Side, world):
    narrow = keys.mint()
    acme.add_key(narrow, scopes=["account:read"], networks='["198.51.100.0/24"]')
    await refreshed(app)
    headers = {"Authorization": f"Bearer {narrow.key}"}
    client = client_at("198.51.100.7")
    assert (await client.get("/api/v1/balance", headers=headers)).status_code == 200
    told = problem(await client.get(MESSAGES, headers=headers), "scope_missing")
    assert told["detail"] == "messages:read"
    stranger = await client_at("203.0.113.9").get("/api/v1/balance", headers=headers)
    problem(stranger, "address_not_allowed")


def signed(side: Side, method: str, path: str, query: str = "", body: bytes = b"", **changes: str):
    """The headers of a signed request."""
    stamp = changes.get("timestamp", str(int(time.time())))
    nonce = changes.get("nonce", "n1")
    key = changes.get("key", side.minted.signing_key)
    return {
        "X-Yunxin-Key": side.minted.key_id,
        "X-Yunxin-Timestamp": stamp,
        "X-Yunxin-Nonce": nonce,
        "X-Yunxin-Signature": signing.sign(key, method, path, query, stamp, nonce, body),
    }


async def test_a_signed_request_is_good_once(client, acme: Side):
    headers = signed(acme, "GET", MESSAGES, "limit=5&state=failed")
    url = f"{MESSAGES}?state=failed&limit=5"
    assert (await client.get(url, headers=headers)).status_code == 200
    problem(await client.get(url, headers=headers), "nonce_reused")


async def test_a_wrong_signature_shows_what_was_signed(client, acme: Side):
    content = b'{"template":"1"}'
    headers = signed(acme, "POST", MESSAGES, body=content + b" ")
    told = problem(await client.post(MESSAGES, content=content, headers=headers), "wrong_signature")
    stamp = headers["X-Yunxin-Timestamp"]
    assert told["signed"] == signing.string_to_sign("POST", MESSAGES, "", stamp, "n1", content)


@pytest.mark.parametrize("off", [-301, 301])
async def test_an_old_signature_is_refused(client, acme: Side, off):
    headers = signed(acme, "GET", MESSAGES, timestamp=str(int(time.time()) + off))
    problem(await client.get(MESSAGES, headers=headers), "wrong_time", "X-Yunxin-Timestamp")


# Reading ---------------------------------------------------------------------------------------


async def test_a_message_has_a_time_line(client, acme: Side, globex: Side, world: World):
    sent = await send(client, acme, 1, reference="r")
    id = sent["messages"][0]["id"]
    told = await get(client, acme, f"/messages/{id}")
    assert (told["state"], told["phone"], told["reference"]) == ("accepted", phone(1), "r")
    assert told["task"] == sent["task"]
    world.finish("delivered")
    told = await get(client, acme, f"/messages/{id}")
    assert told["state"] == "delivered"
    assert [line["kind"] for line in told["timeline"]] == ["accepted", "delivered"]
    answer = await client.get(f"{MESSAGES}/{id}", headers=bearer(globex))
    problem(answer, "not_found")


@pytest.mark.parametrize("id", ["x", "9" * 19, "9" * 30, "1/2", ""])
async def test_a_message_that_is_not_there_is_404(client, acme, id):
    problem(await client.get(f"{MESSAGES}/{id}", headers=bearer(acme)), "not_found")


async def test_messages_are_listed_page_by_page(client, acme: Side, globex: Side, world):
    await send(client, globex, 9)
    for n in range(5):
        await send(client, acme, n, reference=f"r{n % 2}")
    seen, cursor = [], ""
    while True:
        page = await get(client, acme, "/messages", limit=2, cursor=cursor)
        seen += [m["phone"] for m in page["data"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [phone(n) for n in (4, 3, 2, 1, 0)]


async def test_a_failure_says_what_the_carriers_code_means(client, acme: Side, world: World):
    for n in range(3):
        await send(client, acme, n)
    world.finish("failed", f"phone <> '{phone(2)}'")
    world.finish("delivered")
    world.rows(f"UPDATE message SET code = 'UNDELIV' WHERE phone = '{phone(0)}' RETURNING id")
    world.rows(f"UPDATE message SET code = 'HD:0001' WHERE phone = '{phone(1)}' RETURNING id")
    page = await get(client, acme, "/messages")
    delivered, unknown, known = (message["failure"] for message in page["data"])
    assert (delivered, unknown) == (None, None)
    assert known == {
        "group": "unreachable",
        "permanent": False,
        "en": "The phone could not be reached",
        "zh": "无法送达该手机",
    }


async def test_messages_are_filtered(client, acme: Side, world: World):
    for n in range(4):
        await send(client, acme, n, reference=f"r{n % 2}")
    world.finish("failed", f"phone = '{phone(3)}'")
    world.finish("delivered", f"phone = '{phone(2)}'")

    async def found(**query: Any) -> list[str]:
        return [m["phone"] for m in (await get(client, acme, "/messages", **query))["data"]]

    assert await found(reference="r1") == [phone(3), phone(1)]
    assert await found(phone=phone(2)) == [phone(2)]
    assert await found(phone=phone(2), reference="r1") == []
    assert await found(state="failed") == [phone(3)]
    assert await found(state="delivered") == [phone(2)]
    assert await found(state="accepted") == [phone(1), phone(0)]
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert await found(**{"from": soon.isoformat()}) == []
    assert len(await found(to=soon.isoformat())) == 4
    assert len(await found(**{"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"})) == 4
    for moment in ("2024-01-01T00:00:00 08:00", "2024-01-01 00:00:00Z"):  # a "+" not escaped
        assert len(await found(**{"from": moment})) == 4


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=x", "limit"), ("state=lost", "state"), ("phone=1", "phone"),
        ("from=yesterday", "from"), ("from=2026-01-01T00:00:00", "from"), ("cursor=!!", "cursor"),
        ("cursor=YQ", "cursor"), ("nonsense=1", "nonsense"), ("reference=%FF", None),
        ("reference=%00", None), ("limit=1&limit=2", None),
    ],
)  # fmt: skip
async def test_a_bad_parameter_is_named(client, acme, query, field):
    answer = await client.get(f"{MESSAGES}?{query}", headers=bearer(acme))
    problem(answer, "invalid_parameter", field)


def note(world: World, side: Side, *ids: int) -> None:
    world.do("SELECT note_receipts(%s::bigint[], %s::bigint[], %s::text[])",
             [side.id] * len(ids), list(ids), ["api"] * len(ids))  # fmt: skip


async def test_receipts_are_pulled_by_cursor(client, acme: Side, globex: Side, world: World):
    sent = await send(client, acme, 1, 2, 3, reference="r")
    theirs = await send(client, globex, 9)
    ids = [m["id"] for m in sent["messages"]]
    world.finish("delivered")
    note(world, acme, *map(int, ids))
    note(world, globex, int(theirs["messages"][0]["id"]))
    page = await get(client, acme, "/receipts", limit=2)
    assert [e["message"] for e in page["data"]] == ids[:2]
    assert {(e["state"], e["task"], e["reference"]) for e in page["data"]} == {
        ("delivered", sent["task"], "r")
    }
    rest = await get(client, acme, "/receipts", cursor=page["next"])
    assert [e["message"] for e in rest["data"]] == ids[2:]
    end = await get(client, acme, "/receipts", cursor=rest["next"])
    assert end["data"] == [] and end["next"] == rest["next"]


async def test_a_cursor_of_a_database_that_was_replaced_is_said(client, acme: Side):
    """Transactions count from the beginning in a new one: nothing would ever be after it."""
    for path in ("receipts", "inbound"):
        ahead = base64.urlsafe_b64encode(b"9000000000.7").decode().rstrip("=")
        query = {"cursor": ahead}
        answer = await client.get(f"/api/v1/{path}", params=query, headers=bearer(acme))
        problem(answer, "invalid_parameter", "cursor")
        assert (await get(client, acme, f"/{path}"))["data"] == []


async def test_no_receipt_is_passed_over(client, acme: Side, world: World, database: str):
    """One that is committed after younger ones comes later, not never."""
    import psycopg

    sent = await send(client, acme, 1, 2)
    first, second = (int(m["id"]) for m in sent["messages"])
    world.finish("delivered")
    with psycopg.connect(database) as slow:
        slow.execute("SELECT note_receipts(%s::bigint[], %s::bigint[], %s::text[])",
                     ([acme.id], [first], ["api"]))  # fmt: skip
        note(world, acme, second)
        early = await get(client, acme, "/receipts")
        assert early["data"] == []
    late = await get(client, acme, "/receipts", cursor=early["next"])
    assert {e["message"] for e in late["data"]} == {str(first), str(second)}


async def test_replies_are_pulled_by_cursor(client, acme: Side, globex: Side, world: World):
    world.insert("inbound_message", id=5, enterprise_id=acme.id, phone=phone(1),
                 access_number="10690088", text="收到", channel_id=1,
                 received_at=datetime.now(UTC))  # fmt: skip
    world.do("SELECT note_event(%s, 'replies', 5, NULL)", acme.id)
    [told] = (await get(client, acme, "/inbound"))["data"]
    assert (told["reply"], told["text"], told["number"]) == ("5", "收到", "10690088")
    assert (await get(client, globex, "/inbound"))["data"] == []


async def test_balance_and_content_are_the_enterprises_own(client, acme, globex, world: World):
    await send(client, acme, 1, 2)
    told = await get(client, acme, "/balance")
    assert told["left"] == 998 and [p["total"] for p in told["packages"]] == [1000]
    [signature] = (await get(client, acme, "/signatures"))["data"]
    assert signature["id"] == str(acme.signature) and signature["state"] == "approved"
    [template] = (await get(client, acme, "/templates"))["data"]
    assert template["id"] == str(acme.template) and template["signature"] == signature["name"]
    assert [t["id"] for t in (await get(client, globex, "/templates"))["data"]] == [
        str(globex.template)
    ]


# Around ----------------------------------------------------------------------------------------


async def test_what_is_not_there_and_what_is_not_taken(client, acme: Side):
    problem(await client.get("/api/v1/nothing"), "not_found")
    answer = await client.delete(MESSAGES)
    problem(answer, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    assert (await client.get("/elsewhere")).status_code == 404


async def test_a_request_keeps_the_id_that_it_brings(client, acme: Side):
    answer = await client.get("/api/v1/balance", headers=bearer(acme) | {"X-Request-Id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    odd = await client.get("/api/v1/balance", headers=bearer(acme) | {"X-Request-Id": "a b"})
    assert odd.headers["x-request-id"] != "a b"


async def test_too_many_requests_name_the_rule_and_when_to_try_again(client, app, acme, globex):
    acme.limit(requests_per_s=1)
    await refreshed(app)
    assert (await client.get("/api/v1/balance", headers=bearer(acme))).status_code == 200
    answer = await client.get("/api/v1/balance", headers=bearer(acme))
    told = problem(answer, "too_many_requests")
    assert (told["rule"], told["window"], told["detail"]) == ("requests", "1 s", "1/second")
    assert answer.headers["retry-after"] == "1"
    assert (await client.get("/api/v1/balance", headers=bearer(globex))).status_code == 200


async def test_too_many_recipients_are_refused_as_a_whole(client, app, acme: Side, world: World):
    acme.limit(recipients_per_s=1)
    await refreshed(app)
    many = body_of(acme) | {"recipients": [{"phone": phone(n)} for n in range(1000)]}
    assert (await client.post(MESSAGES, json=many, headers=bearer(acme))).status_code == 200
    answer = await client.post(MESSAGES, json=many, headers=bearer(acme))
    problem(answer, "too_many_recipients")
    assert world.one("SELECT count(*) FROM message") == 1000


async def test_its_use_is_counted(client, app: App, acme: Side, world: World):
    await get(client, acme, "/balance")
    await client.get(f"{MESSAGES}/7", headers=bearer(acme))
    await app._keeper.parts.usage.flush()
    rows = world.rows("SELECT credential_id, outcome, requests, last_address FROM api_usage")
    assert sorted(rows) == [
        (acme.key_row, "not_found", 1, "203.0.113.9"), (acme.key_row, "ok", 1, "203.0.113.9"),
    ]  # fmt: skip


async def test_without_a_database_it_says_when_to_try_again(client, app, acme):
    app._keeper.parts = None
    answer = await client.get("/api/v1/balance", headers=bearer(acme))
    problem(answer, "unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_a_fault_of_ours_is_a_problem_too(client, app, acme: Side, monkeypatch):
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(app._keeper.parts.acceptor, "accept_once", fail)
    problem(await client.post(MESSAGES, json=body_of(acme), headers=bearer(acme)), "internal")
