"""Every PDU of SGIP 1.2 that a service provider and its gateway exchange, and its bytes.

`encode(pdu)` and `decode(frame)` work on whole frames. A PDU is a frozen struct; `sequence` is its
header's sequence number of 12 bytes as one integer (`numbers` takes it apart). `session` decides
who may send what and when.
"""

import struct
from typing import Annotated, Any, ClassVar, Final

import msgspec

from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.fields import (
    U8,
    Body,
    Counted,
    Item,
    Octets,
    PaddedText,
    Repeated,
    Reserve,
    compile_body,
    padded_item,
)
from yunxin.protocols.sgip.status import Code

# Message_Length, Command_Id, Sequence_Number: node and time together, count
HEADER = struct.Struct(">IIQI")
HEADER_SIZE: Final = 20
NUMBER_SIZE: Final = 21
NUMBERS_MAX: Final = 100  # UserCount is 1 to 100
CONTENT_SIZE_MAX: Final = 160  # octets of ASCII; 140 in every other coding
FRAME_SIZE_MAX: Final = 8_192  # 2 KiB by the specification, which 100 numbers alone exceed

Number = Annotated[str, PaddedText(NUMBER_SIZE)]
Time = Annotated[str, PaddedText(16)]
Content = Annotated[bytes, Counted(4, CONTENT_SIZE_MAX)]
Spare = Annotated[str, Reserve(8)]


class Pdu(msgspec.Struct, frozen=True, kw_only=True):
    """What all PDUs have: the sequence number of the header."""

    command_id: ClassVar[int] = 0
    sequence: int = 0


class Answer(Pdu, frozen=True, kw_only=True):
    """The body that all responses but unbind's and trace's share; `result` is of `status.Code`."""

    result: U8 = 0
    reserve: Spare = ""


class Bind(Pdu, frozen=True, kw_only=True):
    """Log-in. Types: 1 provider to gateway, 2 gateway to provider, 3 between gateways,
    11 provider to the gateway's test port."""

    command_id: ClassVar[int] = 0x00000001
    login_type: U8 = 1
    login_name: Annotated[str, PaddedText(16)] = ""
    login_password: Annotated[str, PaddedText(16)] = ""
    reserve: Spare = ""


class BindResp(Answer, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000001


class Unbind(Pdu, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x00000002


class UnbindResp(Pdu, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000002


class Submit(Pdu, frozen=True, kw_only=True):
    """A message to up to 100 phones; its sequence number is its id in reports.

    Args:
        charge_number: who pays, with 86; empty: each phone; 21 zeros: the provider.
        fee_type: 1 free, 2 a message, 3 a month, 4 the provider's own affair.
        mt_flag: MorelatetoMTFlag; 2 is a message that answers none.
        report_flag: 0 a report of failures only, 1 in any case, 2 never.
    """

    command_id: ClassVar[int] = 0x00000003
    sp_number: Number = ""
    charge_number: Number = ""
    user_numbers: Annotated[
        tuple[str, ...], Repeated(1, NUMBERS_MAX, padded_item(NUMBER_SIZE))
    ] = ()
    corp_id: Annotated[str, PaddedText(5)] = ""
    service_type: Annotated[str, PaddedText(10)] = ""
    fee_type: U8 = 1
    fee_value: Annotated[str, PaddedText(6)] = "0"
    given_value: Annotated[str, PaddedText(6)] = "0"
    agent_flag: U8 = 0
    mt_flag: U8 = 2
    priority: U8 = 0
    expire_time: Time = ""
    schedule_time: Time = ""
    report_flag: U8 = 1
    tp_pid: U8 = 0
    tp_udhi: U8 = 0
    message_coding: U8 = 0
    message_type: U8 = 0
    content: Content = b""
    reserve: Spare = ""


class SubmitResp(Answer, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000003


class Deliver(Pdu, frozen=True, kw_only=True):
    """A message from a phone."""

    command_id: ClassVar[int] = 0x00000004
    user_number: Number = ""
    sp_number: Number = ""
    tp_pid: U8 = 0
    tp_udhi: U8 = 0
    message_coding: U8 = 0
    content: Content = b""
    reserve: Spare = ""


class DeliverResp(Answer, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000004


class Report(Pdu, frozen=True, kw_only=True):
    """What became of one phone's message; a message to several phones has a report for each.

    Args:
        submit_sequence: the 12 bytes of the submit's sequence number.
        report_type: 0 for a submit, 1 for a deliver that was passed on.
        state: 0 delivered, 1 waiting (not final), 2 failed.
        error_code: of `status.Code`, where it failed.
    """

    command_id: ClassVar[int] = 0x00000005
    submit_sequence: Annotated[bytes, Octets(12)] = bytes(12)
    report_type: U8 = 0
    user_number: Number = ""
    state: U8 = 0
    error_code: U8 = 0
    reserve: Spare = ""


class MislabelledReport(Report, frozen=True, kw_only=True):
    """A report under deliver's command, as some gateways send it; deliver's response answers it."""

    command_id: ClassVar[int] = 0x00000004


class ReportResp(Answer, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000005


class UserRpt(Pdu, frozen=True, kw_only=True):
    """What became of a subscriber: condition 0 cancelled, 1 suspended for arrears, 2 restored."""

    command_id: ClassVar[int] = 0x00000011
    sp_number: Number = ""
    user_number: Number = ""
    user_condition: U8 = 0
    reserve: Spare = ""


class UserRptResp(Answer, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000011


class Trace(Pdu, frozen=True, kw_only=True):
    """Where a message went; few gateways offer it."""

    command_id: ClassVar[int] = 0x00001000
    submit_sequence: Annotated[bytes, Octets(12)] = bytes(12)
    user_number: Number = ""
    reserve: Spare = ""


class TraceNode(msgspec.Struct, frozen=True):
    """One gateway on a message's way."""

    result: int
    node_id: str
    received: str
    sent: str
    reserve: str = ""


_NODE: Final = struct.Struct(">B6s16s16s8s")


def _write_node(node: TraceNode) -> bytes:
    texts = (node.node_id, node.received, node.sent, node.reserve)
    return _NODE.pack(node.result, *(text.encode("latin-1") for text in texts))


def _read_node(data: bytes, at: int) -> tuple[TraceNode, int]:
    result, *texts = _NODE.unpack_from(data, at)
    words = [text.partition(b"\0")[0].rstrip(b" ").decode("latin-1") for text in texts]
    return TraceNode(result, *words), at + _NODE.size


class TraceResp(Pdu, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80001000
    nodes: Annotated[tuple[TraceNode, ...], Repeated(1, 255, Item(_write_node, _read_node))] = ()


PDUS: Final[dict[int, type[Pdu]]] = {
    cls.command_id: cls
    for cls in (
        *(Bind, BindResp, Unbind, UnbindResp, Submit, SubmitResp, Deliver, DeliverResp),
        *(Report, ReportResp, UserRpt, UserRptResp, Trace, TraceResp),
    )
}
_BODIES: Final[dict[int, Body]] = {key: compile_body(cls) for key, cls in PDUS.items()}
_MISLABELLED: Final = compile_body(MislabelledReport)
# A deliver has at least 49 bytes behind its header; a report has 44, or 36 without its reserve.
_REPORT_SIZES: Final = frozenset({HEADER_SIZE + 36, HEADER_SIZE + 44})


def header(size: int, command: int, sequence: int) -> bytes:
    """The 20 bytes before a body of so many bytes."""
    return HEADER.pack(HEADER_SIZE + size, command, sequence >> 32, sequence & 0xFFFFFFFF)


def encode(pdu: Pdu) -> bytes:
    """The whole frame of a PDU.

    Raises:
        LocalProtocolError: a value does not fit its field.
    """
    mislabelled = isinstance(pdu, MislabelledReport)
    body = (_MISLABELLED if mislabelled else _BODIES[pdu.command_id]).encode(pdu)
    return header(len(body), pdu.command_id, pdu.sequence) + body


def decode(frame: bytes) -> Any:
    """The PDU in exactly one frame.

    The reserve at its end may be missing. What calls itself a deliver and has the length of a
    report is a `MislabelledReport`.

    Raises:
        RemoteProtocolError: its `status` is the result to answer with.
    """
    try:
        length, command, high, low = HEADER.unpack_from(frame)
    except struct.error as error:
        raise RemoteProtocolError(
            "The frame is shorter than a header.", status=Code.LENGTH
        ) from error
    if length != len(frame):
        raise RemoteProtocolError(
            f"Message_Length is {length} in a frame of {len(frame)} bytes.", status=Code.LENGTH
        )
    body = _BODIES.get(command)
    if body is None:
        raise RemoteProtocolError(f"Command 0x{command:08x} is unknown.", status=Code.NOT_OFFERED)
    if command == Deliver.command_id and length in _REPORT_SIZES:
        body = _MISLABELLED
    try:
        return body.decode(frame, HEADER_SIZE, high << 32 | low, 0)
    except RemoteProtocolError as error:
        error.status = error.status or Code.LENGTH
        raise
