"""Draining a channel: what it has is finished, nothing new goes to it, others take the rest."""

from typing import Any

import msgspec
import pytest

from tests.engine.sending import FAST, Spoken, Stage, any_hour, carrier, channel, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.service import Engine
from yunxin.simulator.behaviour import Behaviour
from yunxin.vocabulary import LinkState

NUMBERS = [phone(n * 100) for n in range(1, 161)]


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


def behaving(**knobs: Any) -> Behaviour:
    """The fast carrier with other knobs."""
    return msgspec.structs.replace(FAST, **knobs)


def ask(stage: Stage, channel_id: int, wish: str) -> None:
    stage.world.do("UPDATE carriers_channel SET wish = %s WHERE id = %s", wish, channel_id)
    stage.world.do("NOTIFY channels")


def state_of(stage: Stage, channel_id: int) -> str:
    """What the engine says of a channel; empty: nothing, it has no line."""
    rows = stage.world.rows("SELECT state FROM channel_state WHERE channel_id = %s", channel_id)
    return str(rows[0][0]) if rows else ""


async def drain(stage: Stage, engine: Engine, channel_id: int) -> list[int]:
    """Ask for it, and let the engine hear it; the messages that the channel has at that moment."""
    stage.world.do("UPDATE carriers_channel SET wish = 'drain' WHERE id = %s", channel_id)
    await engine.lines.refresh()
    link = engine.lines.get(channel_id)
    assert link is not None and link.state is LinkState.DRAINING and not link.takes
    return [m.message_id for m in engine.dispatcher.in_hand.values() if m.link is link]


async def test_what_it_has_is_finished_and_others_take_the_rest(stage: Stage) -> None:
    async with carrier(behaving(answer_delay_s=0.2)) as slow, carrier() as other:
        first = channel(stage.world, stage.config, slow.port, rate_per_s=150, window=100)
        async with Engine(stage.config) as engine:
            await until(lambda: engine.lines.get(first) and engine.lines.lines())
            await stage.send(engine, *NUMBERS)
            await until(lambda: slow.counts()["accepted"] > 20)
            had = await drain(stage, engine, first)
            # More than the carrier has got: some are taken and not written yet.
            assert len(had) > 10
            second = channel(stage.world, stage.config, other.port)
            await until(lambda: not engine.lines.get(first))
            await until(lambda: not state_of(stage, first))
            assert slow.counts()["sessions"] == 0, "it said good-bye"
            sent = slow.counts()["accepted"]
            await until(lambda: other.counts()["accepted"] + sent == 160)
            ask(stage, first, "run")  # whose receipts it still waits for
            await stage.done()
    by = dict(stage.world.rows("SELECT id, channel_id FROM message"))
    assert {by[message_id] for message_id in had} == {first}
    assert list(by.values()).count(first) == sent and list(by.values()).count(second) == 160 - sent
    assert stage.states() == {"delivered": 160}
    assert slow.counts()["duplicates"] == other.counts()["duplicates"] == 0
    assert stage.events() == [], "nothing was given back, nothing is in doubt"


@pytest.mark.parametrize("protocol", ["cmpp", "sgip", "smgp"])
async def test_a_channel_alone_keeps_what_waits_in_the_queue(stage: Stage, protocol: str) -> None:
    spoken = Spoken(protocol, "" if protocol == "sgip" else "3.0")
    async with spoken.carrier(behaving(answer_delay_s=0.1)) as smsc:
        channel_id = spoken.channel(stage, smsc, window=16)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *NUMBERS)
            await until(lambda: smsc.counts()["accepted"] > 20)
            most = len(await drain(stage, engine, channel_id)) + smsc.counts()["accepted"]
            await until(lambda: not engine.lines.get(channel_id))
            sent = smsc.counts()["accepted"]
            assert sent <= most < 160, "it took nothing new"
            waiting = "SELECT count(*) FROM message_queue WHERE claimed_by IS NULL"
            await until(lambda: stage.world.one(waiting) == 160 - sent)
            ask(stage, channel_id, "run")
            await stage.done()
    assert stage.states() == {"delivered": 160}
    assert smsc.counts()["duplicates"] == 0
    assert stage.events() == []


async def test_who_changes_their_mind_goes_on_with_the_same_line(stage: Stage) -> None:
    async with carrier(behaving(answer_delay_s=0.6)) as smsc:
        channel_id = channel(stage.world, stage.config, smsc.port, window=10)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *NUMBERS[:30])
            await until(lambda: engine.dispatcher.claimed >= 9)
            await drain(stage, engine, channel_id)
            ask(stage, channel_id, "run")
            await stage.done()
    assert smsc.counts()["binds"] == 1
    assert stage.states() == {"delivered": 30}


async def test_an_engine_that_starts_connects_no_channel_that_drains(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, wish="drain")
        async with Engine(stage.config) as engine:
            await stage.send(engine, NUMBERS[0])
            channel_id = channel(stage.world, stage.config, smsc.port)
            await stage.done()
    assert smsc.counts()["binds"] == 1
    assert stage.world.rows("SELECT DISTINCT channel_id FROM message") == [(channel_id,)]
