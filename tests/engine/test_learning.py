"""A report says that a number was ported; the next message to it goes to its new carrier."""

import asyncio

import msgspec
import pytest

from tests.engine.sending import FAST, Stage, any_hour, carrier, channel, until
from tests.engine.world import World
from yunxin.carriers import learning
from yunxin.config import Config
from yunxin.engine.service import Engine
from yunxin.simulator.behaviour import Fate, Rule
from yunxin.vocabulary import CarrierName

PORTED, OTHER, LONG = "13800000300", "13800000301", "13800000302"
# The first carrier says so of these numbers, and delivers all others.
GONE = msgspec.structs.replace(
    FAST, rules=(Rule(f"{PORTED}|{LONG}", Fate(stat="NP:1243", error="001")),)
)


def learn() -> int:
    """In a thread: Django's half, on the engine's database."""
    from django.db import connection

    try:
        return learning.learn()
    finally:
        connection.close()


@pytest.fixture
def stage(world: World, config: Config, committed: None) -> Stage:
    return Stage(world, any_hour(config))


async def test_the_next_message_goes_to_the_new_carrier(stage: Stage) -> None:
    world = stage.world
    learning_rows(world, on=True)
    async with carrier(GONE) as mobile, carrier() as unicom:
        first = channel(world, stage.config, mobile.port, carriers='["mobile"]')
        second = channel(world, stage.config, unicom.port, carriers='["unicom"]')
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, PORTED, OTHER)
            await stage.send(engine, LONG, text="云" * 150)
            await stage.done()
            assert await asyncio.to_thread(learn) == 2
            assert await asyncio.to_thread(learn) == 0
            await until(lambda: engine.directory.snapshot.has_ported)
            await stage.send(engine, PORTED, OTHER)
            await stage.done()
    assert world.rows(
        "SELECT carrier, channel_id, state FROM message WHERE phone = %s ORDER BY id", PORTED
    ) == [("mobile", first, "failed"), ("unicom", second, "delivered")]
    assert world.rows("SELECT DISTINCT channel_id FROM message WHERE phone = %s", OTHER) == [
        (first,)
    ]
    assert world.rows(
        "SELECT phone, carrier, origin, code FROM carriers_portednumber ORDER BY phone"
    ) == [
        (PORTED, "unicom", "learned", "NP:1243:001"),
        (LONG, "unicom", "learned", "NP:1243:001"),
    ]


async def test_switched_off_nothing_is_noted(stage: Stage) -> None:
    learning_rows(stage.world, on=False)
    async with carrier(GONE) as mobile:
        channel(stage.world, stage.config, mobile.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, PORTED)
            await stage.done()
    assert stage.fates() == {"0300": ("failed", "NP:1243:001")}
    assert stage.world.one("SELECT count(*) FROM ported_news") == 0


def learning_rows(world: World, *, on: bool) -> None:
    """A rule, and the switch, as an operator would leave them."""
    world.do("INSERT INTO carriers_portinglearning (id, is_on) VALUES (1, %s)", on)
    world.do(
        "INSERT INTO carriers_portingrule (protocol, code, carrier, at)"
        " VALUES ('', 'NP:12*', %s, now())",
        CarrierName.UNICOM,
    )
