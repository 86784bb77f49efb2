"""The fast way to a submit_sm: everything but destination and data is laid out once.

A channel sends thousands of messages a second that differ in two fields. `SubmitTemplate` keeps
the bytes before and after the destination; `encode` joins five pieces.
"""

from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import Alphabet
from yunxin.protocols.fields import write_tlvs
from yunxin.protocols.smpp.pdus import (
    HEADER,
    HEADER_SIZE,
    SHORT_MESSAGE_SIZE_MAX,
    SubmitSm,
    Tag,
    encode,
)

UDHI = 0x40  # §5.2.12: the data starts with a user data header
PAYLOAD_SIZE_MAX = 0xFFFF  # §5.3.2.32, bounded by the two bytes of a TLV's length
_DESTINATION_SIZE_MAX = 20  # §4.4.1, without its NUL

# §5.2.19. 0 is "the message centre's default": GSM 7-bit at most, Latin-1 at some. 15 is reserved
# in the specification and GBK at Chinese gateways.
ALPHABETS = {
    0: Alphabet.GSM7,
    1: Alphabet.ASCII,
    2: Alphabet.BINARY,
    3: Alphabet.LATIN1,
    4: Alphabet.BINARY,
    8: Alphabet.UCS2,
    15: Alphabet.GBK,
}
DATA_CODINGS = {
    Alphabet.GSM7: 0,
    Alphabet.ASCII: 1,
    Alphabet.LATIN1: 3,
    Alphabet.BINARY: 4,
    Alphabet.UCS2: 8,
    Alphabet.GBK: 15,
}


def alphabet_of(data_coding: int) -> Alphabet:
    """The alphabet of a data_coding; message classes (§5.2.19, 0x1x and 0xFx) keep theirs."""
    known = ALPHABETS.get(data_coding)
    if known is not None:
        return known
    if data_coding & 0xC0 == 0 and data_coding & 0x10:  # 3GPP TS 23.038 §4: with a class
        return {0x00: Alphabet.GSM7, 0x08: Alphabet.UCS2}.get(data_coding & 0x0C, Alphabet.BINARY)
    if data_coding & 0xF0 == 0xF0:
        return Alphabet.BINARY if data_coding & 0x04 else Alphabet.GSM7
    return Alphabet.BINARY


class SubmitTemplate:
    """A submit_sm without its destination and data.

    Args:
        source: the access number with its extension; its type and plan as the carrier wants them.
        data_coding: see `DATA_CODINGS`.
        registered_delivery: 1 asks for a receipt in any case (§5.2.17).
        validity_period: `YYMMDDhhmmsstnnp`, relative (`000000hhmmss000R`), or empty.
    """

    __slots__ = ("_head", "_rest_size", "_rests")

    def __init__(
        self,
        source: str,
        *,
        data_coding: int,
        source_ton: int = 0,
        source_npi: int = 0,
        dest_ton: int = 1,
        dest_npi: int = 1,
        esm_class: int = 0,
        protocol_id: int = 0,
        priority: int = 0,
        registered_delivery: int = 1,
        service_type: str = "",
        validity_period: str = "",
    ) -> None:
        frame = encode(
            SubmitSm(
                service_type=service_type,
                source_addr_ton=source_ton,
                source_addr_npi=source_npi,
                source_addr=source,
                dest_addr_ton=dest_ton,
                dest_addr_npi=dest_npi,
                esm_class=esm_class,
                protocol_id=protocol_id,
                priority_flag=priority,
                validity_period=validity_period,
                registered_delivery=registered_delivery,
                data_coding=data_coding,
            )
        )
        body = frame[HEADER_SIZE:]
        # service_type NUL, two bytes, source NUL, two bytes: then the (empty) destination's NUL.
        cut = len(service_type) + 1 + 2 + len(source) + 1 + 2
        self._head = body[:cut]
        rest = body[cut:-1]  # from the destination's NUL to before sm_length
        self._rests = rest, rest[:1] + bytes([rest[1] | UDHI]) + rest[2:]
        self._rest_size = HEADER_SIZE + cut + len(rest) + 1

    def encode(self, sequence: int, destination: str, data: bytes, udhi: bool = False) -> bytes:
        """The whole frame.

        Args:
            destination: digits, at most 20.
            data: the user data with its header, if any; more than 254 bytes go as message_payload.
            udhi: whether the data starts with a user data header.
        """
        size = len(data)
        number = destination.encode("latin-1")
        if size > SHORT_MESSAGE_SIZE_MAX:
            if size > PAYLOAD_SIZE_MAX:
                raise LocalProtocolError("A message has at most 65,535 bytes.")
            tail = b"\0" + write_tlvs({Tag.MESSAGE_PAYLOAD: data})
            size = len(tail) - 1
        else:
            tail = _LENGTHS[size] + data
        if len(number) > _DESTINATION_SIZE_MAX or b"\0" in number:
            raise LocalProtocolError("A destination has at most 20 characters and no NUL.")
        total = self._rest_size + len(number) + size
        return b"".join(
            (HEADER.pack(total, 4, 0, sequence), self._head, number, self._rests[udhi], tail)
        )


_LENGTHS = [bytes([size]) for size in range(SHORT_MESSAGE_SIZE_MAX + 1)]
