"""The fast way to an SGIP submit: everything but phones and content is laid out once."""

from collections.abc import Sequence

from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.formats import ASCII
from yunxin.protocols.sgip.pdus import (
    CONTENT_SIZE_MAX,
    HEADER,
    HEADER_SIZE,
    NUMBER_SIZE,
    NUMBERS_MAX,
    Submit,
    encode,
)

SIZE_MAX = 140  # of anything but ASCII
FREE: int = 1  # FeeType: the phone pays nothing
PROVIDER_PAYS = "0" * NUMBER_SIZE  # ChargeNumber
_SUBMIT = Submit.command_id
_HEAD_SIZE = 2 * NUMBER_SIZE  # SPNumber and ChargeNumber, before UserCount
_UDHI_AT = 5 + 10 + 1 + 6 + 6 + 1 + 1 + 1 + 16 + 16 + 1 + 1  # from CorpId to TP_pid
_RESERVE = bytes(8)
_ONE = b"\1"


class SubmitTemplate:
    """A submit without its phones and content.

    Args:
        source: SPNumber: the access number with its extension.
        data_coding: MessageCoding; see `formats`.
        corp_id: the provider's company code, five digits.
        charge_number: see `pdus.Submit`; by default the provider pays.
        report_flag: 1 asks for a report in any case.
        expire_time: `yymmddhhmmsstnnp`, or empty.
    """

    __slots__ = ("_head", "_rests", "_size", "_size_max")

    def __init__(
        self,
        source: str,
        *,
        data_coding: int,
        corp_id: str = "",
        service_type: str = "",
        charge_number: str = PROVIDER_PAYS,
        fee_type: int = FREE,
        fee_value: str = "0",
        given_value: str = "0",
        agent_flag: int = 0,
        mt_flag: int = 2,
        priority: int = 0,
        report_flag: int = 1,
        tp_pid: int = 0,
        expire_time: str = "",
    ) -> None:
        frame = encode(
            Submit(
                sp_number=source,
                charge_number=charge_number,
                corp_id=corp_id,
                service_type=service_type,
                fee_type=fee_type,
                fee_value=fee_value,
                given_value=given_value,
                agent_flag=agent_flag,
                mt_flag=mt_flag,
                priority=priority,
                expire_time=expire_time,
                report_flag=report_flag,
                tp_pid=tp_pid,
                message_coding=data_coding,
            )
        )
        body = frame[HEADER_SIZE:]
        self._head = body[:_HEAD_SIZE]
        # Behind the (empty) list of phones, to before MessageLength and the reserve.
        rest = body[_HEAD_SIZE + 1 : -(4 + len(_RESERVE))]
        self._rests = rest, rest[:_UDHI_AT] + b"\1" + rest[_UDHI_AT + 1 :]
        self._size = HEADER_SIZE + len(body)
        self._size_max = CONTENT_SIZE_MAX if data_coding == ASCII else SIZE_MAX

    def encode(
        self, sequence: int, destination: str | Sequence[str], data: bytes, udhi: bool = False
    ) -> bytes:
        """The whole frame.

        Args:
            destination: digits with 86, at most 21; or up to 100 such numbers.
            data: the user data with its header, if any; at most 140 bytes, 160 of ASCII.
            udhi: whether the data starts with a user data header.
        """
        if len(data) > self._size_max:
            raise LocalProtocolError(f"A message has at most {self._size_max} bytes.")
        if isinstance(destination, str):
            count, numbers = _ONE, _padded(destination)
        else:
            if not 1 <= len(destination) <= NUMBERS_MAX:
                raise LocalProtocolError(f"A message goes to 1 to {NUMBERS_MAX} phones.")
            count = bytes((len(destination),))
            numbers = b"".join([_padded(one) for one in destination])
        size = len(data)
        return b"".join(
            (
                HEADER.pack(
                    self._size + len(numbers) + size,
                    _SUBMIT,
                    sequence >> 32,
                    sequence & 0xFFFFFFFF,
                ),
                self._head,
                count,
                numbers,
                self._rests[udhi],
                size.to_bytes(4, "big"),
                data,
                _RESERVE,
            )
        )


def _padded(number: str) -> bytes:
    if len(number) > NUMBER_SIZE or not number.isascii() or "\0" in number:
        raise LocalProtocolError(f"A number has at most {NUMBER_SIZE} digits.")
    return number.encode("ascii").ljust(NUMBER_SIZE, b"\0")
