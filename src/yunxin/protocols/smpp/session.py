"""An SMPP session, client's or server's: frames to events, calls to frames.

States, window, deadlines and the judging of requests are `protocols/session`'s; this file adds
the table of who may send what in which state (`RULES`, SMPP v3.4 §2.3), the answers to the peer's
mistakes, and the fast paths for the PDUs that come by the thousand: submit_sm_resp, deliver_sm and
deliver_sm_resp.
"""

import struct
from collections.abc import Callable
from typing import Any, ClassVar, Final

from yunxin.protocols.concat import Part, checked_part, split_header
from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.events import (
    BindMode,
    BindRequested,
    Bound,
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
)
from yunxin.protocols.fields import RESPONSE
from yunxin.protocols.session import (
    BY_BOTH,
    BY_CLIENT,
    BY_SERVER,
    WHEN_LIVE,
    WHEN_OPEN,
    WHENEVER,
    Faults,
    Limits,
    Rule,
    Session,
    Side,
    Step,
)
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.pdus import (
    HEADER,
    HEADER_SIZE,
    PDUS,
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
from yunxin.protocols.smpp.precut import UDHI, alphabet_of
from yunxin.protocols.smpp.status import Code, explain
from yunxin.protocols.status import Status

RULES: Final[dict[int, Rule]] = {  # §2.3, table 2-1
    BindTransmitter.command_id: Rule(BY_CLIENT, WHEN_OPEN, vital=True),
    BindReceiver.command_id: Rule(BY_CLIENT, WHEN_OPEN, vital=True),
    BindTransceiver.command_id: Rule(BY_CLIENT, WHEN_OPEN, vital=True),
    Outbind.command_id: Rule(BY_SERVER, WHEN_OPEN, answered=False),
    Unbind.command_id: Rule(BY_BOTH, WHEN_LIVE, vital=True),
    EnquireLink.command_id: Rule(BY_BOTH, WHENEVER, vital=True),
    SubmitSm.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True, in_window=True),
    SubmitMulti.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True, in_window=True),
    DataSm.command_id: Rule(BY_BOTH, WHEN_LIVE, carries=True, in_window=True),
    DeliverSm.command_id: Rule(BY_SERVER, WHEN_LIVE, carries=True, in_window=True),
    QuerySm.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True),
    CancelSm.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True),
    ReplaceSm.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True),
    AlertNotification.command_id: Rule(BY_SERVER, WHEN_LIVE, carries=True, answered=False),
}

_BINDS: Final[dict[BindMode, tuple[type[Bind], type[BindResp]]]] = {
    BindMode.TRANSMITTER: (BindTransmitter, BindTransmitterResp),
    BindMode.RECEIVER: (BindReceiver, BindReceiverResp),
    BindMode.TRANSCEIVER: (BindTransceiver, BindTransceiverResp),
}
_MODE_OF: Final = {request.command_id: mode for mode, (request, _) in _BINDS.items()}

_SUBMIT = SubmitSm.command_id
_SUBMIT_RESP = SubmitSmResp.command_id
_DELIVER = DeliverSm.command_id
_DELIVER_RESP = DeliverSm.command_id | RESPONSE
_EMPTY_ANSWER = struct.Struct(">IIIIB")  # a header and the NUL of an empty message_id


class SmppSession(Session):
    """One SMPP connection, client's or server's."""

    header_size = HEADER_SIZE
    sequence_max = SEQUENCE_MAX
    rules = RULES
    pdus: ClassVar[dict[int, type[Pdu]]] = PDUS
    faults = Faults(Code.RINVCMDID, Code.RINVBNDSTS, Code.RINVMSGLEN)
    bind_commands = frozenset(_MODE_OF)
    unbind_command = Unbind.command_id
    submit_command = _SUBMIT
    keep_alive_command = EnquireLink.command_id

    def __init__(self, side: Side, limits: Limits | None = None) -> None:
        super().__init__(side, limits)
        self._fast: dict[int, Callable[[bytes, int, int, list[Event]], None]] = {
            _SUBMIT_RESP: self._submit_resp,
            _DELIVER_RESP: self._deliver_resp,
        }

    # Client -------------------------------------------------------------------------------------

    def bind(self, login: Login, now: float) -> None:
        """Ask to be let in; `Bound` or `BindRefused` follows."""
        cls = _BINDS[login.mode][0]
        self._check(cls.command_id)
        sequence = self._following()
        request = cls(
            sequence=sequence,
            system_id=login.name,
            password=login.password,
            system_type=login.system_type,
        )
        frame = encode(request)
        self._step(Step.BIND)
        self.mode = login.mode
        self._launch(cls.command_id, sequence, frame, None, now)

    # Server -------------------------------------------------------------------------------------

    def accept_bind(self, name: str, password: str = "") -> list[Event]:
        """Let the client in that `BindRequested` told of, under our system_id."""
        self._step(Step.BIND_ACCEPTED)
        response = _BINDS[self.mode][1](
            sequence=self._bind_sequence,
            system_id=name,
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

    def deliver(self, body: bytes, *, tag: Any, now: float) -> int:
        """Send a deliver_sm whose body comes from `body_of`; gives its sequence number."""
        self._check(_DELIVER)
        sequence = self._following()
        frame = HEADER.pack(16 + len(body), _DELIVER, 0, sequence) + body
        self._launch(_DELIVER, sequence, frame, tag, now)
        return sequence

    def explain(self, status: int) -> Status:
        """What a command_status means."""
        return explain(status)

    # Frames of ours -----------------------------------------------------------------------------

    def _encode(self, pdu: Any) -> bytes:
        return encode(pdu)

    def _decode(self, frame: bytes) -> Any:
        return decode(frame)

    def _keep_alive_frame(self, sequence: int) -> bytes:
        return encode(EnquireLink(sequence=sequence))

    def _unbind_frame(self, sequence: int) -> bytes:
        return encode(Unbind(sequence=sequence))

    def _acknowledgement(self, sequence: int, owed: Any, status: int) -> bytes:
        return _EMPTY_ANSWER.pack(17, owed | RESPONSE, status, sequence, 0)

    def _answer(self, command: int, sequence: int, status: int) -> None:
        """An answer without a body."""
        self._out.append(HEADER.pack(HEADER_SIZE, command, status, sequence))

    def _refuse(self, command: int, sequence: int, status: int) -> None:
        rule = RULES.get(command)
        if rule is None:
            self._answer(GenericNack.command_id, sequence, status)
        elif rule.answered:
            self._answer(command | RESPONSE, sequence, status)

    def _bad_length(self, length: int) -> RemoteProtocolError:
        self._answer(GenericNack.command_id, 0, Code.RINVCMDLEN)
        return RemoteProtocolError(
            f"A frame claims to have {length} bytes.", status=Code.RINVCMDLEN, fatal=True
        )

    # Frames from the peer -----------------------------------------------------------------------

    def _handle(self, frame: bytes, now: float, events: list[Event]) -> None:
        _, command, status, sequence = HEADER.unpack_from(frame)
        fast = self._fast.get(command)
        if fast is not None:
            fast(frame, sequence, status, events)
        elif command == GenericNack.command_id:
            self._nacked(sequence, status, now, events)
        elif command & RESPONSE:
            self._response(frame, command, sequence, now, events)
        else:
            self._incoming(frame, command, sequence, events)

    def _submit_resp(self, frame: bytes, sequence: int, status: int, events: list[Event]) -> None:
        end = frame.find(0, HEADER_SIZE)
        message_id: str | None = ""
        if end > 0:
            message_id = frame[HEADER_SIZE:end].decode("latin-1")
        elif not status and len(frame) > HEADER_SIZE:
            message_id = None
        self._submit_answered(sequence, message_id, status, events)

    def _deliver_resp(self, frame: bytes, sequence: int, status: int, events: list[Event]) -> None:
        self._deliver_answered(_DELIVER, sequence, status, events)

    def _nacked(self, sequence: int, status: int, now: float, events: list[Event]) -> None:
        """§4.3: the peer did not understand one of our requests; some say so with a status of 0."""
        flight, status = self._flights.get(sequence), status or Code.RUNKNOWNERR
        if flight is None:
            events.append(PeerMistake("A generic_nack belongs to no request.", status))
        elif flight.command == _SUBMIT:
            self._land(sequence)
            events.append(SubmitAnswered(sequence, flight.tag, "", status))
        elif flight.command == _DELIVER:
            self._land(sequence)
            events.append(DeliverAnswered(sequence, flight.tag, status))
        else:
            nack = GenericNack(sequence=sequence, status=status)
            self._conclude(sequence, flight, nack, now, events)

    def _bind_answered(self, pdu: Any, events: list[Event]) -> None:
        if pdu.status or not isinstance(pdu, BindResp):
            reason = explain(pdu.status or Code.RBINDFAIL)
            self._turned_away(reason.code, reason.name, reason.sentence, events)
        else:
            self._let_in(pdu.system_id, events)

    def _requested(self, pdu: Any, events: list[Event]) -> None:
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
                self._farewell(encode(UnbindResp(sequence=sequence)), events)
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
    part, data = split(pdu)  # a header belongs to no receipt, yet some have one
    if receipts.is_receipt(pdu.esm_class, pdu.tlvs):
        receipt = receipts.parse(data, pdu.tlvs)
        return ReceiptArrived(pdu.sequence, receipt, pdu.source_addr, pdu.destination_addr)
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
