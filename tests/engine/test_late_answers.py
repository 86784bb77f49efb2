"""A carrier that answers after its time: the message is in doubt, its receipt is not."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from tests.engine.sending import FAST, Spoken, Stage, any_hour, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.reconcile import disagreements
from yunxin.engine.service import Engine

# It answers half a second after the time-out, and tells what became of the message after that.
LATE = msgspec.structs.replace(FAST, answer_delay_s=1.5, receipt_delay_s=3)
CMPP = Spoken("cmpp", "3.0")


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


async def test_its_receipt_spares_the_second_try(stage: Stage) -> None:
    async with CMPP.carrier(LATE) as smsc:
        channel_id = CMPP.channel(stage, smsc, more={"attempts": 1}, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, phone(100), text="云" * 150)
            await until(lambda: smsc.counts()["accepted"] == 1)
            hour = (datetime.now(UTC).hour + 8 + 12) % 24  # it rests now, so the second try waits
            hours = "UPDATE carriers_channel SET open_from = %s, open_to = %s WHERE id = %s"
            stage.world.do(hours, f"{hour:02}:00", f"{hour:02}:01", channel_id)
            stage.world.do("NOTIFY channels")
            await stage.done()
            await until(lambda: not stage.world.one("SELECT count(*) FROM tally_delta"))
    assert stage.states() == {"delivered": 1}
    assert stage.events(message_id)[-2:] == ["in_doubt", "sent_again"]
    assert stage.world.one("SELECT count(*) FROM message_queue") == 0
    assert (smsc.counts()["accepted"], smsc.counts()["duplicates"]) == (1, 0)
    assert stage.world.rows("SELECT submitted, delivered FROM daily_count") == [(1, 1)]
    assert not list(disagreements(stage.config.database_url))


async def test_its_receipt_is_a_line_where_the_message_was_given_up(stage: Stage) -> None:
    stage.config = replace(stage.config, in_doubt_notice="unknown")
    async with CMPP.carrier(LATE) as smsc:
        CMPP.channel(stage, smsc, more={"attempts": 1}, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, phone(100))
            await until(lambda: "late_receipt" in stage.events(message_id))
    assert stage.states() == {"unknown": 1}
    assert not list(disagreements(stage.config.database_url))
