"""A session on a TCP connection: the only file of this room that touches a socket or a clock.

`Stream` is an asyncio protocol around a `Session`. It hands whole batches of events to one
callback, writes everything that a batch caused with one call, keeps the session's time, and stops
reading while the program owes the peer too many answers. `open_bound` connects and logs in;
`serve` listens.
"""

import asyncio
import contextlib
from collections.abc import Callable
from ssl import SSLContext
from typing import Any, Generic, TypeVar, cast

from yunxin.protocols.errors import ProtocolError
from yunxin.protocols.events import BindRefused, Bound, Closed, Event, Login
from yunxin.protocols.session import Session, State

S = TypeVar("S", bound=Session)

TICK_S_MAX = 1.0  # how late a deadline may be noticed
LINGER_S = 5.0  # how long the last bytes may take to leave after the session's end
WRITE_HIGH_BYTES = 1 << 20  # about 5,000 messages that the peer has not read yet


class BindFailed(ProtocolError):
    """The carrier did not let us in; `event` says why (`BindRefused` or `Closed`)."""

    def __init__(self, event: BindRefused | Closed) -> None:
        super().__init__(event.sentence if isinstance(event, BindRefused) else event.detail)
        self.event = event


class Stream(asyncio.Protocol, Generic[S]):
    """One connection.

    Call the session's methods with `now=stream.now`, then `flush()`; within the callback the
    flush comes by itself. The callback gets the stream and a list of events, in order; `Closed` is
    always the last one, also when the connection just broke. It must not block and not raise.
    """

    def __init__(
        self,
        session: S,
        on_events: "Callable[[Stream[S], list[Event]], None]",
        on_connected: "Callable[[Stream[S]], None] | None" = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.session = session
        self.now: float = loop.time()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.bound: asyncio.Future[Event] = loop.create_future()
        self.data: Any = None  # whatever the program keeps with a connection
        self._loop = loop
        self._on_events = on_events
        self._on_connected = on_connected
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._flush_due = False
        self._reading = True

    # What the program uses ----------------------------------------------------------------------

    @property
    def free(self) -> int:
        """How many messages may be handed over now: none while the peer does not read."""
        return self.session.free if self._writable.is_set() else 0

    @property
    def peer_address(self) -> str:
        """Where the other end is, for logs."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return f"{name[0]}:{name[1]}" if name else "?"

    @property
    def unsent_bytes(self) -> int:
        """How much the peer has not taken yet of what was written."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    async def writable(self) -> None:
        """Wait until the peer reads what was written so far, or the connection ends."""
        await self._writable.wait()

    def touch(self) -> float:
        """Read the clock for what comes next; gives it."""
        self.now = self._loop.time()
        return self.now

    def flush(self) -> None:
        """Write what the session has to say, and end the connection if it has ended."""
        self._flush_due = False
        transport = self._transport
        if transport is None:
            return
        data = self.session.data_to_send()
        if data and not transport.is_closing():
            transport.write(data)
        if self.session.ended:
            self._hang_up(transport)
        elif not self._reading and self.session.owed <= self.session.limits.owed_max // 2:
            self._read_on()

    def flush_soon(self) -> None:
        """`flush` at the end of this turn of the loop: many calls, one write."""
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    async def close(self, timeout_s: float = 5.0) -> None:
        """Say good-bye if there is anybody to say it to, and end within the time."""
        if self.session.state is State.BOUND:
            self.session.unbind(self.touch())
            self._read_on()  # the answer stands behind what was not read yet
            self.flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await asyncio.shield(self.closed)
        self.abort()
        if self._transport is not None:
            await asyncio.shield(self.closed)

    def abort(self) -> None:
        """Cut the connection without a word; `Closed` follows."""
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self.session.connected(self.touch())
        self._arm()
        if self._on_connected is not None:
            self._on_connected(self)

    def data_received(self, data: bytes) -> None:
        self._dispatch(self.session.receive(data, self.touch()))

    def eof_received(self) -> bool:
        return False  # the transport closes; connection_lost follows

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._writable.set()
        detail = str(exc) if exc else "The peer closed the connection."
        self._dispatch(self.session.lost(detail))
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _dispatch(self, events: list[Event]) -> None:
        if events:
            if not self.bound.done():
                self._notice_bound(events)
            self._on_events(self, events)
        self.flush()
        if self._reading and self.session.owed >= self.session.limits.owed_max:
            self._hold_reading()

    def _hold_reading(self) -> None:
        transport = self._transport
        if self.session.state is State.BOUND and transport and not transport.is_closing():
            self._reading = False
            transport.pause_reading()

    def _read_on(self) -> None:
        if not self._reading and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()

    def _notice_bound(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Bound | BindRefused | Closed):
                self.bound.set_result(event)
                return

    def _arm(self) -> None:
        limits = self.session.limits
        shortest = min(limits.response_timeout_s, limits.enquire_after_s, limits.bind_within_s)
        self._timer = self._loop.call_later(min(TICK_S_MAX, shortest / 4), self._on_timer)

    def _on_timer(self) -> None:
        if not self.session.ended:
            self._arm()
            self._dispatch(self.session.tick(self.touch()))

    def _hang_up(self, transport: asyncio.Transport) -> None:
        if not transport.is_closing():
            transport.close()
            self._loop.call_later(LINGER_S, transport.abort)


async def connect(
    session: S,
    host: str,
    port: int,
    on_events: Callable[[Stream[S], list[Event]], None],
    *,
    ssl: SSLContext | None = None,
    timeout_s: float = 10.0,
) -> Stream[S]:
    """Open a connection without logging in.

    Raises:
        OSError, TimeoutError: nobody answered there.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        _, stream = await loop.create_connection(
            lambda: Stream(session, on_events), host, port, ssl=ssl
        )
    return stream


async def open_bound(
    session: S,
    login: Login,
    host: str,
    port: int,
    on_events: Callable[[Stream[S], list[Event]], None],
    *,
    ssl: SSLContext | None = None,
    timeout_s: float = 10.0,
) -> Stream[S]:
    """Open a connection and log in. The callback sees all events, `Bound` too.

    Raises:
        OSError, TimeoutError: nobody answered there, or not in time.
        BindFailed: the carrier refused.
    """
    async with asyncio.timeout(timeout_s):
        stream = await connect(session, host, port, on_events, ssl=ssl, timeout_s=timeout_s)
        try:
            session.bind(login, stream.touch())
            stream.flush()
            event = await asyncio.shield(stream.bound)
        except BaseException:
            stream.abort()
            raise
    if not isinstance(event, Bound):
        assert isinstance(event, BindRefused | Closed)
        raise BindFailed(event)
    return stream


async def serve(
    make_session: Callable[[], S],
    on_events: Callable[[Stream[S], list[Event]], None],
    host: str,
    port: int,
    *,
    ssl: SSLContext | None = None,
    on_connected: Callable[[Stream[S]], None] | None = None,
) -> asyncio.Server:
    """Listen; each connection gets a session of its own. Port 0 takes any free one.

    Args:
        on_connected: sees each connection before its first byte; may `abort` it.
    """
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: Stream(make_session(), on_events, on_connected), host, port, ssl=ssl, backlog=1024
    )
