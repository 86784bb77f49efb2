"""Rates hold over all processes together, and come back with time."""

import asyncio
import time

import pytest

from yunxin.api.limits import Limits
from yunxin.api.queries import FOLDER
from yunxin.engine.store import Store


@pytest.fixture
async def store(config):
    async with Store(config, more_queries=(FOLDER,)) as store:
        yield store


async def take(limits: Limits, times: int, per_s: int) -> int:
    """How many of so many requests at once may go on."""
    told = await asyncio.gather(*(limits.take_request(1, 2, per_s) for _ in range(times)))
    return sum(one is None for one in told)


async def test_processes_share_one_bucket(store):
    """The database hands out one second's worth at once and what time adds, whoever asks."""
    processes = [Limits(store) for _ in range(4)]
    began = time.monotonic()
    passed = await asyncio.gather(*(take(limits, 100, 100) for limits in processes))
    assert sum(passed) <= 100 + 100 * (time.monotonic() - began)
    assert sum(passed) > 100 - 4 * 20, "each may hold back one lease"


async def test_a_bucket_fills_with_time_up_to_its_size(store, world):
    limits = Limits(store)
    world.do("INSERT INTO rate_bucket VALUES (1, 2, 0, now() - interval '1 hour')")
    assert await take(limits, 50, 10) in (10, 11)
    refused = await limits.take_request(1, 2, 10)
    assert refused is not None and 0 < refused.retry_after_s <= 0.2
    assert (refused.rule, refused.limit, refused.retry_after) == ("requests", "10/second", 1)


async def test_an_empty_bucket_is_not_asked_again_at_once(store, world):
    limits = Limits(store)
    world.do("INSERT INTO rate_bucket VALUES (1, 2, 0, now())")
    assert await limits.take_request(1, 2, 1) is not None
    world.do("UPDATE rate_bucket SET tokens = 1")
    assert await limits.take_request(1, 2, 1) is not None
    assert await Limits(store).take_request(1, 2, 1) is None


async def test_a_large_request_passes_and_what_it_took_is_missing(store):
    limits = Limits(store)
    assert await limits.take_recipients(1, 1000, 100) is None
    refused = await limits.take_recipients(1, 500, 100)
    assert refused is not None and 4 < refused.retry_after_s <= 5
    assert refused.rule == "recipients"


async def test_enterprises_and_keys_have_buckets_of_their_own(store):
    limits = Limits(store)
    assert await limits.take_request(1, 2, 1) is None
    assert await limits.take_request(1, 2, 1) is not None
    assert await limits.take_request(1, 3, 1) is None
    assert await limits.take_request(2, 2, 1) is None


async def test_a_limit_of_nothing_lets_nothing_pass(store):
    assert await Limits(store).take_request(1, 2, 0) is not None
