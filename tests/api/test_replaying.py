"""A time is pushed once more, over the API: once a wish, never too often, never another's."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.test_v1 import bearer, problem
from tests.api.world import Side
from tests.engine.world import World
from yunxin.api import replaying
from yunxin.dialects import keys

REPLAY = "/api/v1/pushes:replay"
WISHES = "SELECT enterprise_id, target_id, kind, to_at - from_at FROM interfaces_pushwish"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "WAIT_S", 0.2)


def target(world: World, side: Side, kind: str = "receipts", *, enabled: bool = True) -> int:
    return world.insert(
        "interfaces_pushtarget", enterprise_id=side.id, kind=kind, url="http://a.example/",
        format="v1", sealed_secret="", portal_too=False, enabled=enabled, created_at="now",
        changed_at="now",
    )  # fmt: skip


def body(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    asked = {"kind": "receipts", "from": (now - HOUR).isoformat(), "to": now.isoformat()}
    return {n: v for n, v in (asked | changes).items() if v is not None}


async def test_a_wish_is_left_for_the_engine_which_counts(client, acme: Side, globex, world):
    target(world, globex)
    url = target(world, acme)
    asked = asyncio.create_task(client.post(REPLAY, json=body(), headers=bearer(acme)))
    async with asyncio.timeout(5):
        while not world.rows(WISHES):  # noqa: ASYNC110 - sets no event
            await asyncio.sleep(0.01)
    world.do("UPDATE interfaces_pushwish SET taken_at = now(), events = 7")
    told = await asked
    assert told.status_code == 200, told.text
    assert told.json() == {"id": "1", "kind": "receipts", "events": 7}
    assert world.rows(WISHES) == [(acme.id, url, "range", HOUR)]


async def test_who_is_not_answered_in_time_hears_no_number(client, acme: Side, world):
    target(world, acme)
    told = await client.post(REPLAY, json=body(to=None), headers=bearer(acme))
    assert told.json()["events"] is None


async def test_the_same_key_makes_one_wish(client, acme: Side, world):
    target(world, acme)
    asked = body()
    key = bearer(acme) | {"Idempotency-Key": "r1"}
    told = await asyncio.gather(*(client.post(REPLAY, json=asked, headers=key) for _ in range(4)))
    assert [answer.json()["id"] for answer in told] == ["1"] * 4
    assert (
        sorted("idempotency-replayed" in answer.headers for answer in told) == [False] + [True] * 3
    )
    assert world.one("SELECT count(*) FROM interfaces_pushwish") == 1
    other = await client.post(REPLAY, json=body(kind="receipts", to=None), headers=key)
    problem(other, "idempotency_key_reused")


async def test_replays_do_not_follow_each_other_at_once(client, acme: Side, world):
    target(world, acme)
    first, second = await asyncio.gather(
        *(client.post(REPLAY, json=body(), headers=bearer(acme)) for _ in range(2))
    )
    refused = first if first.status_code == 429 else second
    assert problem(refused, "replays_too_soon")["window"] == "10 s"
    assert int(refused.headers["retry-after"]) <= 10
    world.do("UPDATE interfaces_pushwish SET created_at = now() - interval '11 seconds'")
    assert (await client.post(REPLAY, json=body(), headers=bearer(acme))).status_code == 200


async def test_without_a_url_that_is_on_there_is_nothing_to_push_to(client, acme, globex, world):
    target(world, globex)
    target(world, acme, enabled=False)
    problem(await client.post(REPLAY, json=body(), headers=bearer(acme)), "no_push_url")
    answer = await client.post(REPLAY, json=body(kind="replies"), headers=bearer(acme))
    problem(answer, "no_push_url")


async def test_replies_need_their_own_scope(client, app, acme: Side, world):
    target(world, acme, "replies")
    minted = keys.mint()
    acme.add_key(minted, scopes=["messages:read"])
    await app._keeper.parts.keyring.refresh()
    key = {"Authorization": f"Bearer {minted.key}"}
    answer = await client.post(REPLAY, json=body(kind="replies"), headers=key)
    assert problem(answer, "scope_missing")["detail"] == "inbound:read"
    assert world.rows(WISHES) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "test"}, "kind"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-01T00:00:00"}, "from"),
        ({"from": None}, "from"),
        ({"from": "2026-01-01T00:00:00Z"}, "from"),
        ({"to": "2026-01-01T00:00:00Z"}, "from"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "from"),
        ({"from": "9999-12-31T23:59:59-14:00", "to": None}, "from"),
    ],
)
async def test_a_time_that_cannot_be_is_a_problem(client, acme: Side, world, change, field):
    target(world, acme)
    answer = await client.post(REPLAY, json=body(**change), headers=bearer(acme))
    problem(answer, "invalid_body", field)
