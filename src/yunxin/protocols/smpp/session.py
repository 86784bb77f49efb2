"""An SMPP session, client's or server's: frames to events, calls to frames.

States, window and deadlines are `protocols/session`'s; this file adds who may send what in which
state (`RULES`, SMPP v3.4 §2.3), the answers to the peer's mistakes, and the fast paths for the
PDUs that come by the thousand: submit_sm_resp, deliver_sm and deliver_sm_resp.
"""

import struct
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from yunxin.protocols.concat import Part, checked_part, split_header
from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.events import (
    Answered,
    BindMode,
    BindRefused,
    BindRequested,
    Bound,
    CloseReason,
    DeliverAnswered,
    Event,
    InboundArrived,
    Login,
    Notified,
    PeerMistake,
    ReceiptArrived,
    Requested,
    SubmitAnswered,
    SubmitRequested,
    Unanswered,
)
from yunxin.protocols.session import Flight, Limits, Session, Side, State, Step
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.pdus import (
    HEADER,
    HEADER_SIZE,
    PDUS,
    RESPONSE,
    SEQUENCE_MAX,
    AlertNotification,
    Bind,
    BindReceiver,
    BindReceiverResp,
    BindResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    CancelSm,
    DataSm,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
    Tag,
    Unbind,
    UnbindResp,
    decode,
    encode,
    tlv_integer,
)
from yunxin.protocols.smpp.precut import UDHI, SubmitTemplate, alphabet_of
from yunxin.protocols.smpp.status import Code, explain


class Duty(StrEnum):
    """What a side must be bound for to send a command."""

    NONE = "none"  # any bind will do
    SENDS = "sends"  # the client as transmitter or transceiver
    RECEIVES = "receives"  # the client as receiver or transceiver


class Rule(NamedTuple):
    """Who may send a request, and when."""

    senders: frozenset[Side]
    states: frozenset[State]
    duty: Duty = Duty.NONE


_CLIENT = frozenset({Side.CLIENT})
_SERVER = frozenset({Side.SERVER})
_BOTH = frozenset(Side)
_OPEN = frozenset({State.OPEN})
# A peer that has not seen our unbind yet may still send requests.
_LIVE = frozenset({State.BOUND, State.UNBINDING})
_ANY = frozenset({State.OPEN, State.BINDING, State.BOUND, State.UNBINDING})

RULES: Final[dict[int, Rule]] = {  # §2.3, table 2-1
    BindTransmitter.command_id: Rule(_CLIENT, _OPEN),
    BindReceiver.command_id: Rule(_CLIENT, _OPEN),
    BindTransceiver.command_id: Rule(_CLIENT, _OPEN),
    Outbind.command_id: Rule(_SERVER, _OPEN),
    Unbind.command_id: Rule(_BOTH, _LIVE),
    EnquireLink.command_id: Rule(_BOTH, _ANY),
    SubmitSm.command_id: Rule(_CLIENT, _LIVE, Duty.SENDS),
    SubmitMulti.command_id: Rule(_CLIENT, _LIVE, Duty.SENDS),
    QuerySm.command_id: Rule(_CLIENT, _LIVE, Duty.SENDS),
    CancelSm.command_id: Rule(_CLIENT, _LIVE, Duty.SENDS),
    ReplaceSm.command_id: Rule(_CLIENT, _LIVE, Duty.SENDS),
    DeliverSm.command_id: Rule(_SERVER, _LIVE, Duty.RECEIVES),
    AlertNotification.command_id: Rule(_SERVER, _LIVE, Duty.RECEIVES),
    # data_sm goes both ways; its duty depends on who sends it, see `_duty`.
    DataSm.command_id: Rule(_BOTH, _LIVE),
}

_BINDS: Final[dict[BindMode, tuple[type[Bind], type[BindResp]]]] = {
    BindMode.TRANSMITTER: (BindTransmitter, BindTransmitterResp),
    BindMode.RECEIVER: (BindReceiver, BindReceiverResp),
    BindMode.TRANSCEIVER: (BindTransceiver, BindTransceiverResp),
}
_MODE_OF: Final = {
    command: mode
    for mode, (request, response) in _BINDS.items()
    for command in (request.command_id, response.command_id)
}
_MODES: Final = {
    Duty.NONE: frozenset(BindMode),
    Duty.SENDS: frozenset({BindMode.TRANSMITTER, BindMode.TRANSCEIVER}),
    Duty.RECEIVES: frozenset({BindMode.RECEIVER, BindMode.TRANSCEIVER}),
}
_IN_WINDOW: Final = frozenset(
    {SubmitSm.command_id, DeliverSm.command_id, DataSm.command_id, SubmitMulti.command_id}
)
_VITAL: Final = frozenset({EnquireLink.command_id, Unbind.command_id, *_MODE_OF})
_SILENT: Final = frozenset({Outbind.command_id, AlertNotification.command_id})

_SUBMIT = SubmitSm.command_id
_SUBMIT_RESP = SubmitSmResp.command_id
_DELIVER = DeliverSm.command_id
_DELIVER_RESP = DeliverSm.command_id | RESPONSE
_EMPTY_ANSWER = struct.Struct(">IIIIB")  # a header and the NUL of an empty message_id


def _duty(command: int, sender: Side) -> Duty:
    if command == DataSm.command_id:
        return Duty.SENDS if sender is Side.CLIENT else Duty.RECEIVES
    return RULES[command].duty


class SmppSession(Session):
    """One SMPP connection.

    Both sides: `receive`, `tick`, `lost`, `data_to_send`, `unbind`, `request`, `respond`,
    `acknowledge`. Client: `bind`, `submit`. Server: `accept_bind`, `refuse_bind`,
    `answer_submit`, `deliver`.
    """

    header_size = HEADER_SIZE
    sequence_max = SEQUENCE_MAX
    keep_alive_command = EnquireLink.command_id

    def __init__(self, side: Side, limits: Limits | None = None) -> None:
        super().__init__(side, limits)
        self.mode = BindMode.TRANSCEIVER
        self.peer = ""
        self._bind_sequence = 0
        self._fast: dict[int, Callable[[bytes, int, int, float, list[Event]], None]] = {
            _SUBMIT_RESP: self._submit_answered,
            _DELIVER_RESP: self._deliver_answered,
        }

    # Client -------------------------------------------------------------------------------------

    def bind(self, login: Login, now: float) -> None:
        """Ask to be let in; `Bound` or `BindRefused` follows."""
        self._check(_BINDS[login.mode][0].command_id)
        self._step(Step.BIND)
        self.mode = login.mode
        request = _BINDS[login.mode][0](
            sequence=self._take_off(_BINDS[login.mode][0].command_id, None, now),
            system_id=login.name,
            password=login.password,
            system_type=login.system_type,
        )
        self._out.append(encode(request))

    def submit(
        self,
        template: SubmitTemplate,
        destination: str,
        data: bytes,
        *,
        tag: Any,
        now: float,
        udhi: bool = False,
    ) -> int:
        """Hand over one message; gives its sequence number.

        Args:
            tag: comes back in `SubmitAnswered`, `Unanswered` or `Closed`; anything but None.
            udhi: whether the data starts with a user data header.
        Raises:
            WindowFull: see `free`.
            LocalProtocolError: not bound for sending, or the values do not fit.
        """
        self._check(_SUBMIT)
        frame = template.encode(self._following(), destination, data, udhi)
        sequence = self._take_off_message(_SUBMIT, tag, now)
        self._out.append(frame)
        return sequence

    # Server -------------------------------------------------------------------------------------

    def accept_bind(self, system_id: str) -> list[Event]:
        """Let the client in that `BindRequested` told of."""
        self._step(Step.BIND_ACCEPTED)
        response = _BINDS[self.mode][1](
            sequence=self._bind_sequence,
            system_id=system_id,
            tlvs={Tag.SC_INTERFACE_VERSION: b"\x34"},
        )
        self._out.append(encode(response))
        return [Bound(self.peer, self.mode)]

    def refuse_bind(self, status: int) -> None:
        """Do not let the client in; it may try again on the same connection."""
        self._step(Step.BIND_REFUSED)
        self._answer(_BINDS[self.mode][1].command_id, self._bind_sequence, status)

    def answer_submit(self, sequence: int, message_id: str, status: int = 0) -> None:
        """Answer a `SubmitRequested`; a refusal carries no id."""
        self._owed.pop(sequence, None)
        body = b"" if status else message_id.encode("latin-1") + b"\0"
        self._out.append(HEADER.pack(16 + len(body), _SUBMIT_RESP, status, sequence) + body)

    def forgive(self, sequence: int) -> None:
        """Never answer a `SubmitRequested`: what a carrier should not do, and some do."""
        self._owed.pop(sequence, None)

    def deliver(self, body: bytes, *, tag: Any, now: float) -> int:
        """Send a receipt or an inbound message; gives its sequence number.

        Args:
            body: a deliver_sm without its header, see `body_of`.
        Raises:
            WindowFull: see `free`.
        """
        self._check(_DELIVER)
        sequence = self._take_off_message(_DELIVER, tag, now)
        self._out.append(HEADER.pack(16 + len(body), _DELIVER, 0, sequence) + body)
        return sequence

    # Both sides ---------------------------------------------------------------------------------

    def acknowledge(self, sequences: Iterable[int], status: int = 0) -> None:
        """Answer deliveries, now that they are stored; a status tells the carrier to try again.

        Sequences that are not owed any more, because the session was closed, are passed over.
        """
        if self.ended:
            return
        for sequence in sequences:
            command = self._owed.pop(sequence, None)
            if command is not None:
                self._out.append(_EMPTY_ANSWER.pack(17, command | RESPONSE, status, sequence, 0))

    def request(self, pdu: Pdu, *, tag: Any, now: float) -> int:
        """Send any other request; its answer comes as `Answered` with the tag."""
        command = pdu.command_id
        if command in _MODE_OF or command == Unbind.command_id:
            raise LocalProtocolError("Use bind() and unbind().")
        self._check(command)
        frame = encode(_with_sequence(pdu, self._following()))
        if command in _SILENT:
            self._next_sequence()
            self._out.append(frame)
            return self._sequence
        take_off = self._take_off_message if command in _IN_WINDOW else self._take_off
        sequence = take_off(command, tag, now)
        self._out.append(frame)
        return sequence

    def respond(self, pdu: Pdu) -> None:
        """Answer a `Requested`, with its sequence number in the PDU."""
        if self._owed.pop(pdu.sequence, None) is not None:
            self._out.append(encode(pdu))

    def unbind(self, now: float) -> None:
        """Say good-bye; `Unbound` and `Closed` follow when the peer answers."""
        self._check(Unbind.command_id)
        self._step(Step.UNBIND)
        sequence = self._take_off(Unbind.command_id, None, now)
        self._out.append(encode(Unbind(sequence=sequence)))

    # Rules --------------------------------------------------------------------------------------

    def _check(self, command: int) -> None:
        """Whether we may send a request now."""
        if not self._permitted(command, self.side) or self.state is State.UNBINDING:
            raise LocalProtocolError(
                f"{PDUS[command].__name__} is not possible for a {self.side} "
                f"that is {self.state} as {self.mode}."
            )

    def _permitted(self, command: int, sender: Side) -> bool:
        rule = RULES[command]
        if sender not in rule.senders or self.state not in rule.states:
            return False
        return self.mode in _MODES[_duty(command, sender)]

    def _following(self) -> int:
        """The sequence number that the next request will have."""
        return self._sequence + 1 if self._sequence < SEQUENCE_MAX else 1

    def _counts_in_window(self, command: int) -> bool:
        return command in _IN_WINDOW

    def _must_be_answered(self, command: int) -> bool:
        return command in _VITAL

    def _send_keep_alive(self, sequence: int) -> None:
        self._out.append(encode(EnquireLink(sequence=sequence)))

    def _bad_length(self, length: int) -> RemoteProtocolError:
        self._answer(GenericNack.command_id, 0, Code.RINVCMDLEN)
        return RemoteProtocolError(
            f"A frame claims to have {length} bytes.", status=Code.RINVCMDLEN, fatal=True
        )

    def _answer(self, command: int, sequence: int, status: int) -> None:
        """An answer without a body."""
        self._out.append(HEADER.pack(HEADER_SIZE, command, status, sequence))

    # Frames from the peer -----------------------------------------------------------------------

    def _handle(self, frame: bytes, now: float, events: list[Event]) -> None:
        _, command, status, sequence = HEADER.unpack_from(frame)
        fast = self._fast.get(command)
        if fast is not None:
            fast(frame, sequence, status, now, events)
        elif command == GenericNack.command_id:
            self._nacked(sequence, status, now, events)
        elif command & RESPONSE:
            self._response(frame, command, sequence, now, events)
        else:
            self._incoming(frame, command, sequence, now, events)

    def _submit_answered(
        self, frame: bytes, sequence: int, status: int, now: float, events: list[Event]
    ) -> None:
        flight = self._flights.pop(sequence, None)
        end = frame.find(0, HEADER_SIZE)
        if flight is None or flight.command != _SUBMIT:
            self._stray(frame, flight, sequence, status, events)
            return
        self._in_window -= 1
        if end < 0 and not status and len(frame) > HEADER_SIZE:
            events.append(Unanswered(sequence, flight.tag, "The answer is cut short."))
            return
        message_id = frame[HEADER_SIZE:end].decode("latin-1") if end > 0 else ""
        events.append(SubmitAnswered(sequence, flight.tag, message_id, status))

    def _stray(
        self,
        frame: bytes,
        flight: Flight | None,
        sequence: int,
        status: int,
        events: list[Event],
    ) -> None:
        """A submit_sm_resp to no submit_sm of ours, or to one that was given up."""
        if flight is not None:
            self._flights[sequence] = flight
            self._flights.move_to_end(sequence, last=False)
        elif sequence in self._late:
            tag = self._late.pop(sequence)
            message_id = frame[HEADER_SIZE:].partition(b"\0")[0].decode("latin-1")
            events.append(SubmitAnswered(sequence, tag, message_id, status, late=True))
            return
        events.append(PeerMistake(f"Answer {sequence} belongs to no message.", Code.RINVCMDID))

    def _deliver_answered(
        self, frame: bytes, sequence: int, status: int, now: float, events: list[Event]
    ) -> None:
        flight = self._flights.get(sequence)
        if flight is None or flight.command != _DELIVER:
            why = f"Answer {sequence} belongs to no delivery."
            events.append(PeerMistake(why, Code.RINVCMDID))
            return
        self._land(sequence)
        events.append(DeliverAnswered(sequence, flight.tag, status))

    def _nacked(self, sequence: int, status: int, now: float, events: list[Event]) -> None:
        """§4.3: the peer did not understand one of our requests."""
        flight = self._flights.get(sequence)
        if flight is None:
            events.append(PeerMistake("A generic_nack belongs to no request.", status))
            return
        self._conclude(sequence, flight, GenericNack(sequence=sequence, status=status), now, events)

    def _response(
        self, frame: bytes, command: int, sequence: int, now: float, events: list[Event]
    ) -> None:
        flight = self._flights.get(sequence)
        if flight is None or flight.command | RESPONSE != command:
            why = f"Answer {sequence} (0x{command:08x}) belongs to no request."
            events.append(PeerMistake(why, Code.RINVCMDID))
            return
        try:
            pdu = decode(frame)
        except RemoteProtocolError as error:
            self._mistake(error, events)
            if self._must_be_answered(flight.command):
                return  # its deadline decides
            self._land(sequence)
            events.append(Unanswered(sequence, flight.tag, "The answer is cut short."))
            return
        self._conclude(sequence, flight, pdu, now, events)

    def _conclude(
        self, sequence: int, flight: Flight, pdu: Pdu, now: float, events: list[Event]
    ) -> None:
        """The answer to a request of ours, good or bad, is here."""
        self._land(sequence)
        match flight.command:
            case EnquireLink.command_id:
                self._keep_alive_answered(flight, now, events)
            case Unbind.command_id:
                self._end(CloseReason.UNBOUND, "We said good-bye.", events)
            case command if command in _MODE_OF:
                self._bind_answered(pdu, events)
            case _ if flight.command == _SUBMIT:
                events.append(SubmitAnswered(sequence, flight.tag, "", pdu.status))
            case _ if flight.command == _DELIVER:
                events.append(DeliverAnswered(sequence, flight.tag, pdu.status))
            case _:
                events.append(Answered(sequence, flight.tag, pdu))

    def _bind_answered(self, pdu: Pdu, events: list[Event]) -> None:
        if pdu.status or not isinstance(pdu, BindResp):
            reason = explain(pdu.status or Code.RBINDFAIL)
            self._step(Step.BIND_REFUSED)
            events.append(BindRefused(reason.code, reason.name, reason.sentence))
            self._end(CloseReason.REFUSED, reason.sentence, events)
            return
        self._step(Step.BIND_ACCEPTED)
        self.peer = pdu.system_id
        events.append(Bound(pdu.system_id, self.mode))

    def _incoming(
        self, frame: bytes, command: int, sequence: int, now: float, events: list[Event]
    ) -> None:
        """A request of the peer."""
        known = RULES.get(command)
        if known is None:
            self._answer(GenericNack.command_id, sequence, Code.RINVCMDID)
            events.append(PeerMistake(f"Command 0x{command:08x} is unknown.", Code.RINVCMDID))
            return
        if not self._permitted(command, self.side.other):
            self._refuse(command, sequence, Code.RINVBNDSTS)
            why = f"{PDUS[command].__name__} while {self.state} as {self.mode}."
            events.append(PeerMistake(why, Code.RINVBNDSTS))
            return
        try:
            self._requested(decode(frame), events)
        except RemoteProtocolError as error:
            self._refuse(command, sequence, error.status or Code.RINVMSGLEN)
            self._mistake(error, events)

    def _refuse(self, command: int, sequence: int, status: int) -> None:
        if command not in _SILENT:
            self._answer(command | RESPONSE, sequence, status)

    def _requested(self, pdu: Pdu, events: list[Event]) -> None:
        sequence = pdu.sequence
        match pdu:
            case SubmitSm():
                self._owed[sequence] = _SUBMIT
                events.append(SubmitRequested(sequence, pdu))
            case DeliverSm() | DataSm() if self.side is Side.CLIENT:
                event = _delivery(pdu)
                self._owed[sequence] = pdu.command_id
                events.append(event)
            case EnquireLink():
                self._answer(EnquireLinkResp.command_id, sequence, 0)
            case Unbind():
                self._answer(UnbindResp.command_id, sequence, 0)
                if self.state is State.BOUND:
                    self._end(CloseReason.UNBOUND, "The peer said good-bye.", events)
            case Bind():
                self._bind_requested(pdu, events)
            case Outbind() | AlertNotification():
                events.append(Notified(pdu))
            case _:
                self._owed[sequence] = pdu.command_id
                events.append(Requested(sequence, pdu))

    def _bind_requested(self, pdu: Bind, events: list[Event]) -> None:
        self._step(Step.BIND)
        self.mode = _MODE_OF[pdu.command_id]
        self.peer = pdu.system_id
        self._bind_sequence = pdu.sequence
        login = Login(pdu.system_id, pdu.password, self.mode, pdu.system_type)
        events.append(BindRequested(pdu.sequence, login))


def _delivery(pdu: DeliverSm | DataSm) -> Event:
    """What a deliver_sm or data_sm to a client is: a receipt or a message from a phone."""
    data = pdu.message
    if receipts.is_receipt(pdu.esm_class, pdu.tlvs):
        receipt = receipts.parse(data, pdu.tlvs)
        return ReceiptArrived(pdu.sequence, receipt, pdu.source_addr, pdu.destination_addr)
    part, data = split(pdu)
    alphabet = alphabet_of(pdu.data_coding)
    return InboundArrived(pdu.sequence, pdu.source_addr, pdu.destination_addr, data, alphabet, part)


def split(pdu: SubmitSm | DeliverSm | DataSm) -> tuple[Part | None, bytes]:
    """The place of a message in a longer one (by header or by sar_* parameters), and its data."""
    if pdu.esm_class & UDHI:
        return split_header(pdu.message)
    tlvs = pdu.tlvs
    if Tag.SAR_TOTAL_SEGMENTS not in tlvs:
        return None, pdu.message
    part = checked_part(
        tlv_integer(tlvs, Tag.SAR_MSG_REF_NUM) or 0,
        tlv_integer(tlvs, Tag.SAR_TOTAL_SEGMENTS) or 0,
        tlv_integer(tlvs, Tag.SAR_SEGMENT_SEQNUM) or 0,
    )
    return part, pdu.message


def body_of(pdu: Pdu) -> bytes:
    """A PDU's bytes without its header, for `deliver`."""
    return encode(pdu)[HEADER_SIZE:]


def _with_sequence(pdu: Pdu, sequence: int) -> Pdu:
    return msgspec.structs.replace(pdu, sequence=sequence)
