"""The engine program: what is there before it sends, and what happens when a part of it ends."""

import asyncio

from yunxin.engine.service import Engine


async def test_partitions_are_there_before_anything_is_sent(world, config):
    """Though the engine was away for longer than they had been made for."""
    for (name,) in world.rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent IN"
        " ('message'::regclass, 'message_event'::regclass, 'submission'::regclass)"
    ):
        world.do(f"DROP TABLE {name}")
    async with Engine(config):
        today = world.one("SELECT to_char(now() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')")
        assert world.one("SELECT to_regclass(%s) IS NOT NULL", f"submission_{today}")


async def test_an_engine_of_which_a_part_ends_does_not_go_on_without_it(config):
    async with Engine(config) as engine:
        next(reversed(engine._parts)).cancel()
        await asyncio.wait_for(engine.wait(asyncio.Event()), 5)
