"""Every PDU of SMGP that a service provider and its gateway exchange, and its bytes.

`encode(pdu, version)` and `decode(frame, version)` work on whole frames. A PDU is a frozen struct
with the fields of both versions; what a version lacks stays at its default. A frame does not say
which version it is of: the session knows it from the log-in. `Tag` names the optional parameters.
"""

import struct
from enum import IntEnum
from typing import Annotated, Any, ClassVar, Final

import msgspec

from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.fields import (
    U8,
    U32,
    Body,
    Counted,
    Octets,
    PaddedText,
    Repeated,
    Reserve,
    TlvMap,
    Varies,
    compile_body,
    padded_item,
)
from yunxin.protocols.smgp.status import Code

HEADER = struct.Struct(">III")  # PacketLength, RequestID, SequenceID
HEADER_SIZE: Final = 12
SEQUENCE_MAX: Final = 0xFFFFFFFF
NUMBER_SIZE: Final = 21
NUMBERS_MAX: Final = 100  # DestTermIDCount
CONTENT_SIZE_MAX: Final = 160  # octets of ASCII; 140 in every other format
FRAME_SIZE_MAX: Final = 8_192  # a submit to 100 phones has 2,400 bytes and its parameters
MSG_ID_SIZE: Final = 10

Number = Annotated[str, PaddedText(NUMBER_SIZE)]
MsgId = Annotated[bytes, Octets(MSG_ID_SIZE)]
Time = Annotated[str, PaddedText(17)]
Fee = Annotated[str, PaddedText(6)]
Spare = Annotated[str, Reserve(8)]
Digest = Annotated[bytes, Octets(16)]
NO_ID: Final = bytes(MSG_ID_SIZE)


class Version(IntEnum):
    """The version of a session, as log-in writes it."""

    V13 = 0x13
    V30 = 0x30

    @property
    def index(self) -> int:
        """Its place in fields that vary."""
        return 0 if self is Version.V13 else 1


def version_of(number: int) -> Version | None:
    """The version that we speak of one that a client asks for; None when it is too new.

    Minor versions from 3.0 on differ in nothing that is here; what is older than 3.0 is taken for
    1.3, the only older one in use.
    """
    if number >= 0x40:
        return None
    return Version.V30 if number >= Version.V30 else Version.V13


class Tag(IntEnum):
    """Optional parameters."""

    TP_PID = 0x0001
    TP_UDHI = 0x0002
    LINK_ID = 0x0003
    CHARGE_USER_TYPE = 0x0004
    CHARGE_TERM_TYPE = 0x0005
    CHARGE_TERM_PSEUDO = 0x0006
    DEST_TERM_TYPE = 0x0007
    DEST_TERM_PSEUDO = 0x0008
    PK_TOTAL = 0x0009
    PK_NUMBER = 0x000A
    SUBMIT_MSG_TYPE = 0x000B
    SP_DEAL_RESULT = 0x000C
    SRC_TERM_TYPE = 0x000D
    SRC_TERM_PSEUDO = 0x000E
    NODES_COUNT = 0x000F
    MSG_SRC = 0x0010
    SRC_TYPE = 0x0011
    M_SERVICE_ID = 0x0012


# How many bytes a text parameter has on the wire; the pseudonyms have as many as they need.
_TEXT_SIZES: Final = {Tag.LINK_ID: 20, Tag.MSG_SRC: 8, Tag.M_SERVICE_ID: 21}


def text_tlv(tag: Tag, value: str) -> bytes:
    """The value of a text parameter in as many bytes as the specification gives it."""
    size = _TEXT_SIZES.get(tag, len(value))
    if len(value) > size or not value.isascii():
        raise LocalProtocolError(f"{tag.name} has at most {size} letters and digits.")
    return value.encode("ascii").ljust(size, b"\0")


def tlv_text(tlvs: dict[int, bytes], tag: Tag) -> str:
    """A text parameter without its padding; empty when it is absent."""
    return tlvs.get(tag, b"").partition(b"\0")[0].rstrip(b" ").decode("latin-1")


def tlv_integer(tlvs: dict[int, bytes], tag: Tag) -> int:
    """An integer parameter, whatever number of bytes the peer gave it; 0 when it is absent."""
    return int.from_bytes(tlvs.get(tag, b""), "big")


class Pdu(msgspec.Struct, frozen=True, kw_only=True):
    """What all PDUs have: the sequence number of the header."""

    command_id: ClassVar[int] = 0
    sequence: int = 0


class Login(Pdu, frozen=True, kw_only=True):
    """Modes: 0 the client sends, 1 it receives, 2 both. See `auth` for the digest."""

    command_id: ClassVar[int] = 0x00000001
    client_id: Annotated[str, PaddedText(8)] = ""
    authenticator_client: Digest = bytes(16)
    login_mode: U8 = 2
    timestamp: U32 = 0
    client_version: U8 = Version.V30


class LoginResp(Pdu, frozen=True, kw_only=True):
    """A refusal has no digest; some send one without the fields behind its status."""

    command_id: ClassVar[int] = 0x80000001
    status: U32 = 0
    authenticator_server: Digest = bytes(16)
    server_version: U8 = Version.V30


class Submit(Pdu, frozen=True, kw_only=True):
    """A message to up to 100 phones.

    Args:
        msg_type: 6 to a phone, 0 from one, 7 between phones.
        fee_type: "00" free, "01" a message, "02" a month, "03" a message up to a sum.
        fixed_fee: 1.3 has no such field.
        charge_term_id: empty: the destination pays.
    """

    command_id: ClassVar[int] = 0x00000002
    msg_type: U8 = 6
    need_report: U8 = 1
    priority: U8 = 0
    service_id: Annotated[str, PaddedText(10)] = ""
    fee_type: Annotated[str, PaddedText(2)] = "00"
    fee_code: Fee = "000000"
    fixed_fee: Annotated[str, Varies((None, PaddedText(6)))] = "000000"
    msg_format: U8 = 15
    valid_time: Time = ""
    at_time: Time = ""
    src_term_id: Number = ""
    charge_term_id: Number = ""
    dest_term_ids: Annotated[
        tuple[str, ...], Repeated(1, NUMBERS_MAX, padded_item(NUMBER_SIZE))
    ] = ()
    msg_content: Annotated[bytes, Counted(1, CONTENT_SIZE_MAX)] = b""
    reserve: Spare = ""
    tlvs: TlvMap = {}


class SubmitResp(Pdu, frozen=True, kw_only=True):
    """The id of the first phone's message; those of further phones follow it."""

    command_id: ClassVar[int] = 0x80000002
    msg_id: MsgId = NO_ID
    status: U32 = 0


class Deliver(Pdu, frozen=True, kw_only=True):
    """A message from a phone or, where `is_report` is 1, a report; see `receipts`."""

    command_id: ClassVar[int] = 0x00000003
    msg_id: MsgId = NO_ID
    is_report: U8 = 0
    msg_format: U8 = 0
    recv_time: Annotated[str, PaddedText(14)] = ""
    src_term_id: Number = ""
    dest_term_id: Number = ""
    msg_content: Annotated[bytes, Counted(1, 255)] = b""
    reserve: Spare = ""
    tlvs: TlvMap = {}


class DeliverResp(Pdu, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000003
    msg_id: MsgId = NO_ID
    status: U32 = 0


class ActiveTest(Pdu, frozen=True, kw_only=True):
    """Whether the peer lives. Its number is 4, where CMPP has 8."""

    command_id: ClassVar[int] = 0x00000004


class ActiveTestResp(Pdu, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000004


class Exit(Pdu, frozen=True, kw_only=True):
    """Good-bye. Its number is 6, where CMPP has 2."""

    command_id: ClassVar[int] = 0x00000006


class ExitResp(Pdu, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000006


class Query(Pdu, frozen=True, kw_only=True):
    """How many messages a day had: type 0 in all, 1 of the service that `query_code` names."""

    command_id: ClassVar[int] = 0x00000007
    query_time: Annotated[str, PaddedText(8)] = ""
    query_type: U8 = 0
    query_code: Annotated[str, PaddedText(10)] = ""


class QueryResp(Pdu, frozen=True, kw_only=True):
    """Messages to phones: all, users, done, waiting, failed; from phones: done, waiting, failed."""

    command_id: ClassVar[int] = 0x80000007
    query_time: Annotated[str, PaddedText(8)] = ""
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
    reserve: Spare = ""


PDUS: Final[dict[int, type[Pdu]]] = {
    cls.command_id: cls
    for cls in (
        *(Login, LoginResp, Submit, SubmitResp, Deliver, DeliverResp),
        *(ActiveTest, ActiveTestResp, Exit, ExitResp, Query, QueryResp),
    )
}
_BODIES: Final[dict[Version, dict[int, Body]]] = {
    version: {key: compile_body(cls, version.index) for key, cls in PDUS.items()}
    for version in Version
}


# MsgID, IsReport, MsgFormat, RecvTime, SrcTermID, DestTermID: before the content.
_DELIVER_FIXED: Final = struct.Struct(f">{MSG_ID_SIZE}sBB14s{NUMBER_SIZE}s{NUMBER_SIZE}s")


def encode(pdu: Pdu, version: Version = Version.V30) -> bytes:
    """The whole frame of a PDU.

    Raises:
        LocalProtocolError: a value does not fit its field.
    """
    body = _BODIES[version][pdu.command_id].encode(pdu)
    return HEADER.pack(HEADER_SIZE + len(body), pdu.command_id, pdu.sequence) + body


def decode(frame: bytes, version: Version = Version.V30) -> Any:
    """The PDU in exactly one frame.

    Unknown optional parameters are kept by their tag; those of a deliver that do not hold together
    are left out.

    Raises:
        RemoteProtocolError: its `status` is the status to answer with.
    """
    try:
        length, command, sequence = HEADER.unpack_from(frame)
    except struct.error as error:
        raise RemoteProtocolError(
            "The frame is shorter than a header.", status=Code.STRUCTURE
        ) from error
    if length != len(frame):
        raise RemoteProtocolError(
            f"PacketLength is {length} in a frame of {len(frame)} bytes.", status=Code.STRUCTURE
        )
    body = _BODIES[version].get(command)
    if body is None:
        raise RemoteProtocolError(f"Request 0x{command:08x} is unknown.", status=Code.COMMAND)
    try:
        return body.decode(frame, HEADER_SIZE, sequence, 0)
    except RemoteProtocolError as error:
        status = int.from_bytes(frame[HEADER_SIZE : HEADER_SIZE + 4], "big")
        if command == LoginResp.command_id and status and length >= HEADER_SIZE + 4:
            return LoginResp(sequence=sequence, status=status)
        if command == Deliver.command_id and (end := _behind_reserve(frame)) < length:
            return body.decode(frame[:end], HEADER_SIZE, sequence, 0)
        error.status = error.status or Code.STRUCTURE
        raise


def _behind_reserve(frame: bytes) -> int:
    """Where a deliver's parameters begin: a message is not lost for what is wrong with them."""
    at = HEADER_SIZE + _DELIVER_FIXED.size
    return at + 1 + frame[at] + 8 if at < len(frame) else len(frame)
