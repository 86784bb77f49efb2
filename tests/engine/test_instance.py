"""Engines among others: whose number a process has in the ids of messages."""

from yunxin.engine.ids import NODES
from yunxin.engine.store import Store

START = 90_000_000


async def registered(store: Store, engine_id: int) -> int:
    """Register an engine; its node number."""
    row = await store.fetch_one(
        "register_engine",
        {"engine_id": engine_id, "host": "h", "pid": 1, "version": "1", "nodes": NODES,
         "role": "engine"},
    )  # fmt: skip
    assert row is not None
    return int(row[0])


async def test_who_starts_after_another_does_not_have_its_number(store):
    """Its ids would be made again if the clock was set back in between."""
    nodes = set()
    for after_s in range(3):
        nodes.add(await registered(store, START + after_s))
        await store.execute("forget_engine", {"engine_id": START + after_s})
    assert len(nodes) == 3


async def test_numbers_that_are_taken_are_passed_over_and_the_last_is_followed_by_the_first(store):
    last = START - START % NODES + NODES - 1
    assert await registered(store, last) == NODES - 1
    assert await registered(store, last + NODES) == 0
    assert await registered(store, last + 2 * NODES) == 1
