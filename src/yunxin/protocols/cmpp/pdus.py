"""Every PDU of CMPP and its bytes: `encode(pdu, version)` and `decode(frame, version)`.

A PDU is a frozen struct with the fields of both versions; what a version lacks stays at its
default. A frame does not say which version it is of: the session knows it from the log-in.
Sections are those of CMPP V3.0 (QB-GF-028-2003). There is no generic refusal.
"""

import struct
from enum import IntEnum
from typing import Annotated, Any, ClassVar, Final

import msgspec

from yunxin.protocols.cmpp.status import Result
from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.fields import (
    RESPONSE,
    U8,
    U32,
    U64,
    Body,
    Counted,
    Octets,
    PaddedText,
    Repeated,
    UInt,
    Varies,
    compile_body,
    padded_item,
)

HEADER = struct.Struct(">III")  # §8.3: Total_Length, Command_Id, Sequence_Id
HEADER_SIZE: Final = 12
SEQUENCE_MAX: Final = 0xFFFFFFFF
FRAME_SIZE_MAX: Final = 8_192  # a SUBMIT of 3.0 to the allowed 99 phones has 3,586 at most
DESTINATIONS_MAX: Final = 99  # §8.4.3.1: DestUsr_tl below 100


class Version(IntEnum):
    """The version of a session, as CONNECT writes it: high nibble major, low nibble minor."""

    V20 = 0x20
    V30 = 0x30

    @property
    def index(self) -> int:
        """Its place in fields that vary."""
        return 0 if self is Version.V20 else 1


def version_of(number: int) -> Version | None:
    """The version that we speak of one that a client asks for; None when it is too new.

    The minor version makes no difference (some write 2.1 for 2.0), and below 2.0 nothing is known
    that would.
    """
    major = number >> 4
    if major > 3:
        return None
    return Version.V30 if major == 3 else Version.V20


_TERMINAL = Varies((PaddedText(21), PaddedText(32)))
_TERMINALS = Varies(
    (
        Repeated(1, DESTINATIONS_MAX, padded_item(21)),
        Repeated(1, DESTINATIONS_MAX, padded_item(32)),
    )
)
Terminal = Annotated[str, _TERMINAL]
Since30 = Annotated[int, Varies((None, UInt(1)))]
ResultField = Annotated[int, Varies((UInt(1), UInt(4)))]
# Eight reserved bytes in 2.0; in 3.0 the id that ties what is sent to what a phone ordered.
LinkId = Annotated[str, Varies((PaddedText(8), PaddedText(20)))]
Time = Annotated[str, PaddedText(17)]
Content = Annotated[bytes, Counted(1, 255)]


class Pdu(msgspec.Struct, frozen=True, kw_only=True):
    """What all PDUs have."""

    command_id: ClassVar[int] = 0
    sequence: int = 0


class Connect(Pdu, frozen=True, kw_only=True):
    """§8.4.1.1; see `auth` for the digest."""

    command_id: ClassVar[int] = 0x00000001
    source_addr: Annotated[str, PaddedText(6)] = ""
    authenticator_source: Annotated[bytes, Octets(16)] = bytes(16)
    version: U8 = Version.V30
    timestamp: U32 = 0


class ConnectResp(Pdu, frozen=True, kw_only=True):
    """§8.4.1.2."""

    command_id: ClassVar[int] = 0x80000001
    status: ResultField = 0
    authenticator_ismg: Annotated[bytes, Octets(16)] = bytes(16)
    version: U8 = Version.V30


class Terminate(Pdu, frozen=True, kw_only=True):
    """§8.4.2.1."""

    command_id: ClassVar[int] = 0x00000002


class TerminateResp(Pdu, frozen=True, kw_only=True):
    """§8.4.2.2."""

    command_id: ClassVar[int] = 0x80000002


class Submit(Pdu, frozen=True, kw_only=True):
    """§8.4.3.1: a message to up to 99 phones. Msg_Length and DestUsr_tl are implied."""

    command_id: ClassVar[int] = 0x00000004
    msg_id: U64 = 0
    pk_total: U8 = 1
    pk_number: U8 = 1
    registered_delivery: U8 = 0
    msg_level: U8 = 0
    service_id: Annotated[str, PaddedText(10)] = ""
    fee_user_type: U8 = 0
    fee_terminal_id: Terminal = ""
    fee_terminal_type: Since30 = 0
    tp_pid: U8 = 0
    tp_udhi: U8 = 0
    msg_fmt: U8 = 0
    msg_src: Annotated[str, PaddedText(6)] = ""
    fee_type: Annotated[str, PaddedText(2)] = ""
    fee_code: Annotated[str, PaddedText(6)] = ""
    valid_time: Time = ""
    at_time: Time = ""
    src_id: Annotated[str, PaddedText(21)] = ""
    dest_terminal_ids: Annotated[tuple[str, ...], _TERMINALS] = ()
    dest_terminal_type: Since30 = 0
    msg_content: Content = b""
    link_id: LinkId = ""


class SubmitResp(Pdu, frozen=True, kw_only=True):
    """§8.4.3.2: the id of the first phone's message; those of the others follow by one each."""

    command_id: ClassVar[int] = 0x80000004
    msg_id: U64 = 0
    result: ResultField = 0


class Deliver(Pdu, frozen=True, kw_only=True):
    """§8.4.5.1: a message from a phone or, with registered_delivery 1, a `Report`."""

    command_id: ClassVar[int] = 0x00000005
    msg_id: U64 = 0
    dest_id: Annotated[str, PaddedText(21)] = ""
    service_id: Annotated[str, PaddedText(10)] = ""
    tp_pid: U8 = 0
    tp_udhi: U8 = 0
    msg_fmt: U8 = 0
    src_terminal_id: Terminal = ""
    src_terminal_type: Since30 = 0
    registered_delivery: U8 = 0
    msg_content: Content = b""
    link_id: LinkId = ""


class DeliverResp(Pdu, frozen=True, kw_only=True):
    """§8.4.5.2."""

    command_id: ClassVar[int] = 0x80000005
    msg_id: U64 = 0
    result: ResultField = 0


class Query(Pdu, frozen=True, kw_only=True):
    """§8.4.4.1: counts of a day, of all services or of one."""

    command_id: ClassVar[int] = 0x00000006
    time: Annotated[str, PaddedText(8)] = ""
    query_type: U8 = 0
    query_code: Annotated[str, PaddedText(10)] = ""
    reserve: Annotated[str, PaddedText(8)] = ""


class QueryResp(Pdu, frozen=True, kw_only=True):
    """§8.4.4.2."""

    command_id: ClassVar[int] = 0x80000006
    time: Annotated[str, PaddedText(8)] = ""
    query_type: U8 = 0
    query_code: Annotated[str, PaddedText(10)] = ""
    mt_tl_msg: U32 = 0
    mt_tl_usr: U32 = 0
    mt_scs: U32 = 0
    mt_wt: U32 = 0
    mt_fl: U32 = 0
    mo_scs: U32 = 0
    mo_wt: U32 = 0
    mo_fl: U32 = 0


class Cancel(Pdu, frozen=True, kw_only=True):
    """§8.4.6.1."""

    command_id: ClassVar[int] = 0x00000007
    msg_id: U64 = 0


class CancelResp(Pdu, frozen=True, kw_only=True):
    """§8.4.6.2: 0 when it was done."""

    command_id: ClassVar[int] = 0x80000007
    success_id: ResultField = 0


class ActiveTest(Pdu, frozen=True, kw_only=True):
    """§8.4.7.1."""

    command_id: ClassVar[int] = 0x00000008


class ActiveTestResp(Pdu, frozen=True, kw_only=True):
    """§8.4.7.2."""

    command_id: ClassVar[int] = 0x80000008
    reserved: U8 = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """§8.4.5.1: the content of a DELIVER that tells what became of a message. No PDU."""

    msg_id: U64 = 0
    stat: Annotated[str, PaddedText(7)] = ""
    submit_time: Annotated[str, PaddedText(10)] = ""
    done_time: Annotated[str, PaddedText(10)] = ""
    dest_terminal_id: Terminal = ""
    smsc_sequence: U32 = 0


PDUS: Final[dict[int, type[Pdu]]] = {
    cls.command_id: cls
    for cls in (
        *(Connect, ConnectResp, Terminate, TerminateResp, Submit, SubmitResp),
        *(Deliver, DeliverResp, Query, QueryResp, Cancel, CancelResp),
        *(ActiveTest, ActiveTestResp),
    )
}
_BODIES: Final[dict[Version, dict[int, Body]]] = {
    version: {key: compile_body(cls, version.index) for key, cls in PDUS.items()}
    for version in Version
}
_REPORTS: Final = {version: compile_body(Report, version.index) for version in Version}
# Responses that say by their size which version they are of: some gateways answer in the other.
_BY_SIZE: Final[dict[tuple[int, int], Version]] = {
    (ConnectResp.command_id, 30): Version.V20,
    (ConnectResp.command_id, 33): Version.V30,
    (SubmitResp.command_id, 21): Version.V20,
    (SubmitResp.command_id, 24): Version.V30,
    (DeliverResp.command_id, 21): Version.V20,
    (DeliverResp.command_id, 24): Version.V30,
    (CancelResp.command_id, 13): Version.V20,
    (CancelResp.command_id, 16): Version.V30,
}
# Responses whose body some peers leave out, as it says nothing.
_BARE: Final = frozenset({ActiveTestResp.command_id, TerminateResp.command_id})
REPORT_HEAD_SIZE: Final = 35  # all of a report before the phone's number
_REPORT_SIZES: Final = {60: Version.V20, 71: Version.V30}


def encode(pdu: Pdu, version: Version) -> bytes:
    """The whole frame of a PDU.

    Raises:
        LocalProtocolError: a value does not fit its field.
    """
    body = _BODIES[version][pdu.command_id].encode(pdu)
    return HEADER.pack(HEADER_SIZE + len(body), pdu.command_id, pdu.sequence) + body


def decode(frame: bytes, version: Version) -> Any:
    """The PDU in exactly one frame.

    Responses of the other version are recognised by their size.

    Raises:
        RemoteProtocolError: its `status` is the result to answer with.
    """
    try:
        length, command_id, sequence = HEADER.unpack_from(frame)
    except struct.error as error:
        raise RemoteProtocolError(
            "The frame is shorter than a header.", status=Result.LENGTH
        ) from error
    if length != len(frame):
        raise RemoteProtocolError(
            f"Total_Length is {length} in a frame of {len(frame)} bytes.", status=Result.LENGTH
        )
    if command_id & RESPONSE:
        version = _BY_SIZE.get((command_id, length), version)
    body = _BODIES[version].get(command_id)
    if body is None:
        raise RemoteProtocolError(f"Command 0x{command_id:08x} is unknown.", status=Result.COMMAND)
    if length == HEADER_SIZE and command_id in _BARE:
        return PDUS[command_id](sequence=sequence)
    try:
        return body.decode(frame, HEADER_SIZE, sequence, 0)
    except RemoteProtocolError as error:
        error.status = error.status or Result.STRUCTURE
        raise


def encode_report(report: Report, version: Version) -> bytes:
    """The content of a DELIVER: 60 bytes in 2.0, 71 in 3.0."""
    return _REPORTS[version].encode(report)


def decode_report(content: bytes) -> Report:
    """The report in a DELIVER's content.

    Its size says which version it is of, as many gateways write that of 2.0 in a session of 3.0.
    In any other size the beginning is the same, and the last four bytes are the sequence.

    Raises:
        RemoteProtocolError: it is too short for an id, a stat and two times.
    """
    version = _REPORT_SIZES.get(len(content))
    if version is None:
        if len(content) < REPORT_HEAD_SIZE:
            raise RemoteProtocolError("A report is cut short.", status=Result.LENGTH)
        number, tail = content[REPORT_HEAD_SIZE:-4], content[-4:]
        if len(content) < REPORT_HEAD_SIZE + 4:
            number, tail = b"", bytes(4)
        content = content[:REPORT_HEAD_SIZE] + number[:32].ljust(32, b"\0") + tail
        version = Version.V30
    report: Report = _REPORTS[version].decode(content, 0, 0, 0)
    return report
