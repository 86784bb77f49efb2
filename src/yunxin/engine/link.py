"""One carrier account: its connections, what waits to be written, what waits for an answer.

A `Link` keeps the account's sessions bound (reconnecting with back-off and jitter; where the
protocol has it so, an idle one rests until there is something to send), writes
the parts of messages as fast as the pace and the windows allow, and turns the carrier's words
into verdicts (`outcomes`) that it puts on the desk of `results`. It knows nothing of the
database, and nothing of protocols: what differs between those is in its `Account` (`accounts`).
`dispatch` asks for `room` and hands over messages with `take`; `results` calls `release` when an
outcome is stored: until then a message counts against the window, so that after a crash no more
messages are in doubt than the windows hold.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Container, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from yunxin.engine import outcomes
from yunxin.engine.accounts.base import Account, Conversation, PhoneNews
from yunxin.engine.breaker import Breaker
from yunxin.engine.channel import Channel
from yunxin.engine.ids import wall_clock_ms
from yunxin.engine.outcomes import Verdict
from yunxin.engine.outgoing import Outgoing
from yunxin.engine.pacing import Pace
from yunxin.engine.store import Backoff
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import (
    BindMode,
    BindRefused,
    Bound,
    Closed,
    CloseReason,
    Event,
    InboundArrived,
    PeerMistake,
    ReceiptArrived,
    Requested,
    Retry,
    SubmitAnswered,
    Unanswered,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.status import Status
from yunxin.protocols.stream import BindFailed, open_bound
from yunxin.text.codes import Meaning
from yunxin.vocabulary import BreakerState, InDoubtPolicy, LinkState, MessageEventKind, Priority

log = structlog.get_logger()

AHEAD_S = 0.1  # what the pace allows within this time may be claimed and wait here
KEPT_FOR_CODES = 0.05  # of the window only verification codes may take
RECONNECT_FIRST_S = 0.5
RECONNECT_LONGEST_S = 30.0
STEADY_S = 10.0  # a connection that lived so long ended by accident: try again soon
WAKE_WITHIN_S = 5.0  # what a connection that rested may take: messages wait for it already
DRAIN_EXTRA_S = 2.0  # beyond the answer time-out, for what is still to be stored
PART_REPEATS_MAX = 20  # a part, on average, of a long text whose others the carrier has already
PART_REPEAT_AFTER_S = 1.0
PUMP_EVERY_S = 0.001  # what falls due within a millisecond is written together
NO_ID = "?"  # stands for the id that a carrier's answer lacks


class Desk(Protocol):
    """Where a link puts what it learns, and what it asks; `results` is one."""

    def judged(self, message: Outgoing, verdict: Verdict) -> None:
        """What became of a message."""

    def late_id(self, link: "Link", message: Outgoing, index: int, key: str) -> None:
        """A part of a message that was judged as in doubt was taken after all, with this id."""

    def receipt(self, stream: Conversation, link: "Link", event: ReceiptArrived, key: str) -> None:
        """A final receipt of the message part with this key; acknowledged when it is stored."""

    def inbound(self, stream: Conversation, link: "Link", event: InboundArrived) -> None:
        """A message from a phone; it is acknowledged when it is stored."""

    def news(self, stream: Conversation, link: "Link", sequence: int, news: PhoneNews) -> None:
        """What a carrier told of a phone's account; it is acknowledged when it is stored."""

    def policy(self, message: Outgoing) -> InDoubtPolicy:
        """What becomes of a message in doubt."""

    def another(self, message: Outgoing, refused_by: Container[int]) -> bool:
        """Whether a channel that did not refuse yet could carry a message."""

    def decision(self, code: str, protocol: str) -> Meaning | None:
        """What operators decided about a code; None: the protocol's own word counts."""

    def line_changed(self) -> None:
        """A connection of the account came or went."""


class Connection:
    """One session of the account, kept bound: a place that a stream comes to and goes from."""

    __slots__ = ("mode", "resting", "stream", "useful")

    def __init__(self, mode: BindMode) -> None:
        self.mode = mode
        self.stream: Conversation | None = None  # while it is bound
        self.useful = False  # since it was bound the carrier took a message or told something
        self.resting = False  # it said good-bye in peace, and connects when there is need

    @property
    def sends(self) -> bool:
        """Whether messages may be written to it."""
        return self.mode is not BindMode.RECEIVER

    @property
    def ready(self) -> bool:
        """Whether messages may be handed over for it: now, or as soon as it has connected."""
        return self.sends and (self.stream is not None or self.resting)


class Link:
    """One carrier account. `run` keeps it connected until `stop` has drained it."""

    def __init__(self, account: Account, desk: Desk) -> None:
        self._loop = asyncio.get_running_loop()
        self.channel = channel = account.channel
        self._account = account
        self._explain, self._hopeless = account.explain, account.hopeless
        self._rests = account.rests
        self._answer_key, self._receipt_key = account.answer_key, account.receipt_key
        self._desk = desk
        self._pace = Pace(channel.rate_per_s, self._loop.time())
        self._breaker = Breaker(self._loop.time())
        self._wire = account.wire
        self._connections = [Connection(mode) for mode in account.modes]
        # Parts that wait to be written, by traffic class: message and the index of the part.
        self._waiting: Sequence[deque[tuple[Outgoing, int]]] = tuple(deque() for _ in Priority)
        self._outstanding = 0  # parts that were taken and whose outcome is not stored
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = asyncio.Event()
        self._wanted = asyncio.Event()  # something waits that no connection can take
        self.last_error = ""
        self.last_error_at: datetime | None = None
        self._port_trouble = ""
        self.bound_at: datetime | None = None
        self.refused = False
        self.submitted = 0  # parts written to a socket since the start
        self.throttled = 0  # answers that said "too fast" since the start
        self.late = 0  # answers that came after their time-out

    # What the dispatcher and the results call ---------------------------------------------------

    @property
    def bound(self) -> bool:
        """Whether messages can be written now."""
        return any(c.stream is not None and c.sends for c in self._connections)

    @property
    def ready(self) -> bool:
        """Whether there is a way to the carrier: it is bound, or rests until something comes."""
        return any(c.ready for c in self._connections)

    @property
    def takes(self) -> bool:
        """Whether messages may be handed over: it is ready, and neither drains nor stops."""
        return self.ready and not (self.channel.draining or self._stopping.is_set())

    @property
    def drained(self) -> bool:
        """Whether it was to drain, and all that it took and was told is stored."""
        owes = any(c.stream is not None and c.stream.session.owed for c in self._connections)
        return self.channel.draining and not (self._outstanding or owes)

    @property
    def sessions_bound(self) -> int:
        """How many of the account's sessions are bound."""
        return sum(c.stream is not None for c in self._connections)

    @property
    def state(self) -> LinkState:
        """What the console says of the account."""
        if self.channel.draining:
            return LinkState.DRAINING
        if self._stopping.is_set():
            return LinkState.STOPPED
        if self.bound:
            return LinkState.BOUND
        if self.ready:
            return LinkState.IDLE
        if self.refused:
            return LinkState.REFUSED
        return LinkState.DOWN if self.last_error else LinkState.CONNECTING

    @property
    def breaker(self) -> BreakerState:
        """Whether messages are let through."""
        return self._breaker.state(self._loop.time())

    @property
    def allowed_per_s(self) -> float:
        """Segments a second that the carrier's throttling leaves; 0 means no limit."""
        return self._pace.allowed_per_s

    @property
    def outstanding(self) -> int:
        """Parts that were taken and whose outcome is not stored yet."""
        return self._outstanding

    @property
    def window(self) -> int:
        """Parts that may be outstanding, over all sessions that are bound or rest."""
        return self.channel.window * sum(c.ready for c in self._connections)

    def room(self) -> tuple[int, int]:
        """How many more parts may be handed over now: of verification codes, and of the rest.

        The rest leaves a few places of the window free, and waits behind what waits here
        already; a code is written before all that.
        """
        free = self.window - self._outstanding
        if free <= 0 or not self.takes:
            return 0, 0
        match self.breaker:
            case BreakerState.OPEN:
                return 0, 0
            case BreakerState.HALF_OPEN:  # one message tries
                alone = int(not self._outstanding)
                return alone, alone
            case BreakerState.CLOSED:
                pass
        paced = self._pace.within(AHEAD_S, self._loop.time())
        codes = min(free, paced - len(self._waiting[Priority.VERIFICATION]))
        rest = min(free - int(self.window * KEPT_FOR_CODES), paced - sum(map(len, self._waiting)))
        return max(0, codes), max(0, rest)

    def take(self, messages: Sequence[Outgoing]) -> None:
        """Send these; each ends in exactly one verdict on the desk."""
        for message in messages:
            self._cut(message)
            waiting = self._waiting[message.priority]
            waiting.extend((message, index) for index in range(len(message.parts)))
        self._pump()

    def release(self, message: Outgoing) -> None:
        """The outcome of a message is stored: it no longer counts against the window."""
        self._outstanding -= len(message.parts)

    def change(self, channel: Channel) -> None:
        """The operator changed what can be changed while connected; a new version cannot.

        One that is to drain gets nothing any more; whoever keeps links stops it when it is drained.
        """
        if channel.rate_per_s != self.channel.rate_per_s:
            self._pace.limit(channel.rate_per_s, self._loop.time())
        self.channel = channel

    # The life of the account --------------------------------------------------------------------

    async def run(self) -> None:
        """Keep every session bound until `stop`; drain; say good-bye."""
        listening = self._account.listening(self._on_delivery, self._on_port)
        async with listening, asyncio.TaskGroup() as tasks:
            for connection in self._connections:
                tasks.create_task(self._keep_bound(connection))

    def stop(self) -> None:
        """Take nothing more, give back what was not written, wait for answers, unbind."""
        if not self._stopping.is_set():
            self._stopping.set()
            for connection in self._connections:
                connection.resting = False
            self._give_back(begun_too=False)

    def kill(self) -> None:
        """Cut all connections at once, as when this engine is not the owner of its claims."""
        self.stop()
        for connection in self._connections:
            if connection.stream is not None:
                connection.stream.abort()

    async def _keep_bound(self, connection: Connection) -> None:
        backoff = Backoff(RECONNECT_FIRST_S, RECONNECT_LONGEST_S)
        while not self._stopping.is_set():
            began = self._loop.time()
            stream = await self._connect(connection)
            if stream is not None:
                await self._while_bound(stream)
                steady = self._loop.time() - began > STEADY_S
                if connection.useful or steady:
                    backoff.reset()
                if _in_peace(stream) and (steady or (self._rests and connection.useful)):
                    await self._rest(connection)  # an idle session, as some protocols have it
                    continue
            elif connection.resting:
                connection.resting = False
                self._unready()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(backoff.next_s()):
                    await self._stopping.wait()

    async def _rest(self, connection: Connection) -> None:
        """Until there is something to send, or we stop; where the protocol has it so."""
        if not self._rests or self._stopping.is_set():
            return
        connection.resting = True
        if not any(self._waiting):
            self._wanted.clear()
        self._desk.line_changed()
        ends = [asyncio.ensure_future(e.wait()) for e in (self._wanted, self._stopping)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    async def _connect(self, connection: Connection) -> Conversation | None:
        channel = self.channel
        patience_s = min(WAKE_WITHIN_S, channel.answer_timeout_s)
        try:
            return await self._unless_stopped(
                open_bound(
                    self._account.session(),
                    self._account.login(connection.mode),
                    channel.host,
                    channel.port,
                    lambda stream, events: self._on_events(connection, stream, events),
                    timeout_s=patience_s if connection.resting else channel.answer_timeout_s,
                )
            )
        except (LocalProtocolError, UnicodeError) as error:  # its settings do not fit the protocol
            self.refused = True
            self._failed(str(error))
        except BindFailed as error:
            self.refused = isinstance(error.event, BindRefused)
            self._failed(str(error) or type(error).__name__)
        except (OSError, TimeoutError) as error:
            self.refused = False
            self._failed(str(error) or "Nobody answered in time.")
        return None

    async def _unless_stopped(self, opening: Awaitable[Conversation]) -> Conversation | None:
        """What an attempt to connect comes to; None: we stop, and a silent host is not waited for.

        An operator who mends a wrong address would else wait until it was given up.
        """
        attempt = asyncio.ensure_future(opening)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((attempt, stopping), return_when=asyncio.FIRST_COMPLETED)
            return await attempt if attempt.done() else None
        finally:
            stopping.cancel()
            attempt.cancel()
            await asyncio.wait((attempt,))

    async def _while_bound(self, stream: Conversation) -> None:
        """Until the connection ends by itself, or is drained and closed because we stop."""
        stopping: asyncio.Future[object] = asyncio.ensure_future(self._stopping.wait())
        try:
            ends = (stopping, asyncio.ensure_future(asyncio.shield(stream.closed)))
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not stream.closed.done():
                await self._drain(stream)
                await stream.close(timeout_s=DRAIN_EXTRA_S)
        finally:
            stopping.cancel()
            if not stream.closed.done():
                stream.abort()

    async def _drain(self, stream: Conversation) -> None:
        """Wait until every answer is here and everything that the carrier told is stored."""
        bounds = self._account.bounds
        deadline = self._loop.time() + bounds.response_timeout_s * bounds.attempts + DRAIN_EXTRA_S
        while not stream.closed.done() and self._loop.time() < deadline:
            if not (self._outstanding or stream.session.owed):
                return
            await asyncio.sleep(0.02)

    def _failed(self, why: str) -> None:
        if why != self.last_error:
            log.warning("link.failed", channel=self.channel.id, error=why)
        self.last_error, self.last_error_at = why[:300], datetime.now(UTC)

    def _on_port(self, trouble: str) -> None:
        """What is wrong with the port to which the carrier connects; empty when it is open."""
        if trouble and trouble != self._port_trouble:
            self._failed(trouble)
        elif not trouble and self.last_error == self._port_trouble[:300]:
            self.last_error, self.last_error_at = "", None
        self._port_trouble = trouble

    # Writing ------------------------------------------------------------------------------------

    def _cut(self, message: Outgoing) -> None:
        message.alphabet = alphabet = self._wire.alphabet_of(message.text)
        message.parts = self._wire.parts(message.text, message.phone, alphabet)
        message.link, message.channel_id = self, self.channel.id
        message.left = len(message.parts)
        message.ids = [""] * message.left
        self._outstanding += message.left

    def _pump(self) -> None:
        """Write as many parts as the pace and the windows allow."""
        now = self._loop.time()
        ready = self._pace.ready(now)
        sent = 0
        while sent < ready and any(self._waiting):
            stream = self._freest()
            if stream is None:
                self._wanted.set()
                break
            sent += self._write(stream, min(stream.free, ready - sent))
        if sent:
            self._pace.take(sent, now)
            self.submitted += sent
        if sent >= ready and self._timer is None and any(self._waiting):
            wait_s = max(self._pace.wait_s(now), PUMP_EVERY_S)
            self._timer = self._loop.call_later(wait_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._pump()

    def _freest(self) -> Conversation | None:
        """The sending session with most free places in its window, if there is any."""
        best, most = None, 0
        for connection in self._connections:
            stream = connection.stream
            if stream is not None and connection.sends and stream.free > most:
                best, most = stream, stream.free
        return best

    def _write(self, stream: Conversation, count: int) -> int:
        """Write up to so many waiting parts to one session; gives how many it were."""
        now, wall_ms, written = stream.touch(), wall_clock_ms(), 0
        for waiting in self._waiting:
            while waiting and written < count:
                message, index = waiting.popleft()
                if message.doubted:  # it will be judged as a whole: do not send the rest
                    self._land(message)
                elif self._submit(stream, message, index, now, wall_ms):
                    written += 1
        stream.flush_soon()
        return written

    def _submit(
        self, stream: Conversation, message: Outgoing, index: int, now: float, wall_ms: int
    ) -> bool:
        try:
            stream.session.submit(
                self._wire.template(message.extension, message.alphabet),
                self.channel.dest_prefix + message.phone,
                message.parts[index],
                udhi=len(message.parts) > 1,
                tag=(message, index),
                now=now,
            )
        except LocalProtocolError as error:
            self._failed(str(error))
            message.unsendable = True
            self._land(message)
            return False
        message.written_ms = message.written_ms or wall_ms
        return True

    def _give_back(self, *, begun_too: bool) -> None:
        """Judge what waits to be written as not sent.

        Args:
            begun_too: also the rest of long texts of which parts were written already; whether a
                phone shows them is then in doubt.
        """
        for waiting in self._waiting:
            rest = list(waiting)
            waiting.clear()
            for message, index in rest:
                if message.begun and not begun_too:
                    waiting.append((message, index))
                    continue
                if message.begun:
                    message.doubted = message.doubted or MessageEventKind.IN_DOUBT
                self._land(message)

    # What the carrier says ----------------------------------------------------------------------

    def _on_events(self, connection: Connection, stream: Conversation, events: list[Event]) -> None:
        for event in events:
            match event:
                case SubmitAnswered():
                    if not event.status:
                        connection.useful = True
                    self._answered(event)
                case ReceiptArrived():
                    connection.useful = True
                    self._receipt(stream, event)
                case _:
                    self._seldom(connection, stream, event)
        self._pump()

    def _seldom(self, connection: Connection, stream: Conversation, event: Event) -> None:
        match event:
            case Unanswered() if event.tag is not None:
                self._breaker.note(False, self._loop.time())
                self._doubt(event.tag, event.sequence, MessageEventKind.UNANSWERED)
            case Bound():
                self._bound(connection, stream)
            case Closed():
                self._closed(connection, event)
            case _:
                self._told(stream, event)

    def _on_delivery(self, stream: Conversation, events: list[Event]) -> None:
        """The same of a connection that the carrier made to us."""
        for event in events:
            self._told(stream, event)

    def _told(self, stream: Conversation, event: Event) -> None:
        match event:
            case ReceiptArrived():
                self._receipt(stream, event)
            case InboundArrived():
                self._desk.inbound(stream, self, event)
            case PeerMistake():
                self._failed(event.why)
            case Requested():
                self._requested(stream, event)
            case _:
                pass

    def _requested(self, stream: Conversation, event: Requested) -> None:
        news = self._account.news(event)
        if news is None:
            self._account.answer(stream.session, event)
        else:
            self._desk.news(stream, self, event.sequence, news)

    def _bound(self, connection: Connection, stream: Conversation) -> None:
        if not self.ready:  # else it is one more, or was only resting
            self.bound_at = datetime.now(UTC)
        connection.stream, connection.useful, connection.resting = stream, False, False
        self.refused = False
        log.info("link.bound", channel=self.channel.id, mode=connection.mode)
        self._desk.line_changed()

    def _closed(self, connection: Connection, event: Closed) -> None:
        was_bound, connection.stream = connection.stream is not None, None
        for tag, sequence in zip(event.unanswered, event.sequences, strict=True):
            self._doubt(tag, sequence, MessageEventKind.IN_DOUBT)
        if was_bound and event.reason is not CloseReason.UNBOUND:
            self._failed(event.detail)
        if was_bound:
            log.info("link.closed", channel=self.channel.id, reason=event.reason)
        self._unready()

    def _unready(self) -> None:
        """A connection is gone: if it was the last, what waits for one goes back."""
        if not self.ready:
            self._give_back(begun_too=True)
        self._desk.line_changed()

    def _receipt(self, stream: Conversation, event: ReceiptArrived) -> None:
        if event.receipt.outcome is Outcome.PENDING:  # news on the way: nothing to store
            stream.session.acknowledge((event.sequence,))
            return
        key = self._receipt_key(event.receipt.message_id)
        self._desk.receipt(stream, self, event, key)

    def _answered(self, event: SubmitAnswered) -> None:
        message, index = event.tag
        if event.late:  # it was judged as in doubt already, yet now its receipt can be found
            self.late += 1
            if event.message_id and not (event.status or self._account.own_id(event.sequence)):
                self._desk.late_id(self, message, index, self._answer_key(event.message_id))
            return
        status = event.status
        if not status:
            self._breaker.note(True, self._loop.time())
            # An answer without an id is still an answer; no receipt can ever find it.
            key = self._answer_key(event.message_id)
            message.ids[index] = key if event.message_id else NO_ID
            self._land(message)
            return
        explained, hopeless = self._rule(status)
        retry = explained.retry
        if retry is Retry.THROTTLE:
            self.throttled += 1
            self._pace.throttled(self._loop.time())
        else:
            self._breaker.note(hopeless, self._loop.time())
        if retry is not Retry.PERMANENT and len(message.parts) > 1 and self._repeat(message, index):
            return
        if retry is Retry.PERMANENT or not message.status:
            message.status = status
        self._land(message)

    def _rule(self, status: int) -> tuple[Status, bool]:
        """What a refusal means and whether it is hopeless: the protocol's word, or operators'."""
        meaning = self._explain(status)
        decision = self._desk.decision(meaning.name, self.channel.protocol)
        return outcomes.ruled(meaning, status in self._hopeless, decision)

    def _repeat(self, message: Outgoing, index: int) -> bool:
        """Send one part of a long text again a little later, as the others cannot be unsent."""
        most = PART_REPEATS_MAX * len(message.parts)
        if message.repeats >= most or not self.ready or self._stopping.is_set():
            return False
        message.repeats += 1
        self._loop.call_later(PART_REPEAT_AFTER_S, self._wait_again, message, index)
        return True

    def _wait_again(self, message: Outgoing, index: int) -> None:
        self._waiting[message.priority].appendleft((message, index))
        if self.ready:
            self._pump()
        else:
            self._give_back(begun_too=True)

    def _doubt(self, tag: tuple[Outgoing, int], sequence: int, why: MessageEventKind) -> None:
        message, index = tag
        message.doubted = why
        own_id = self._account.own_id(sequence)
        if own_id:
            message.own_ids = {**(message.own_ids or {}), index: own_id}
        self._land(message)

    def _land(self, message: Outgoing) -> None:
        """One part more of which all is known; after the last one the message is judged."""
        message.left -= 1
        if not message.left:
            self._desk.judged(message, self._judge(message))

    def _judge(self, message: Outgoing) -> Verdict:
        status = message.status
        if message.unsendable:
            return outcomes.UNSENDABLE
        if message.doubted and not (status and self._rule(status)[0].retry is Retry.PERMANENT):
            for index, own_id in (message.own_ids or {}).items():
                message.ids[index] = own_id
            return outcomes.in_doubt(
                self._desk.policy(message),
                attempt=message.attempt,
                why=message.doubted,
                traceable=all(message.ids),
            )
        if status:
            refused_by = (*message.refused_by, self.channel.id)
            meaning, hopeless = self._rule(status)
            return outcomes.refused(
                meaning,
                attempt=message.attempt,
                another=self._desk.another(message, refused_by),
                hopeless=hopeless,
                may_repeat=not any(message.ids),
                was_in_doubt=message.was_in_doubt,
            )
        return outcomes.SENT if message.begun else outcomes.UNSENT


def _in_peace(stream: Conversation) -> bool:
    """Whether a session that is over ended with a good-bye."""
    closed = stream.session.closed_event
    return closed is not None and closed.reason is CloseReason.UNBOUND
