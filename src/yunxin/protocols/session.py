"""The session that all binary protocols share: states, window, deadlines, keep-alive.

It does no I/O and reads no clock: `receive(data, now)` gives events, `data_to_send()` gives bytes,
`tick(now)` lets time pass, `lost()` says that the connection is gone. It does not know which side
it is on; a protocol (`smpp/session`) adds its bytes in a subclass.

    OPEN ──bind──▶ BINDING ──accepted──▶ BOUND ──unbind──▶ UNBINDING ──answered──▶ CLOSED
      ▲               │ refused                                                      ▲
      └───────────────┘                    anything ── lost, silent, broken ─────────┘
"""

import struct
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from enum import Enum, StrEnum
from typing import Any, NamedTuple

import msgspec

from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError, WindowFull
from yunxin.protocols.events import (
    Closed,
    CloseReason,
    EnquireAnswered,
    Event,
    Login,
    PeerMistake,
    Unanswered,
    Unbound,
)


class Side(StrEnum):
    """Who we are: the client logs in, the server lets in."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> "Side":
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT


class State(StrEnum):
    """How far a session is."""

    OPEN = "open"
    BINDING = "binding"
    BOUND = "bound"
    UNBINDING = "unbinding"
    CLOSED = "closed"


class Step(Enum):
    """What moves a session from one state to the next, whoever did it."""

    BIND = "bind"
    BIND_ACCEPTED = "bind accepted"
    BIND_REFUSED = "bind refused"
    UNBIND = "unbind"
    UNBIND_ANSWERED = "unbind answered"
    END = "end"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.OPEN, Step.BIND): State.BINDING,
    (State.BINDING, Step.BIND_ACCEPTED): State.BOUND,
    (State.BINDING, Step.BIND_REFUSED): State.OPEN,
    (State.BOUND, Step.UNBIND): State.UNBINDING,
    (State.UNBINDING, Step.UNBIND): State.UNBINDING,  # both said good-bye at once
    (State.UNBINDING, Step.UNBIND_ANSWERED): State.CLOSED,
    **{(state, Step.END): State.CLOSED for state in State},
}


class Limits(msgspec.Struct, frozen=True):
    """What a session allows itself and its peer.

    Args:
        window: unanswered messages of ours at most; the carrier's contract names it.
        response_timeout_s: how long an answer may take before a message is in doubt.
        enquire_after_s: silence of the peer after which it is asked whether it lives.
        bind_within_s: a server's patience with a client that does not log in.
        frame_size_max: a longer frame is taken for lost boundaries.
        owed_max: the peer's unacknowledged requests at which the stream stops reading.
    """

    window: int = 16
    response_timeout_s: float = 30.0
    enquire_after_s: float = 30.0
    bind_within_s: float = 15.0
    frame_size_max: int = 70_000
    owed_max: int = 2_000


class Flight(NamedTuple):
    """A request of ours that has no answer yet."""

    command: int
    tag: Any
    sent: float
    deadline: float


_LENGTH = struct.Struct(">I")
LATE_MAX = 1_000  # timed-out requests whose late answers are still recognised


class Session(ABC):
    """One connection's protocol state. See the file's docstring for its life."""

    header_size: int
    sequence_max: int
    keep_alive_command: int

    def __init__(self, side: Side, limits: Limits | None = None) -> None:
        self.side = side
        self.limits = limits or Limits()
        self.state = State.OPEN
        self.closed_event: Closed | None = None
        self._opened = 0.0
        self._heard = 0.0
        self._sequence = 0
        self._out: list[bytes] = []
        self._tail = bytearray()
        self._need = 0
        self._flights: OrderedDict[int, Flight] = OrderedDict()
        self._in_window = 0
        self._late: OrderedDict[int, Any] = OrderedDict()
        self._owed: dict[int, int] = {}

    # What the program asks ----------------------------------------------------------------------

    @property
    def free(self) -> int:
        """How many more messages may be handed over now."""
        return self.limits.window - self._in_window if self.state is State.BOUND else 0

    @property
    def in_flight(self) -> int:
        """How many of our messages have no answer yet."""
        return self._in_window

    @property
    def owed(self) -> int:
        """How many of the peer's requests have no answer from us yet."""
        return len(self._owed)

    def flights(self) -> Iterator[tuple[int, Any]]:
        """Sequence and tag of every unanswered request, oldest first."""
        return ((sequence, flight.tag) for sequence, flight in self._flights.items())

    def data_to_send(self) -> bytes:
        """Everything to be written since the last call, as one piece."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    @property
    def ended(self) -> bool:
        """Whether the session is over; `closed_event` then says why."""
        return self.closed_event is not None

    # What the connection tells ------------------------------------------------------------------

    def connected(self, now: float) -> None:
        """The connection stands; patience is counted from here."""
        self._opened = self._heard = now

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take bytes from the peer, however they are cut, and say what they mean."""
        if self.ended or not data:
            return []
        self._heard = now
        if self._tail:
            self._tail += data
            if len(self._tail) < self._need:
                return []
            data = bytes(self._tail)
            self._tail.clear()
        events: list[Event] = []
        try:
            at = self._frames(data, now, events)
        except RemoteProtocolError as error:
            self._end(CloseReason.BROKEN, str(error), events)
            return events
        if not self.ended and at < len(data):
            self._tail += data[at:] if at else data
        return events

    def _frames(self, data: bytes, now: float, events: list[Event]) -> int:
        """Handle every whole frame; gives where the rest begins, and notes how much it needs."""
        at, size = 0, len(data)
        handle, unpack, minimum = self._handle, _LENGTH.unpack_from, self.header_size
        maximum = self.limits.frame_size_max
        self._need = 4
        while size - at >= 4:
            (length,) = unpack(data, at)
            if not minimum <= length <= maximum:
                raise self._bad_length(length)
            end = at + length
            if end > size:
                self._need = length
                break
            handle(data[at:end] if length != size else data, now, events)
            if self.ended:
                break
            at = end
        return at

    def lost(self, detail: str = "The connection was closed.") -> list[Event]:
        """The connection is gone: nothing more will come."""
        events: list[Event] = []
        unbinding = self.state is State.UNBINDING
        self._end(CloseReason.UNBOUND if unbinding else CloseReason.LOST, detail, events)
        return events

    def tick(self, now: float) -> list[Event]:
        """Let time pass: overdue answers, keep-alive, a client that never logs in."""
        events: list[Event] = []
        if self.ended:
            return events
        self._expire(now, events)
        if self.ended:
            return events
        if self.state in (State.OPEN, State.BINDING) and self.side is Side.SERVER:
            if now - self._opened >= self.limits.bind_within_s:
                self._end(CloseReason.NO_BIND, "The client did not log in.", events)
        elif self.state is State.BOUND and now - self._heard >= self.limits.enquire_after_s:
            self._enquire(now)
        return events

    def _expire(self, now: float, events: list[Event]) -> None:
        """Every request waits equally long, so the oldest flight is always due first."""
        while self._flights:
            sequence, flight = next(iter(self._flights.items()))
            if flight.deadline > now:
                return
            self._land(sequence)
            if self._must_be_answered(flight.command):
                self._end(CloseReason.SILENT, "The peer does not answer.", events)
                return
            self._late[sequence] = flight.tag
            if len(self._late) > LATE_MAX:
                self._late.popitem(last=False)
            events.append(Unanswered(sequence, flight.tag, "No answer in time."))

    def _enquire(self, now: float) -> None:
        waiting = any(f.command == self.keep_alive_command for f in self._flights.values())
        if not waiting:
            self._send_keep_alive(self._take_off(self.keep_alive_command, None, now))

    # What subclasses use ------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        following = TRANSITIONS.get((self.state, step))
        if following is None:
            raise LocalProtocolError(f"{step.value} is not possible while {self.state}.")
        self.state = following

    def _next_sequence(self) -> int:
        self._sequence = self._sequence + 1 if self._sequence < self.sequence_max else 1
        return self._sequence

    def _take_off(self, command: int, tag: Any, now: float) -> int:
        """Note a request that is about to be sent; gives its sequence number."""
        sequence = self._next_sequence()
        deadline = now + self.limits.response_timeout_s
        self._flights[sequence] = Flight(command, tag, now, deadline)
        return sequence

    def _take_off_message(self, command: int, tag: Any, now: float) -> int:
        """As `_take_off`, for what counts in the window."""
        if self._in_window >= self.limits.window:
            raise WindowFull(f"All {self.limits.window} places of the window are taken.")
        self._in_window += 1
        return self._take_off(command, tag, now)

    def _land(self, sequence: int) -> Flight | None:
        """Forget a request; gives what it was, or None when nothing is known of it."""
        flight = self._flights.pop(sequence, None)
        if flight is not None and self._counts_in_window(flight.command):
            self._in_window -= 1
        return flight

    def _end(self, reason: CloseReason, detail: str, events: list[Event]) -> None:
        """Close for whatever reason and say so, once."""
        if self.ended:
            return
        if reason is CloseReason.UNBOUND:
            events.append(Unbound(by_peer=self.state is not State.UNBINDING))
        self._step(Step.END)
        tags = tuple(f.tag for f in self._flights.values() if f.tag is not None)
        self._flights.clear()
        self._in_window = 0
        self._owed.clear()
        self.closed_event = Closed(reason, detail, tags)
        events.append(self.closed_event)

    def _keep_alive_answered(self, flight: Flight, now: float, events: list[Event]) -> None:
        events.append(EnquireAnswered(now - flight.sent))

    def _mistake(self, error: RemoteProtocolError, events: list[Event]) -> None:
        events.append(PeerMistake(str(error), error.status))

    # What a protocol says -----------------------------------------------------------------------

    @abstractmethod
    def bind(self, login: Login, now: float) -> None:
        """Ask to be let in; `Bound` or `BindRefused` follows."""

    @abstractmethod
    def unbind(self, now: float) -> None:
        """Say good-bye; `Unbound` and `Closed` follow when the peer answers."""

    @abstractmethod
    def acknowledge(self, sequences: Iterable[int], status: int = 0) -> None:
        """Answer deliveries, now that they are stored."""

    @abstractmethod
    def _handle(self, frame: bytes, now: float, events: list[Event]) -> None:
        """One whole frame; raises `RemoteProtocolError` only for what ends the connection."""

    @abstractmethod
    def _bad_length(self, length: int) -> RemoteProtocolError:
        """Queue an answer to a length that cannot be, and say what is wrong."""

    @abstractmethod
    def _send_keep_alive(self, sequence: int) -> None:
        """Queue the question whether the peer lives."""

    @abstractmethod
    def _counts_in_window(self, command: int) -> bool:
        """Whether a request takes a place of the window."""

    @abstractmethod
    def _must_be_answered(self, command: int) -> bool:
        """Whether a request that stays unanswered ends the session."""
