"""A CMPP session, the SP's (client) or the gateway's (server): frames to events, calls to frames.

States, window, deadlines, resends and the judging of requests are `protocols/session`'s; this file
adds the table of who may send what (`RULES`), the log-in, and the fast paths. The version is what
the client's CONNECT said; a server speaks both on one port. There is no refusal of unknown
commands: they are told to the program and dropped.
"""

import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Final

from yunxin.protocols.cmpp import auth, ids, receipts
from yunxin.protocols.cmpp.pdus import (
    FRAME_SIZE_MAX,
    HEADER,
    HEADER_SIZE,
    PDUS,
    SEQUENCE_MAX,
    ActiveTest,
    ActiveTestResp,
    Cancel,
    CancelResp,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Pdu,
    Query,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
    Version,
    decode,
    encode,
    version_of,
)
from yunxin.protocols.cmpp.status import ConnectStatus, Result, explain, explain_connect
from yunxin.protocols.concat import Part, split_header
from yunxin.protocols.digest import DigestSession
from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.events import (
    BindRequested,
    Bound,
    Event,
    InboundArrived,
    Login,
    PeerMistake,
    ReceiptArrived,
    Requested,
    SubmitRequested,
)
from yunxin.protocols.fields import RESPONSE
from yunxin.protocols.formats import alphabet_of
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
    Side,
    Step,
)
from yunxin.protocols.status import Status

RULES: Final[dict[int, Rule]] = {  # §6.2, §8.4
    Connect.command_id: Rule(BY_CLIENT, WHEN_OPEN, vital=True),
    Terminate.command_id: Rule(BY_BOTH, WHEN_LIVE, vital=True),
    Submit.command_id: Rule(BY_CLIENT, WHEN_LIVE, in_window=True),
    Deliver.command_id: Rule(BY_SERVER, WHEN_LIVE, in_window=True),
    Query.command_id: Rule(BY_CLIENT, WHEN_LIVE),
    Cancel.command_id: Rule(BY_CLIENT, WHEN_LIVE),
    ActiveTest.command_id: Rule(BY_BOTH, WHENEVER, vital=True),
}

# §6.3: T = 60 s and N = 3 for every request, C = 3 min of silence, a window of 16.
LIMITS: Final = Limits(
    window=16,
    response_timeout_s=60.0,
    enquire_after_s=180.0,
    frame_size_max=FRAME_SIZE_MAX,
    attempts=3,
)
REPORT = 1  # Registered_Delivery of a DELIVER that is a report

_SUBMIT = Submit.command_id
_DELIVER = Deliver.command_id
_SUBMIT_RESP = SubmitResp.command_id
_DELIVER_RESP = DeliverResp.command_id
# SUBMIT_RESP and DELIVER_RESP: Msg_Id and Result behind the header.
_ANSWER_20 = struct.Struct(">IIIQB")
_ANSWER_30 = struct.Struct(">IIIQI")
_READERS: Final = {  # by the size of the frame, as some answer in the other version
    21: struct.Struct(">QB").unpack_from,
    24: struct.Struct(">QI").unpack_from,
}


class CmppSession(DigestSession[Version]):
    """One CMPP connection, see `DigestSession`."""

    sequence_max = SEQUENCE_MAX
    rules = RULES
    pdus: ClassVar[dict[int, type[Pdu]]] = PDUS
    faults = Faults(Result.COMMAND, Result.COMMAND, Result.STRUCTURE, Result.DUPLICATE)
    proof = auth.ConnectProof
    login_command = Connect.command_id
    bind_commands = frozenset({Connect.command_id})
    unbind_command = Terminate.command_id
    submit_command = _SUBMIT
    deliver_command = _DELIVER
    keep_alive_command = ActiveTest.command_id
    wrong_password = ConnectStatus.AUTHENTICATION

    def __init__(
        self,
        side: Side,
        limits: Limits = LIMITS,
        *,
        version: Version = Version.V30,
        moment: datetime | None = None,
        strict: bool = False,
        sequence: int = 0,
    ) -> None:
        super().__init__(
            side, limits, version=version, moment=moment, strict=strict, sequence=sequence
        )
        self._asked = version.value  # by the client, in its own words
        self._fast: dict[int, Callable[[bytes, int, list[Event]], None]] = {
            _SUBMIT_RESP: self._submit_resp,
            _DELIVER_RESP: self._deliver_resp,
        }

    def explain(self, status: int) -> Status:
        """What the result of a SUBMIT means."""
        return explain(status)

    # Client -------------------------------------------------------------------------------------

    def _login_request(self, sequence: int, login: Login, proof: auth.ConnectProof) -> Connect:
        """The mode is always both ways."""
        return Connect(
            sequence=sequence,
            source_addr=login.name,
            authenticator_source=proof.digest,
            version=self.version,
            timestamp=proof.timestamp,
        )

    def _digest_in(self, pdu: ConnectResp) -> bytes:
        return pdu.authenticator_ismg

    def _explain_login(self, status: int) -> Status:
        return explain_connect(status)

    # Server -------------------------------------------------------------------------------------

    def accept_bind(self, name: str, password: str = "") -> list[Event]:
        """Let the client in; the secret goes into our digest, a name has no place."""
        self._step(Step.BIND_ACCEPTED)
        digest = auth.server_digest(0, self._proof.digest, password, self.version)
        response = ConnectResp(
            sequence=self._bind_sequence, authenticator_ismg=digest, version=self._asked
        )
        self._out.append(encode(response, self.version))
        return [Bound(self.peer, self.mode)]

    def refuse_bind(self, status: int) -> None:
        """Do not let the client in, see `status.ConnectStatus`; it may try again."""
        self._step(Step.BIND_REFUSED)
        self._refuse_connect(self._bind_sequence, status, self.version)

    def answer_submit(self, sequence: int, message_id: str, status: int = 0) -> None:
        """Answer a `SubmitRequested`.

        Args:
            message_id: 16 hexadecimal digits; with several phones, the first one's.
        """
        self._owed.pop(sequence, None)
        number = int(message_id, 16) if message_id else 0
        self._out.append(self._answer(_SUBMIT_RESP, sequence, number, status))

    # Frames of ours -----------------------------------------------------------------------------

    def _encode(self, pdu: Any) -> bytes:
        return encode(pdu, self.version)

    def _decode(self, frame: bytes) -> Any:
        return decode(frame, self.version)

    def _acknowledgement(self, sequence: int, owed: Any, status: int) -> bytes:
        return self._answer(_DELIVER_RESP, sequence, owed, status)

    def _answer(self, command: int, sequence: int, msg_id: int, result: int) -> bytes:
        """A SUBMIT_RESP or DELIVER_RESP; 2.0 has room for results up to 255."""
        if self.version is Version.V20:
            return _ANSWER_20.pack(21, command, sequence, msg_id, min(result, 255))
        return _ANSWER_30.pack(24, command, sequence, msg_id, result)

    def _refuse(self, command: int, sequence: int, status: int) -> None:
        match command:
            case Connect.command_id:
                malformed = status in (Result.STRUCTURE, Result.LENGTH)
                refusal = ConnectStatus.STRUCTURE if malformed else ConnectStatus.OTHER
                self._refuse_connect(sequence, refusal, self.version)
            case Submit.command_id | Deliver.command_id:
                self._out.append(self._answer(command | RESPONSE, sequence, 0, status))
            case Cancel.command_id:
                self._out.append(self._encode(CancelResp(sequence=sequence, success_id=1)))

    def _refuse_connect(self, sequence: int, status: int, version: Version) -> None:
        refusal = ConnectResp(sequence=sequence, status=status, version=self._highest)
        self._out.append(encode(refusal, version))

    def _bad_length(self, length: int) -> RemoteProtocolError:
        return RemoteProtocolError(
            f"A frame claims to have {length} bytes.", status=Result.LENGTH, fatal=True
        )

    # Frames from the peer -----------------------------------------------------------------------

    def _handle(self, frame: bytes, now: float, events: list[Event]) -> None:
        _, command, sequence = HEADER.unpack_from(frame)
        fast = self._fast.get(command)
        if fast is not None:
            fast(frame, sequence, events)
        elif command & RESPONSE:
            self._response(frame, command, sequence, now, events)
        else:
            if command == ActiveTest.command_id:
                self._asked_back(frame, sequence, now, events)
            self._incoming(frame, command, sequence, events)

    def _submit_resp(self, frame: bytes, sequence: int, events: list[Event]) -> None:
        reader = _READERS.get(len(frame))
        if reader is None:
            self._submit_answered(sequence, None, 0, events)
            return
        number, result = reader(frame, HEADER_SIZE)
        self._submit_answered(sequence, f"{number:016x}" if number else "", result, events)

    def _deliver_resp(self, frame: bytes, sequence: int, events: list[Event]) -> None:
        reader = _READERS.get(len(frame))
        result = reader(frame, HEADER_SIZE)[1] if reader else Result.OK
        self._deliver_answered(_DELIVER, sequence, result, events)

    def _asked_back(self, frame: bytes, sequence: int, now: float, events: list[Event]) -> None:
        """A peer that answers our question with a question of the same number means an answer."""
        flight = self._flights.get(sequence)
        if flight is not None and flight.command == ActiveTest.command_id:
            self._conclude(sequence, flight, None, now, events)

    def _requested(self, pdu: Any, events: list[Event]) -> None:
        sequence = pdu.sequence
        match pdu:
            case Submit():
                if sequence not in self._owed:  # else it is sent again while we still work at it
                    self._owed[sequence] = _SUBMIT
                    events.append(SubmitRequested(sequence, pdu))
            case Deliver():
                if self._owed.get(sequence) != pdu.msg_id:
                    event = _delivery(pdu)
                    self._owed[sequence] = pdu.msg_id
                    events.append(event)
            case ActiveTest():
                self._out.append(encode(ActiveTestResp(sequence=sequence), self.version))
            case Terminate():
                self._farewell(encode(TerminateResp(sequence=sequence), self.version), events)
            case Connect():
                self._connect_requested(pdu, events)
            case _:
                self._owed[sequence] = pdu.command_id
                events.append(Requested(sequence, pdu))

    def _connect_requested(self, pdu: Connect, events: list[Event]) -> None:
        version = version_of(pdu.version)
        if version is None or version > self._highest:
            # Its answer is read by a client of 3.0, or by its size by one of any version.
            self._refuse_connect(pdu.sequence, ConnectStatus.VERSION, Version.V30)
            why = f"A client asks for version {pdu.version >> 4}.{pdu.version & 15}."
            events.append(PeerMistake(why, ConnectStatus.VERSION))
            return
        self._step(Step.BIND)
        self.version, self._asked, self.peer = version, pdu.version, pdu.source_addr
        self._bind_sequence = pdu.sequence
        proof = auth.ConnectProof(pdu.source_addr, pdu.authenticator_source, pdu.timestamp)
        self._proof = proof
        events.append(BindRequested(pdu.sequence, Login(pdu.source_addr, "", proof=proof)))


def _delivery(pdu: Deliver) -> Event:
    """What a DELIVER is: a report, or a message from a phone."""
    if pdu.registered_delivery == REPORT:
        receipt, phone = receipts.read(pdu.msg_content)
        source = pdu.src_terminal_id or phone
        return ReceiptArrived(pdu.sequence, receipt, source, pdu.dest_id)
    part, data = split(pdu)
    alphabet = alphabet_of(pdu.msg_fmt)
    return InboundArrived(
        pdu.sequence,
        pdu.src_terminal_id,
        pdu.dest_id,
        data,
        alphabet,
        part,
        _written(pdu.msg_id),
    )


def _written(msg_id: int) -> str:
    """An id as text; empty of the zero that some gateways give for none."""
    return ids.to_text(msg_id) if msg_id else ""


def split(pdu: Submit | Deliver) -> tuple[Part | None, bytes]:
    """The place of a message in a longer one, by the header of its content, and its data."""
    if pdu.tp_udhi & 1:
        return split_header(pdu.msg_content)
    return None, pdu.msg_content


def body_of(pdu: Pdu, version: Version) -> bytes:
    """A PDU's bytes without its header, for `deliver`."""
    return encode(pdu, version)[HEADER_SIZE:]


def message_ids(first: str, phones: int) -> list[str]:
    """The ids of all phones of one SUBMIT, from the one in its answer."""
    number = int(first, 16)
    return [ids.to_text(ids.following(number, place)) for place in range(phones)]
