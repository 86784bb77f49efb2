"""Every delta counts exactly once: in the daily counts, in its campaign, in its package."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest

from tests.engine.world import phone
from yunxin.engine import settle as settle_module
from yunxin.engine.accept import Acceptor, AcceptRequest
from yunxin.engine.directory import Directory
from yunxin.engine.feed import Feed
from yunxin.engine.reconcile import disagreements
from yunxin.engine.settle import Settle
from yunxin.engine.store import Query, Store, StoreUnavailable
from yunxin.vocabulary import CampaignWish

ONE, TWO, THREE = ("1",), ("长" * 80,), ("长" * 150,)  # parameters for so many segments


@pytest.fixture
def acme(world):
    return world.enterprise()


@pytest.fixture
def template(world, acme):
    return world.template(acme, "您的订单#*#已发货。")


@pytest.fixture
async def acceptor(store, config, world, acme, template):
    directory = Directory(store, config)
    await directory.start()
    return Acceptor(store, directory, 1, config)


@pytest.fixture
def settle(store, config):
    return Settle(store, config)


async def send(acceptor, acme, template, messages=10, params=ONE):
    return await acceptor.accept(
        [AcceptRequest(acme, template, phone(n), params) for n in range(messages)]
    )


def daily(world):
    return world.rows(
        "SELECT sum(accepted), sum(delivered), sum(failed), sum(unknown), sum(segments),"
        " sum(refunded_segments) FROM daily_count"
    )[0]


async def test_each_code_that_came_counts_once_by_day_and_channel(settle, world):
    world.rows(
        "INSERT INTO code_delta (channel_id, code, messages)"
        " VALUES (1, 'MK:0001', 2), (1, 'MK:0001', 3), (2, 'MK:0001', 1) RETURNING id"
    )
    await asyncio.gather(settle.fold(), settle.fold())
    await settle.fold()
    counts = "SELECT channel_id, code, messages FROM daily_code ORDER BY 1"
    assert world.rows(counts) == [(1, "MK:0001", 5), (2, "MK:0001", 1)]
    assert world.rows("SELECT FROM code_delta") == []
    world.rows("UPDATE daily_code SET day = day - 100 WHERE channel_id = 1 RETURNING day")
    await settle.keep_partitions()
    assert world.rows(counts) == [(2, "MK:0001", 1)]


async def test_accepted_and_final_messages_are_counted_by_day_and_refunds_paid_back(
    acceptor, settle, world, acme, template, database
):
    package = world.package(acme)
    await send(acceptor, acme, template, params=TWO)
    await settle.once()
    assert daily(world) == (10, 0, 0, 0, 20, 0)
    world.finish("failed", "phone < '13800000003'", refund=True)
    world.finish("delivered")
    assert world.used(package) == 20
    await settle.once()
    assert daily(world) == (10, 7, 3, 0, 20, 6)
    assert world.used(package) == 14
    assert world.rows("SELECT state, code, messages FROM daily_failure") == [("failed", "", 3)]
    assert world.one("SELECT count(*) FROM tally_delta") == 0
    assert disagreements(database) == []


async def test_the_day_is_that_of_shanghai(acceptor, settle, world, acme, template):
    world.package(acme)
    await send(acceptor, acme, template, 1)
    await settle.once()
    assert world.one("SELECT message_day(id) = d.day FROM message, daily_count d")


async def test_a_campaign_finishes_when_all_its_messages_are_final(
    store, config, acceptor, settle, world, acme, template, database
):
    world.package(acme)
    campaign = world.campaign(acme, template, 6)
    feed = Feed(store, acceptor, config)
    await feed.once()
    await settle.once()
    assert world.progress(campaign)["state"] == "fed"
    world.finish("delivered", "phone <> '13800000001'")
    await settle.once()
    assert world.progress(campaign)["state"] == "fed"
    world.finish("failed", refund=True)
    await settle.once()
    progress = world.progress(campaign)
    assert (progress["state"], progress["accepted"]) == ("finished", 6)
    assert (progress["delivered"], progress["failed"]) == (5, 1)
    assert (progress["segments"], progress["refunded_segments"]) == (6, 1)
    assert progress["finished_at"] is not None
    assert world.rows("SELECT sum(delivered), sum(failed) FROM campaign_minute") == [(5, 1)]
    assert disagreements(database) == []


async def test_a_campaign_is_not_finished_before_its_last_acceptance_is_counted(
    store, acceptor, config, settle, world, acme, template
):
    """Fed with nothing folded yet, accepted and final are both nought: that is not the end."""
    world.package(acme)
    campaign = world.campaign(acme, template, 3)
    feed = Feed(store, acceptor, config)
    await feed.once()
    assert world.progress(campaign)["state"] == "fed"
    async with store.transaction() as tx:
        await tx.execute("finish_campaigns")
    assert world.progress(campaign)["state"] == "fed"


# -- exactly once ----------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["fold_deltas", "finish_campaigns", "refund_packages"])
async def test_a_settler_that_dies_anywhere_in_the_middle_has_done_nothing(
    store, acceptor, settle, world, acme, template, database, query
):
    package = world.package(acme)
    await send(acceptor, acme, template)
    world.finish("failed", refund=True)
    right = store._queries[query]
    kill = "SELECT pg_terminate_backend(pg_backend_pid())"
    store._queries[query] = Query(query, right.sentence, kill)
    with pytest.raises(StoreUnavailable):
        await settle.once()
    assert world.one("SELECT count(*) FROM tally_delta") == 2
    assert world.one("SELECT count(*) FROM daily_count") == 0
    assert world.used(package) == 10
    store._queries[query] = right
    await settle.once()
    assert daily(world) == (10, 0, 10, 0, 10, 10)
    assert world.used(package) == 0
    assert disagreements(database) == []


async def test_killed_again_and_again_while_messages_come_it_counts_each_once(
    config, acceptor, world, acme, template, database, monkeypatch
):
    monkeypatch.setattr(settle_module, "EVERY_S", 0.01)
    monkeypatch.setattr(settle_module, "FOLD_MAX", 3)
    world.package(acme, 5000)
    async with Store(config, size=3) as other:
        settlers = [asyncio.create_task(Settle(other, config).run()) for _ in range(2)]
        for round in range(6):
            for _ in range(4):
                try:
                    await send(acceptor, acme, template, 5, params=TWO)
                except StoreUnavailable:
                    continue
            world.finish(("delivered", "failed")[round % 2], refund=round % 2 == 1)
            await asyncio.sleep(0.02)
            world.kill_others()
        for settler in settlers:
            settler.cancel()
        await asyncio.gather(*settlers, return_exceptions=True)
    assert disagreements(database) == []
    async with Store(config) as again:
        await Settle(again, config).once()
    assert world.one("SELECT count(*) FROM tally_delta") == 0
    assert disagreements(database) == []


async def test_one_settles_at_a_time(store, acceptor, settle, world, acme, template):
    world.package(acme)
    await send(acceptor, acme, template)
    async with store.transaction() as tx:
        assert await tx.fetch("try_to_settle") == [(True,)]
        assert await settle.fold() == 0
    assert await settle.fold() == 1


async def test_a_refund_that_nothing_was_paid_for_is_refused_by_the_table(
    acceptor, settle, world, acme, template
):
    package = world.package(acme)
    await send(acceptor, acme, template, 1)
    world.do("UPDATE tally_delta SET refund_segments = 2")
    with pytest.raises(psycopg.errors.CheckViolation):
        await settle.once()
    assert world.used(package) == 1


# -- messages without a receipt --------------------------------------------------------------


async def submit_all(world, when="now()"):
    world.do(
        "WITH gone AS (DELETE FROM message_queue RETURNING enterprise_id, message_id)"
        " INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id, part,"
        f" parts, submitted_at) SELECT 4, message_id::text, enterprise_id, message_id, 1, 1, {when}"
        " FROM gone"
    )


@pytest.mark.parametrize("refund", [False, True])
async def test_without_a_receipt_in_time_a_message_becomes_unknown(
    store, config, acceptor, world, acme, template, database, refund
):
    package = world.package(acme)
    await send(acceptor, acme, template)
    await submit_all(world)
    config = replace(config, refund_unknown=refund, receipt_wait_s=72 * 3600)
    in_time = Settle(store, config, now=lambda: datetime.now(UTC) + timedelta(hours=71))
    assert await in_time.close_overdue() == 0
    late = Settle(store, config, now=lambda: datetime.now(UTC) + timedelta(hours=73))
    assert await late.close_overdue() == 10
    assert await late.close_overdue() == 0
    await late.fold()
    assert world.rows(
        "SELECT DISTINCT state, code, refunded, channel_id, submitted_at IS NULL FROM message"
    ) == [("unknown", None, refund, 4, False)]
    assert world.rows("SELECT DISTINCT kind FROM message_event") == [("expired",)]
    assert world.used(package) == (0 if refund else 10)
    assert daily(world)[3] == 10
    assert disagreements(database) == []


async def test_a_demo_need_not_wait_for_days(store, config, acceptor, world, acme, template):
    world.package(acme)
    await send(acceptor, acme, template)
    await submit_all(world)
    config = replace(config, receipt_wait_s=300)
    soon = Settle(store, config, now=lambda: datetime.now(UTC) + timedelta(minutes=4))
    assert await soon.close_overdue() == 0
    later = Settle(store, config, now=lambda: datetime.now(UTC) + timedelta(minutes=6))
    assert await later.close_overdue() == 10


async def test_what_is_still_queued_or_was_submitted_lately_may_still_get_its_word(
    store, config, acceptor, world, acme, template, monkeypatch
):
    monkeypatch.setattr(settle_module, "OVERDUE_BATCH", 4)
    world.package(acme)
    await send(acceptor, acme, template, 9)
    await submit_all(world, "now() + interval '70 hours'")
    await send(acceptor, acme, template, 9)
    late = Settle(store, config, now=lambda: datetime.now(UTC) + timedelta(hours=73))
    assert await late.close_overdue() == 0
    assert world.one("SELECT count(*) FROM message WHERE state = 'accepted'") == 18


async def test_old_messages_that_still_wait_do_not_hide_the_overdue_behind_them(
    store, config, acceptor, world, acme, template, monkeypatch
):
    monkeypatch.setattr(settle_module, "OVERDUE_BATCH", 4)
    monkeypatch.setattr(settle_module, "OVERDUE_BATCHES_MAX", 1)
    world.package(acme)
    await send(acceptor, acme, template, 10)
    world.do("UPDATE message_queue SET priority = 9")
    await send(acceptor, acme, template, 1)
    world.do("DELETE FROM message_queue WHERE priority <> 9")
    late = Settle(store, config, now=lambda: datetime.now(UTC) + timedelta(hours=73))
    assert [await late.close_overdue() for _ in range(3)] == [0, 0, 1]


# -- upkeep ----------------------------------------------------------------------------------


async def test_who_makes_partitions_lets_nobody_wait_behind_a_long_reader(
    store, config, world, database
):
    """A table's lock is asked for in a queue: everybody would stand behind it."""
    later = datetime.now(UTC) + timedelta(days=60)
    settle = Settle(store, config, now=lambda: later)
    with psycopg.connect(database) as reader:
        reader.execute("SELECT count(*) FROM message")
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(settle.make_partitions(), 10)
    await settle.make_partitions()


def test_no_function_that_locks_a_whole_table_waits_for_long(world):
    names = world.rows(
        "SELECT proname, coalesce(proconfig::text, '') FROM pg_proc"
        " WHERE proname ~ '^(ensure|drop)_[a-z]+_partitions$'"
    )
    assert len(names) >= 7
    assert {name for name, settings in names if "lock_timeout=500ms" not in settings} == set()


async def test_partitions_are_made_ahead_and_old_ones_dropped(store, config, world):
    later = datetime.now(UTC) + timedelta(days=60)
    before = {name for (name,) in world.rows("SELECT relname FROM pg_class WHERE relkind = 'r'")}
    await Settle(store, config, now=lambda: later).keep_partitions()
    after = {name for (name,) in world.rows("SELECT relname FROM pg_class WHERE relkind = 'r'")}
    day = (later + timedelta(days=6)).strftime("%Y%m%d")
    assert f"submission_{day}" in after - before
    assert any(name.startswith("message_event_2") for name in after - before)
    past = ("submission_2", "interface_event_2")
    assert before - after == {n for n in before if n.startswith(past)}
    await Settle(store, config, now=lambda: later).keep_partitions()


# -- the accounts, at random -----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
async def test_a_package_is_charged_for_exactly_what_was_not_refunded(
    store, config, world, database, seed
):
    """Random acceptance, final words, refunds, terminations, settling and lost connections."""
    random = Random(seed)
    enterprises = [world.enterprise() for _ in range(3)]
    templates = {e: world.template(e) for e in enterprises}
    for enterprise in enterprises:
        for _ in range(2):
            world.package(enterprise, random.randrange(5, 120), days=random.randrange(1, 90))
    directory = Directory(store, config)
    await directory.start()
    acceptor, settle = Acceptor(store, directory, 1, config), Settle(store, config)
    feed = Feed(store, acceptor, config)
    for _ in range(25):
        enterprise = random.choice(enterprises)
        step = random.randrange(7)
        try:
            if step <= 1:
                await acceptor.accept(
                    [
                        AcceptRequest(
                            enterprise,
                            templates[enterprise],
                            phone(n),
                            random.choice((ONE, TWO, THREE, ())),
                        )
                        for n in range(random.randrange(1, 15))
                    ]
                )
            elif step == 2:
                state = random.choice(("delivered", "failed", "unknown", "expired"))
                some = f"phone LIKE '%{random.randrange(10)}'"
                world.finish(state, some, refund=random.random() < 0.5)
            elif step == 3:
                campaign = world.campaign(
                    enterprise, templates[enterprise], random.randrange(1, 40)
                )
                await feed.once()
            elif step == 4:
                campaigns = world.rows("SELECT id FROM campaigns_campaign")
                if campaigns:
                    world.wish(random.choice(campaigns)[0], CampaignWish.TERMINATE)
                await feed.once()
            elif step == 5:
                await settle.once()
            else:
                world.kill_others()
        except StoreUnavailable:
            pass
        assert disagreements(database) == []
    for _ in range(3):
        await _ignoring_loss(feed.once)
        await _ignoring_loss(settle.once)
    assert world.one("SELECT count(*) FROM tally_delta") == 0
    assert disagreements(database) == []
    for campaign, wish in world.rows("SELECT id, wish FROM campaigns_campaign"):
        if wish == CampaignWish.RUN and world.progress(campaign)["state"] == "fed":
            assert world.lost_and_doubled(campaign) == (set(), set())


async def _ignoring_loss(once) -> None:
    try:
        await once()
    except StoreUnavailable:
        await once()
