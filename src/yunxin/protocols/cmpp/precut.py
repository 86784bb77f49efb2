"""The fast way to a SUBMIT: everything but number, destination and data is laid out once."""

from yunxin.protocols.cmpp.pdus import HEADER, HEADER_SIZE, Submit, Version, encode
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.formats import ASCII

ASCII_SIZE_MAX = 160  # the specification says below 160; gateways take 160 of seven bits
SIZE_MAX = 140  # §8.4.3.1: of anything else
PARTS_MAX = 255
_SUBMIT = Submit.command_id
_PLACE_OF_PARTS = 8  # behind Msg_Id
_NUMBER_SIZES = {Version.V20: 21, Version.V30: 32}
_UDHI_PLACES = {Version.V20: 45, Version.V30: 57}
_COUNT_PLACES = {Version.V20: 116, Version.V30: 128}
_TAIL_SIZES = {Version.V20: 8, Version.V30: 20}
_SIZES = [bytes([size]) for size in range(ASCII_SIZE_MAX + 1)]
_WHOLE = bytes(8) + b"\x01\x01"  # Msg_Id, Pk_total, Pk_number
_NO_ID = bytes(8)


class SubmitTemplate:
    """A SUBMIT to one phone without its destination and data.

    Args:
        source: Src_Id, the access number with its extension; at most 21 characters.
        account: Msg_src, the SP's code of six characters that it logs in with.
        msg_fmt: see `formats.FORMATS`.
        registered_delivery: 1 asks for a report.
        fee_user_type: who pays: 0 the destination, 1 the source, 2 the SP, 3 `fee_terminal_id`.
        fee_type: "01" free, "02" by the message, "03" by the month.
        valid_time: `YYMMDDhhmmsstnnp` ("032+" is Beijing's tnnp), or empty.
    """

    __slots__ = ("_after", "_before", "_number_size", "_rest_size", "_size_max", "_tail")

    def __init__(
        self,
        source: str,
        *,
        version: Version,
        account: str,
        msg_fmt: int,
        service_id: str = "",
        registered_delivery: int = 1,
        msg_level: int = 0,
        fee_user_type: int = 2,
        fee_terminal_id: str = "",
        fee_type: str = "01",
        fee_code: str = "000000",
        tp_pid: int = 0,
        valid_time: str = "",
        link_id: str = "",
    ) -> None:
        frame = encode(
            Submit(
                registered_delivery=registered_delivery,
                msg_level=msg_level,
                service_id=service_id,
                fee_user_type=fee_user_type,
                fee_terminal_id=fee_terminal_id,
                tp_pid=tp_pid,
                msg_fmt=msg_fmt,
                msg_src=account,
                fee_type=fee_type,
                fee_code=fee_code,
                valid_time=valid_time,
                src_id=source,
                dest_terminal_ids=("",),
                link_id=link_id,
            ),
            version,
        )
        body = frame[HEADER_SIZE:]
        udhi, count = _UDHI_PLACES[version], _COUNT_PLACES[version]
        number_size = _NUMBER_SIZES[version]
        before = body[_PLACE_OF_PARTS + 2 : count + 1]
        at = udhi - _PLACE_OF_PARTS - 2
        self._before = before, before[:at] + b"\x01" + before[at + 1 :]
        self._after = body[count + 1 + number_size : -_TAIL_SIZES[version] - 1]
        self._tail = body[-_TAIL_SIZES[version] :]
        self._number_size = number_size
        self._rest_size = len(frame)
        self._size_max = ASCII_SIZE_MAX if msg_fmt == ASCII else SIZE_MAX

    def encode(self, sequence: int, destination: str, data: bytes, udhi: bool = False) -> bytes:
        """The whole frame.

        Args:
            destination: digits, at most 21 in 2.0 and 32 in 3.0.
            data: the user data with its header, if any; at most 140 bytes, 160 of ASCII.
            udhi: whether the data starts with a user data header; Pk_total and Pk_number follow it.
        """
        size, number = len(data), destination.encode("latin-1")
        if size > self._size_max:
            raise LocalProtocolError(f"A message has at most {self._size_max} bytes.")
        if len(number) > self._number_size or b"\0" in number:
            raise LocalProtocolError(
                f"A destination has at most {self._number_size} characters and no NUL."
            )
        return b"".join(
            (
                HEADER.pack(self._rest_size + size, _SUBMIT, sequence),
                _NO_ID + _place(data) if udhi else _WHOLE,
                self._before[udhi],
                number.ljust(self._number_size, b"\0"),
                self._after,
                _SIZES[size],
                data,
                self._tail,
            )
        )


def _place(data: bytes) -> bytes:
    """Pk_total and Pk_number as the header in front of the data has them, or 1 of 1."""
    place = b""
    if data[:3] == b"\x05\x00\x03":  # 3GPP TS 23.040 §9.2.3.24.1
        place = data[4:6]
    elif data[:3] == b"\x06\x08\x04":  # §9.2.3.24.8
        place = data[5:7]
    return place if len(place) == 2 else b"\x01\x01"
