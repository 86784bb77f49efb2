"""Applications over the API, carried out by the pages' half in a process of its own."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.api.serving import jobs
from tests.api.test_v1 import bearer, get, problem
from tests.api.world import Side
from tests.engine.world import World
from yunxin.api import applying

SIGNATURES, TEMPLATES = "/api/v1/signatures", "/api/v1/templates"
SIGNATURE = {"name": "云启科技", "purpose": "发货通知", "kind": "company"}


def user(world: World, side: Side) -> None:
    """The enterprise's first user, in whose name is applied for, and the enterprise's own name."""
    world.insert(
        "accounts_user", password="x", username="acme", enterprise_id=side.id, role="owner",
        full_name="", phone="", email="", is_active=True, must_change_password=False,
        language="", created_at=datetime.now(UTC),
    )  # fmt: skip
    world.do("UPDATE accounts_enterprise SET name = '云启科技有限公司' WHERE id = %s", side.id)


def template(side: Side, **changes: object) -> dict[str, object]:
    body = {
        "name": "取件通知", "signature": str(side.signature),
        "content": "您的快递#*#已到,请及时领取。", "variables": ["单号"],
    }  # fmt: skip
    return body | changes


async def test_applications_are_carried_out(client, config, acme: Side, globex: Side, world):
    user(world, acme)
    with jobs(config):
        answer = await client.post(SIGNATURES, json=SIGNATURE, headers=bearer(acme))
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert (told["name"], told["state"]) == ("云启科技", "pending")
        assert told in (await get(client, acme, "/signatures"))["data"]

        again = await client.post(SIGNATURES, json=SIGNATURE, headers=bearer(acme))
        problem(again, "application_refused", "name")

        key = bearer(acme) | {"Idempotency-Key": "t1"}
        made = await asyncio.gather(
            *(client.post(TEMPLATES, json=template(acme), headers=key) for _ in range(3))
        )
        assert [answer.status_code for answer in made] == [201] * 3, made[0].text
        assert len({answer.json()["id"] for answer in made}) == 1
        assert made[0].json()["variables"] == ["单号"]
        other = await client.post(TEMPLATES, json=template(acme, name="b"), headers=key)
        problem(other, "idempotency_key_reused")

        theirs = template(acme, signature=str(globex.signature))
        answer = await client.post(TEMPLATES, json=theirs, headers=bearer(acme))
        problem(answer, "application_refused", "signature")
        chinese = bearer(acme) | {"Accept-Language": "zh"}
        answer = await client.post(TEMPLATES, json=theirs, headers=chinese)
        assert "签名" in problem(answer, "application_refused")["detail"]
    assert world.one("SELECT count(*) FROM content_template WHERE name = '取件通知'") == 1


async def test_who_is_not_answered_in_time_asks_again(client, acme, globex, world, monkeypatch):
    monkeypatch.setattr(applying, "WAIT_S", 0.2)
    answer = await client.post(SIGNATURES, json=SIGNATURE, headers=bearer(acme))
    assert answer.status_code == 202
    where = answer.headers["location"]
    told = (await client.get(where, headers=bearer(acme))).json()
    assert (told["id"], told["state"]) == (answer.json()["id"], "waiting")
    problem(await client.get(where, headers=bearer(globex)), "not_found")
    world.do("UPDATE errand SET done_at = now(), object_id = 7")
    told = (await client.get(where, headers=bearer(acme))).json()
    assert (told["state"], told["signature"], told["template"]) == ("done", "7", None)
    world.do("""UPDATE errand SET object_id = NULL, problems = '[["name", "No."]]'""")
    told = (await client.get(where, headers=bearer(acme))).json()
    assert (told["state"], told["detail"]) == ("refused", "No.")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"), ({"kind": "other"}, "kind"), ({"carriers": []}, "carriers"),
        ({"signature": "x"}, "signature"), ({"content": "\x00"}, "content"),
        ({"variables": [1]}, "variables[0]"),
    ],
)  # fmt: skip
async def test_a_bad_application_is_a_problem_at_once(client, acme, world, change, field):
    answer = await client.post(TEMPLATES, json=template(acme, **change), headers=bearer(acme))
    told = problem(answer, "invalid_body")
    assert told["field"].split("[")[0] == field.split("[")[0]
    assert world.one("SELECT count(*) FROM errand") == 0
