"""Every event reaches the customer's URL at least once, and normally once; nobody waits for others.

Real PostgreSQL, real HTTP to a receiver on this machine; the clock is the test's.
"""

import asyncio
import base64
import hashlib
import hmac
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.engine import receiver as bad
from tests.engine.receiver import Customers, answer, kill, receiver
from tests.engine.world import eventually
from yunxin.engine import instance, rescue
from yunxin.engine import push as push_module
from yunxin.engine.push import LEASE, Job, Push, fate
from yunxin.engine.push_http import Sender, Tried
from yunxin.engine.push_wishes import PushWishes
from yunxin.engine.service import Engine
from yunxin.vocabulary import PushBatchState, PushError, PushFormat, PushKind

RECEIVED = "SELECT count(*) FROM push_queue"


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
async def pusher(store, customers, *, total_s=2.0, engine_id=1):
    """One engine's push, its clock the customers'."""
    sender = Sender(customers.config.push_network, total_s=total_s)
    push = Push(store, customers.config, engine_id=engine_id, sender=sender, now=customers.now)
    try:
        yield push
    finally:
        await push.stop(within_s=0)


@pytest.fixture
async def push(store, customers):
    async with pusher(store, customers) as push:
        yield push


async def go(push):
    """Push what is due now, and whatever follows at once."""
    await push.once()
    await push.idle()


async def test_a_receipt_is_pushed_and_acknowledged(push, customers, acme, world):
    async with receiver() as there:
        target = customers.target(acme, there.url)
        (message,) = customers.messages(acme, task_id="C20511170688217")
        await go(push)
    phone = world.one("SELECT phone FROM message WHERE id = %s", message)
    at = world.one(
        "SELECT to_char(done_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDDHH24MISS') FROM message"
    )
    (request,) = there.requests
    assert request.body.decode() == (
        f'[{{"mobile":"{phone}","state":"0","taskid":"C20511170688217","sortid":"0",'
        f'"time":"{at}"}}]'
    )
    assert request.headers["content-type"] == "text/plain"
    assert customers.batches("state, attempt, events, kind, format, body") == [
        ("acked", 1, 1, "receipts", "ronghe", request.body)
    ]
    assert customers.attempts() == [(1, 1, 200, "")]
    assert world.one(RECEIVED) == 0
    state = world.rows("SELECT target_id, failures, open_until, last_error FROM push_target_state")
    assert state == [(target, 0, None, "")]
    assert (push.counts["acked"], push.events) == (1, 1)


async def test_v1_is_signed_as_standard_webhooks_says(push, customers, acme):
    async with receiver(answer(b"thanks")) as there:
        customers.target(acme, there.url, format=PushFormat.V1)
        (message,) = customers.messages(acme, reference="order-1", state="failed", code="MK:0001")
        await go(push)
    (request,) = there.requests
    assert request.headers["content-type"] == "application/json"
    id, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    signed = f"{id}.{stamp}.".encode() + request.body
    key = base64.b64decode(customers.secret.removeprefix("whsec_"))
    digest = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert request.headers["webhook-signature"] == f"v1,{digest}"
    body = request.json()
    assert body["type"] == "receipts"
    (event,) = body["events"]
    assert (event["message"], event["state"], event["code"]) == (str(message), "failed", "MK:0001")
    assert (event["reference"], event["task"]) == ("order-1", "C1")
    assert (event["failure"]["group"], event["failure"]["permanent"]) == ("unreachable", False)
    assert event["failure"]["zh"] and event["failure"]["en"]
    assert customers.batches() == ["acked"]


async def test_each_part_of_a_long_message_is_an_entry(push, customers, acme, world):
    async with receiver() as there:
        customers.target(acme, there.url)
        (message,) = customers.messages(acme, segments=3, state="failed", code="MK:0023")
        for part, state, code in ((1, "delivered", "DELIVRD"), (2, "failed", "MK:0023")):
            world.do(
                "INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id,"
                " part, parts, submitted_at, state, code, done_at)"
                " VALUES (1, %s, %s, %s, %s, 3, now(), %s, %s, now())",
                str(part), acme, message, part, state, code,
            )  # fmt: skip
        await go(push)
    told = [(entry["sortid"], entry["state"]) for entry in there.entries]
    assert told == [("0", "0"), ("1", "MK:0023"), ("2", "MK:0023")]


async def test_no_request_holds_more_than_a_hundred_entries(push, customers, acme):
    async with receiver() as there:
        customers.target(acme, there.url)
        customers.messages(acme, 30, segments=7)
        customers.messages(acme, 150)
        await go(push)
    sizes = [len(request.json()) for request in there.requests]
    assert sum(sizes) == 30 * 7 + 150
    assert max(sizes) <= 100
    assert min(sizes[:-1]) > 90


async def test_the_oldest_events_go_first(push, customers, acme, monkeypatch):
    monkeypatch.setattr(push_module, "PER_TARGET", 1)
    async with receiver(answer()) as there:
        customers.target(acme, there.url, format=PushFormat.V1)
        customers.messages(acme, 250)
        await go(push)
    ids = [int(event["id"]) for event in there.entries]
    assert ids == sorted(ids) and len(ids) == 250
    assert [len(request.json()["events"]) for request in there.requests] == [100, 100, 50]


async def test_a_refusal_after_the_answer_is_an_entry(push, customers, acme, world):
    async with receiver() as there:
        customers.target(acme, there.url)
        world.do(
            'SELECT note_event(%s, \'receipts\', 0, \'{"task": "C7", "phone": "13800000001",'
            ' "reason": "blocked_enterprise"}\')',
            acme,
        )
        await go(push)
    (entry,) = there.entries
    assert entry == {
        "mobile": "13800000001", "state": "blocked_enterprise", "taskid": "C7", "sortid": "0",
        "time": entry["time"],
    }  # fmt: skip


async def test_replies_are_pushed_to_their_own_url(push, customers, acme, world):
    async with receiver() as receipts, receiver() as replies:
        customers.target(acme, receipts.url)
        customers.target(acme, replies.url, kind=PushKind.REPLIES)
        world.do(
            "INSERT INTO inbound_message (id, enterprise_id, phone, access_number, text,"
            " channel_id, received_at) VALUES (7, %s, '18607714703', '10655512445223', 'TD5', 1,"
            " '2017-01-19 14:01:21+08')",
            acme,
        )
        world.do("SELECT note_event(%s, 'replies', 7, NULL)", acme)
        await go(push)
    assert receipts.requests == []
    (request,) = replies.requests
    assert request.body == (
        b'[{"mobile":"18607714703","fisp":"10655512445223","time":"20170119140121","msg":"TD5"}]'
    )


async def test_messages_sent_by_hand_carry_their_campaign(push, customers, acme):
    async with receiver() as there:
        customers.target(acme, there.url, portal_too=True)
        customers.messages(acme, source="portal", task_id=None, campaign_id=41)
        await go(push)
    assert [entry["taskid"] for entry in there.entries] == ["41"]


async def test_a_refused_batch_comes_again_byte_by_byte(push, customers, acme, world):
    async with receiver(answer(b'{"status":1}')) as there:
        customers.target(acme, there.url, format=PushFormat.RONGHE)
        customers.messages(acme, 3)
        await go(push)
        assert customers.batches() == ["waiting"]
        world.do("UPDATE message SET state = 'failed', code = 'changed since'")
        customers.passes(seconds=9)
        await go(push)
        assert len(there.requests) == 1
        there.behave = answer()
        customers.passes(seconds=3)
        await go(push)
    assert len(there.requests) == 2
    assert there.requests[0].body == there.requests[1].body
    assert customers.attempts() == [(1, 1, 200, "said_no"), (1, 2, 200, "")]
    assert customers.batches() == ["acked"]


async def test_the_id_of_a_webhook_stays_the_same(push, customers, acme):
    async with receiver(answer(status="503 No")) as there:
        customers.target(acme, there.url, format=PushFormat.V1)
        customers.messages(acme)
        await go(push)
        customers.passes(seconds=20)
        await go(push)
    first, second = (request.headers for request in there.requests)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]


async def test_after_72_hours_a_batch_is_dead(push, customers, acme):
    async with receiver(answer(status="500 No")) as there:
        customers.target(acme, there.url)
        customers.messages(acme)
        for _ in range(90):
            await go(push)
            if customers.batches() != ["waiting"]:
                break
            customers.passes(hours=1, minutes=15)
    assert customers.batches("state, finished_at IS NOT NULL") == [("dead", True)]
    assert 50 < len(there.requests) < 75


async def test_the_breaker_lets_one_probe_through_at_a_time(push, customers, acme, world):
    async with receiver(answer(status="500 No")) as there:
        customers.target(acme, there.url)
        customers.messages(acme, 1000)
        for _ in range(20):
            await go(push)
            if world.one("SELECT failures FROM push_target_state") >= 5:
                break
            customers.passes(seconds=1)
        assert world.one("SELECT failures FROM push_target_state") == 5
        tried = len(there.requests)
        assert tried == 5
        await go(push)
        assert len(there.requests) == tried
        pauses = []
        for _ in range(4):
            pause = world.one("SELECT open_until FROM push_target_state") - customers.clock
            pauses.append(pause)
            customers.clock += pause + timedelta(seconds=1)
            await go(push)
            tried += 1
            assert len(there.requests) == tried
        assert sorted(pauses) == pauses
        assert timedelta(seconds=30) <= pauses[0] < pauses[-1] < timedelta(minutes=6)
        there.behave = answer()
        customers.passes(hours=2)
        await go(push)
    assert world.rows("SELECT failures, open_until FROM push_target_state") == [(0, None)]
    assert set(customers.batches()) == {"acked"}
    assert Counter(e["mobile"] for r in there.requests[tried:] for e in r.json()).total() == 1000


async def test_two_engines_send_one_probe(store, customers, acme, world):
    async with receiver(bad.hang) as there:
        customers.target(acme, there.url)
        customers.messages(acme, 500)
        world.do(
            "INSERT INTO push_target_state (target_id, enterprise_id, failures)"
            " SELECT id, enterprise_id, 7 FROM interfaces_pushtarget"
        )
        async with pusher(store, customers) as one, pusher(store, customers) as two:
            for _ in range(3):
                await asyncio.gather(one.once(), two.once())
            await eventually(lambda: there.requests)
            assert (one.in_flight + two.in_flight, len(there.requests)) == (1, 1)


async def test_a_url_has_four_requests_at_a_time_from_all_engines(store, customers, acme):
    async with receiver(bad.hang) as there:
        customers.target(acme, there.url)
        customers.messages(acme, 1000)
        async with pusher(store, customers) as one, pusher(store, customers) as two:
            for _ in range(3):
                await asyncio.gather(one.once(), two.once())
            await eventually(lambda: len(there.requests) == 4)
            assert one.in_flight + two.in_flight == 4


async def test_a_receiver_that_hangs_delays_nobody_else(store, customers, world):
    """The hanging ones have all their requests on the way all the time that the quick one works."""
    async with receiver(bad.hang) as dead, receiver() as quick:
        for _ in range(10):
            enterprise = world.enterprise()
            customers.target(enterprise, dead.url)
            customers.messages(enterprise, 500)
        async with pusher(store, customers, total_s=60) as push:
            await push.once()
            await eventually(lambda: push.in_flight == 40 and len(dead.requests) == 40)
            other = world.enterprise()
            customers.target(other, quick.url)
            customers.messages(other, 1000)
            await push.once()
            await eventually(lambda: len(quick.entries) == 1000)
            assert push.in_flight >= 40


async def test_failing_urls_hold_half_of_the_places_at_most(store, customers, world, monkeypatch):
    monkeypatch.setattr(push_module, "IN_FLIGHT_MAX", 8)
    async with receiver(bad.hang) as dead, receiver() as quick:
        for _ in range(10):
            enterprise = world.enterprise()
            customers.target(enterprise, dead.url)
            customers.messages(enterprise, 10)
        world.do(
            "INSERT INTO push_target_state (target_id, enterprise_id, failures)"
            " SELECT id, enterprise_id, 1 FROM interfaces_pushtarget"
        )
        async with pusher(store, customers, total_s=60) as push:
            await push.once()
            await eventually(lambda: len(dead.requests) == 4)
            other = world.enterprise()
            customers.target(other, quick.url)
            customers.messages(other, 300)
            await push.once()
            await eventually(lambda: len(quick.entries) == 300)


async def test_several_engines_push_each_event_once(store, customers, world):
    async with receiver() as there:
        for _ in range(5):
            enterprise = world.enterprise()
            customers.target(enterprise, there.url, format=PushFormat.V1)
            customers.messages(enterprise, 400)
        async with (
            pusher(store, customers) as one,
            pusher(store, customers) as two,
            pusher(store, customers) as three,
        ):
            while world.one(RECEIVED) or set(customers.batches()) != {"acked"}:
                await asyncio.gather(*map(go, (one, two, three)))
    counted = Counter(event["id"] for event in there.entries)
    assert (len(counted), counted.total()) == (2000, 2000)


async def test_what_a_killed_engine_had_in_its_hands_comes_again(store, customers, acme, world):
    async with receiver(bad.hang) as there:
        customers.target(acme, there.url)
        customers.messages(acme, 150)
        async with pusher(store, customers) as dies:
            await dies.once()
            await eventually(lambda: len(there.requests) == 2)
            await kill(dies)
        assert customers.batches("state, attempt") == [("waiting", 1)] * 2
        there.behave = answer()
        async with pusher(store, customers) as lives:
            await go(lives)
            assert len(there.requests) == 2
            customers.clock += LEASE
            await go(lives)
    assert customers.batches("state, attempt") == [("acked", 2)] * 2
    assert (
        len({entry["mobile"] for request in there.requests[2:] for entry in request.json()}) == 150
    )


async def test_a_disabled_url_waits(push, customers, acme, world):
    async with receiver() as there:
        customers.target(acme, there.url)
        customers.messages(acme)
        world.do("UPDATE interfaces_pushtarget SET enabled = false")
        await go(push)
        assert there.requests == []
        world.do("UPDATE interfaces_pushtarget SET enabled = true")
        await go(push)
    assert len(there.requests) == 1


async def test_an_enterprise_sees_its_own_receipts_only(push, customers, acme, world):
    globex = world.enterprise()
    async with receiver() as ours, receiver() as theirs:
        customers.target(acme, ours.url)
        customers.target(globex, theirs.url)
        mine = customers.messages(acme, 3, task_id="MINE")
        customers.messages(globex, 2, task_id="THEIRS")
        await go(push)
    assert [entry["taskid"] for entry in ours.entries] == ["MINE"] * len(mine)
    assert [entry["taskid"] for entry in theirs.entries] == ["THEIRS"] * 2


async def test_events_whose_message_is_gone_hold_nobody_up(push, customers, acme, world):
    async with receiver() as there:
        customers.target(acme, there.url)
        gone, stays = customers.messages(acme, 2)
        world.do("DELETE FROM message WHERE id = %s", gone)
        await go(push)
    assert len(there.entries) == 1
    assert world.one(RECEIVED) == 0


async def test_what_is_wrong_with_one_url_is_not_the_others_business(
    push, customers, acme, world, monkeypatch
):
    async with receiver() as there:
        broken = customers.target(acme, there.url)
        customers.messages(acme)
        for _ in range(5):
            other = world.enterprise()
            customers.target(other, there.url)
            customers.messages(other)
        take = push._take

        async def take_if_whole(tx, lane, target_id, *rest):
            if target_id == broken:
                raise ValueError("a row that nobody understands")
            return await take(tx, lane, target_id, *rest)

        monkeypatch.setattr(push, "_take", take_if_whole)
        await go(push)
    assert len(there.requests) == 5


async def test_an_engine_that_froze_with_the_lock_holds_up_one_url_only(
    push, customers, acme, world, database
):
    async with receiver() as there:
        frozen = customers.target(acme, there.url)
        customers.messages(acme)
        await go(push)
        other = world.enterprise()
        customers.target(other, there.url)
        customers.messages(acme)
        customers.messages(other)
        with psycopg.connect(database) as other_engine:
            lock = "SELECT FROM push_target_state WHERE target_id = %s FOR NO KEY UPDATE"
            other_engine.execute(lock, (frozen,))
            await go(push)
            assert len(there.requests) == 2
        await go(push)
    assert len(there.requests) == 3


async def test_a_secret_that_does_not_open_is_noted_and_does_no_harm(push, customers, acme, world):
    async with receiver() as there:
        customers.target(acme, there.url, format=PushFormat.V1, sealed_secret="broken")
        customers.messages(acme)
        await go(push)
    assert there.requests == []
    assert customers.attempts() == [(1, 1, None, "bad_url")]


async def test_the_database_may_go_away_while_a_request_is_on_its_way(push, customers, acme, world):
    async with receiver(bad.hang) as there:
        customers.target(acme, there.url)
        customers.messages(acme)
        await push.once()
        await eventually(lambda: there.requests)
        world.kill_others()
        await eventually(lambda: push.in_flight == 0)
    assert customers.attempts() == [(1, 1, None, "timeout")]


async def test_what_a_dead_engine_held_is_pushed_without_waiting_for_its_lease(
    store, customers, acme, world
):
    async with receiver(bad.hang) as there:
        customers.target(acme, there.url)
        customers.messages(acme)
        world.do(  # the URL failed before: this request is the one probe at a time
            "INSERT INTO push_target_state (target_id, enterprise_id, failures)"
            " SELECT id, enterprise_id, 9 FROM interfaces_pushtarget"
        )
        async with (
            pusher(store, customers, total_s=60, engine_id=7) as dead,
            pusher(store, customers, engine_id=8) as living,
        ):
            await dead.once()
            await eventually(lambda: there.requests)
            there.behave = answer()
            await go(living)
            assert await living.take_over(6) == 0
            await go(living)
            assert len(there.requests) == 1, "another's claim is left alone while it may live"
            assert await living.take_over(7) == 1
            await go(living)
            assert len(there.requests) == 2
            assert there.requests[0].body == there.requests[1].body
            assert customers.batches("state, attempt, claimed_by") == [("acked", 2, 8)]
            assert world.one("SELECT failures FROM push_target_state") == 0


async def test_the_test_of_a_dead_engine_is_not_made_again(store, customers, acme, world):
    async with receiver(bad.hang) as there:
        target = customers.target(acme, there.url)
        customers.wish(target, "test")
        async with (
            pusher(store, customers, total_s=60, engine_id=7) as dead,
            pusher(store, customers, engine_id=8) as living,
        ):
            await PushWishes(dead).once()
            await eventually(lambda: there.requests)
            assert await living.take_over(7) == 1
            await go(living)
    assert len(there.requests) == 1
    assert customers.batches() == ["dead"]


async def test_an_engine_finds_what_a_dead_one_held(customers, acme, config, world, monkeypatch):
    for module in (instance, rescue):
        monkeypatch.setattr(module, "SILENT_S", 0.1)
    async with receiver() as there:
        customers.target(acme, there.url)
        customers.messages(acme)
        world.do(
            "INSERT INTO engine_instance (id, node, host, pid, version, started_at, heartbeat_at)"
            " VALUES (5, 900, 'there', 1, '0', now(), now() - interval '1 minute')"
        )
        world.do(
            "WITH taken AS (DELETE FROM push_queue RETURNING *)"
            " INSERT INTO push_batch (enterprise_id, target_id, kind, format, event_ids, events,"
            " attempt, next_at, claimed_until, claimed_by) SELECT enterprise_id, target_id,"
            " 'receipts', 'ronghe', ARRAY[event_id], 1, 1, now() + interval '1 minute',"
            " now() + interval '1 minute', 5 FROM taken"
        )
        async with Engine(config):
            await eventually(lambda: there.requests)
            await eventually(lambda: customers.batches() == ["acked"])
    assert world.one("SELECT count(*) FROM engine_instance WHERE id = 5") == 0


async def test_what_is_cut_off_when_an_engine_stops_is_due_at_once(store, customers, acme):
    async with receiver(bad.hang) as there:
        customers.target(acme, there.url)
        customers.messages(acme)
        async with pusher(store, customers, total_s=60) as stopping:
            await stopping.once()
            await eventually(lambda: there.requests)
        there.behave = answer()
        async with pusher(store, customers, engine_id=2) as next_one:
            await go(next_one)
    assert len(there.requests) == 2
    assert customers.batches() == ["acked"]


async def test_the_engine_pushes_at_once_when_it_is_told(customers, acme, config, world):
    async with receiver() as there:
        customers.target(acme, there.url)
        async with Engine(config) as engine:
            customers.messages(acme)
            await eventually(lambda: engine.push.events == 1)
    assert customers.batches() == ["acked"]
    assert len(there.requests) == 1


async def test_a_request_may_end_when_the_engine_stops(customers, acme, config):
    slow = asyncio.Event()

    async def slowly(request, writer):
        await slow.wait()
        await answer()(request, writer)

    async with receiver(slowly) as there:
        customers.target(acme, there.url)
        async with Engine(config):
            customers.messages(acme)
            await eventually(lambda: there.requests)
            asyncio.get_running_loop().call_later(0.2, slow.set)
    assert customers.batches() == ["acked"]


def test_delays_follow_the_schedule(customers):
    now = customers.now()
    failed = Tried(500, "", PushError.STATUS)
    for attempt, delay_s in enumerate((10, 60, 300, 900, 3600, 3600, 3600), 1):
        job = Job(1, PushKind.RECEIPTS, PushFormat.V1, attempt, now, 1, b"")
        state, at = fate(job, failed, now)
        assert state == PushBatchState.WAITING
        assert delay_s <= (at - now).total_seconds() <= delay_s * 1.1
    old = job._replace(created_at=now - timedelta(hours=71, minutes=30))
    assert fate(old, failed, now) == (PushBatchState.DEAD, None)
    test = job._replace(kind=PushKind.TEST)
    assert fate(test, failed, now) == (PushBatchState.DEAD, None)
    assert fate(job, Tried(200, "", PushError.NONE), now) == (PushBatchState.ACKED, None)
