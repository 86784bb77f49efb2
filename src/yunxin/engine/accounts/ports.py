"""The ports of this engine to which SGIP's carriers connect, shared by channels, and its nodes.

A port is opened for the first channel that names it and closed after the last. One that cannot be
opened is tried again and again; meanwhile the channel submits, and says what is wrong. Of several
engines on one machine one has the port and stores what the carrier says of everybody's messages;
when it ends, however it ends, another has it within two seconds.
"""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import randrange
from typing import NamedTuple

from yunxin.engine.store import Backoff
from yunxin.protocols.sgip.listener import Channel, Listener
from yunxin.protocols.sgip.numbers import Numbers

RETRY_FIRST_S = 0.2
RETRY_LONGEST_S = 2.0  # a try costs nothing, and receipts wait at the carrier
ALIKE = (
    "Another channel's carrier logs in at the same port with the same name and password: receipts"
    " and replies may reach the wrong one. Give other names, or the addresses of the carriers."
)


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
        self, place: Place, guest: Channel, numbers: Numbers, trouble: Callable[[str], None]
    ) -> AsyncIterator[None]:
        """Let a channel's carrier in as long as this is entered.

        Args:
            trouble: is told why the port cannot be opened, and with nothing when it is open and
                no other channel's carrier could be taken for this one's.
        """
        opening = asyncio.create_task(self._admit(place, guest, numbers, trouble))
        try:
            yield
        finally:
            opening.cancel()
            await asyncio.wait({opening})
            await self._dismiss(place, guest)

    async def _admit(
        self, place: Place, guest: Channel, numbers: Numbers, trouble: Callable[[str], None]
    ) -> None:
        backoff = Backoff(RETRY_FIRST_S, RETRY_LONGEST_S)
        while True:
            try:
                async with self._lock:
                    if place not in self._listeners:
                        listener = Listener(numbers)
                        await listener.start(*place)
                        self._listeners[place], self._guests[place] = listener, []
                    rival = any(_alike(guest, other) for other in self._guests[place])
                    self._listeners[place].admit(guest)
                    self._guests[place].append(guest)
            except OSError as error:
                trouble(_why_not(place, error))
                await backoff.wait()
            else:
                trouble(ALIKE if rival else "")
                return

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


def _alike(one: Channel, other: Channel) -> bool:
    """Whether nothing in a log-in tells which of the two it means, see `Listener`."""
    if (one.name, one.password) != (other.name, other.password):
        return False
    if not one.networks or not other.networks:
        return one.networks == other.networks  # who names the address is preferred
    return any(
        mine.version == its.version and mine.overlaps(its)
        for mine in one.networks
        for its in other.networks
    )


def _why_not(place: Place, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program on this machine listens at {place.port}, where the carrier connects."
            " If it is another engine, it takes the receipts of all engines."
        )
    return f"The port for the carrier, {place.port}, cannot be opened: {error}"
