"""Every PDU of SMPP 3.4 and its bytes: `encode(pdu)` and `decode(frame)`.

A PDU is a frozen struct; `sequence` and `status` are its header's. Sections in the docstrings are
those of SMPP v3.4 Issue 1.2. `Tag` names the optional parameters; `session` decides who may send
what and when.
"""

import struct
from enum import IntEnum
from typing import Annotated, Any, ClassVar, Final

import msgspec

from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError
from yunxin.protocols.fields import (
    RESPONSE,
    U8,
    Body,
    Counted,
    CString,
    Item,
    Repeated,
    TlvMap,
    compile_body,
)
from yunxin.protocols.smpp.status import Code

HEADER = struct.Struct(">IIII")  # §3.2: command_length, command_id, command_status, sequence_number
HEADER_SIZE: Final = 16
SEQUENCE_MAX: Final = 0x7FFFFFFF  # §3.2.4
SHORT_MESSAGE_SIZE_MAX: Final = 254  # §5.2.22 with §4.4.1: sm_length is 0 to 254
FRAME_SIZE_MAX: Final = 70_000  # a message_payload of 64 KiB, 254 destinations, and room

Address = Annotated[str, CString(21)]
LongAddress = Annotated[str, CString(65)]
MessageId = Annotated[str, CString(65)]
Time = Annotated[str, CString(17)]
ServiceType = Annotated[str, CString(6)]
# Nine by §4.1.1, yet many carriers hand out longer passwords: send what the operator typed.
Password = Annotated[str, CString(9, enforced=False)]
ShortMessage = Annotated[bytes, Counted(1, SHORT_MESSAGE_SIZE_MAX)]


class Tag(IntEnum):
    """Optional parameters: §5.3.2."""

    DEST_ADDR_SUBUNIT = 0x0005
    DEST_NETWORK_TYPE = 0x0006
    DEST_BEARER_TYPE = 0x0007
    DEST_TELEMATICS_ID = 0x0008
    SOURCE_ADDR_SUBUNIT = 0x000D
    SOURCE_NETWORK_TYPE = 0x000E
    SOURCE_BEARER_TYPE = 0x000F
    SOURCE_TELEMATICS_ID = 0x0010
    QOS_TIME_TO_LIVE = 0x0017
    PAYLOAD_TYPE = 0x0019
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    RECEIPTED_MESSAGE_ID = 0x001E
    MS_MSG_WAIT_FACILITIES = 0x0030
    PRIVACY_INDICATOR = 0x0201
    SOURCE_SUBADDRESS = 0x0202
    DEST_SUBADDRESS = 0x0203
    USER_MESSAGE_REFERENCE = 0x0204
    USER_RESPONSE_CODE = 0x0205
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    LANGUAGE_INDICATOR = 0x020D
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    CALLBACK_NUM_PRES_IND = 0x0302
    CALLBACK_NUM_ATAG = 0x0303
    NUMBER_OF_MESSAGES = 0x0304
    CALLBACK_NUM = 0x0381
    DPF_RESULT = 0x0420
    SET_DPF = 0x0421
    MS_AVAILABILITY_STATUS = 0x0422
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    DELIVERY_FAILURE_REASON = 0x0425
    MORE_MESSAGES_TO_SEND = 0x0426
    MESSAGE_STATE = 0x0427
    USSD_SERVICE_OP = 0x0501
    DISPLAY_TIME = 0x1201
    SMS_SIGNAL = 0x1203
    MS_VALIDITY = 0x1204
    ALERT_ON_MESSAGE_DELIVERY = 0x130C
    ITS_REPLY_TYPE = 0x1380
    ITS_SESSION_INFO = 0x1383


# How many bytes an integer parameter has on the wire; all others are 1 (§5.3.2).
_INTEGER_SIZES = {
    Tag.DEST_TELEMATICS_ID: 2,
    Tag.QOS_TIME_TO_LIVE: 4,
    Tag.USER_MESSAGE_REFERENCE: 2,
    Tag.SOURCE_PORT: 2,
    Tag.DESTINATION_PORT: 2,
    Tag.SAR_MSG_REF_NUM: 2,
    Tag.SMS_SIGNAL: 2,
}


def integer_tlv(tag: Tag, value: int) -> bytes:
    """The value of an integer parameter in as many bytes as the specification gives it."""
    try:
        return value.to_bytes(_INTEGER_SIZES.get(tag, 1), "big")
    except OverflowError as error:
        raise LocalProtocolError(f"{tag.name} cannot hold {value}.") from error


def tlv_integer(tlvs: dict[int, bytes], tag: Tag) -> int | None:
    """An integer parameter, whatever number of bytes the peer gave it; None when it is absent."""
    value = tlvs.get(tag)
    return int.from_bytes(value, "big") if value else None


def tlv_text(tlvs: dict[int, bytes], tag: Tag) -> str | None:
    """A text parameter up to its NUL, which some peers leave out; None when it is absent."""
    value = tlvs.get(tag)
    return None if value is None else value.partition(b"\0")[0].decode("latin-1")


class Pdu(msgspec.Struct, frozen=True, kw_only=True):
    """What all PDUs have: a header. `status` is zero in requests."""

    command_id: ClassVar[int] = 0
    sequence: int = 0
    status: int = 0


# Bind and link ----------------------------------------------------------------------------------


class Bind(Pdu, frozen=True, kw_only=True):
    """What the three bind requests share: §4.1.1, §4.1.3, §4.1.5."""

    system_id: Annotated[str, CString(16)] = ""
    password: Password = ""
    system_type: Annotated[str, CString(13)] = ""
    interface_version: U8 = 0x34
    addr_ton: U8 = 0
    addr_npi: U8 = 0
    address_range: Annotated[str, CString(41)] = ""


class BindResp(Pdu, frozen=True, kw_only=True):
    """What the three bind responses share: §4.1.2, §4.1.4, §4.1.6."""

    system_id: Annotated[str, CString(16)] = ""
    tlvs: TlvMap = {}


class BindReceiver(Bind, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x00000001


class BindTransmitter(Bind, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x00000002


class BindTransceiver(Bind, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x00000009


class BindReceiverResp(BindResp, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000001


class BindTransmitterResp(BindResp, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000002


class BindTransceiverResp(BindResp, frozen=True, kw_only=True):
    command_id: ClassVar[int] = 0x80000009


class Outbind(Pdu, frozen=True, kw_only=True):
    """§4.1.7: the message centre asks the client to bind as a receiver. It has no response."""

    command_id: ClassVar[int] = 0x0000000B
    system_id: Annotated[str, CString(16)] = ""
    password: Password = ""


class Unbind(Pdu, frozen=True, kw_only=True):
    """§4.2.1."""

    command_id: ClassVar[int] = 0x00000006


class UnbindResp(Pdu, frozen=True, kw_only=True):
    """§4.2.2."""

    command_id: ClassVar[int] = 0x80000006


class GenericNack(Pdu, frozen=True, kw_only=True):
    """§4.3.1: the answer to what could not be understood at all."""

    command_id: ClassVar[int] = 0x80000000


class EnquireLink(Pdu, frozen=True, kw_only=True):
    """§4.11.1."""

    command_id: ClassVar[int] = 0x00000015


class EnquireLinkResp(Pdu, frozen=True, kw_only=True):
    """§4.11.2."""

    command_id: ClassVar[int] = 0x80000015


# Messages ---------------------------------------------------------------------------------------


class ShortMessagePdu(Pdu, frozen=True, kw_only=True):
    """The body that submit_sm (§4.4.1) and deliver_sm (§4.6.1) share; sm_length is implied."""

    service_type: ServiceType = ""
    source_addr_ton: U8 = 0
    source_addr_npi: U8 = 0
    source_addr: Address = ""
    dest_addr_ton: U8 = 0
    dest_addr_npi: U8 = 0
    destination_addr: Address = ""
    esm_class: U8 = 0
    protocol_id: U8 = 0
    priority_flag: U8 = 0
    schedule_delivery_time: Time = ""
    validity_period: Time = ""
    registered_delivery: U8 = 0
    replace_if_present_flag: U8 = 0
    data_coding: U8 = 0
    sm_default_msg_id: U8 = 0
    short_message: ShortMessage = b""
    tlvs: TlvMap = {}

    @property
    def message(self) -> bytes:
        """The user data, with its header if it has one, from whichever field carries it."""
        return self.short_message or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")


class SubmitSm(ShortMessagePdu, frozen=True, kw_only=True):
    """§4.4.1: a message to a phone."""

    command_id: ClassVar[int] = 0x00000004


class SubmitSmResp(Pdu, frozen=True, kw_only=True):
    """§4.4.2."""

    command_id: ClassVar[int] = 0x80000004
    message_id: MessageId = ""


class DeliverSm(ShortMessagePdu, frozen=True, kw_only=True):
    """§4.6.1: a message from a phone, or a delivery receipt."""

    command_id: ClassVar[int] = 0x00000005


class DeliverSmResp(Pdu, frozen=True, kw_only=True):
    """§4.6.2: message_id is unused and empty."""

    command_id: ClassVar[int] = 0x80000005
    message_id: MessageId = ""


class SmeAddress(msgspec.Struct, frozen=True):
    """§4.5.1.1: one phone of a submit_multi."""

    address: str
    ton: int = 0
    npi: int = 0


class ListName(msgspec.Struct, frozen=True):
    """§4.5.1.2: a distribution list, kept at the message centre, of a submit_multi."""

    name: str


class Unsuccess(msgspec.Struct, frozen=True):
    """§4.5.2.1: one phone that a submit_multi did not reach, and why."""

    address: str
    status: int
    ton: int = 0
    npi: int = 0


def _write_c(value: str) -> bytes:
    if len(value) > 20 or "\0" in value:
        raise LocalProtocolError("An address must have at most 20 characters and no NUL.")
    return value.encode("latin-1") + b"\0"


def _read_c(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(0, at)
    return data[at:end].decode("latin-1"), end + 1


def _write_destination(value: SmeAddress | ListName) -> bytes:
    if isinstance(value, ListName):
        return b"\x02" + _write_c(value.name)
    return struct.pack(">BBB", 1, value.ton, value.npi) + _write_c(value.address)


def _read_destination(data: bytes, at: int) -> tuple[SmeAddress | ListName, int]:
    flag = data[at]
    if flag == 2:
        name, at = _read_c(data, at + 1)
        return ListName(name), at
    if flag != 1:
        raise RemoteProtocolError(f"dest_flag is {flag}.", status=Code.RINVDESTFLAG)
    _, ton, npi = struct.unpack_from(">BBB", data, at)
    address, at = _read_c(data, at + 3)
    return SmeAddress(address, ton, npi), at


def _write_unsuccess(value: Unsuccess) -> bytes:
    head = struct.pack(">BB", value.ton, value.npi)
    return head + _write_c(value.address) + struct.pack(">I", value.status)


def _read_unsuccess(data: bytes, at: int) -> tuple[Unsuccess, int]:
    ton, npi = struct.unpack_from(">BB", data, at)
    address, at = _read_c(data, at + 2)
    (status,) = struct.unpack_from(">I", data, at)
    return Unsuccess(address, status, ton, npi), at + 4


Destination = SmeAddress | ListName


class SubmitMulti(Pdu, frozen=True, kw_only=True):
    """§4.5.1: one message to up to 254 destinations."""

    command_id: ClassVar[int] = 0x00000021
    service_type: ServiceType = ""
    source_addr_ton: U8 = 0
    source_addr_npi: U8 = 0
    source_addr: Address = ""
    destinations: Annotated[
        tuple[Destination, ...], Repeated(1, 254, Item(_write_destination, _read_destination))
    ] = ()
    esm_class: U8 = 0
    protocol_id: U8 = 0
    priority_flag: U8 = 0
    schedule_delivery_time: Time = ""
    validity_period: Time = ""
    registered_delivery: U8 = 0
    replace_if_present_flag: U8 = 0
    data_coding: U8 = 0
    sm_default_msg_id: U8 = 0
    short_message: ShortMessage = b""
    tlvs: TlvMap = {}

    @property
    def message(self) -> bytes:
        """The user data, from whichever field carries it."""
        return self.short_message or self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")


class SubmitMultiResp(Pdu, frozen=True, kw_only=True):
    """§4.5.2."""

    command_id: ClassVar[int] = 0x80000021
    message_id: MessageId = ""
    unsuccess: Annotated[
        tuple[Unsuccess, ...], Repeated(1, 255, Item(_write_unsuccess, _read_unsuccess))
    ] = ()


class DataSm(Pdu, frozen=True, kw_only=True):
    """§4.7.1: a message in either direction, its user data in message_payload."""

    command_id: ClassVar[int] = 0x00000103
    service_type: ServiceType = ""
    source_addr_ton: U8 = 0
    source_addr_npi: U8 = 0
    source_addr: LongAddress = ""
    dest_addr_ton: U8 = 0
    dest_addr_npi: U8 = 0
    destination_addr: LongAddress = ""
    esm_class: U8 = 0
    registered_delivery: U8 = 0
    data_coding: U8 = 0
    tlvs: TlvMap = {}

    @property
    def message(self) -> bytes:
        """The user data."""
        return self.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")


class DataSmResp(Pdu, frozen=True, kw_only=True):
    """§4.7.2."""

    command_id: ClassVar[int] = 0x80000103
    message_id: MessageId = ""
    tlvs: TlvMap = {}


# What may be asked about a message --------------------------------------------------------------


class QuerySm(Pdu, frozen=True, kw_only=True):
    """§4.8.1."""

    command_id: ClassVar[int] = 0x00000003
    message_id: MessageId = ""
    source_addr_ton: U8 = 0
    source_addr_npi: U8 = 0
    source_addr: Address = ""


class QuerySmResp(Pdu, frozen=True, kw_only=True):
    """§4.8.2."""

    command_id: ClassVar[int] = 0x80000003
    message_id: MessageId = ""
    final_date: Time = ""
    message_state: U8 = 0
    error_code: U8 = 0


class CancelSm(Pdu, frozen=True, kw_only=True):
    """§4.9.1."""

    command_id: ClassVar[int] = 0x00000008
    service_type: ServiceType = ""
    message_id: MessageId = ""
    source_addr_ton: U8 = 0
    source_addr_npi: U8 = 0
    source_addr: Address = ""
    dest_addr_ton: U8 = 0
    dest_addr_npi: U8 = 0
    destination_addr: Address = ""


class CancelSmResp(Pdu, frozen=True, kw_only=True):
    """§4.9.2."""

    command_id: ClassVar[int] = 0x80000008


class ReplaceSm(Pdu, frozen=True, kw_only=True):
    """§4.10.1."""

    command_id: ClassVar[int] = 0x00000007
    message_id: MessageId = ""
    source_addr_ton: U8 = 0
    source_addr_npi: U8 = 0
    source_addr: Address = ""
    schedule_delivery_time: Time = ""
    validity_period: Time = ""
    registered_delivery: U8 = 0
    sm_default_msg_id: U8 = 0
    short_message: ShortMessage = b""


class ReplaceSmResp(Pdu, frozen=True, kw_only=True):
    """§4.10.2."""

    command_id: ClassVar[int] = 0x80000007


class AlertNotification(Pdu, frozen=True, kw_only=True):
    """§4.12.1: a phone can be reached again. It has no response."""

    command_id: ClassVar[int] = 0x00000102
    source_addr_ton: U8 = 0
    source_addr_npi: U8 = 0
    source_addr: LongAddress = ""
    esme_addr_ton: U8 = 0
    esme_addr_npi: U8 = 0
    esme_addr: LongAddress = ""
    tlvs: TlvMap = {}


PDUS: Final[dict[int, type[Pdu]]] = {
    cls.command_id: cls
    for cls in (
        *(BindReceiver, BindReceiverResp, BindTransmitter, BindTransmitterResp),
        *(BindTransceiver, BindTransceiverResp, Outbind, Unbind, UnbindResp, GenericNack),
        *(EnquireLink, EnquireLinkResp, SubmitSm, SubmitSmResp, SubmitMulti, SubmitMultiResp),
        *(DeliverSm, DeliverSmResp, DataSm, DataSmResp, QuerySm, QuerySmResp),
        *(CancelSm, CancelSmResp, ReplaceSm, ReplaceSmResp, AlertNotification),
    )
}
_BODIES: Final[dict[int, Body]] = {key: compile_body(cls) for key, cls in PDUS.items()}


def encode(pdu: Pdu) -> bytes:
    """The whole frame of a PDU.

    Raises:
        LocalProtocolError: a value does not fit its field.
    """
    body = _BODIES[pdu.command_id].encode(pdu)
    return HEADER.pack(HEADER_SIZE + len(body), pdu.command_id, pdu.status, pdu.sequence) + body


def decode(frame: bytes) -> Any:
    """The PDU in exactly one frame.

    Responses may come without their body (error responses must, §3.2.1.4 and practice): their
    fields then have their defaults. Unknown optional parameters are kept by their tag.

    Raises:
        RemoteProtocolError: its `status` is the command_status to answer with.
    """
    try:
        length, command_id, status, sequence = HEADER.unpack_from(frame)
    except struct.error as error:
        raise RemoteProtocolError(
            "The frame is shorter than a header.", status=Code.RINVCMDLEN
        ) from error
    if length != len(frame):
        raise RemoteProtocolError(
            f"command_length is {length} in a frame of {len(frame)} bytes.", status=Code.RINVCMDLEN
        )
    body = _BODIES.get(command_id)
    if body is None:
        raise RemoteProtocolError(f"Command 0x{command_id:08x} is unknown.", status=Code.RINVCMDID)
    if command_id & RESPONSE and (length == HEADER_SIZE):
        return PDUS[command_id](sequence=sequence, status=status)
    try:
        return body.decode(frame, HEADER_SIZE, sequence, status)
    except RemoteProtocolError as error:
        if command_id & RESPONSE and status:
            return PDUS[command_id](sequence=sequence, status=status)
        error.status = error.status or Code.RINVMSGLEN
        raise
