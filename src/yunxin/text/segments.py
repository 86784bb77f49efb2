"""Length, price and cut of a text: one rule for the page, the package and the wire.

`split` cuts; `count` is the number of parts that `split` makes; so the price is what is sent.
"""

SINGLE_UNITS = 70  # product rule; 140 octets of TP-User-Data hold 70 code units
PART_UNITS = 67  # 3GPP TS 23.040 §9.2.3.24.1: the 6-byte header leaves 134 octets
TEXT_UNITS_MAX = 1000  # 15 parts; longer texts are refused before they cost anything
HEADER_OCTETS = 6


class TextTooLong(ValueError):
    """The text is longer than 1,000 characters with its signature and unsubscribe hint."""


def length(text: str) -> int:
    """How many UTF-16 code units the text has: an emoji counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def count(text: str) -> int:
    """How many segments (计费条数) the whole text costs: as many as `split` makes.

    Up to 70 code units: 1. Else ceil(units / 67), and one more only where an emoji would have
    been cut in two.

    Args:
        text: signature and unsubscribe hint included.
    Raises:
        TextTooLong: more than 1,000 code units.
    """
    units = length(text)
    if units <= SINGLE_UNITS:
        return 1
    if units > TEXT_UNITS_MAX:
        raise TextTooLong
    if units == len(text):
        return -(-units // PART_UNITS)
    return len(split(text))


def split(text: str) -> list[str]:
    """Cut a text into the parts that a carrier counts and bills.

    One part holds 70 UTF-16 code units; in a longer text each holds 67, as the 6-byte
    concatenation header takes the rest of its 140 octets. A surrogate pair is never cut.

    Args:
        text: signature and unsubscribe hint included.
    Raises:
        TextTooLong: more than 1,000 code units.
    Source: 3GPP TS 23.040 §9.2.3.24.1; TS 23.038 §6.2.
    """
    units = length(text)
    if units <= SINGLE_UNITS:
        return [text]
    if units > TEXT_UNITS_MAX:
        raise TextTooLong
    if units == len(text):
        return [text[at : at + PART_UNITS] for at in range(0, units, PART_UNITS)]
    return _split_with_pairs(text)


def _split_with_pairs(text: str) -> list[str]:
    parts, start, room = [], 0, PART_UNITS
    for at, char in enumerate(text):
        size = 2 if char > "\uffff" else 1
        if size > room:
            parts.append(text[start:at])
            start, room = at, PART_UNITS
        room -= size
    parts.append(text[start:])
    return parts


def header(reference: int, total: int, number: int) -> bytes:
    """The 6-byte header of a concatenated part: 8-bit reference, parts in all, number from 1.

    Source: 3GPP TS 23.040 §9.2.3.24.1.
    """
    return bytes((5, 0, 3, reference & 0xFF, total, number))
