"""What people ask for: a test, a batch again, a time again; and what upkeep buries and drops."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine import receiver as bad
from tests.engine.receiver import Customers, answer, kill, receiver
from yunxin.engine import push_wishes
from yunxin.engine.push import Push
from yunxin.engine.push_http import Sender
from yunxin.engine.push_wishes import PushUpkeep, PushWishes
from yunxin.vocabulary import PushFormat, PushKind, PushWishKind

WISHES = "SELECT taken_at IS NOT NULL, events FROM interfaces_pushwish ORDER BY id"


@pytest.fixture
def config(config):
    return replace(config, push_network=("127.0.0.0/8",))


@pytest.fixture
def customers(world, config):
    return Customers(world, config)


@pytest.fixture
def acme(world):
    return world.enterprise()


@asynccontextmanager
async def pusher(store, customers):
    sender = Sender(customers.config.push_network, total_s=2)
    push = Push(store, customers.config, sender=sender, now=customers.now)
    yield push
    await push.stop(within_s=0)


@pytest.fixture
async def push(store, customers):
    async with pusher(store, customers) as push:
        yield push


@pytest.fixture
def wishes(push):
    return PushWishes(push)


@pytest.fixture
def upkeep(store, config, customers):
    return PushUpkeep(store, config, now=customers.now)


async def go(push):
    await push.once()
    await push.idle()


@pytest.mark.parametrize("kind", [PushKind.RECEIPTS, PushKind.REPLIES])
async def test_a_test_goes_out_at_once_and_says_what_came_back(
    push, wishes, customers, acme, world, kind
):
    async with receiver(answer(b'{"status":1}')) as there:
        target = customers.target(acme, there.url, kind=kind)
        wish = customers.wish(target, PushWishKind.TEST)
        assert await wishes.once() == 1
        await push.idle()
        customers.passes(days=1)
        await go(push)
    (request,) = there.requests
    (entry,) = request.json()
    assert entry["mobile"] == "13800000000"
    assert ("fisp" in entry) == (kind == PushKind.REPLIES)
    assert world.rows(WISHES) == [(True, 1)]
    assert customers.batches("kind, state, wish_id, attempt") == [("test", "dead", wish, 1)]
    answered = "SELECT status, answer, error, url FROM push_attempt"
    assert world.rows(answered) == [(200, '{"status":1}', "said_no", there.url)]


async def test_a_test_of_v1_has_a_type_of_its_own(push, wishes, customers, acme):
    async with receiver() as there:
        target = customers.target(acme, there.url, format=PushFormat.V1)
        customers.wish(target, PushWishKind.TEST)
        await wishes.once()
        await push.idle()
    (request,) = there.requests
    assert request.json()["type"] == "test"
    assert request.headers["webhook-signature"].startswith("v1,")
    assert customers.batches() == ["acked"]


async def test_a_test_that_succeeds_closes_the_breaker(push, wishes, customers, acme, world):
    async with receiver() as there:
        target = customers.target(acme, there.url)
        world.do(
            "INSERT INTO push_target_state (target_id, enterprise_id, failures, open_until)"
            " VALUES (%s, %s, 9, %s)",
            target,
            acme,
            customers.clock + timedelta(minutes=10),
        )
        customers.messages(acme)
        await go(push)
        assert there.requests == []
        customers.wish(target, PushWishKind.TEST)
        await wishes.once()
        await push.idle()
        await go(push)
    assert len(there.requests) == 2


async def test_a_test_that_fails_does_not_count_against_the_url(
    push, wishes, customers, acme, world
):
    async with receiver(answer(status="500 No")) as there:
        target = customers.target(acme, there.url)
        for _ in range(6):
            customers.wish(target, PushWishKind.TEST)
        await wishes.once()
        await push.idle()
    assert len(there.requests) == 6
    assert world.rows("SELECT failures FROM push_target_state WHERE failures > 0") == []


async def test_a_batch_again_says_the_same(push, wishes, customers, acme, world):
    async with receiver() as there:
        target = customers.target(acme, there.url)
        customers.messages(acme, 3)
        await go(push)
        (batch_id,) = customers.batches("id")
        wish = customers.wish(target, PushWishKind.BATCH, batch_id=batch_id)
        await wishes.once()
        await go(push)
    first, second = there.requests
    assert first.body == second.body
    assert world.rows(WISHES) == [(True, 3)]
    assert customers.batches("state, wish_id") == [("acked", None), ("acked", wish)]


async def test_a_batch_again_after_a_change_of_format_is_put_into_new_words(
    push, wishes, customers, acme, world
):
    async with receiver() as there:
        target = customers.target(acme, there.url)
        (message,) = customers.messages(acme)
        await go(push)
        world.do("UPDATE interfaces_pushtarget SET format = 'v1'")
        customers.wish(target, PushWishKind.BATCH, batch_id=customers.batches("id")[0])
        await wishes.once()
        await go(push)
    assert there.requests[1].json()["events"][0]["message"] == str(message)


async def test_nobody_gets_a_batch_of_another_enterprise(push, wishes, customers, acme, world):
    globex = world.enterprise()
    async with receiver() as ours, receiver() as theirs:
        customers.target(acme, ours.url)
        target = customers.target(globex, theirs.url)
        customers.messages(acme)
        await go(push)
        customers.wish(target, PushWishKind.BATCH, batch_id=customers.batches("id")[0])
        await wishes.once()
        await go(push)
    assert theirs.requests == []
    assert world.rows(WISHES) == [(True, 0)]


@pytest.mark.parametrize("format", list(PushFormat))
async def test_all_of_a_time_again(push, wishes, customers, acme, world, format):
    async with receiver() as there:
        target = customers.target(acme, there.url, format=format)
        early = customers.messages(acme, 5)
        world.do("UPDATE interface_event SET at = at - interval '1 hour'")
        customers.messages(acme, 20, segments=9)
        customers.messages(acme, 130)
        await go(push)
        before = len(there.requests)
        wish = customers.wish(
            target,
            PushWishKind.RANGE,
            from_at=customers.clock - timedelta(minutes=30),
            to_at=customers.clock + timedelta(minutes=30),
        )
        await wishes.once()
        await go(push)
        await go(push)
    again = [r.json() for r in there.requests[before:]]
    sizes = [len(body if format == PushFormat.RONGHE else body["events"]) for body in again]
    assert sum(sizes) == (20 * 9 + 130 if format == PushFormat.RONGHE else 150)
    assert max(sizes) <= 100
    assert world.rows(WISHES) == [(True, 150)]
    made = "SELECT count(*), sum(events) FROM push_batch WHERE wish_id = %s AND state = 'acked'"
    assert world.rows(made, wish) == [(len(again), 150)]
    assert early


async def test_messages_sent_by_hand_come_again_only_where_they_are_wanted(
    push, wishes, customers, acme, world
):
    async with receiver() as there:
        target = customers.target(acme, there.url, portal_too=True)
        customers.messages(acme, 2, source="portal", task_id=None, campaign_id=4)
        customers.messages(acme, 3)
        world.do("UPDATE interfaces_pushtarget SET portal_too = false")
        customers.wish(target, PushWishKind.RANGE)
        await wishes.once()
    assert world.rows(WISHES) == [(True, 3)]
    assert there.requests == []


async def test_a_wish_is_taken_once_by_several_engines(store, customers, acme, world):
    async with (
        receiver() as there,
        pusher(store, customers) as one,
        pusher(store, customers) as two,
    ):
        target = customers.target(acme, there.url)
        for _ in range(5):
            customers.wish(target, PushWishKind.TEST)
        taken = await PushWishes(one).once() + await PushWishes(two).once()
        await one.idle()
        await two.idle()
    assert (taken, len(there.requests)) == (5, 5)


async def test_fresh_events_do_not_wait_behind_a_replay(push, wishes, customers, acme, world):
    async with receiver() as there:
        target = customers.target(acme, there.url, format=PushFormat.V1)
        customers.messages(acme, 2000)
        await go(push)
        customers.wish(target, PushWishKind.RANGE)
        await wishes.once()
        before = len(there.requests)
        (fresh,) = customers.messages(acme)
        await go(push)
        bodies = [r.json()["events"] for r in there.requests[before:]]
    at = next(n for n, events in enumerate(bodies) if events[0]["message"] == str(fresh))
    assert at < len(bodies) - 1


async def test_upkeep_buries_what_nobody_tries(push, upkeep, customers, acme, world):
    async with receiver(answer(status="500 No")) as there:
        customers.target(acme, there.url)
        customers.messages(acme)
        await go(push)
        customers.messages(acme, 2)
        world.do("UPDATE interfaces_pushtarget SET enabled = false")
        customers.passes(hours=71)
        await upkeep.once()
        assert customers.batches() == ["waiting"]
        customers.passes(hours=3)
        await upkeep.once()
    assert customers.batches("state, events, attempt") == [("dead", 1, 1), ("dead", 2, 0)]
    assert world.one("SELECT count(*) FROM push_queue") == 0


async def test_a_test_whose_engine_died_is_buried(store, customers, acme, upkeep):
    async with receiver(bad.hang) as there:
        target = customers.target(acme, there.url)
        customers.wish(target, PushWishKind.TEST)
        async with pusher(store, customers) as dies:
            await PushWishes(dies).once()
            await kill(dies)
        assert customers.batches() == ["waiting"]
        customers.passes(minutes=2)
        await upkeep.once()
    assert customers.batches() == ["dead"]


async def test_upkeep_drops_what_nobody_asks_for(push, upkeep, customers, acme, world, monkeypatch):
    monkeypatch.setattr(push_wishes, "UPKEEP_BATCH", 2)
    async with receiver() as there:
        customers.target(acme, there.url)
        for _ in range(5):
            customers.messages(acme)
            await go(push)
        customers.target(world.enterprise(), there.url)
        world.do(
            "INSERT INTO push_queue (enterprise_id, target_id, event_id)"
            " SELECT 1, 99, n FROM generate_series(1, 5) n"
        )
        world.do(
            "INSERT INTO api_answer (enterprise_id, scope, key, digest, answer, created_at)"
            " SELECT 1, 'v1', n::text, '', '', now() - n * interval '1 hour'"
            " FROM generate_series(20, 29) n"
        )
        customers.passes(seconds=10)
        await upkeep.once()
        assert customers.batches() == ["acked"] * 5
        assert world.one("SELECT count(*) FROM push_queue") == 0
        assert world.one("SELECT count(*) FROM api_answer") == 5
        customers.passes(days=8)
        await upkeep.once()
    assert customers.batches() == []
    assert customers.attempts() == []
