"""CMPP's message ids: 64 bits that hold a time, a gateway and a sequence.

    bits 63–60 month · 59–55 day · 54–50 hour · 49–44 minute · 43–38 second
         37–16 the gateway's code · 15–0 a sequence

From August on the top bit is set, so the number does not fit a signed 64-bit integer as it is: ids
travel as 16 hexadecimal digits, and `to_signed` is for who must have a bigint. A client takes an
id as it is and reads nothing from it. Source: CMPP V3.0 §8.4.3.2.
"""

from datetime import datetime
from typing import NamedTuple

from yunxin.protocols.clock import BEIJING

SEQUENCE_SIZE = 1 << 16
_FULL, _TOP = 1 << 64, 1 << 63


class MsgId(NamedTuple):
    """The parts of an id."""

    month: int
    day: int
    hour: int
    minute: int
    second: int
    gateway: int
    sequence: int


def pack(parts: MsgId) -> int:
    """The number of an id; parts that are too large lose their upper bits."""
    month, day, hour, minute, second, gateway, sequence = parts
    number = (month & 15) << 60 | (day & 31) << 55 | (hour & 31) << 50 | (minute & 63) << 44
    return number | (second & 63) << 38 | (gateway & 0x3FFFFF) << 16 | sequence & 0xFFFF


def unpack(number: int) -> MsgId:
    """The parts of an id."""
    return MsgId(
        number >> 60 & 15,
        number >> 55 & 31,
        number >> 50 & 31,
        number >> 44 & 63,
        number >> 38 & 63,
        number >> 16 & 0x3FFFFF,
        number & 0xFFFF,
    )


def made_at(moment: datetime, gateway: int, sequence: int) -> int:
    """The id that a gateway gives at an aware time."""
    at = moment.astimezone(BEIJING)
    return pack(MsgId(at.month, at.day, at.hour, at.minute, at.second, gateway, sequence))


def following(number: int, places: int) -> int:
    """The id of a later phone of the same SUBMIT: the sequence runs on within its 16 bits."""
    return number & ~0xFFFF | (number + places) & 0xFFFF


def to_text(number: int) -> str:
    """16 lower-case hexadecimal digits: how ids are written everywhere here."""
    return f"{number:016x}"


def from_text(text: str) -> int:
    """The number of an id as 16 hexadecimal digits or, in any other length, as decimal ones.

    Raises:
        ValueError: it is neither, or more than 64 bits.
    """
    number = int(text, 16 if len(text) == 16 else 10)
    if not 0 <= number < _FULL:
        raise ValueError(f"{text} does not fit 64 bits.")
    return number


def to_signed(number: int) -> int:
    """As a signed 64-bit integer with the same bits."""
    return number - _FULL if number >= _TOP else number


def from_signed(number: int) -> int:
    """Back from `to_signed`."""
    return number & _FULL - 1
