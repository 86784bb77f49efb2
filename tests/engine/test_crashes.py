"""Whatever dies, everybody gets the message, and who may have got it twice is counted."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec
import psycopg
import pytest

from tests.engine.sending import (
    FAST,
    EngineProcess,
    Stage,
    any_hour,
    carrier,
    channel,
    magic,
    phone,
    until,
)
from tests.engine.world import World
from yunxin import embedded
from yunxin.config import Config
from yunxin.engine.reconcile import disagreements
from yunxin.engine.results import Batch
from yunxin.engine.service import Engine
from yunxin.engine.store import StoreUnavailable
from yunxin.vocabulary import CampaignWish, TrafficClass

PLAIN = msgspec.structs.replace(FAST, magic=False)
WINDOW = 50


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


async def settled(stage: Stage, campaign_id: int, within_s: float = 90) -> None:
    """Wait until the campaign is finished in the books."""
    finished = (
        "SELECT count(*) FROM campaign_progress WHERE campaign_id = %s AND state = 'finished'"
    )
    await until(lambda: stage.world.one(finished, campaign_id), within_s)


def agreed(stage: Stage) -> bool:
    """Whether all figures that are kept twice agree."""
    return not list(disagreements(stage.config.database_url))


async def test_two_engines_share_the_work_and_send_nothing_twice(stage: Stage) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 3_000)
    async with carrier(PLAIN) as smsc:
        channel(stage.world, stage.config, smsc.port, window=WINDOW)
        async with Engine(stage.config) as one, Engine(stage.config) as two:
            await settled(stage, campaign_id)
            assert one.dispatcher.claimed > 0 and two.dispatcher.claimed > 0
            assert one.dispatcher.claimed + two.dispatcher.claimed == 3_000
            assert one.instance.node != two.instance.node
    assert stage.states() == {"delivered": 3_000}
    assert smsc.counts()["accepted"] == 3_000 and smsc.counts()["duplicates"] == 0
    assert agreed(stage)


async def test_an_engine_that_is_killed_is_inherited(stage: Stage) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 2_000)
    async with carrier(msgspec.structs.replace(PLAIN, answer_delay_s=0.05)) as smsc:
        channel(stage.world, stage.config, smsc.port, window=WINDOW)
        async with EngineProcess(stage.config) as first:
            await until(lambda: smsc.counts()["accepted"] > 300)
            await first.kill()
        async with Engine(stage.config):
            await settled(stage, campaign_id)
            await until(lambda: stage.world.one("SELECT count(*) FROM engine_instance") == 1)
    assert stage.states() == {"delivered": 2_000}
    doubts = stage.events().count("in_doubt")
    assert 0 < doubts <= WINDOW
    assert stage.events().count("sent_again") == doubts
    assert smsc.counts()["duplicates"] <= doubts
    assert smsc.ledger.phones == 2_000
    assert agreed(stage)


async def test_what_a_dead_engine_held_of_a_terminated_campaign_is_unknown(stage: Stage) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 2_000)
    async with carrier(msgspec.structs.replace(PLAIN, answer_delay_s=0.3)) as smsc:
        channel(stage.world, stage.config, smsc.port, window=WINDOW)
        async with EngineProcess(stage.config) as first:
            await until(lambda: smsc.counts()["accepted"] > 300)
            await first.kill()
        held = stage.world.one("SELECT count(*) FROM message_queue WHERE claimed_by > 0")
        stage.world.wish(campaign_id, CampaignWish.TERMINATE)
        async with Engine(stage.config):
            ended = "SELECT count(*) FROM campaign_progress WHERE state = 'terminated'"
            await until(lambda: stage.world.one(ended))
            await until(lambda: not stage.pending())
    assert 0 < held <= WINDOW
    assert stage.events().count("in_doubt") == held
    assert stage.events().count("sent_again") == 0
    assert stage.states()["unknown"] == held
    assert smsc.counts()["duplicates"] == 0
    assert agreed(stage)


async def test_an_engine_that_is_told_to_stop_leaves_nothing_in_doubt(stage: Stage) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 2_000)
    async with carrier(msgspec.structs.replace(PLAIN, answer_delay_s=0.05)) as smsc:
        channel(stage.world, stage.config, smsc.port, window=WINDOW)
        async with EngineProcess(stage.config):
            await until(lambda: smsc.counts()["accepted"] > 300)
        assert stage.world.one("SELECT count(*) FROM engine_instance") == 0
        assert stage.world.one("SELECT count(*) FROM channel_state") == 0
        assert stage.world.one("SELECT count(*) FROM message_queue WHERE claimed_by > 0") == 0
        async with Engine(stage.config):
            await settled(stage, campaign_id)
    assert stage.states() == {"delivered": 2_000}
    assert stage.events() == []
    assert smsc.counts()["duplicates"] == 0


async def test_connections_to_the_database_that_break_all_the_time_do_no_harm(
    stage: Stage,
) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 2_000)
    async with carrier(PLAIN) as smsc:
        channel(stage.world, stage.config, smsc.port, window=WINDOW, rate_per_s=1_000)
        async with Engine(stage.config):
            for _ in range(5):
                await asyncio.sleep(0.4)
                stage.world.kill_others()
            await settled(stage, campaign_id)
    assert stage.states() == {"delivered": 2_000}
    assert stage.events() == []
    assert smsc.counts()["duplicates"] == 0
    assert agreed(stage)


@pytest.mark.parametrize("step", range(6))
async def test_it_stops_at_any_moment_while_connections_break(stage: Stage, step: int) -> None:
    stage.world.campaign(stage.enterprise_id, stage.template_id, 2_000)
    async with carrier(PLAIN) as smsc:
        channel(stage.world, stage.config, smsc.port, window=WINDOW, rate_per_s=1_000)
        async with Engine(stage.config):
            await asyncio.sleep(step * 0.07)
            stage.world.kill_others()
            await asyncio.sleep(step * 0.01)


@pytest.fixture
def own_server() -> Iterator[embedded.Server]:
    """A PostgreSQL of this test alone, with commits that are on the disk; to be killed."""
    folder = Path(mkdtemp(prefix="yunxin-kill-"))
    folder.chmod(0o711)
    server = embedded.Server(folder, dies_with_us=True)
    server.start()
    yield server
    server.remove()


def migrate(url: str) -> None:
    """Make the schema in another server."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("YUNXIN_")}
    environment |= {"DATABASE_URL": url, "YUNXIN_SECRET_KEY": "for tests " * 5}
    subprocess.run(
        [sys.executable, "-m", "yunxin", "manage", "migrate", "-v0"], env=environment, check=True
    )


async def test_a_database_that_is_killed_loses_and_doubles_nothing(
    own_server: embedded.Server,
) -> None:
    url = own_server.url
    migrate(url)
    config = any_hour(Config(database_url=url, secret_key="for tests " * 5))
    with psycopg.connect(url, autocommit=True) as connection:
        stage = Stage(World(connection), config)
        campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 3_000)
        async with carrier(PLAIN) as smsc:
            channel(stage.world, config, smsc.port, window=WINDOW, rate_per_s=1_000)
            async with Engine(config):
                await until(lambda: smsc.counts()["accepted"] > 500)
                pid = own_server.pid()
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                await asyncio.sleep(0.5)
                await asyncio.to_thread(own_server.start)
                with psycopg.connect(url, autocommit=True) as again:
                    stage.world = World(again)
                    await settled(stage, campaign_id)
                    assert stage.states() == {"delivered": 3_000}
                    assert stage.events() == []
                    assert agreed(stage)
        assert smsc.counts()["accepted"] == 3_000
        assert smsc.counts()["duplicates"] == 0


async def test_a_release_whose_storing_was_not_heard_of_sends_nobody_twice(stage: Stage) -> None:
    """It is set free; its next claim comes before the news of that, or instead of it."""
    twice: list[Any] = []
    async with carrier(msgspec.structs.replace(FAST, answer_delay_s=0.3)) as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            write = engine.results._write

            async def unheard(batch: Batch) -> None:
                await write(batch)
                if not twice and any(verdict.burns for _, verdict in batch.verdicts):
                    twice.extend(batch.verdicts)
                    claimed = "SELECT count(*) FROM message_queue WHERE claimed_by > 0"
                    await until(lambda: stage.world.one(claimed))
                    raise StoreUnavailable("the answer to the commit got lost")

            engine.results._write = unheard  # type: ignore[method-assign]
            (message_id,) = await stage.send(engine, magic("0018"))
            await stage.done()
            await until(lambda: not engine.dispatcher.in_hand)
    assert twice and stage.states() == {"delivered": 1}
    assert smsc.ledger.phone_count(magic("0018")) == 1
    assert stage.events(message_id)[:2] == ["in_doubt", "sent_again"]
    assert agreed(stage)


async def test_what_is_adopted_is_never_taken_for_a_claim_that_nobody_knows(stage: Stage) -> None:
    """A dead engine's claims are ours before we hold them: nothing sets them free meanwhile."""
    async with Engine(stage.config) as engine:
        (message_id,) = await stage.send(engine, phone(100))
        stage.world.do("UPDATE message_queue SET claimed_by = 1, claimed_at = now()")
        fetch, order = engine.store.fetch, []

        async def slowly(name: str, params: Any = None) -> Any:
            rows = await fetch(name, params)
            if name == "adopt_claims" and rows:
                freeing = asyncio.create_task(engine.dispatcher.free_unknown())
                await asyncio.sleep(0.2)
                order.append(freeing.done())
            return rows

        engine.store.fetch = slowly  # type: ignore[method-assign]
        assert await engine.dispatcher.adopt(1, engine.results.policy) == 1
        await until(lambda: not engine.dispatcher.in_hand)
    assert order == [False]
    assert stage.events(message_id) == ["in_doubt", "sent_again"]


MILLION = 1_000_000


async def test_a_verification_code_passes_a_million_that_wait(stage: Stage) -> None:
    """The queue is real; the marketing messages are rows that COPY could have written."""
    codes = stage.world.template(stage.enterprise_id, "#*#", traffic=TrafficClass.VERIFICATION)
    other = stage.world.enterprise()
    template_id = stage.world.template(other, "#*#", traffic=TrafficClass.MARKETING)
    signature_id = stage.world.one(
        "SELECT signature_id FROM content_template WHERE id = %s", template_id
    )
    package_id = stage.world.package(other, 2 * MILLION)
    stage.world.do(
        """
        WITH made AS (
            INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source,
                signature_id, template_id, package_id, text, segments)
            SELECT %s, ((extract(epoch FROM now() - timestamptz '2024-01-01 00:00:00+00')
                    * 1000)::bigint << 22) + n, '137' || lpad(n::text, 8, '0'), 'mobile', 'text',
                'marketing', 'portal', %s, %s, %s, '【商场】全场八折，拒收请回复R', 1
            FROM generate_series(1, %s) n RETURNING enterprise_id, id)
        INSERT INTO message_queue (enterprise_id, message_id, priority, carrier)
        SELECT enterprise_id, id, 2, 'mobile' FROM made
        """,
        other, signature_id, template_id, package_id, MILLION,
    )  # fmt: skip
    async with carrier(PLAIN) as smsc:
        channel(stage.world, stage.config, smsc.port, rate_per_s=300)
        async with Engine(stage.config) as engine:
            await until(lambda: smsc.counts()["accepted"] > 300, 60)
            before = smsc.counts()["submits"]
            await stage.send(engine, "13900000001", template_id=codes)
            await until(lambda: smsc.ledger.phone_count("13900000001") == 1)
            overtaken_by = smsc.counts()["submits"] - before
    assert overtaken_by < 300
    assert stage.world.one("SELECT count(*) FROM message_queue") > MILLION * 0.9
