"""Logging in as a channel once because somebody at the console asks, and saying what came of it.

The page makes a row (`carriers_channeltry`); an engine takes it, logs in with the channel's data as
they are stored, says good-bye, and writes the answer with its milliseconds. The channel need not
run. Where it does, its own sessions are left alone: this is one connection beside them, which sends
nothing and acknowledges nothing, so that what a carrier delivers to it comes again to the others.
"""

import asyncio
from contextlib import suppress
from socket import gaierror
from typing import NamedTuple

import structlog

from yunxin.config import Config
from yunxin.engine.accounts.base import Account, Conversation
from yunxin.engine.lines import Lines
from yunxin.engine.store import Listener, Store, StoreUnavailable, run_forever
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import BindMode, BindRefused, Bound, Closed, CloseReason, Event
from yunxin.protocols.stream import connect
from yunxin.sealing import SealBroken, unseal
from yunxin.vocabulary import TryOutcome

log = structlog.get_logger()

EVERY_S = 1.0
AT_ONCE_MAX = 8  # people press a button; nobody needs more
STEP_S = 10.0  # for the connection, and as long again for the log-in
GOOD_BYE_S = 2.0
DETAIL_MAX = 300  # characters, as the column has room


class Tried(NamedTuple):
    """What came of a log-in.

    Args:
        status: what the protocol calls the carrier's refusal.
        detail: the reason in English, for those who know the protocol.
        connect_ms: until there was a connection.
        login_ms: from then until the answer to the log-in.
    """

    outcome: TryOutcome
    status: str = ""
    detail: str = ""
    connect_ms: int | None = None
    login_ms: int | None = None


class Tries:
    """Takes wishes; several engines may do so beside one another."""

    def __init__(
        self, store: Store, config: Config, lines: Lines, listener: Listener | None = None
    ) -> None:
        self._store = store
        self._config = config
        self._lines = lines
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        if listener is not None:
            listener.on("channels", lambda _: self._wake.set())

    async def run(self) -> None:
        """Take wishes until cancelled."""
        try:
            await run_forever("tries", self.once, pause_s=EVERY_S, wake=self._wake)
        finally:
            for task in self._running:
                task.cancel()

    async def once(self) -> int:
        """Begin with all that people want tried, as far as there is room; how many."""
        taken = 0
        while len(self._running) < AT_ONCE_MAX:
            rows = await self._store.fetch("take_channel_try")
            if not rows:
                break
            task = asyncio.create_task(self._answer(*rows[0]), name=f"try {rows[0][0]}")
            self._running.add(task)
            task.add_done_callback(self._ended)
            taken += 1
        return taken

    async def _answer(self, try_id: int, channel_id: int) -> None:
        tried = await self.try_channel(channel_id)
        if tried is None:
            return
        log.info("tries.done", channel=channel_id, outcome=tried.outcome, status=tried.status)
        await self._store.execute("finish_channel_try", {"try_id": try_id, **tried._asdict()})

    async def try_channel(self, channel_id: int) -> Tried | None:
        """Log in as a channel and say good-bye; None: there is no such channel any more."""
        channel = await self._lines.read(channel_id)
        if channel is None:
            return None
        try:
            password = unseal(self._config.secret_key, channel.password_sealed)
        except SealBroken:
            return Tried(TryOutcome.PASSWORD_LOST)
        return await log_in(self._lines.accounts.account_of(channel, password))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        # The page says after a while that no answer came.
        log.error("tries.failed", exc_info=None if isinstance(error, StoreUnavailable) else error)


async def log_in(account: Account, step_s: float = STEP_S) -> Tried:
    """Log in once in every mode of the account, one after the other; the first that fails is told.

    Args:
        step_s: how long a connection may take, and the answer to a log-in.
    """
    first: Tried | None = None
    for mode in dict.fromkeys(account.modes):
        tried = await _log_in_as(account, mode, step_s)
        if tried.outcome is not TryOutcome.BOUND:
            return tried
        first = first or tried
    assert first is not None, "every account has a session"
    return first


async def _log_in_as(account: Account, mode: BindMode, step_s: float) -> Tried:
    clock = asyncio.get_running_loop().time
    channel, began = account.channel, clock()
    try:
        session = account.session()
        stream = await connect(session, channel.host, channel.port, _say_nothing, timeout_s=step_s)
    except LocalProtocolError as error:
        return _tried(TryOutcome.SETTINGS, error)
    except TimeoutError:
        return Tried(TryOutcome.CONNECT_TIMEOUT, connect_ms=_ms(clock() - began))
    except (gaierror, UnicodeError) as error:  # a name that cannot even be asked for
        return _tried(TryOutcome.NOT_FOUND, error)
    except OSError as error:
        return _tried(TryOutcome.CONNECT, error, connect_ms=_ms(clock() - began))
    connected = clock()
    try:
        async with asyncio.timeout(step_s):
            session.bind(account.login(mode), stream.touch())
            stream.flush()
            event: Event | None = await asyncio.shield(stream.bound)
    except (LocalProtocolError, UnicodeError) as error:
        return _tried(TryOutcome.SETTINGS, error)
    except TimeoutError:
        event = None
    finally:
        answered = clock()
        with suppress(TimeoutError):
            await stream.close(GOOD_BYE_S)
    return _judge(event)._replace(
        connect_ms=_ms(connected - began), login_ms=_ms(answered - connected)
    )


def _judge(event: Event | None) -> Tried:
    """What the answer to a log-in says; None: there was none in time."""
    match event:
        case Bound():
            return Tried(TryOutcome.BOUND)
        case BindRefused():
            return Tried(TryOutcome.REFUSED, event.name[:40], event.sentence[:DETAIL_MAX])
        case Closed() if event.reason is not CloseReason.SILENT:
            return Tried(TryOutcome.BROKEN_OFF, detail=event.detail[:DETAIL_MAX])
        case _:
            return Tried(TryOutcome.LOGIN_TIMEOUT)


def _tried(outcome: TryOutcome, error: Exception, *, connect_ms: int | None = None) -> Tried:
    return Tried(outcome, detail=str(error)[:DETAIL_MAX], connect_ms=connect_ms)


def _say_nothing(stream: Conversation, events: list[Event]) -> None:
    """Whatever the carrier delivers is not acknowledged, so that it comes again to others."""


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
