"""The session that all binary protocols share: states, window, deadlines, keep-alive, who may what.

It does no I/O and reads no clock: `receive(data, now)` gives events, `data_to_send()` gives bytes,
`tick(now)` lets time pass, `lost()` says that the connection is gone. It does not know which side
it is on. A protocol (`smpp/session`) is a subclass: it names its commands, gives its table of
`Rule`s, and writes the functions at the end of this file; docs/adding-a-protocol.md tells how.

    OPEN ──bind──▶ BINDING ──accepted──▶ BOUND ──unbind──▶ UNBINDING ──answered──▶ CLOSED
      ▲               │ refused                                                      ▲
      └───────────────┘                    anything ── lost, silent, broken ─────────┘
"""

import struct
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, StrEnum
from typing import Any, ClassVar, Final, NamedTuple

import msgspec

from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError, WindowFull
from yunxin.protocols.events import (
    Answered,
    BindMode,
    BindRefused,
    Bound,
    Closed,
    CloseReason,
    DeliverAnswered,
    EnquireAnswered,
    Event,
    Login,
    PeerMistake,
    Resent,
    SubmitAnswered,
    Unanswered,
    Unbound,
)
from yunxin.protocols.fields import RESPONSE
from yunxin.protocols.status import Status


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


# A table of rules reads: who may send it, in which states, and what it means for the session.
BY_CLIENT: Final = frozenset({Side.CLIENT})
BY_SERVER: Final = frozenset({Side.SERVER})
BY_BOTH: Final = frozenset(Side)
WHEN_OPEN: Final = frozenset({State.OPEN})
# A peer that has not seen our unbind yet may still send requests.
WHEN_LIVE: Final = frozenset({State.BOUND, State.UNBINDING})
WHENEVER: Final = frozenset({State.OPEN, State.BINDING, State.BOUND, State.UNBINDING})


class Rule(NamedTuple):
    """One request of a protocol.

    Args:
        carries: it moves messages or asks about them, so the mode that the client bound with must
            allow its direction.
        in_window: it takes a place of the window until it is answered.
        vital: without an answer the session ends; of all others only the request is given up.
        answered: whether there is a response to it at all.
    """

    senders: frozenset[Side]
    states: frozenset[State]
    carries: bool = False
    in_window: bool = False
    vital: bool = False
    answered: bool = True


# What a client may have bound as for messages to go its way: from it, or to it.
_SENDING: Final = frozenset({BindMode.TRANSMITTER, BindMode.TRANSCEIVER})
_RECEIVING: Final = frozenset({BindMode.RECEIVER, BindMode.TRANSCEIVER})


class Faults(NamedTuple):
    """How a protocol calls the peer's mistakes, in its own numbers.

    Args:
        unknown: there is no such command.
        state: the command is not possible now, or not for this side.
        malformed: the fields cannot be read.
        duplicate: the sequence number was used before; 0 where no answer says so.
    """

    unknown: int
    state: int
    malformed: int
    duplicate: int = 0


class Limits(msgspec.Struct, frozen=True):
    """What a session allows itself and its peer.

    Args:
        window: unanswered messages of ours at most; the carrier's contract names it.
        response_timeout_s: how long an answer may take before the request is sent again, or is
            in doubt.
        enquire_after_s: silence of the peer after which it is asked whether it lives; where a
            protocol has no such question, the session says good-bye when nothing is under way.
        bind_within_s: a server's patience with a client that does not log in.
        frame_size_max: a longer frame is taken for lost boundaries.
        owed_max: the peer's unacknowledged requests at which the stream stops reading.
        attempts: how often a request is sent, always with the same sequence number, before it is
            in doubt.
    """

    window: int = 16
    response_timeout_s: float = 30.0
    enquire_after_s: float = 30.0
    bind_within_s: float = 15.0
    frame_size_max: int = 70_000
    owed_max: int = 2_000
    attempts: int = 1


class Flight(NamedTuple):
    """A request of ours that has no answer yet; `frame` is kept only where it may be sent again."""

    command: int
    tag: Any
    sent: float
    deadline: float
    frame: bytes = b""
    attempt: int = 1


_LENGTH = struct.Struct(">I")
LATE_MAX = 1_000  # timed-out requests whose late answers are still recognised


class Session(ABC):
    """One connection's protocol state. See the file's docstring for its life.

    Both sides: `receive`, `tick`, `lost`, `data_to_send`, `unbind`, `request`, `respond`,
    `acknowledge`. Client: `bind`, `submit`. Server: `accept_bind`, `refuse_bind`,
    `answer_submit`, `forgive`, `deliver`.
    """

    header_size: ClassVar[int]
    sequence_max: ClassVar[int]
    rules: ClassVar[Mapping[int, Rule]]
    pdus: ClassVar[Mapping[int, type[Any]]]  # for their names
    faults: ClassVar[Faults]
    bind_commands: ClassVar[frozenset[int]]
    unbind_command: ClassVar[int]
    submit_command: ClassVar[int]
    keep_alive_command: ClassVar[int] = 0  # none

    def __init__(self, side: Side, limits: Limits | None = None) -> None:
        self.side = side
        self.limits = limits or Limits()
        self.state = State.OPEN
        self.mode = BindMode.TRANSCEIVER
        self.peer = ""
        self.closed_event: Closed | None = None
        self._opened = 0.0
        self._heard = 0.0
        self._sequence = 0
        self._bind_sequence = 0
        self._out: list[bytes] = []
        self._tail = bytearray()
        self._need = 0
        self._flights: OrderedDict[int, Flight] = OrderedDict()
        self._in_window = 0
        self._late: OrderedDict[int, Any] = OrderedDict()
        # What an answer needs to know of the peer's request: its command, or its message id.
        self._owed: dict[int, Any] = {}

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

    # What the program does ----------------------------------------------------------------------

    def request(self, pdu: Any, *, tag: Any, now: float) -> int:
        """Send a request that has no method of its own; its answer comes as `Answered`.

        Raises:
            WindowFull: see `free`.
            LocalProtocolError: it is not possible now, or its values do not fit.
        """
        command = pdu.command_id
        if command in self.bind_commands or command == self.unbind_command:
            raise LocalProtocolError("Use bind() and unbind().")
        self._check(command)
        sequence = self._following()
        frame = self._encode(msgspec.structs.replace(pdu, sequence=sequence))
        if self.rules[command].answered:
            self._launch(command, sequence, frame, tag, now)
        else:
            self._sequence = sequence
            self._out.append(frame)
        return sequence

    def submit(
        self,
        template: Any,
        destination: str | Sequence[str],
        data: bytes,
        *,
        tag: Any,
        now: float,
        udhi: bool = False,
    ) -> int:
        """Hand over one message; gives its sequence number.

        Args:
            template: the protocol's own `SubmitTemplate`, with everything but destination and
                data; of the session's version, where there are several.
            destination: one phone, or several where the protocol has it so.
            tag: comes back in `SubmitAnswered`, `Unanswered` or `Closed`; anything but None.
            udhi: whether the data starts with a user data header.
        Raises:
            WindowFull: see `free`.
            LocalProtocolError: not bound for sending, or the values do not fit.
        """
        command = self.submit_command
        self._check(command)
        sequence = self._following()
        frame = template.encode(sequence, destination, data, udhi)
        self._launch(command, sequence, frame, tag, now)
        return sequence

    def respond(self, pdu: Any) -> None:
        """Answer a `Requested`, with its sequence number in the PDU."""
        if self._owed.pop(pdu.sequence, None) is not None:
            self._out.append(self._encode(pdu))

    def acknowledge(self, sequences: Iterable[int], status: int = 0) -> None:
        """Answer deliveries, now that they are stored; a status tells the carrier to try again.

        Sequences that are not owed any more, because the session was closed, are passed over.
        """
        if self.ended:
            return
        for sequence in sequences:
            owed = self._owed.pop(sequence, None)
            if owed is not None:
                self._out.append(self._acknowledgement(sequence, owed, status))

    def forgive(self, sequence: int) -> None:
        """Never answer a `SubmitRequested`: what a carrier should not do, and some do."""
        self._owed.pop(sequence, None)

    def unbind(self, now: float) -> None:
        """Say good-bye; `Unbound` and `Closed` follow when the peer answers."""
        self._check(self.unbind_command)
        self._step(Step.UNBIND)
        sequence = self._following()
        frame = self._unbind_frame(sequence)
        self._launch(self.unbind_command, sequence, frame, None, now)

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
            self._quiet(now)
        return events

    def _expire(self, now: float, events: list[Event]) -> None:
        """Every request waits equally long, so the first flight is always due first."""
        while self._flights:
            sequence, flight = next(iter(self._flights.items()))
            if flight.deadline > now:
                return
            if flight.attempt < self.limits.attempts:
                self._send_again(sequence, flight, now, events)
                continue
            self._land(sequence)
            if self.rules[flight.command].vital:
                self._end(CloseReason.SILENT, "The peer does not answer.", events)
                return
            self._late[sequence] = flight.tag
            if len(self._late) > LATE_MAX:
                self._late.popitem(last=False)
            events.append(Unanswered(sequence, flight.tag, "No answer in time."))

    def _send_again(self, sequence: int, flight: Flight, now: float, events: list[Event]) -> None:
        deadline = now + self.limits.response_timeout_s
        again = flight._replace(deadline=deadline, attempt=flight.attempt + 1)
        self._flights[sequence] = again
        self._flights.move_to_end(sequence)
        self._out.append(flight.frame)
        events.append(Resent(sequence, flight.tag, again.attempt))

    def _quiet(self, now: float) -> None:
        """The peer has been silent for long: ask, or leave where there is no such question."""
        command = self.keep_alive_command
        if command:
            self._enquire(now)
        elif not self._flights and not self._owed and self._permitted(self.unbind_command):
            self.unbind(now)

    def _enquire(self, now: float) -> None:
        command = self.keep_alive_command
        if not any(flight.command == command for flight in self._flights.values()):
            sequence = self._following()
            self._launch(command, sequence, self._keep_alive_frame(sequence), None, now)

    # Rules --------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        following = TRANSITIONS.get((self.state, step))
        if following is None:
            raise LocalProtocolError(f"{step.value} is not possible while {self.state}.")
        self.state = following

    def _check(self, command: int) -> None:
        """Whether we may send a request now."""
        if self.state is State.UNBINDING or not self._permitted(command):
            raise LocalProtocolError(
                f"{self.pdus[command].__name__} is not possible for a {self.side} "
                f"that is {self.state} as {self.mode}."
            )

    def _permitted(self, command: int, sender: Side | None = None) -> bool:
        """Whether the table lets a side, by default ours, send a request now."""
        rule, sender = self.rules[command], sender or self.side
        if sender not in rule.senders or self.state not in rule.states:
            return False
        return not rule.carries or self.mode in (_SENDING if sender is Side.CLIENT else _RECEIVING)

    # Requests of ours ---------------------------------------------------------------------------

    def _following(self) -> int:
        """The sequence number that the next request will have."""
        return self._sequence + 1 if self._sequence < self.sequence_max else 1

    def _launch(self, command: int, sequence: int, frame: bytes, tag: Any, now: float) -> None:
        """Send a request that wants an answer, with the number that `_following` gave.

        Raises:
            WindowFull: it counts in the window, and no place is free.
        """
        limits = self.limits
        if self.rules[command].in_window:
            if self._in_window >= limits.window:
                raise WindowFull(f"All {limits.window} places of the window are taken.")
            self._in_window += 1
        self._sequence = sequence
        kept = frame if limits.attempts > 1 else b""
        self._flights[sequence] = Flight(command, tag, now, now + limits.response_timeout_s, kept)
        self._out.append(frame)

    def _land(self, sequence: int) -> Flight | None:
        """Forget a request; gives what it was, or None when nothing is known of it."""
        flight = self._flights.pop(sequence, None)
        if flight is not None and self.rules[flight.command].in_window:
            self._in_window -= 1
        return flight

    # Answers of the peer ------------------------------------------------------------------------

    def _submit_answered(
        self, sequence: int, message_id: str | None, status: int, events: list[Event]
    ) -> None:
        """The answer to a message; the id is None where the frame ends before it."""
        flight = self._flights.get(sequence)
        if flight is None or flight.command != self.submit_command:
            self._stray(sequence, message_id or "", status, events)
            return
        del self._flights[sequence]
        self._in_window -= 1
        if message_id is None:
            events.append(Unanswered(sequence, flight.tag, "The answer is cut short."))
        elif status and status == self.faults.duplicate and flight.attempt > 1:
            why = "The peer had the message already, and the answer with its id was lost."
            events.append(Unanswered(sequence, flight.tag, why))
        else:
            events.append(SubmitAnswered(sequence, flight.tag, message_id, status))

    def _stray(self, sequence: int, message_id: str, status: int, events: list[Event]) -> None:
        """An answer to no message of ours, or to one that was given up."""
        if sequence in self._late:
            tag = self._late.pop(sequence)
            events.append(SubmitAnswered(sequence, tag, message_id, status, late=True))
            return
        events.append(PeerMistake("An answer belongs to no message.", self.faults.unknown))

    def _deliver_answered(
        self, command: int, sequence: int, status: int, events: list[Event]
    ) -> None:
        """The client's answer to what we delivered with a command."""
        flight = self._flights.get(sequence)
        if flight is None or flight.command != command:
            events.append(PeerMistake("An answer belongs to no delivery.", self.faults.unknown))
            return
        self._land(sequence)
        events.append(DeliverAnswered(sequence, flight.tag, status))

    def _response(
        self, frame: bytes, command: int, sequence: int, now: float, events: list[Event]
    ) -> None:
        """Any other response, with its command as on the wire."""
        flight = self._flights.get(sequence)
        if flight is None or flight.command | RESPONSE != command:
            why = f"An answer (0x{command:08x}) belongs to no request."
            events.append(PeerMistake(why, self.faults.unknown))
            return
        try:
            pdu = self._decode(frame)
        except RemoteProtocolError as error:
            self._mistake(error, events)
            if self.rules[flight.command].vital:
                return  # its deadline decides
            self._land(sequence)
            events.append(Unanswered(sequence, flight.tag, "The answer is cut short."))
            return
        self._conclude(sequence, flight, pdu, now, events)

    def _conclude(
        self, sequence: int, flight: Flight, pdu: Any, now: float, events: list[Event]
    ) -> None:
        """The answer to a request of ours, good or bad, is here."""
        self._land(sequence)
        if flight.command == self.keep_alive_command:
            events.append(EnquireAnswered(now - flight.sent))
        elif flight.command == self.unbind_command:
            self._end(CloseReason.UNBOUND, "We said good-bye.", events)
        elif flight.command in self.bind_commands:
            self._bind_answered(pdu, events)
        else:
            events.append(Answered(sequence, flight.tag, pdu))

    def _let_in(self, peer: str, events: list[Event]) -> None:
        """The carrier accepted our bind."""
        self._step(Step.BIND_ACCEPTED)
        self.peer = peer
        events.append(Bound(peer, self.mode))

    def _turned_away(self, status: int, name: str, sentence: str, events: list[Event]) -> None:
        """The carrier refused our bind."""
        self._step(Step.BIND_REFUSED)
        events.append(BindRefused(status, name, sentence))
        self._end(CloseReason.REFUSED, sentence, events)

    # Requests of the peer -----------------------------------------------------------------------

    def _incoming(self, frame: bytes, command: int, sequence: int, events: list[Event]) -> None:
        """A request of the peer: judged by the table, read, and told; or refused."""
        faults = self.faults
        if command not in self.rules:
            self._refuse(command, sequence, faults.unknown)
            events.append(PeerMistake(f"Command 0x{command:08x} is unknown.", faults.unknown))
            return
        if not self._permitted(command, self.side.other):
            self._refuse(command, sequence, faults.state)
            why = f"{self.pdus[command].__name__} while {self.state} as {self.mode}."
            events.append(PeerMistake(why, faults.state))
            return
        try:
            self._requested(self._decode(frame), events)
        except RemoteProtocolError as error:
            self._refuse(command, sequence, error.status or faults.malformed)
            self._mistake(error, events)

    def _farewell(self, answer: bytes, events: list[Event]) -> None:
        """The peer says good-bye; if we did too, its answer to ours is still to come."""
        self._out.append(answer)
        if self.state is State.BOUND:
            self._end(CloseReason.UNBOUND, "The peer said good-bye.", events)

    # The end ------------------------------------------------------------------------------------

    def _end(self, reason: CloseReason, detail: str, events: list[Event]) -> None:
        """Close for whatever reason and say so, once."""
        if self.ended:
            return
        if reason is CloseReason.UNBOUND:
            events.append(Unbound(by_peer=self.state is not State.UNBINDING))
        self._step(Step.END)
        unanswered = [(f.tag, n) for n, f in self._flights.items() if f.tag is not None]
        tags = tuple(tag for tag, _ in unanswered)
        sequences = tuple(sequence for _, sequence in unanswered)
        self._flights.clear()
        self._in_window = 0
        self._owed.clear()
        self.closed_event = Closed(reason, detail, tags, sequences)
        events.append(self.closed_event)

    def _mistake(self, error: RemoteProtocolError, events: list[Event]) -> None:
        events.append(PeerMistake(str(error), error.status))

    # What a protocol says -----------------------------------------------------------------------

    @abstractmethod
    def bind(self, login: Login, now: float) -> None:
        """Ask to be let in; `Bound` or `BindRefused` follows."""

    @abstractmethod
    def accept_bind(self, name: str, password: str = "") -> list[Event]:
        """Let the client in that `BindRequested` told of.

        Args:
            name: what we call ourselves, where the protocol has room for it.
            password: the client's, where our answer has to prove that we know it too.
        """

    @abstractmethod
    def refuse_bind(self, status: int) -> None:
        """Do not let the client in; it may try again on the same connection."""

    @abstractmethod
    def answer_submit(self, sequence: int, message_id: str, status: int = 0) -> None:
        """Answer a `SubmitRequested`; a refusal carries no id."""

    @abstractmethod
    def deliver(self, body: bytes, *, tag: Any, now: float) -> int:
        """Send a receipt or an inbound message; gives its sequence number.

        Args:
            body: the protocol's delivery without its header.
        Raises:
            WindowFull: see `free`.
        """

    @abstractmethod
    def explain(self, status: int) -> Status:
        """What the status of a `SubmitAnswered` means; never fails."""

    @abstractmethod
    def _handle(self, frame: bytes, now: float, events: list[Event]) -> None:
        """One whole frame: to a fast path, to `_response` or to `_incoming`.

        Raises `RemoteProtocolError` only for what ends the connection.
        """

    @abstractmethod
    def _requested(self, pdu: Any, events: list[Event]) -> None:
        """A request of the peer that the table allows: tell it, or answer it at once."""

    @abstractmethod
    def _bind_answered(self, pdu: Any, events: list[Event]) -> None:
        """The answer to our bind: `_let_in` or `_turned_away`."""

    @abstractmethod
    def _refuse(self, command: int, sequence: int, status: int) -> None:
        """Queue the answer to a request that we do not take, if there is one."""

    @abstractmethod
    def _bad_length(self, length: int) -> RemoteProtocolError:
        """Queue an answer to a length that cannot be, if there is one, and say what is wrong."""

    @abstractmethod
    def _acknowledgement(self, sequence: int, owed: Any, status: int) -> bytes:
        """The answer to a delivery; `owed` is what `_requested` noted in `_owed`."""

    @abstractmethod
    def _keep_alive_frame(self, sequence: int) -> bytes:
        """The question whether the peer lives."""

    @abstractmethod
    def _unbind_frame(self, sequence: int) -> bytes:
        """Our good-bye."""

    @abstractmethod
    def _encode(self, pdu: Any) -> bytes:
        """The whole frame of a PDU."""

    @abstractmethod
    def _decode(self, frame: bytes) -> Any:
        """The PDU in exactly one frame; raises nothing but `RemoteProtocolError`."""
