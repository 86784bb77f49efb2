"""The carrier's own connections to its clients, for protocols whose carrier logs in to deliver.

A `Caller` connects for one account when something waits for it and no session takes it, and tries
again for as long as that is so. `carrier` treats the connection like any other of the account.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from yunxin.protocols.events import BindMode, Event, Login
from yunxin.protocols.stream import BindFailed, open_bound
from yunxin.simulator.clients import Account, AnyStream
from yunxin.simulator.gateways.base import Call

log = structlog.get_logger()

PATIENCE_S = 5.0  # for one attempt
RETRY_FIRST_S = 0.2
RETRY_LONGEST_S = 5.0


class Caller:
    """Calls one account.

    Args:
        account: the carrier logs in with the same name and password as the client.
        take: gets the events of the connection, `Bound` first.
    """

    def __init__(
        self,
        call: Call,
        account: Account,
        take: Callable[[AnyStream, list[Event]], None],
        counters: Counter[str],
    ) -> None:
        self._call = call
        self._login = Login(account.name, account.password, BindMode.RECEIVER)
        self._take = take
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._not_before = 0.0
        self._task: asyncio.Task[None] | None = None

    def summon(self) -> None:
        """Connect, unless that is under way."""
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._connect())

    def stop(self) -> None:
        """Try no more."""
        if self._task is not None:
            self._task.cancel()

    async def _connect(self) -> None:
        """Once a moment at most, so that a client that hangs up at once is not called in a rush."""
        await asyncio.sleep(max(0.0, self._not_before - self._loop.time()))
        wait_s = RETRY_FIRST_S
        while not await self._connected():
            self._counters["calls_failed"] += 1
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, RETRY_LONGEST_S)
        self._not_before = self._loop.time() + RETRY_FIRST_S

    async def _connected(self) -> bool:
        call = self._call
        try:
            await open_bound(
                call.session(), self._login, call.host, call.port, self._take, timeout_s=PATIENCE_S
            )
        except (OSError, TimeoutError, BindFailed) as error:
            log.info("client_not_reached", account=self._login.name, error=str(error))
            return False
        self._counters["calls"] += 1
        return True
