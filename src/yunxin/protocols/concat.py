"""The user data header in front of a message's bytes, and the parts of a long message in it.

Source: 3GPP TS 23.040 §9.2.3.24. `text.segments` cuts and makes headers; this file reads them.
"""

import msgspec

_CONCAT_8 = 0x00  # §9.2.3.24.1: reference 1, total 1, number 1
_CONCAT_16 = 0x08  # §9.2.3.24.8: reference 2, total 1, number 1
PARTS_MAX = 255  # one byte, by whatever means a protocol tells it
REFERENCE_MAX = 0xFFFF


class Part(msgspec.Struct, frozen=True):
    """Where one message stands in a longer one: `number` runs from 1 to `total`."""

    reference: int
    total: int
    number: int


def split_header(data: bytes) -> tuple[Part | None, bytes]:
    """Take the header off user data that has one (the protocol's UDHI flag says so).

    A header that does not hold together is taken off as far as its length says, or left where it
    is when even that runs past the end: a message is never lost for its header.
    """
    if not data or data[0] >= len(data):
        return None, data
    end = data[0] + 1
    part, at = None, 1
    while at + 2 <= end and at + 2 + data[at + 1] <= end:
        value = data[at + 2 : at + 2 + data[at + 1]]
        part = part or _part(data[at], value)
        at += 2 + len(value)
    return part, data[end:]


def _part(element: int, value: bytes) -> Part | None:
    if element == _CONCAT_8 and len(value) == 3:
        return checked_part(value[0], value[1], value[2])
    if element == _CONCAT_16 and len(value) == 4:
        return checked_part(int.from_bytes(value[:2], "big"), value[2], value[3])
    return None


def checked_part(reference: int, total: int, number: int) -> Part | None:
    """A part whose numbers make sense, or None: the bytes then count as a message of their own."""
    sane = 1 <= number <= total <= PARTS_MAX and reference <= REFERENCE_MAX
    return Part(reference, total, number) if sane else None
