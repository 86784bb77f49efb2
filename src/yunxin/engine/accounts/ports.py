"""The ports of this engine to which SGIP's carriers connect, shared by channels, and its nodes.

A port is opened for the first channel that names it and closed after the last. One that cannot be
opened, as another program has it, is tried again; meanwhile the channel submits, and says why no
receipt comes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import randrange
from typing import NamedTuple

from yunxin.engine.store import Backoff
from yunxin.protocols.sgip.listener import Channel, Listener
from yunxin.protocols.sgip.numbers import Numbers

RETRY_FIRST_S = 0.5
RETRY_LONGEST_S = 30.0


class Place(NamedTuple):
    """Where to listen."""

    host: str
    port: int


class Ports:
    """All of one engine."""

    def __init__(self) -> None:
        self._numbers: dict[int, Numbers] = {}
        self._listeners: dict[Place, Listener] = {}
        self._guests: dict[Place, list[Channel]] = {}
        self._lock = asyncio.Lock()

    def numbers(self, node: int) -> Numbers:
        """Where all sessions of a node take their numbers, which are the ids of messages too.

        The first count is by chance, as other engines, and this one before its restart, may have
        made numbers for the same node in this second.
        """
        known = self._numbers.get(node)
        if known is None:
            zero = datetime.now(UTC) - timedelta(seconds=asyncio.get_running_loop().time())
            known = self._numbers[node] = Numbers(node, zero, first=randrange(1 << 32))
        return known

    @asynccontextmanager
    async def admitting(
        self, place: Place, guest: Channel, numbers: Numbers, failed: Callable[[str], None]
    ) -> AsyncIterator[None]:
        """Let a channel's carrier in as long as this is entered.

        Args:
            failed: is told when the port cannot be opened.
        """
        opening = asyncio.create_task(self._admit(place, guest, numbers, failed))
        try:
            yield
        finally:
            opening.cancel()
            await asyncio.wait({opening})
            await self._dismiss(place, guest)

    async def _admit(
        self, place: Place, guest: Channel, numbers: Numbers, failed: Callable[[str], None]
    ) -> None:
        backoff = Backoff(RETRY_FIRST_S, RETRY_LONGEST_S)
        while True:
            try:
                async with self._lock:
                    if place not in self._listeners:
                        listener = Listener(numbers)
                        await listener.start(*place)
                        self._listeners[place], self._guests[place] = listener, []
                    self._listeners[place].admit(guest)
                    self._guests[place].append(guest)
                    return
            except OSError as error:
                failed(f"The port for the carrier, {place.port}, cannot be opened: {error}")
            await backoff.wait()

    async def _dismiss(self, place: Place, guest: Channel) -> None:
        async with self._lock:
            guests = self._guests.get(place, [])
            if guest not in guests:
                return
            guests.remove(guest)
            listener = self._listeners[place]
            listener.dismiss(guest)
            if not guests:
                del self._listeners[place], self._guests[place]
                await listener.close()
