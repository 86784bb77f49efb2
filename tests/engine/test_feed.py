"""A campaign's recipients become messages: nobody lost, nobody twice, whatever happens."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from tests.engine.world import eventually, phone
from yunxin.engine import feed as feed_module
from yunxin.engine.accept import Accepted, Acceptor, Refused
from yunxin.engine.directory import SHANGHAI, Directory
from yunxin.engine.feed import Feed, judge
from yunxin.engine.reconcile import disagreements
from yunxin.engine.settle import Settle
from yunxin.engine.store import Store
from yunxin.vocabulary import (
    AudienceState,
    CampaignFailure,
    CampaignHold,
    CampaignWish,
    Refusal,
    TrafficClass,
)

EXACT: tuple[set[str], set[str]] = (set(), set())
NOON = datetime.now(SHANGHAI).replace(hour=12)
NIGHT = NOON.replace(hour=23)


@pytest.fixture
def acme(world):
    return world.enterprise()


@pytest.fixture
def template(world, acme):
    return world.template(acme, "您的订单#*#已发货。")


@pytest.fixture
def small_batches(monkeypatch) -> Iterator[None]:
    """Many transactions for few recipients, so that there is much to interrupt."""
    monkeypatch.setattr(feed_module, "BATCH", 20)


async def make_feed(store, config, *, node=1, now=None) -> Feed:
    directory = Directory(store, config)
    await directory.start()
    clock = {"now": now} if now else {}
    return Feed(store, Acceptor(store, directory, node, config, **clock), config, **clock)


async def feed_all(feed: Feed) -> None:
    while await feed.once():
        pass
    await feed.once()


@asynccontextmanager
async def running(part):
    """The part runs beside the block, and is cancelled at its end."""
    task = asyncio.create_task(part.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# -- the ordinary way ------------------------------------------------------------------------


async def test_a_campaign_is_fed_to_its_end(store, config, world, acme, template, database):
    package = world.package(acme, 5000)
    campaign = world.campaign(acme, template, 1200, extension_code="88")
    await feed_all(await make_feed(store, config))
    assert world.lost_and_doubled(campaign) == EXACT
    progress = world.progress(campaign)
    assert (progress["state"], progress["cursor_position"]) == ("fed", 2400)
    assert progress["started_at"] is not None
    assert progress["fed_at"] is not None
    assert world.used(package) == 1200
    assert world.rows("SELECT DISTINCT source, extension FROM message") == [("portal", "88")]
    assert disagreements(database) == []


async def test_phones_are_taken_in_the_order_of_the_file(store, config, world, acme, template):
    world.package(acme)
    world.campaign(acme, template, 50)
    await feed_all(await make_feed(store, config))
    phones = [p for (p,) in world.rows("SELECT phone FROM message ORDER BY id")]
    assert phones == [phone(n) for n in range(1, 51)]


@pytest.mark.parametrize(
    "values",
    [
        {"wish": CampaignWish.DRAFT},
        {"wish": CampaignWish.PAUSE},
        {"audience_state": AudienceState.READING},
        {"deleted_at": datetime.now(UTC)},
        {"scheduled_at": datetime.now(UTC) + timedelta(hours=1)},
    ],
)
async def test_what_is_not_due_is_left_alone(store, config, world, acme, template, values):
    world.package(acme)
    world.campaign(acme, template, 5, **values)
    await feed_all(await make_feed(store, config))
    assert world.one("SELECT count(*) FROM message") == 0
    assert world.one("SELECT count(*) FROM campaign_progress") == 0


async def test_a_scheduled_campaign_begins_at_its_time(store, config, world, acme, template):
    world.package(acme)
    world.campaign(acme, template, 5, scheduled_at=datetime.now(UTC) - timedelta(seconds=1))
    await feed_all(await make_feed(store, config))
    assert world.one("SELECT count(*) FROM message") == 5


async def test_refused_recipients_are_kept_with_their_reason(
    store, config, world, acme, template, database
):
    world.package(acme)
    world.block(phone(2))
    campaign = world.campaign(acme, template, 4)
    world.do("UPDATE campaign_recipient SET params = '{a,b}' WHERE phone = %s", phone(3))
    await feed_all(await make_feed(store, config))
    assert world.rows(
        "SELECT position, phone, reason, detail FROM campaign_refusal ORDER BY position"
    ) == [(4, phone(2), "blocked_global", ""), (6, phone(3), "params_extra", "1/2")]
    assert world.progress(campaign)["refused"] == 2
    assert world.lost_and_doubled(campaign) == EXACT
    assert disagreements(database) == []


async def test_if_everybody_was_refused_the_campaign_failed(store, config, world, acme, template):
    world.package(acme)
    campaign = world.campaign(acme, template, 3, params=())
    await feed_all(await make_feed(store, config))
    progress = world.progress(campaign)
    assert (progress["state"], progress["failure"]) == ("failed", CampaignFailure.ALL_REFUSED)
    assert progress["refused"] == 3


async def test_no_more_wait_in_the_queue_than_the_setting_says(
    store, config, world, acme, template
):
    world.package(acme)
    campaign = world.campaign(acme, template, 50)
    feed = await make_feed(store, replace(config, feed_ahead=10))
    await feed_all(feed)
    assert world.one("SELECT count(*) FROM message_queue") == 10
    for _ in range(4):
        world.do("DELETE FROM message_queue")
        await feed_all(feed)
    assert world.progress(campaign)["state"] == "feeding"
    world.do("DELETE FROM message_queue")
    await feed_all(feed)
    assert world.progress(campaign)["state"] == "fed"
    assert world.lost_and_doubled(campaign) == EXACT


async def test_a_large_campaign_lets_a_small_one_have_its_turn(
    store, config, world, acme, template, small_batches
):
    world.package(acme, 5000)
    world.campaign(acme, template, 1000)
    small = world.campaign(acme, template, 5)
    feed = await make_feed(store, config)
    await feed.once()
    assert world.one("SELECT count(*) FROM message WHERE campaign_id = %s", small) == 5


async def test_a_mistake_with_one_campaign_does_not_stop_the_others(
    store, config, world, acme, template
):
    world.package(acme)
    broken, right = (world.campaign(acme, template, 3) for _ in range(2))
    world.do(
        "ALTER TABLE message ADD CONSTRAINT test_breaks CHECK (campaign_id <> %s)" % broken  # noqa: UP031
    )
    await feed_all(await make_feed(store, config))
    assert world.one("SELECT count(*) FROM message WHERE campaign_id = %s", right) == 3


# -- pause, resume, terminate ----------------------------------------------------------------


async def test_after_a_pause_is_committed_not_one_more_is_accepted(
    store, config, world, acme, template, small_batches
):
    world.package(acme, 5000)
    campaign = world.campaign(acme, template, 600)
    async with running(await make_feed(store, config)):
        for _ in range(5):
            count = world.one("SELECT count(*) FROM message")
            await eventually(lambda: world.one("SELECT count(*) FROM message") > count)  # noqa: B023
            # In a thread, as it waits for the batch that is being taken.
            await asyncio.to_thread(world.wish, campaign, CampaignWish.PAUSE)
            paused_at = world.one("SELECT count(*) FROM message")
            await asyncio.sleep(0.05)  # the feed would take dozens in this time
            assert world.one("SELECT count(*) FROM message") == paused_at
            world.wish(campaign, CampaignWish.RUN)
            world.do("SELECT pg_notify('campaigns', '')")
        await eventually(lambda: world.progress(campaign)["state"] == "fed")
    assert world.lost_and_doubled(campaign) == EXACT


async def test_terminate_cancels_and_refunds_what_waits_and_leaves_what_is_claimed(
    store, config, world, acme, template, database, monkeypatch
):
    monkeypatch.setattr(feed_module, "CANCEL_BATCH", 7)
    package = world.package(acme, 5000)
    campaign = world.campaign(acme, template, 100)
    feed, settle = await make_feed(store, replace(config, feed_ahead=30)), Settle(store, config)
    await feed_all(feed)
    world.do(
        "UPDATE message_queue SET claimed_by = 1, claimed_at = now() WHERE message_id IN"
        " (SELECT message_id FROM message_queue ORDER BY message_id LIMIT 5)"
    )
    world.do(
        "UPDATE message_queue SET claimed_by = 0, claimed_at = now() WHERE message_id IN"
        " (SELECT message_id FROM message_queue WHERE claimed_by IS NULL LIMIT 5)"
    )
    world.wish(campaign, CampaignWish.TERMINATE)
    await feed_all(feed)
    assert world.one("SELECT count(*) FROM message WHERE state = 'cancelled' AND refunded") == 25
    assert world.one("SELECT count(*) FROM message_event WHERE code = 'terminated'") == 25
    assert world.progress(campaign)["state"] == "feeding"  # five may still be on the wire
    world.finish("delivered")
    await feed_all(feed)
    await settle.once()
    progress = world.progress(campaign)
    assert (progress["state"], progress["cancelled"]) == ("terminated", 25)
    assert progress["delivered"] == world.used(package) == 5
    assert disagreements(database) == []


async def test_terminate_before_the_beginning_sends_nothing(store, config, world, acme, template):
    world.package(acme)
    campaign = world.campaign(acme, template, 5, wish=CampaignWish.TERMINATE)
    await feed_all(await make_feed(store, config))
    assert world.progress(campaign)["state"] == "terminated"
    assert world.one("SELECT count(*) FROM message") == 0


# -- holds -----------------------------------------------------------------------------------


async def test_without_money_it_waits_at_the_first_unpaid_and_goes_on_after_a_top_up(
    store, config, world, acme, template, database, monkeypatch
):
    monkeypatch.setattr(feed_module, "HELD_RETRY_S", 0.0)
    package = world.package(acme, 7)
    campaign = world.campaign(acme, template, 10)
    world.do(  # the eighth needs two segments, those after it would fit
        "UPDATE campaign_recipient SET params = %s WHERE phone = %s", ["长" * 80], phone(7)
    )
    feed = await make_feed(store, config)
    await feed_all(feed)
    progress = world.progress(campaign)
    assert (progress["hold"], progress["state"]) == (CampaignHold.NO_BALANCE, "feeding")
    assert progress["cursor_position"] == 12
    assert world.used(package) == 6
    assert world.one("SELECT count(*) FROM campaign_refusal") == 0
    world.do("UPDATE billing_package SET total = 9 WHERE id = %s", package)
    await feed_all(feed)
    assert world.used(package) == 9
    assert world.progress(campaign)["hold"] == CampaignHold.NO_BALANCE
    world.package(acme, 100)
    await feed_all(feed)
    assert world.lost_and_doubled(campaign) == EXACT
    progress = world.progress(campaign)
    assert (progress["hold"], progress["state"]) == (CampaignHold.NONE, "fed")
    assert disagreements(database) == []


async def test_marketing_waits_for_its_hours(store, config, world, acme, monkeypatch):
    monkeypatch.setattr(feed_module, "HELD_RETRY_S", 0.0)
    world.package(acme)
    marketing = world.template(acme, "满减#*#", traffic=TrafficClass.MARKETING)
    campaign = world.campaign(acme, marketing, 5)
    clock = [NIGHT]
    config = replace(config, marketing_from=time(8), marketing_to=time(21))
    feed = await make_feed(store, config, now=lambda: clock[0])
    await feed_all(feed)
    assert world.progress(campaign)["hold"] == CampaignHold.QUIET_HOURS
    assert world.one("SELECT count(*) FROM campaign_refusal") == 0
    clock[0] = NOON + timedelta(days=1)
    await feed_all(feed)
    assert world.progress(campaign)["state"] == "fed"
    assert world.lost_and_doubled(campaign) == EXACT


async def test_a_held_campaign_asks_again_only_after_a_while_or_a_hint(
    store, config, world, acme, template
):
    campaign = world.campaign(acme, template, 5)
    feed = await make_feed(store, config)
    await feed_all(feed)
    assert world.progress(campaign)["hold"] == CampaignHold.NO_BALANCE
    world.package(acme)
    await feed.once()
    assert world.one("SELECT count(*) FROM message") == 0
    feed._hear("packages")
    await feed_all(feed)
    assert world.one("SELECT count(*) FROM message") == 5


@pytest.mark.parametrize(
    ("statement", "failure"),
    [
        ("UPDATE content_signature SET state = 'cancelled'", CampaignFailure.SIGNATURE),
        ("UPDATE content_template SET deleted_at = now()", CampaignFailure.TEMPLATE),
        ("UPDATE accounts_enterprise SET suspended_at = now()", CampaignFailure.ENTERPRISE),
    ],
)
async def test_what_was_withdrawn_fails_the_campaign(
    store, config, world, acme, template, statement, failure
):
    world.package(acme)
    campaign = world.campaign(acme, template, 5)
    world.do(statement)
    await feed_all(await make_feed(store, config))
    progress = world.progress(campaign)
    assert (progress["state"], progress["failure"]) == ("failed", failure)
    assert world.one("SELECT count(*) FROM message") == 0


async def test_a_template_approved_this_instant_does_not_fail_the_campaign(
    store, config, world, acme, template
):
    world.package(acme)
    feed = await make_feed(store, config)
    campaign = world.campaign(acme, world.template(acme), 5)
    await feed_all(feed)
    assert world.progress(campaign)["state"] == "fed"
    assert world.lost_and_doubled(campaign) == EXACT


def test_no_recipient_passes_one_that_must_wait():
    with pytest.raises(RuntimeError, match="past one"):
        judge([Refused(Refusal.NO_BALANCE), Accepted(1, 1)])


# -- crashes ---------------------------------------------------------------------------------


async def test_killed_connections_lose_nobody_and_take_nobody_twice(
    store, config, world, acme, template, database, small_batches
):
    package = world.package(acme, 5000)
    campaign = world.campaign(acme, template, 1500)
    async with running(await make_feed(store, config)):
        for _ in range(6):
            count = world.one("SELECT count(*) FROM message")
            await eventually(lambda: world.one("SELECT count(*) FROM message") > count)  # noqa: B023
            world.kill_others()
        await eventually(lambda: world.progress(campaign)["state"] == "fed")
    assert world.lost_and_doubled(campaign) == EXACT
    assert world.used(package) == 1500
    assert disagreements(database) == []


async def test_a_feed_cancelled_anywhere_loses_nobody_and_takes_nobody_twice(
    store, config, world, acme, template, database, small_batches
):
    world.package(acme, 5000)
    campaign = world.campaign(acme, template, 800)
    for attempt in range(12):
        async with running(await make_feed(store, config)):
            await asyncio.sleep(0.003 * attempt)
    await feed_all(await make_feed(store, config))
    assert world.progress(campaign)["state"] == "fed"
    assert world.lost_and_doubled(campaign) == EXACT
    assert disagreements(database) == []


async def test_two_engines_feed_one_campaign_beside_one_another(
    store, config, world, acme, template, database, small_batches
):
    world.package(acme, 5000)
    campaigns = [world.campaign(acme, template, 400) for _ in range(3)]
    async with (
        Store(config, size=4) as other,
        running(await make_feed(store, config, node=1)),
        running(await make_feed(other, config, node=2)),
    ):
        await eventually(
            lambda: world.one("SELECT count(*) FROM campaign_progress WHERE state = 'fed'") == 3
        )
    assert [world.lost_and_doubled(campaign) for campaign in campaigns] == [EXACT] * 3
    assert disagreements(database) == []


FEED_PROGRAM = """
import asyncio
from yunxin.config import Config
from yunxin.engine import feed
from yunxin.engine.accept import Acceptor
from yunxin.engine.directory import Directory
from yunxin.engine.store import Store

feed.BATCH = 10

async def main():
    config = Config.from_environment()
    async with Store(config) as store:
        directory = Directory(store, config)
        await directory.start()
        await feed.Feed(store, Acceptor(store, directory, 7, config), config).run()

asyncio.run(main())
"""


async def test_a_process_killed_hard_loses_nobody_and_takes_nobody_twice(
    config, world, acme, template, database
):
    package = world.package(acme, 5000)
    campaign = world.campaign(acme, template, 1500)
    environment = {**os.environ, "DATABASE_URL": database}
    for last in (False, False, False, True):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FEED_PROGRAM, env=environment
        )
        try:
            count = world.one("SELECT count(*) FROM message")
            if last:
                await eventually(lambda: world.progress(campaign)["state"] == "fed")
            else:
                await eventually(
                    lambda: world.one("SELECT count(*) FROM message") > count  # noqa: B023
                )
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    assert world.lost_and_doubled(campaign) == EXACT
    assert world.used(package) == 1500
    assert disagreements(database) == []
