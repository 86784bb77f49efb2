"""An SGIP session: either end of either of the two connections that the protocol needs.

A provider logs in to the carrier to submit (login type 1), and the carrier logs in to the provider
to deliver (type 2). So the client, who logs in, is who sends; and `mode` is always the provider's:
`TRANSMITTER` where it submits, `RECEIVER` where it is delivered to. A provider is therefore a
client for the one and a server for the other, see `listener`.

There is no question whether the peer lives: who has nothing to say any more says good-bye, and
logs in again when there is something. The id of a message is the number it was submitted with.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from yunxin.protocols.concat import Part, split_header
from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.events import (
    BindMode,
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
    WHEN_LIVE,
    WHEN_OPEN,
    Faults,
    Limits,
    Rule,
    Session,
    Side,
    State,
    Step,
)
from yunxin.protocols.sgip import receipts
from yunxin.protocols.sgip.numbers import Numbers, message_id
from yunxin.protocols.sgip.pdus import (
    FRAME_SIZE_MAX,
    HEADER,
    HEADER_SIZE,
    PDUS,
    Bind,
    BindResp,
    Deliver,
    Pdu,
    Report,
    Submit,
    Trace,
    TraceResp,
    Unbind,
    UnbindResp,
    UserRpt,
    decode,
    encode,
    header,
)
from yunxin.protocols.sgip.precut import SubmitTemplate
from yunxin.protocols.sgip.status import Code, explain
from yunxin.protocols.status import Status

# The specification's times; the window is its maximum. Three attempts are what the other two
# Chinese protocols prescribe: this one says "again" without a number. A server may end a connection
# that was idle for a minute: who leaves before that crosses no good-bye with a message.
LIMITS: Final = Limits(
    window=32,
    response_timeout_s=30.0,
    enquire_after_s=45.0,
    frame_size_max=FRAME_SIZE_MAX,
    attempts=3,
)

RULES: Final[dict[int, Rule]] = {
    Bind.command_id: Rule(BY_CLIENT, WHEN_OPEN, vital=True),
    Unbind.command_id: Rule(BY_BOTH, WHEN_LIVE, vital=True),
    Submit.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True, in_window=True),
    Trace.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True),
    Deliver.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True, in_window=True),
    Report.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True, in_window=True),
    UserRpt.command_id: Rule(BY_CLIENT, WHEN_LIVE, carries=True, in_window=True),
}

# What `mode` allows; between gateways (type 3) everything goes.
_SUBMITTING: Final = frozenset({BindMode.TRANSMITTER, BindMode.TRANSCEIVER})
_DELIVERING: Final = frozenset({BindMode.RECEIVER, BindMode.TRANSCEIVER})
_CARRIED_BY: Final = {
    Submit.command_id: _SUBMITTING,
    Trace.command_id: _SUBMITTING,
    Deliver.command_id: _DELIVERING,
    Report.command_id: _DELIVERING,
    UserRpt.command_id: _DELIVERING,
}

LOGIN_TYPES: Final = {BindMode.TRANSMITTER: 1, BindMode.RECEIVER: 2, BindMode.TRANSCEIVER: 3}
TEST_PORT: Final = "test"  # as a login's system_type: type 11, to the gateway's port for tests
_TEST_PORT_TYPE: Final = 11
_MODES: Final = {
    **{number: mode for mode, number in LOGIN_TYPES.items()},
    _TEST_PORT_TYPE: BindMode.TRANSMITTER,
}

_SUBMIT = Submit.command_id
_SUBMIT_RESP = Submit.command_id | RESPONSE
_DELIVERIES: Final = frozenset({Deliver.command_id, Report.command_id, UserRpt.command_id})
_COMMAND_SIZE = 4
_ANSWER_REST = bytes(8)  # the reserve


class SgipSession(Session):
    """One SGIP connection.

    Args:
        numbers: makes our sequence numbers; one for all sessions of a node.
        modes: the server's: who may log in for what; others are refused.
    """

    header_size = HEADER_SIZE
    sequence_max = (1 << 96) - 1
    rules = RULES
    pdus: ClassVar[dict[int, type[Pdu]]] = PDUS
    faults = Faults(Code.NOT_OFFERED, Code.ILLEGAL_LOGIN, Code.LENGTH)
    bind_commands = frozenset({Bind.command_id})
    unbind_command = Unbind.command_id
    submit_command = _SUBMIT

    def __init__(
        self,
        side: Side,
        limits: Limits | None = None,
        *,
        numbers: Numbers,
        modes: frozenset[BindMode] = frozenset(BindMode),
    ) -> None:
        super().__init__(side, limits or LIMITS)
        self.numbers = numbers
        self._modes = modes
        self._now = 0.0

    # Client -------------------------------------------------------------------------------------

    def bind(self, login: Login, now: float) -> None:
        """Ask to be let in; `Bound` or `BindRefused` follows.

        A login's `mode` says whether we submit (the provider) or deliver (the carrier, as
        `RECEIVER`: the mode is the provider's).
        """
        self._check(Bind.command_id)
        self._now = now
        sequence = self._following()
        test = login.system_type == TEST_PORT and login.mode is BindMode.TRANSMITTER
        request = Bind(
            sequence=sequence,
            login_type=_TEST_PORT_TYPE if test else LOGIN_TYPES[login.mode],
            login_name=login.name,
            login_password=login.password,
        )
        frame = encode(request)
        self._step(Step.BIND)
        self.mode = login.mode
        self._launch(Bind.command_id, sequence, frame, None, now)

    def submit(
        self,
        template: SubmitTemplate,
        destination: str | Sequence[str],
        data: bytes,
        *,
        tag: Any,
        now: float,
        udhi: bool = False,
    ) -> int:
        """Hand over one message, see `Session.submit`; to one phone, or to up to 100."""
        self._now = now
        return super().submit(template, destination, data, tag=tag, now=now, udhi=udhi)

    def deliver(self, body: bytes, *, tag: Any, now: float) -> int:
        """Send what `body_of` made of a deliver, report or user report; gives its number."""
        command = int.from_bytes(body[:_COMMAND_SIZE], "big")
        if command not in _DELIVERIES:
            raise LocalProtocolError(f"Command 0x{command:08x} delivers nothing.")
        self._check(command)
        sequence = self.numbers.next(now)
        frame = header(len(body) - _COMMAND_SIZE, command, sequence) + body[_COMMAND_SIZE:]
        self._launch(command, sequence, frame, tag, now)
        return sequence

    # Server -------------------------------------------------------------------------------------

    def accept_bind(self, name: str = "", password: str = "") -> list[Event]:
        """Let the client in that `BindRequested` told of; the answer has room for no name."""
        self._step(Step.BIND_ACCEPTED)
        self._answer(BindResp.command_id, self._bind_sequence, Code.OK)
        return [Bound(self.peer, self.mode)]

    def refuse_bind(self, status: int) -> None:
        """Do not let the client in; it may try again on the same connection."""
        self._step(Step.BIND_REFUSED)
        self._answer(BindResp.command_id, self._bind_sequence, status)

    def answer_submit(self, sequence: int, message_id: str, status: int = 0) -> None:
        """Answer a `SubmitRequested`; the id is the sequence number and not in the answer."""
        self._owed.pop(sequence, None)
        self._answer(_SUBMIT_RESP, sequence, status)

    # Both ---------------------------------------------------------------------------------------

    def explain(self, status: int) -> Status:
        """What the result of a SUBMIT means."""
        return explain(status)

    def request(self, pdu: Any, *, tag: Any, now: float) -> int:
        """See `Session.request`."""
        self._now = now
        return super().request(pdu, tag=tag, now=now)

    def unbind(self, now: float) -> None:
        """Say good-bye; `Unbound` and `Closed` follow when the peer answers."""
        self._now = now
        super().unbind(now)

    def _following(self) -> int:
        return self.numbers.next(self._now)

    def _permitted(self, command: int, sender: Side | None = None) -> bool:
        rule = RULES[command]
        if (sender or self.side) not in rule.senders or self.state not in rule.states:
            return False
        return not rule.carries or self.mode in _CARRIED_BY[command]

    # Frames of ours -----------------------------------------------------------------------------

    def _encode(self, pdu: Any) -> bytes:
        return encode(pdu)

    def _decode(self, frame: bytes) -> Any:
        return decode(frame)

    def _keep_alive_frame(self, sequence: int) -> bytes:
        raise LocalProtocolError("SGIP has no question whether the peer lives.")

    def _unbind_frame(self, sequence: int) -> bytes:
        return encode(Unbind(sequence=sequence))

    def _acknowledgement(self, sequence: int, owed: Any, status: int) -> bytes:
        return _answer_frame(owed | RESPONSE, sequence, status)

    def _answer(self, command: int, sequence: int, status: int) -> None:
        self._out.append(_answer_frame(command, sequence, status))

    def _refuse(self, command: int, sequence: int, status: int) -> None:
        """All requests are answered alike, also those between gateways that we do not know."""
        if command == Unbind.command_id:
            self._out.append(encode(UnbindResp(sequence=sequence)))
        elif command == Trace.command_id:
            self._out.append(encode(TraceResp(sequence=sequence)))
        elif command == Bind.command_id and self.state is State.BOUND:
            self._answer(BindResp.command_id, sequence, Code.DUPLICATE_LOGIN)
        else:
            self._answer(command | RESPONSE, sequence, status)

    def _bad_length(self, length: int) -> RemoteProtocolError:
        return RemoteProtocolError(
            f"A frame claims to have {length} bytes.", status=Code.LENGTH, fatal=True
        )

    # Frames from the peer -----------------------------------------------------------------------

    def _handle(self, frame: bytes, now: float, events: list[Event]) -> None:
        _, command, high, low = HEADER.unpack_from(frame)
        sequence = high << 32 | low
        if command == _SUBMIT_RESP:
            self._submit_resp(frame, sequence, events)
        elif command & RESPONSE and command ^ RESPONSE in _DELIVERIES:
            self._deliver_resp(frame, command ^ RESPONSE, sequence, events)
        elif command & RESPONSE:
            self._response(frame, command, sequence, now, events)
        else:
            self._incoming(frame, command, sequence, events)

    def _submit_resp(self, frame: bytes, sequence: int, events: list[Event]) -> None:
        if len(frame) <= HEADER_SIZE:
            self._submit_answered(sequence, None, 0, events)
            return
        result = frame[HEADER_SIZE]
        if result == Code.SEQUENCE:
            # "The number was used before" to a second attempt: the first one was taken. The id is
            # ours, so nothing is lost with the answer.
            flight = self._flights.get(sequence)
            result = 0 if flight is not None and flight.attempt > 1 else result
        self._submit_answered(sequence, "" if result else message_id(sequence), result, events)

    def _deliver_resp(self, frame: bytes, command: int, sequence: int, events: list[Event]) -> None:
        if len(frame) <= HEADER_SIZE:
            events.append(PeerMistake("An answer to a delivery has no result.", Code.LENGTH))
            return  # its deadline decides
        self._deliver_answered(command, sequence, frame[HEADER_SIZE], events)

    def _bind_answered(self, pdu: Any, events: list[Event]) -> None:
        if pdu.result:
            reason = explain(pdu.result)
            self._turned_away(reason.code, reason.name, reason.sentence, events)
        else:
            self._let_in("", events)

    def _requested(self, pdu: Any, events: list[Event]) -> None:
        sequence = pdu.sequence
        if sequence in self._owed:
            return  # sent again, as its answer is not there yet; one answer will do
        match pdu:
            case Submit():
                self._owed[sequence] = _SUBMIT
                events.append(SubmitRequested(sequence, pdu))
            case Report():
                self._owed[sequence] = pdu.command_id
                receipt = receipts.parse(pdu)
                events.append(ReceiptArrived(sequence, receipt, pdu.user_number, ""))
            case Deliver():
                self._owed[sequence] = pdu.command_id
                events.append(_inbound(pdu))
            case Unbind():
                self._farewell(encode(UnbindResp(sequence=sequence)), events)
            case Bind():
                self._bind_requested(pdu, events)
            case _:
                self._owed[sequence] = pdu.command_id
                events.append(Requested(sequence, pdu))

    def _bind_requested(self, pdu: Bind, events: list[Event]) -> None:
        mode = _MODES.get(pdu.login_type)
        if mode not in self._modes:
            raise RemoteProtocolError(
                f"Login type {pdu.login_type} has no business here.", status=Code.LOGIN_TYPE
            )
        self._step(Step.BIND)
        self.mode = mode
        self.peer = pdu.login_name
        self._bind_sequence = pdu.sequence
        kind = TEST_PORT if pdu.login_type == _TEST_PORT_TYPE else ""
        login = Login(pdu.login_name, pdu.login_password, mode, kind)
        events.append(BindRequested(pdu.sequence, login))


def _answer_frame(command: int, sequence: int, result: int) -> bytes:
    return header(9, command, sequence) + bytes((result,)) + _ANSWER_REST


def _inbound(pdu: Deliver) -> InboundArrived:
    part, data = split(pdu)
    alphabet = alphabet_of(pdu.message_coding)
    return InboundArrived(
        pdu.sequence,
        pdu.user_number,
        pdu.sp_number,
        data,
        alphabet,
        part,
        message_id(pdu.sequence),
    )


def split(pdu: Submit | Deliver) -> tuple[Part | None, bytes]:
    """The place of a message in a longer one, and its data."""
    return split_header(pdu.content) if pdu.tp_udhi & 1 else (None, pdu.content)


def body_of(pdu: Deliver | Report | UserRpt) -> bytes:
    """A delivery's command and its bytes without the header, for `deliver`."""
    frame = encode(pdu)
    return frame[4:8] + frame[HEADER_SIZE:]
