"""Waiting messages without a province that only channels of provinces could take.

A message is queued with its province only where a channel asks for it (`Snapshot.asked`), so that
queues have no more groups than channels can tell apart. When an operator later binds the last
general channel to provinces, or takes in a table of places, what waits already has none noted and
would wait for ever: `Relabeller` looks at such groups, and only at such, and notes it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from yunxin.engine.directory import Directory
from yunxin.engine.store import Store
from yunxin.routing import Line, Obstacle

if TYPE_CHECKING:
    from yunxin.engine.dispatch import Waiting

BATCH = 2_000  # messages in one transaction, about 20 ms
AGAIN_AFTER_S = 5.0  # a group that was looked through is left alone so long
ON_AFTER_S = 1.0  # and one of which a batch taught nothing, before the next batch

Group = tuple[int, int, str]


class Relabeller:
    """Notes provinces for the dispatcher of one engine."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory
        self._looked_up_to: dict[Group, int] = {}
        self._rests_until: dict[Group, float] = {}

    async def look(self, waiting: Iterable["Waiting"], lines: Sequence[Line]) -> int:
        """Look at a batch of each stuck group; how many messages have a province now."""
        snapshot = self._directory.snapshot
        if not (snapshot.places and snapshot.provinces_asked):
            return 0
        return sum([await self._look_at(group) for group in waiting if _is_stuck(group, lines)])

    async def _look_at(self, waiting: "Waiting") -> int:
        group = (waiting.priority, waiting.enterprise_id, waiting.carrier)
        now = asyncio.get_running_loop().time()
        if self._rests_until.get(group, 0.0) > now:
            return 0
        asked = {
            "priority": waiting.priority,
            "enterprise_id": waiting.enterprise_id,
            "carrier": waiting.carrier,
            "after": self._looked_up_to.get(group, 0),
            "most": BATCH,
        }
        async with self._store.transaction() as tx:
            rows = await tx.fetch("waiting_without_province", asked)
            places = {id: self._directory.snapshot.province_of(phone) for id, phone in rows}
            found = {id: province for id, province in places.items() if province}
            if found:
                noted = {
                    "enterprise_id": waiting.enterprise_id,
                    "message_ids": list(found),
                    "provinces": list(found.values()),
                }
                await tx.execute("note_provinces", noted)
        if len(rows) < BATCH:
            self._looked_up_to.pop(group, None)
            self._rests_until[group] = now + AGAIN_AFTER_S
        else:
            self._looked_up_to[group] = rows[-1][0]
            if not found:
                self._rests_until[group] = now + ON_AFTER_S
        return len(found)


def _is_stuck(waiting: "Waiting", lines: Sequence[Line]) -> bool:
    """Whether nothing but its unknown province stands between a group and some channel."""
    if waiting.province:
        return False
    obstacles = [line.obstacle(waiting) for line in lines]
    return Obstacle.PROVINCE in obstacles and None not in obstacles
