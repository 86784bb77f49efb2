"""Who may use the database for the address book at this moment, in one process.

All changes of one enterprise's book wait for one row of the database, behind imports too, and a
search may read a whole book. A connection held that long is one that no message can be accepted
with. So an enterprise has one at a time, all together have a few, and few may wait.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from yunxin.api.problems import Refused

AT_ONCE = 3  # of the pool's 8 connections
WAITING_MAX = 20  # requests of one enterprise, each with a body of up to 2 MB
WAIT_S = 10.0
RULE = "contacts"


class Turns:
    """The turns of one process; `async with turns.take(enterprise_id)` around each use."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        self._queues: dict[int, _Queue] = {}

    @asynccontextmanager
    async def take(self, enterprise_id: int) -> AsyncIterator[None]:
        """Wait for a turn of the enterprise's, and hold it.

        Raises:
            Refused: too many of its requests wait, or the turn did not come in time.
        """
        queue = self._queues.setdefault(enterprise_id, _Queue())
        if queue.waiting >= WAITING_MAX:
            detail = f"{WAITING_MAX} requests of the enterprise wait for its address book."
            raise Refused("too_many_requests", detail, rule=RULE, retry_after=1)
        async with AsyncExitStack() as held:
            queue.waiting += 1
            try:
                async with asyncio.timeout(WAIT_S):
                    await held.enter_async_context(queue.lock)
                    await held.enter_async_context(self._all)
            except TimeoutError:
                raise Refused("unavailable", retry_after=1) from None
            finally:
                queue.waiting -= 1
            yield


class _Queue:
    """The requests of one enterprise: one has its turn, the others wait in their order."""

    __slots__ = ("lock", "waiting")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0
