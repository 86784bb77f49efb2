"""The fast way to an SMGP submit: everything but phones and content is laid out once."""

from collections.abc import Sequence
from functools import lru_cache

from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.fields import write_tlvs
from yunxin.protocols.formats import ASCII
from yunxin.protocols.smgp.pdus import (
    CONTENT_SIZE_MAX,
    HEADER,
    HEADER_SIZE,
    NUMBER_SIZE,
    NUMBERS_MAX,
    Submit,
    Tag,
    Version,
    encode,
    text_tlv,
)

SIZE_MAX = 140  # of anything but ASCII
_SUBMIT = Submit.command_id
_RESERVE_SIZE = 8
_ONE = b"\1"
_SIZES = [bytes([size]) for size in range(CONTENT_SIZE_MAX + 1)]


class SubmitTemplate:
    """A submit without its phones and content.

    Args:
        source: SrcTermID: the access number with its extension.
        msg_format: see `formats.FORMATS`.
        account: MsgSrc, the provider's code, which most gateways demand; empty leaves it out.
        charge_term_id: who pays; empty is the destination.
        valid_time: `YYMMDDhhmmsstnnp`, or empty.
        tp_pid: 0 leaves it out.
    """

    __slots__ = ("_head", "_size", "_size_max", "_tail")

    def __init__(
        self,
        source: str,
        *,
        msg_format: int,
        version: Version = Version.V30,
        account: str = "",
        service_id: str = "",
        need_report: int = 1,
        priority: int = 0,
        fee_type: str = "00",
        fee_code: str = "000000",
        fixed_fee: str = "000000",
        charge_term_id: str = "",
        valid_time: str = "",
        link_id: str = "",
        tp_pid: int = 0,
    ) -> None:
        tlvs: dict[int, bytes] = {}
        if tp_pid:
            tlvs[Tag.TP_PID] = bytes((tp_pid,))
        if account:
            tlvs[Tag.MSG_SRC] = text_tlv(Tag.MSG_SRC, account)
        if link_id:
            tlvs[Tag.LINK_ID] = text_tlv(Tag.LINK_ID, link_id)
        frame = encode(
            Submit(
                need_report=need_report,
                priority=priority,
                service_id=service_id,
                fee_type=fee_type,
                fee_code=fee_code,
                fixed_fee=fixed_fee,
                msg_format=msg_format,
                valid_time=valid_time,
                src_term_id=source,
                charge_term_id=charge_term_id,
                tlvs=tlvs,
            ),
            version,
        )
        body = frame[HEADER_SIZE:]
        # Between head and tail: the count of phones, none yet, and the length of the content.
        self._tail = bytes(_RESERVE_SIZE) + write_tlvs(tlvs)
        self._head = body[: -len(self._tail) - 2]
        self._size = len(frame)
        self._size_max = CONTENT_SIZE_MAX if msg_format == ASCII else SIZE_MAX

    def encode(
        self, sequence: int, destination: str | Sequence[str], data: bytes, udhi: bool = False
    ) -> bytes:
        """The whole frame.

        Args:
            destination: digits, at most 21; or up to 100 such numbers.
            data: the user data with its header, if any; at most 140 bytes, 160 of ASCII.
            udhi: whether the data starts with a user data header; PkTotal and PkNumber follow it.
        """
        size = len(data)
        if size > self._size_max:
            raise LocalProtocolError(f"A message has at most {self._size_max} bytes.")
        if isinstance(destination, str):
            count, numbers = _ONE, _padded(destination)
        else:
            if not 1 <= len(destination) <= NUMBERS_MAX:
                raise LocalProtocolError(f"A message goes to 1 to {NUMBERS_MAX} phones.")
            count = bytes((len(destination),))
            numbers = b"".join([_padded(one) for one in destination])
        place = _parameters(*_place(data)) if udhi else b""
        total = self._size + len(numbers) + size + len(place)
        return b"".join(
            (
                HEADER.pack(total, _SUBMIT, sequence),
                self._head,
                count,
                numbers,
                _SIZES[size],
                data,
                self._tail,
                place,
            )
        )


@lru_cache(maxsize=4096)
def _parameters(total: int, number: int) -> bytes:
    """What says that a part has a header, and which part it is."""
    return write_tlvs(
        {Tag.TP_UDHI: b"\1", Tag.PK_TOTAL: bytes((total,)), Tag.PK_NUMBER: bytes((number,))}
    )


def _place(data: bytes) -> tuple[int, int]:
    """Total and number as the header in front of the data has them, or 1 of 1."""
    if data[:3] == b"\x05\x00\x03" and len(data) > 5:  # 3GPP TS 23.040 §9.2.3.24.1
        return data[4], data[5]
    if data[:3] == b"\x06\x08\x04" and len(data) > 6:  # §9.2.3.24.8
        return data[5], data[6]
    return 1, 1


def _padded(number: str) -> bytes:
    if len(number) > NUMBER_SIZE or not number.isascii() or "\0" in number:
        raise LocalProtocolError(f"A number has at most {NUMBER_SIZE} digits.")
    return number.encode("ascii").ljust(NUMBER_SIZE, b"\0")
