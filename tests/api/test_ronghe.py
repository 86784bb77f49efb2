"""The commercial product's dialect: every result code, and the containment of its weaknesses."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.world import Side
from tests.engine.sending import channel
from tests.engine.world import World, eventually, phone
from yunxin.api.app import App
from yunxin.dialects.ronghe import MESSAGES, PATH, ResultCode

LONG = "长" * 1001


async def ask(client: httpx.AsyncClient, body: Any) -> dict[str, Any]:
    """The answer to a request, whatever it says."""
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = await client.post(PATH, **sent, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"resultcode", "resultmsg", "taskid"}
    assert type(told["resultcode"]) is int
    return dict(told)


async def code(client: httpx.AsyncClient, body: Any) -> int:
    return int((await ask(client, body))["resultcode"])


async def refreshed(app: App) -> None:
    """Let the application read people's decisions now instead of within a second."""
    parts = app._keeper.parts
    await parts.keyring.refresh()
    await parts.directory.refresh()


async def test_a_message_is_accepted_and_written(client, acme: Side, world: World):
    body = acme.signed(mobiles=f"{phone(1)},+86 {phone(2)},{phone(1)}", excode="77")
    told = await ask(client, body)
    assert told["resultcode"] == 0 and told["resultmsg"] == "成功"
    assert told["taskid"][0] == "C" and told["taskid"][1:].isdigit()
    rows = world.rows("SELECT phone, task_id, extension, text, source FROM message ORDER BY phone")
    assert [row[0] for row in rows] == [phone(1), phone(2)], (
        "a number that comes twice is sent once"
    )
    assert {row[1:3] for row in rows} == {(told["taskid"], "77")}
    assert rows[0][3].endswith("您好王女士,0001。") and rows[0][4] == "api"
    assert world.used(acme.package) == 2


async def test_the_documented_vector_is_accepted(client, app, acme: Side, world: World):
    world.do("UPDATE content_template SET id = 2000 WHERE id = 2")
    world.do("UPDATE content_template SET id = 2 WHERE id = %s", acme.template)
    await refreshed(app)
    body = {
        "cpcode": "AAAAAC", "msg": "模板短信测试,0001", "mobiles": "18607714703,18648807841",
        "excode": "", "templetid": "2", "sign": "959566b511b5ccc998a7eee44b4a740c",
    }  # fmt: skip
    assert (await ask(client, body))["resultcode"] == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"cpcode": None}, 304),
        ({"cpcode": ""}, 304),
        ({"cpcode": "NOBODY"}, 304),
        ({"msg": None}, 308),
        ({"msg": ""}, 307),
        ({"msg": "一"}, 307),
        ({"msg": "一,二,三"}, 309),
        ({"msg": f"{LONG},二"}, 309),
        ({"msg": "\x00,二"}, 309),
        ({"mobiles": None}, 311),
        ({"mobiles": ""}, 311),
        ({"mobiles": ",".join(phone(n) for n in range(301))}, 312),
        ({"mobiles": "12345"}, 312),
        ({"mobiles": ",,\x00"}, 312),
        ({"mobiles": ", ,"}, 312),
        ({"excode": None}, 313),
        ({"excode": "12a"}, 313),
        ({"excode": "1" * 13}, 313),
        ({"templetid": None}, 314),
        ({"templetid": "999999"}, 314),
        ({"templetid": "two"}, 314),
        ({"templetid": "9" * 40}, 314),
        ({"sign": None}, 315),
        ({"sign": "0" * 32}, 316),
        ({"sign": "签名"}, 316),
        ({"key": "another"}, 316),
        ({"msg": ["王女士", "1"]}, 301),
    ],
)
async def test_what_is_wrong_has_its_code(client, acme: Side, world: World, change, expected):
    told = await ask(client, acme.signed(**change))
    assert told["resultcode"] == expected
    assert told["resultmsg"] and told["taskid"] == ""
    assert world.one("SELECT count(*) FROM message") == 0


async def test_an_extension_that_does_not_fit_behind_the_number_is_313(
    client, app, config, acme: Side, world: World
):
    """Carriers take 20 digits; replies to a number that was cut would be another's."""
    channel(world, config, 2775, access_number="1069000000001")
    world.do("UPDATE accounts_enterprise SET extension_code = '01' WHERE id = %s", acme.id)
    await refreshed(app)
    told = await ask(client, acme.signed(excode="123456"))
    assert told["resultcode"] == 313 and "21位" in told["resultmsg"]
    assert world.one("SELECT count(*) FROM message") == 0
    assert await code(client, acme.signed(excode="12345")) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'"x"'])
async def test_what_is_no_json_object_is_301(client, body):
    assert await code(client, body) == 301


async def test_a_body_that_is_too_long_is_301(client):
    assert await code(client, b" " * (2 * 1024 * 1024 + 1)) == 301


async def test_numbers_are_taken_for_texts(client, acme: Side):
    body = acme.signed(excode="5")
    body |= {"mobiles": int(body["mobiles"]), "templetid": int(body["templetid"]), "excode": 5}
    assert await code(client, body) == 0


async def test_a_comma_too_many_and_a_byte_order_mark_are_passed_over(client, acme: Side, world):
    body = acme.signed(mobiles=f"{phone(1)},,{phone(2)}, ,")
    told = await ask(client, b"\xef\xbb\xbf" + json.dumps(body).encode())
    assert told["resultcode"] == 0
    assert world.one("SELECT count(*) FROM message") == 2
    assert world.one("SELECT count(*) FROM interface_event") == 0
    many = ",".join(phone(n) for n in range(300)) + ","
    assert await code(client, acme.signed(mobiles=many)) == 0


async def test_upper_case_signs_are_taken(client, acme: Side):
    body = acme.signed()
    assert await code(client, body | {"sign": body["sign"].upper()}) == 0


async def test_without_any_access_key_it_is_302(client, app, acme: Side, world: World):
    world.do("UPDATE interfaces_credential SET disabled_at = now() WHERE kind = 'ronghe'")
    await refreshed(app)
    assert await code(client, acme.signed()) == 302


async def test_a_suspended_enterprise_is_305(client, app, acme: Side, world: World):
    world.do("UPDATE accounts_enterprise SET suspended_at = now() WHERE id = %s", acme.id)
    await refreshed(app)
    assert await code(client, acme.signed()) == 305


async def test_an_address_that_is_not_approved_is_306(client_at, acme: Side):
    acme.allow("198.51.100.0/24", state="pending")
    told = await ask(client_at("198.51.100.7"), acme.signed())
    assert told["resultcode"] == 306 and "198.51.100.7" in told["resultmsg"]


async def test_an_address_of_an_smpp_account_opens_nothing_here(client_at, app, acme: Side):
    acme.allow("198.51.100.0/24", smpp_account_id=acme.smpp_account())
    await refreshed(app)
    assert await code(client_at("198.51.100.7"), acme.signed()) == 306
    acme.allow("198.51.100.0/24")
    await refreshed(app)
    assert await code(client_at("198.51.100.7"), acme.signed()) == 0


async def test_without_a_whitelist_nobody_is_let_in(client, app, acme: Side, world: World):
    world.do("DELETE FROM interfaces_allowednetwork")
    await refreshed(app)
    assert await code(client, acme.signed()) == 306


async def test_only_a_proxy_of_ours_may_say_where_a_request_comes_from(client_at, acme: Side):
    spoofed = {"X-Forwarded-For": "203.0.113.9"}
    stranger = client_at("198.51.100.7")
    stranger.headers.update(spoofed)
    assert await code(stranger, acme.signed()) == 306
    proxied = client_at("127.0.0.1")
    proxied.headers.update(spoofed)
    assert await code(proxied, acme.signed()) == 0
    proxied.headers["X-Forwarded-For"] = "203.0.113.9, 198.51.100.7"
    assert await code(proxied, acme.signed(mobiles=phone(2))) == 306


async def test_the_dialect_can_be_switched_off(client, app, acme: Side, globex: Side):
    acme.limit(ronghe_allowed=False)
    await refreshed(app)
    told = await ask(client, acme.signed())
    assert told["resultcode"] == 306 and "停用" in told["resultmsg"]
    assert await code(client, globex.signed()) == 0


async def test_without_balance_it_is_306_in_its_own_words(client, acme: Side, world: World):
    world.do("UPDATE billing_package SET used = total")
    told = await ask(client, acme.signed())
    assert told["resultcode"] == 306 and "余量不足" in told["resultmsg"]


async def test_a_cancelled_signature_is_306(client, app, acme: Side, world: World):
    world.do("UPDATE content_signature SET state = 'cancelled' WHERE id = %s", acme.signature)
    await refreshed(app)
    assert await code(client, acme.signed()) == 306


async def test_a_forbidden_word_is_310(client, app, acme: Side, world: World):
    world.forbid("彩票")
    await refreshed(app)
    assert await code(client, acme.signed(msg="彩票,1")) == 310


async def test_a_blocked_number_alone_is_306(client, acme: Side, world: World):
    world.block(phone(1))
    assert await code(client, acme.signed()) == 306


async def test_another_enterprises_template_is_314(client, acme: Side, globex: Side):
    assert await code(client, acme.signed(templetid=str(globex.template))) == 314


async def test_a_fault_of_ours_is_317(client, app, acme: Side, monkeypatch):
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(app._keeper.parts.acceptor, "accept_once", fail)
    assert await ask(client, acme.signed()) == {
        "resultcode": 317, "resultmsg": "程序异常", "taskid": "",
    }  # fmt: skip


async def test_without_a_database_it_is_317(client, app, acme: Side):
    app._keeper.parts = None
    assert await code(client, acme.signed()) == 317


def test_every_code_has_its_message():
    assert set(MESSAGES) == set(ResultCode)
    assert 303 not in {int(code) for code in ResultCode}


async def test_an_identical_request_gets_the_first_answer(client, acme: Side, world: World):
    first = await ask(client, acme.signed())
    again = await asyncio.gather(*(ask(client, acme.signed()) for _ in range(5)))
    assert all(told == first for told in again)
    assert world.one("SELECT count(*) FROM message") == 1
    assert world.one("SELECT replays::bigint FROM api_answer") >= 1
    world.do("UPDATE api_answer SET created_at = now() - interval '61 seconds'")
    assert (await ask(client, acme.signed()))["taskid"] != first["taskid"]


async def test_refused_numbers_beside_accepted_ones_become_events(client, acme, world: World):
    told = await ask(client, acme.signed(mobiles=f"{phone(1)},12345"))
    assert told["resultcode"] == 0
    said = world.one("SELECT detail FROM interface_event")
    assert said == {"task": told["taskid"], "phone": "12345", "reason": "phone_invalid"}


async def test_both_keys_hold_during_a_rotation(client, app, acme: Side, world: World):
    soon = datetime.now(UTC) + timedelta(hours=1)
    world.do("UPDATE interfaces_credential SET expires_at = %s WHERE id = %s", soon,
             acme.access_key_id)  # fmt: skip
    acme.add_access_key("0123456789abcdef")
    await refreshed(app)
    assert await code(client, acme.signed()) == 0
    assert await code(client, acme.signed(key="0123456789abcdef", mobiles=phone(2))) == 0
    world.do("UPDATE interfaces_credential SET expires_at = now() - interval '1 s' WHERE id = %s",
             acme.access_key_id)  # fmt: skip
    await refreshed(app)
    assert await code(client, acme.signed(mobiles=phone(3))) == 316


async def test_a_disabled_key_ends_within_a_second_by_itself(client, acme: Side, world: World):
    world.do("UPDATE interfaces_credential SET disabled_at = now() WHERE kind = 'ronghe'")
    world.do("SELECT pg_notify('directory', '')")
    async with asyncio.timeout(3):
        while await code(client, acme.signed()) != 302:  # noqa: ASYNC110 - sets no event
            await asyncio.sleep(0.02)


async def test_too_many_requests_are_306_with_the_rule(client, app, acme: Side):
    acme.limit(requests_per_s=1)
    await refreshed(app)
    told = [await ask(client, acme.signed(mobiles=phone(n))) for n in range(3)]
    assert told[0]["resultcode"] == 0
    assert told[-1]["resultcode"] == 306 and "每秒1次" in told[-1]["resultmsg"]


async def test_its_use_is_counted(client, app, acme: Side, world: World):
    await ask(client, acme.signed())
    await ask(client, acme.signed(sign="x"))
    await app._keeper.parts.usage.flush()
    rows = dict(world.rows("SELECT outcome, requests FROM api_usage"))
    assert rows == {"ok": 1, "wrong_sign": 1}
    await ask(client, acme.signed())
    await app._keeper.parts.usage.flush()
    assert world.one("SELECT requests FROM api_usage WHERE outcome = 'replayed'") == 1


async def test_only_posts_are_taken(client):
    answer = await client.get(PATH)
    assert answer.status_code == 405 and answer.headers["allow"] == "POST"


async def test_it_goes_on_under_another_number_when_declared_lost(app, client, acme: Side):
    before = app._keeper.parts
    before.instance.lost.set()
    await eventually(lambda: app._keeper.parts not in (None, before))
    assert await code(client, acme.signed()) == 0
