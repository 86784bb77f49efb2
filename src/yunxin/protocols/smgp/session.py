"""An SMGP session, the provider's (client) or the gateway's (server): frames to events and back.

States, window, deadlines, resends and the judging of requests are `protocols/session`'s; this file
adds the table of who may send what (`RULES`), the log-in, and the fast paths. The version is what
the client's log-in said; a server speaks both on one port. There is no refusal of unknown
requests: they are told to the program and dropped.
"""

import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Final

from yunxin.protocols.concat import Part, split_header
from yunxin.protocols.digest import DigestSession
from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.events import (
    BindMode,
    BindRequested,
    Bound,
    Event,
    InboundArrived,
    ReceiptArrived,
    Requested,
    SubmitRequested,
)
from yunxin.protocols.events import Login as LoginEvent
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
from yunxin.protocols.smgp import auth, ids, receipts
from yunxin.protocols.smgp.pdus import (
    FRAME_SIZE_MAX,
    HEADER,
    HEADER_SIZE,
    NO_ID,
    PDUS,
    SEQUENCE_MAX,
    ActiveTest,
    ActiveTestResp,
    Deliver,
    DeliverResp,
    Exit,
    ExitResp,
    Login,
    LoginResp,
    Pdu,
    Query,
    Submit,
    SubmitResp,
    Tag,
    Version,
    decode,
    encode,
    tlv_integer,
    version_of,
)
from yunxin.protocols.smgp.status import Code, explain
from yunxin.protocols.status import Status

RULES: Final[dict[int, Rule]] = {
    Login.command_id: Rule(BY_CLIENT, WHEN_OPEN, vital=True),
    Exit.command_id: Rule(BY_BOTH, WHEN_LIVE, vital=True),
    Submit.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True, in_window=True),
    Deliver.command_id: Rule(BY_SERVER, WHEN_LIVE, carries=True, in_window=True),
    Query.command_id: Rule(BY_CLIENT, WHEN_LIVE),
    ActiveTest.command_id: Rule(BY_BOTH, WHENEVER, vital=True),
}

# T = 60 s and N = 3 for every request, C = 3 min of silence, a window of 16.
LIMITS: Final = Limits(
    window=16,
    response_timeout_s=60.0,
    enquire_after_s=180.0,
    frame_size_max=FRAME_SIZE_MAX,
    attempts=3,
)

LOGIN_MODES: Final = {BindMode.TRANSMITTER: 0, BindMode.RECEIVER: 1, BindMode.TRANSCEIVER: 2}
_MODES: Final = {number: mode for mode, number in LOGIN_MODES.items()}

_SUBMIT = Submit.command_id
_DELIVER = Deliver.command_id
_SUBMIT_RESP = SubmitResp.command_id
_DELIVER_RESP = DeliverResp.command_id
_ANSWER = struct.Struct(">III10sI")  # SubmitResp and DeliverResp: MsgID and Status
_READ_ANSWER = struct.Struct(">10sI").unpack_from


class SmgpSession(DigestSession[Version]):
    """One SMGP connection, see `DigestSession`."""

    sequence_max = SEQUENCE_MAX
    rules = RULES
    pdus: ClassVar[dict[int, type[Pdu]]] = PDUS
    faults = Faults(Code.COMMAND, Code.COMMAND, Code.STRUCTURE, Code.DUPLICATE_SEQUENCE)
    proof = auth.LoginProof
    login_command = Login.command_id
    bind_commands = frozenset({Login.command_id})
    unbind_command = Exit.command_id
    submit_command = _SUBMIT
    deliver_command = _DELIVER
    keep_alive_command = ActiveTest.command_id
    wrong_password = Code.AUTHENTICATION

    def __init__(
        self,
        side: Side,
        limits: Limits | None = None,
        *,
        version: Version = Version.V30,
        moment: datetime | None = None,
        strict: bool = False,
        sequence: int = 0,
    ) -> None:
        super().__init__(
            side, limits or LIMITS, version=version, moment=moment, strict=strict, sequence=sequence
        )
        self._asked = version.value  # by the client, in its own words
        self._fast: dict[int, Callable[[bytes, int, list[Event]], None]] = {
            _SUBMIT_RESP: self._submit_resp,
            _DELIVER_RESP: self._deliver_resp,
        }

    def explain(self, status: int) -> Status:
        """What the status of a submit's answer means."""
        return explain(status)

    # Client -------------------------------------------------------------------------------------

    def bind(self, login: LoginEvent, now: float) -> None:
        """Ask to be let in, to send, to receive, or both; `Bound` or `BindRefused` follows."""
        super().bind(login, now)
        self.mode = login.mode

    def _login_request(self, sequence: int, login: LoginEvent, proof: auth.LoginProof) -> Login:
        return Login(
            sequence=sequence,
            client_id=login.name,
            authenticator_client=proof.digest,
            login_mode=LOGIN_MODES[login.mode],
            timestamp=proof.timestamp,
            client_version=self.version,
        )

    def _digest_in(self, pdu: LoginResp) -> bytes:
        return pdu.authenticator_server

    def _explain_login(self, status: int) -> Status:
        return explain(status)

    # Server -------------------------------------------------------------------------------------

    def accept_bind(self, name: str = "", password: str = "") -> list[Event]:
        """Let the client in; the secret goes into our digest, a name has no place."""
        self._step(Step.BIND_ACCEPTED)
        digest = auth.server_digest(0, self._proof.digest, password)
        response = LoginResp(
            sequence=self._bind_sequence, authenticator_server=digest, server_version=self._asked
        )
        self._out.append(encode(response, self.version))
        return [Bound(self.peer, self.mode)]

    def refuse_bind(self, status: int) -> None:
        """Do not let the client in; it may try again on the same connection."""
        self._step(Step.BIND_REFUSED)
        self._refuse(Login.command_id, self._bind_sequence, status)

    def answer_submit(self, sequence: int, message_id: str, status: int = 0) -> None:
        """Answer a `SubmitRequested`.

        Args:
            message_id: 20 hexadecimal digits; with several phones, the first one's.
        """
        self._owed.pop(sequence, None)
        self._out.append(_answer(_SUBMIT_RESP, sequence, ids.to_bytes(message_id), status))

    # Frames of ours -----------------------------------------------------------------------------

    def _encode(self, pdu: Any) -> bytes:
        return encode(pdu, self.version)

    def _decode(self, frame: bytes) -> Any:
        return decode(frame, self.version)

    def _acknowledgement(self, sequence: int, owed: Any, status: int) -> bytes:
        return _answer(_DELIVER_RESP, sequence, owed, status)

    def _refuse(self, command: int, sequence: int, status: int) -> None:
        match command:
            case Login.command_id:
                refusal = LoginResp(sequence=sequence, status=status, server_version=self._highest)
                self._out.append(encode(refusal, self.version))
            case Submit.command_id | Deliver.command_id:
                self._out.append(_answer(command | RESPONSE, sequence, NO_ID, status))
            case Exit.command_id:
                self._out.append(encode(ExitResp(sequence=sequence)))

    def _bad_length(self, length: int) -> RemoteProtocolError:
        return RemoteProtocolError(
            f"A frame claims to have {length} bytes.", status=Code.STRUCTURE, fatal=True
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
            self._incoming(frame, command, sequence, events)

    def _submit_resp(self, frame: bytes, sequence: int, events: list[Event]) -> None:
        if len(frame) < _ANSWER.size:
            self._submit_answered(sequence, None, 0, events)
            return
        message_id, status = _READ_ANSWER(frame, HEADER_SIZE)
        known = not status and message_id != NO_ID
        self._submit_answered(sequence, message_id.hex() if known else "", status, events)

    def _deliver_resp(self, frame: bytes, sequence: int, events: list[Event]) -> None:
        """Some answer without id and status: they have it, then."""
        whole = len(frame) >= _ANSWER.size
        status = _READ_ANSWER(frame, HEADER_SIZE)[1] if whole else Code.OK
        self._deliver_answered(_DELIVER, sequence, status, events)

    def _requested(self, pdu: Any, events: list[Event]) -> None:
        sequence = pdu.sequence
        match pdu:  # what is still owed was sent again, as its answer is not there yet: one will do
            case Submit():
                if sequence not in self._owed:
                    self._owed[sequence] = NO_ID
                    events.append(SubmitRequested(sequence, pdu))
            case Deliver():
                if self._owed.get(sequence) != pdu.msg_id:
                    event = _delivery(pdu)
                    self._owed[sequence] = pdu.msg_id
                    events.append(event)
            case ActiveTest():
                self._out.append(encode(ActiveTestResp(sequence=sequence)))
            case Exit():
                self._farewell(encode(ExitResp(sequence=sequence)), events)
            case Login():
                self._bind_requested(pdu, events)
            case _:
                self._owed[sequence] = NO_ID
                events.append(Requested(sequence, pdu))

    def _bind_requested(self, pdu: Login, events: list[Event]) -> None:
        version, mode = version_of(pdu.client_version), _MODES.get(pdu.login_mode)
        if version is None or version > self._highest:
            raise RemoteProtocolError(
                f"The client asks for version 0x{pdu.client_version:02x}.", status=Code.VERSION
            )
        if mode is None:
            raise RemoteProtocolError(
                f"Log-in mode {pdu.login_mode} is unknown.", status=Code.STRUCTURE
            )
        self._step(Step.BIND)
        self.version, self.mode, self.peer = version, mode, pdu.client_id
        self._asked, self._bind_sequence = pdu.client_version, pdu.sequence
        proof = auth.LoginProof(pdu.client_id, pdu.authenticator_client, pdu.timestamp)
        self._proof = proof
        events.append(BindRequested(pdu.sequence, LoginEvent(pdu.client_id, "", mode, proof=proof)))


def _answer(command: int, sequence: int, msg_id: bytes, status: int) -> bytes:
    return _ANSWER.pack(_ANSWER.size, command, sequence, msg_id, status)


def _delivery(pdu: Deliver) -> Event:
    """What a deliver is: a report, or a message from a phone."""
    if pdu.is_report == 1:
        receipt = receipts.parse(pdu.msg_content)
        return ReceiptArrived(pdu.sequence, receipt, pdu.src_term_id, pdu.dest_term_id)
    part, data = split(pdu)
    alphabet = alphabet_of(pdu.msg_format)
    message_id = "" if pdu.msg_id == NO_ID else pdu.msg_id.hex()
    return InboundArrived(
        pdu.sequence, pdu.src_term_id, pdu.dest_term_id, data, alphabet, part, message_id
    )


def split(pdu: Submit | Deliver) -> tuple[Part | None, bytes]:
    """The place of a message in a longer one, by the header of its content, and its data."""
    if pdu.tlvs and tlv_integer(pdu.tlvs, Tag.TP_UDHI) & 1:
        return split_header(pdu.msg_content)
    return None, pdu.msg_content


def body_of(pdu: Pdu) -> bytes:
    """A PDU's bytes without its header, for `deliver`; both versions deliver alike."""
    return encode(pdu)[HEADER_SIZE:]
