"""The operators' table of codes decides over the protocol's: against a simulated carrier."""

import pytest

from tests.engine.sending import Stage, any_hour, carrier, channel, magic, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.service import Engine

ONCE_BUSY, REFUSED, OTHERS_CODE = magic("0008"), magic("0017"), magic("0019")


def decide(world: World, code: str, *, permanent: bool, group: str = "carrier") -> None:
    """What an operator says of a code, in the table's row or in a new one."""
    world.do(
        'INSERT INTO carriers_carriercode (protocol, code, "group", is_permanent, meaning_en,'
        " meaning_zh) VALUES ('smpp', %s, %s, %s, 'x', 'x') ON CONFLICT (protocol, code)"
        ' DO UPDATE SET is_permanent = excluded.is_permanent, "group" = excluded."group"',
        code,
        group,
        permanent,
    )


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


async def test_what_operators_call_permanent_is_not_tried_again(stage: Stage) -> None:
    decide(stage.world, "RSYSERR", permanent=True)
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, ONCE_BUSY)
            await stage.done()
    assert stage.fates() == {"0008": ("failed", "RSYSERR")}


async def test_what_operators_call_temporary_is_tried_again(stage: Stage) -> None:
    decide(stage.world, "0X00000401", permanent=False)
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, OTHERS_CODE, REFUSED)
            await until(lambda: stage.pending() == 1)
            await until(lambda: stage.world.one("SELECT sum(attempt) FROM message_queue") == 1)
    assert stage.fates() == {"0019": ("accepted", None), "0017": ("failed", "RSUBMITFAIL")}


async def test_a_number_that_operators_say_is_at_fault_is_tried_nowhere_else(stage: Stage) -> None:
    decide(stage.world, "RSUBMITFAIL", permanent=True, group="number")
    stage.world.do(
        "UPDATE carriers_carriercode SET was_permanent = NULL WHERE code = 'RSUBMITFAIL'"
    )
    async with carrier() as smsc, carrier() as other:
        channel(stage.world, stage.config, smsc.port)
        channel(stage.world, stage.config, other.port)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, REFUSED)
            await stage.done()
    assert smsc.ledger.phone_count(REFUSED) + other.ledger.phone_count(REFUSED) <= 1
    assert stage.events() == ["refused"]
