"""The rows for the console, the metrics, and that the page names every one of them."""

import re
import urllib.request
from asyncio import to_thread
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.sending import Stage, any_hour, carrier, channel, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.health import MetricsServer
from yunxin.engine.service import Engine

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


async def test_the_row_of_a_channel_says_how_it_is(stage: Stage) -> None:
    async with carrier() as smsc:
        channel_id = channel(stage.world, stage.config, smsc.port, sessions=2, rate_per_s=300)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 2)
            row = stage.world.rows(
                "SELECT channel_id, engine_id, state, window_size, window_used, allowed_per_s,"
                " last_error, bound_at IS NOT NULL FROM channel_state"
            )
            assert row == [(channel_id, engine.instance.id, "bound", 200, 0, 300, "", True)]
        assert stage.world.rows("SELECT FROM channel_state") == []


async def test_a_carrier_that_is_not_there_is_shown_as_down(stage: Stage) -> None:
    async with carrier() as smsc:
        port = smsc.port
    channel(stage.world, stage.config, port)
    async with Engine(stage.config):
        down = "SELECT count(*) FROM channel_state WHERE state = 'down' AND last_error <> ''"
        await until(lambda: stage.world.one(down) == 1)


async def test_two_engines_share_the_rate_of_a_channel(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, rate_per_s=300)
        async with Engine(stage.config), Engine(stage.config):
            shares = "SELECT array_agg(allowed_per_s) FROM channel_state"
            await until(lambda: stage.world.one(shares) == [150, 150])


async def test_every_metric_is_served_and_stands_in_the_page(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await stage.done()
            server = MetricsServer(engine.health.metrics, 0)
            page = await to_thread(_get, server.port)
            server.close()
    assert "yunxin_engine_claimed_total 1.0" in page
    assert 'yunxin_engine_outcomes_total{outcome="sent"} 1.0' in page
    assert 'yunxin_channel_submitted_total{channel="1"} 1.0' in page
    served = set(re.findall(r"^# TYPE (yunxin_\w+)", page, re.MULTILINE))
    named = set(re.findall(r"`(yunxin_\w+)`", OPERATIONS.read_text(encoding="utf-8")))
    assert served == named


async def test_the_port_of_the_setting_is_the_one_that_answers(stage: Stage) -> None:
    server = MetricsServer(_Nothing(), 0)
    free = server.port
    server.close()
    async with Engine(replace(stage.config, metrics_port=free)):
        assert "yunxin_engine_in_hand" in await to_thread(_get, free)


class _Nothing:
    def collect(self) -> list[object]:
        return []


def _get(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())
