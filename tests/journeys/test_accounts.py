"""Whatever happens in the middle of a campaign, all accounts agree to the message.

Real programs, real TCP, real PostgreSQL (commits are on the disk), a carrier that refuses, fails,
loses receipts and sends them twice. `proof` holds its ledger against ours.
"""

import os
from collections.abc import Iterator

import pytest

from tests.journeys.proof import IN_FLIGHT_MAX, RECIPIENTS, Stand, standing
from yunxin.vocabulary import CampaignState, CampaignWish, MessageEventKind, MessageState

DOUBTS = {MessageEventKind.IN_DOUBT, MessageEventKind.SENT_AGAIN}


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("the database is killed here, so it has to be one of our own")
    with standing() as running:
        yield running


def test_with_refusals_failures_lost_and_double_receipts(stand: Stand) -> None:
    run = stand.begin()
    stand.finish(run)
    messages = stand.compare(run)

    assert len(messages) == RECIPIENTS
    states = {message.state for message in messages}
    assert states == {MessageState.DELIVERED, MessageState.FAILED, MessageState.UNKNOWN}
    assert any(message.refused for message in messages)
    assert {message.segments for message in messages} == {1, 2, 3}
    counts = stand.counts()
    assert counts["refused"] and counts["receipts_lost"] and counts["duplicates"] == 0
    assert counts["receipts_sent"] > sum(counts["outcomes"].values()), "some came twice"
    assert not stand.events(run).keys() & DOUBTS


def test_a_pause_holds_everything_back_until_the_campaign_is_resumed(stand: Stand) -> None:
    run = stand.begin()
    stand.taken(1 / 3)
    stand.decide(run, CampaignWish.PAUSE)
    accepted = len(stand.messages(run))
    stand.until(lambda: parked(stand) > 0, "the engine knows of the pause")
    before = stand.counts()["submits"]
    stand.until(lambda: in_hand(stand) == 0, "what was on its way has arrived")
    during = stand.counts()["submits"]
    assert during - before <= IN_FLIGHT_MAX
    stand.until(stand.carrier_is_idle, "the carrier told everything")
    assert stand.counts()["submits"] == during
    assert len(stand.messages(run)) == accepted

    stand.decide(run, CampaignWish.RUN)
    stand.finish(run)
    messages = stand.compare(run)
    assert len(messages) == RECIPIENTS
    assert not stand.events(run).keys() & DOUBTS


def test_a_terminated_campaign_sends_nothing_more_and_pays_the_rest_back(stand: Stand) -> None:
    run = stand.begin()
    stand.taken(1 / 4)
    stand.decide(run, CampaignWish.TERMINATE)
    stand.finish(run, CampaignState.TERMINATED)
    messages = stand.compare(run)

    cancelled = {m.phone for m in messages if m.state == MessageState.CANCELLED}
    assert cancelled and not cancelled & stand.phones().keys()
    assert len(messages) - len(cancelled) > RECIPIENTS / 4
    assert len(messages) < RECIPIENTS, "the rest was never accepted"
    assert stand.events(run)[MessageEventKind.CANCELLED] == len(cancelled)
    assert not stand.events(run).keys() & DOUBTS


def test_an_engine_that_is_killed_loses_nobody_and_counts_every_double(stand: Stand) -> None:
    run = stand.begin()
    stand.taken(1 / 3)
    stand.kill_engine(run)
    stand.start_engine()
    stand.finish(run)
    messages = stand.compare(run)

    assert len(messages) == RECIPIENTS
    assert 0 < len(run.in_doubt) <= IN_FLIGHT_MAX
    assert stand.events(run)[MessageEventKind.SENT_AGAIN] == len(run.in_doubt)


def test_a_database_that_is_killed_loses_and_doubles_nobody(stand: Stand) -> None:
    run = stand.begin()
    stand.taken(1 / 3)
    stand.kill_database()
    stand.finish(run)
    messages = stand.compare(run)

    assert len(messages) == RECIPIENTS
    assert not stand.events(run).keys() & DOUBTS
    assert stand.counts()["duplicates"] == 0


def test_two_dead_engines_and_a_cut_line_lose_nobody(stand: Stand) -> None:
    run = stand.begin()
    stand.taken(1 / 4)
    stand.kill_engine(run)
    stand.start_engine()
    stand.taken(1 / 2)
    stand.cut(run)
    stand.taken(3 / 4)
    stand.kill_engine(run)
    stand.start_engine()
    stand.finish(run)
    messages = stand.compare(run)

    assert len(messages) == RECIPIENTS
    assert 0 < stand.events(run)[MessageEventKind.SENT_AGAIN] <= 3 * IN_FLIGHT_MAX


def parked(stand: Stand) -> int:
    """Messages of paused campaigns that the engine met and put aside."""
    return int(stand.one("SELECT count(*) FROM message_queue WHERE claimed_by = 0"))


def in_hand(stand: Stand) -> int:
    """Messages that the engine claimed and of which it has no answer yet."""
    return int(stand.one("SELECT count(*) FROM message_queue WHERE claimed_by > 0"))
