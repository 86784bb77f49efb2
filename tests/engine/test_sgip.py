"""What only SGIP has: ids of our own making, a port for the carrier, lines that rest.

test_protocols.py shows what it has in common with the others.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.engine.sending import (
    FAST,
    EngineProcess,
    Spoken,
    Stage,
    any_hour,
    magic,
    phone,
    until,
)
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.receipts import Receipts, Told
from yunxin.engine.reconcile import disagreements
from yunxin.engine.service import Engine
from yunxin.engine.store import Store
from yunxin.protocols.events import BindMode, DeliverAnswered, Event, Login
from yunxin.protocols.session import Side
from yunxin.protocols.sgip.numbers import Numbers
from yunxin.protocols.sgip.pdus import UserRpt
from yunxin.protocols.sgip.session import SgipSession, body_of
from yunxin.protocols.stream import Stream, open_bound
from yunxin.simulator.behaviour import Behaviour
from yunxin.vocabulary import MessageState

LONG = "云" * 150  # with its signature three parts


def behaving(**knobs: Any) -> Behaviour:
    """The fast carrier with other knobs."""
    return msgspec.structs.replace(FAST, **knobs)


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


@pytest.fixture
def patient(stage: Stage) -> Stage:
    """Nothing is sent again that may have arrived."""
    words = ("verification", "notice", "marketing")
    policy: dict[str, Any] = {f"in_doubt_{word}": "unknown" for word in words}
    stage.config = replace(stage.config, **policy)
    return stage


def counted(stage: Stage) -> list[tuple[int, int]]:
    """What the books say was submitted and delivered."""
    return stage.world.rows("SELECT submitted, delivered FROM daily_count")


async def settled(stage: Stage) -> None:
    """Wait until every message is final and counted."""
    await stage.done()
    await until(lambda: not stage.world.one("SELECT count(*) FROM tally_delta"))


# Ids of our own making --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["您好", LONG])
async def test_a_receipt_settles_what_was_never_answered(patient: Stage, text: str) -> None:
    sgip = Spoken("sgip")
    async with sgip.carrier() as smsc:
        sgip.channel(patient, smsc, more={"attempts": 1}, answer_timeout_s=1)
        async with Engine(patient.config) as engine:
            (message_id,) = await patient.send(engine, magic("0011"), text=text)
            await settled(patient)
            assert engine.results.counts.verdicts == {"in_doubt": 1}
    assert patient.fates() == {"0011": ("delivered", "DELIVRD")}
    assert patient.events(message_id) == ["unanswered", "in_doubt"]
    assert smsc.ledger.phone_count(magic("0011")) == 1
    assert counted(patient) == [(1, 1)]


async def test_a_receipt_settles_what_was_on_a_line_that_broke(patient: Stage) -> None:
    sgip = Spoken("sgip")
    slow = behaving(answer_delay_s=30, receipt_delay_s=1)
    async with sgip.carrier(slow) as smsc:
        sgip.channel(patient, smsc)
        async with Engine(patient.config) as engine:
            numbers = [phone(n * 100) for n in range(1, 11)]
            await patient.send(engine, *numbers)
            await until(lambda: smsc.counts()["accepted"] == 10)
            smsc.disconnect()
            await settled(patient)
    assert patient.states() == {"delivered": 10}
    assert set(patient.events()) == {"in_doubt"} and len(patient.events()) == 10
    assert smsc.counts()["duplicates"] == 0
    assert counted(patient) == [(10, 10)]
    assert not list(disagreements(patient.config.database_url))


async def test_what_is_in_doubt_waits_for_its_receipt_as_others_do(patient: Stage) -> None:
    sgip = Spoken("sgip")
    async with sgip.carrier(behaving(silence_rate=1.0, lost_rate=1.0, magic=False)) as smsc:
        sgip.channel(patient, smsc, more={"attempts": 1}, answer_timeout_s=1)
        async with Engine(patient.config) as engine:
            await patient.send(engine, phone(100))
            queued = "SELECT count(*) FROM message_queue"
            await until(lambda: not patient.world.one(queued))
    assert patient.pending() == 1  # `settle` closes it as unknown when its time is over
    assert patient.world.rows("SELECT parts, state FROM submission") == [(1, None)]


async def test_a_receipt_of_the_first_try_spares_the_second(stage: Stage) -> None:
    sgip = Spoken("sgip")
    async with sgip.carrier(behaving(answer_delay_s=30, receipt_delay_s=2)) as smsc:
        channel_id = sgip.channel(stage, smsc)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, phone(100), text=LONG)
            await until(lambda: smsc.counts()["accepted"] == 1)
            # It rests from now on, so the second try waits.
            hours = "UPDATE carriers_channel SET open_from = %s, open_to = %s WHERE id = %s"
            stage.world.do(hours, *_another_hour(), channel_id)
            stage.world.do("NOTIFY channels")
            await until(lambda: not any(line.open for line in engine.lines.lines()))
            smsc.disconnect()
            await until(lambda: stage.events(message_id) == ["in_doubt", "sent_again"])
            await settled(stage)
    assert stage.states() == {"delivered": 1}
    assert smsc.counts()["accepted"] == 1
    assert stage.world.one("SELECT count(*) FROM message_queue") == 0
    assert counted(stage) == [(1, 1)]
    assert stage.world.rows("SELECT part, parts FROM submission ORDER BY 1") == [
        (1, -3), (2, -3), (3, -3),
    ]  # fmt: skip
    assert not list(disagreements(stage.config.database_url))


async def test_receipts_of_both_tries_count_once(stage: Stage) -> None:
    sgip = Spoken("sgip")
    async with sgip.carrier(behaving(silence_rate=1.0, receipt_delay_s=2, magic=False)) as smsc:
        sgip.channel(stage, smsc, more={"attempts": 1}, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, phone(100))
            await until(lambda: smsc.counts()["accepted"] == 2)
            await settled(stage)
            await until(lambda: smsc.counts()["receipts_acknowledged"] == 2)
    assert stage.states() == {"delivered": 1} and counted(stage) == [(1, 1)]
    assert stage.events(message_id)[:3] == ["unanswered", "in_doubt", "sent_again"]
    assert not list(disagreements(stage.config.database_url))


@pytest.mark.parametrize(
    ("words", "left"),
    [(("delivered", "failed"), 1), (("failed", "delivered"), 1), (("delivered", "delivered"), 0)],
)
async def test_a_try_settles_a_long_text_only_if_all_of_it_arrived(
    stage: Stage, store: Store, make_acceptor: Any, words: tuple[str, str], left: int
) -> None:
    acceptor = await make_acceptor()
    (accepted,) = await acceptor.accept([stage.request(phone(100), "云" * 100)])
    written = datetime.now(UTC)  # all parts of a try have the time of its first
    for part in (1, 2):
        stage.world.do(
            "INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id,"
            " part, parts, submitted_at) VALUES (7, %s, %s, %s, %s, -2, %s)",
            f"try{part}", stage.enterprise_id, accepted.message_id, part, written,
        )  # fmt: skip
    receipts = Receipts(stage.config)
    for number, word in enumerate(words, 1):
        told = Told(7, f"try{number}", MessageState(word), word, "")
        async with store.transaction() as tx:
            await receipts.store(tx, [told, told])
    assert stage.states() == {"accepted" if left else "delivered": 1}
    assert stage.world.one("SELECT count(*) FROM message_queue") == left
    kept = stage.world.rows("SELECT state FROM submission ORDER BY part")
    assert [state for (state,) in kept] == list(words)
    counted = "SELECT count(*) FROM tally_delta WHERE state IN ('submitted', 'delivered')"
    assert stage.world.one(counted) == (0 if left else 2)
    assert not list(disagreements(stage.config.database_url))


def _another_hour() -> tuple[str, str]:
    """Some minutes of the day that are not now, in Asia/Shanghai."""
    hour = (datetime.now(UTC).hour + 8 + 12) % 24
    return f"{hour:02}:00", f"{hour:02}:01"


# A port for the carrier -------------------------------------------------------------------------


async def test_one_engine_hears_for_all_and_the_next_takes_over_when_it_dies(stage: Stage) -> None:
    sgip = Spoken("sgip")
    slow = behaving(answer_delay_s=0.1, receipt_delay_s=0.5, magic=False)
    async with sgip.carrier(slow) as smsc:
        sgip.channel(stage, smsc)
        async with EngineProcess(stage.config) as first:
            await until(lambda: stage.bound() == 1)
            async with Engine(stage.config) as second:
                (link,) = await _links(second)
                await until(lambda: "Another program" in link.last_error)
                # Both send; all receipts come to the first.
                await until(lambda: stage.bound() == 2)
                stage.world.campaign(stage.enterprise_id, stage.template_id, 600)
                stage.world.do("NOTIFY campaigns")
                await until(lambda: link.submitted > 20)
                await until(lambda: stage.states().get("delivered", 0) > 100)
                assert not second.results.counts.receipts
                await first.kill()
                await until(lambda: not link.last_error, 10)
                finished = "SELECT count(*) FROM campaign_progress WHERE state = 'finished'"
                await until(lambda: stage.world.one(finished) == 1)
                assert second.results.counts.receipts["delivered"] > 0
    assert stage.states() == {"delivered": 600}
    assert smsc.ledger.phones == 600
    assert smsc.counts()["duplicates"] <= stage.events().count("in_doubt") <= 32
    assert not list(disagreements(stage.config.database_url))


async def _links(engine: Engine) -> list[Any]:
    await until(lambda: engine.lines.all())
    return engine.lines.all()


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[tuple[Stream[SgipSession], list[Event]]]:
    """A carrier of our own that has logged in to deliver, and what it hears."""
    heard: list[Event] = []
    session = SgipSession(Side.CLIENT, numbers=Numbers(10100, datetime.now(UTC)))
    login = Login("yunxin", "secret", BindMode.RECEIVER)

    def take(_: Stream[SgipSession], events: list[Event]) -> None:
        heard.extend(events)

    stream = await open_bound(session, login, "127.0.0.1", port, take)
    try:
        yield stream, heard
    finally:
        await stream.close()


async def test_what_a_carrier_tells_of_a_phones_account_is_kept_and_blocks_nothing(
    stage: Stage,
) -> None:
    sgip = Spoken("sgip")
    conditions = {phone(100): [0], phone(200): [1, 0], phone(300): [0, 1, 2], phone(400): [9]}
    async with sgip.carrier() as smsc:
        channel_id = sgip.channel(stage, smsc)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 1)
            async with calling(sgip.options["listen_port"]) as (stream, heard):
                told = 0
                for number, words in conditions.items():
                    for word in words:
                        report = UserRpt(user_number=f"86{number}", user_condition=word)
                        stream.session.deliver(body_of(report), tag=number, now=stream.touch())
                        told += 1
                stream.flush()
                answers = (DeliverAnswered,)
                await until(lambda: sum(isinstance(e, answers) for e in heard) == told)
                assert all(e.status == 0 for e in heard if isinstance(e, DeliverAnswered))
            await stage.send(engine, phone(100))
            await stage.done()
    rows = stage.world.rows("SELECT phone, condition, channel_id FROM phone_news ORDER BY 1")
    assert rows == [
        (phone(100), "cancelled", channel_id),
        (phone(200), "cancelled", channel_id),
    ]
    assert stage.states() == {"delivered": 1}
    assert not stage.world.rows("SELECT FROM carriers_blockednumber")


# Lines that rest --------------------------------------------------------------------------------


async def test_an_idle_line_rests_and_connects_when_there_is_something_to_send(
    stage: Stage,
) -> None:
    sgip = Spoken("sgip")
    state = "SELECT state, sessions_bound, bound_at, last_error FROM channel_state"
    async with sgip.carrier() as smsc:
        sgip.channel(stage, smsc, enquire_every_s=1)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await stage.done()
            await until(lambda: [row[0] for row in stage.world.rows(state)] == ["bound"])
            ((_, _, bound_at, _),) = stage.world.rows(state)
            await until(lambda: [row[0] for row in stage.world.rows(state)] == ["idle"], 20)
            assert stage.world.rows(state) == [("idle", 0, bound_at, "")]
            binds = smsc.counts()["binds"]
            await asyncio.sleep(1.5)  # it does not connect of itself
            assert smsc.counts()["binds"] == binds == 1
            await stage.send(engine, phone(200), phone(300))
            await stage.done()
            assert smsc.counts()["binds"] == 2
            await until(lambda: stage.world.rows(state) == [("bound", 1, bound_at, "")])
    assert stage.states() == {"delivered": 3} and stage.events() == []


async def test_an_idle_line_may_be_kept_connected(stage: Stage) -> None:
    sgip = Spoken("sgip")
    async with sgip.carrier() as smsc:
        sgip.channel(stage, smsc, enquire_every_s=1, more={"idle": "reconnect"})
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await until(lambda: smsc.counts()["binds"] >= 3, 20)
            assert engine.lines.all()[0].state in ("bound", "connecting")


async def test_a_line_that_rested_and_finds_nobody_gives_back_what_it_got(stage: Stage) -> None:
    sgip = Spoken("sgip")
    async with sgip.carrier() as smsc:
        sgip.channel(stage, smsc, enquire_every_s=1)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await stage.done()
            idle = "SELECT count(*) FROM channel_state WHERE state = 'idle'"
            await until(lambda: stage.world.one(idle) == 1, 20)
            smsc._servers["sgip"].close()
            await stage.send(engine, phone(200))
            down = "SELECT count(*) FROM channel_state WHERE state = 'down'"
            await until(lambda: stage.world.one(down) == 1, 20)
            free = "SELECT count(*) FROM message_queue WHERE claimed_by IS NULL"
            await until(lambda: stage.world.one(free) == 1, 20)
    assert stage.states() == {"delivered": 1, "accepted": 1} and stage.events() == []


async def test_an_idle_line_is_stopped_at_once(stage: Stage) -> None:
    sgip = Spoken("sgip")
    async with sgip.carrier() as smsc:
        sgip.channel(stage, smsc, enquire_every_s=1)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await stage.done()
            await until(lambda: engine.lines.all()[0].state == "idle", 20)
            link = engine.lines.all()[0]
            link.stop()
            assert not link.ready and link.state == "stopped" and link.room() == (0, 0)
            await until(lambda: link not in engine.lines.all(), 5)
            # It comes back, as its row still wants it.
            await until(lambda: stage.bound() == 1)
