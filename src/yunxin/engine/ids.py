"""Message ids: 64 bits, in the order of time, unique without asking anybody.

Their shape is in `vocabulary`: milliseconds, then the node's number, then a counter.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

from yunxin.vocabulary import COUNTER_BITS, EPOCH, NODE_BITS, TIME_SHIFT

NODES = 1 << NODE_BITS
PER_MILLISECOND = 1 << COUNTER_BITS
_EPOCH_MS = int(EPOCH.timestamp() * 1000)
_SHANGHAI_AHEAD_MS = 8 * 3600 * 1000  # no summer time since 1991
_DAY_MS = 24 * 3600 * 1000


def wall_clock_ms() -> int:
    """Milliseconds since 1970 by the machine's clock."""
    return time.time_ns() // 1_000_000


class IdMaker:
    """Makes ids that only grow, also when the clock is set back or a millisecond is used up.

    In both cases it runs ahead of the clock until the clock has caught up.
    """

    __slots__ = ("_clock_ms", "_counter", "_last_ms", "_node")

    def __init__(self, node: int, *, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        """Args: node: 0 to 1023; no two processes that run at the same time share one."""
        if not 0 <= node < NODES:
            raise ValueError(f"a node number is from 0 to {NODES - 1}, not {node}")
        self._node = node << COUNTER_BITS
        self._clock_ms = clock_ms
        self._last_ms = 0
        self._counter = 0

    def next(self) -> int:
        """One id, greater than all before."""
        now_ms = self._clock_ms() - _EPOCH_MS
        if now_ms > self._last_ms:
            self._last_ms, self._counter = now_ms, 0
        elif self._counter < PER_MILLISECOND - 1:
            self._counter += 1
        else:
            self._last_ms, self._counter = self._last_ms + 1, 0
        return self._last_ms << TIME_SHIFT | self._node | self._counter


def day_of(message_id: int) -> date:
    """The day of acceptance in Asia/Shanghai, as `message_day` in the database."""
    return _day(((message_id >> TIME_SHIFT) + _SHANGHAI_AHEAD_MS) // _DAY_MS)


@lru_cache(maxsize=64)
def _day(number: int) -> date:
    return EPOCH.date() + timedelta(days=number)
