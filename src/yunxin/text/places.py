"""Where a mobile number is from (号码归属地), by its seven leading digits: 700 kB for all of them.

Numbers are given out in blocks of 10,000 that share seven digits, 1300000 to 1999999: their head.
`pack` writes one byte for each head: its province and, where the table says so, its carrier.
`PlaceMap` reads them, a table look-up a number. The console's room packs its table whenever it
changes (`carriers.places`), the engine takes the bytes over as they are (`engine/directory`).
"""

from collections.abc import Iterable
from typing import NamedTuple

from yunxin.vocabulary import CarrierName, Province

HEAD_DIGITS = 7
HEAD_FIRST, HEAD_LAST = 1_300_000, 1_999_999
SIZE_BYTES = HEAD_LAST - HEAD_FIRST + 1
_PROVINCE_BITS = 5  # 31 provinces, and none
_PROVINCES = ("", *map(str, Province))
_CARRIERS = (
    None, CarrierName.MOBILE, CarrierName.UNICOM, CarrierName.TELECOM, CarrierName.BROADNET,
)  # fmt: skip
assert len(_PROVINCES) <= 1 << _PROVINCE_BITS, "a province more needs a bit more"


class Place(NamedTuple):
    """What a number's head says. An empty province or no carrier: the table does not say."""

    province: str
    carrier: CarrierName | None


NOWHERE = Place("", None)
_MEANINGS = [
    Place(
        _PROVINCES[byte & 31] if byte & 31 < len(_PROVINCES) else "",
        _CARRIERS[byte >> _PROVINCE_BITS] if byte >> _PROVINCE_BITS < len(_CARRIERS) else None,
    )
    for byte in range(256)
]


class PlaceMap:
    """The whole table, ready to be asked."""

    __slots__ = ("_cells",)

    def __init__(self, cells: bytes = b"") -> None:
        """Args: cells: as `pack` returns them; none: nothing is known of any number.

        Raises:
            ValueError: these are not the bytes of a table.
        """
        if len(cells) not in (0, SIZE_BYTES):
            raise ValueError(f"a table of places has {SIZE_BYTES} bytes, not {len(cells)}")
        self._cells = cells

    def __bool__(self) -> bool:
        return bool(self._cells)

    def find(self, phone: str) -> Place:
        """Where a number is from, and whose it is if the table says so.

        Args:
            phone: 11 digits, as `phones.normalise` returns them.
        """
        if not self._cells:
            return NOWHERE
        return _MEANINGS[self._cells[int(phone[:HEAD_DIGITS]) - HEAD_FIRST]]


def pack(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """The bytes of a table; none where it has no rows.

    Args:
        rows: head, province and carrier of each; either may be empty, words that nobody knows
            count as empty.
    Raises:
        ValueError: a head is none.
    """
    provinces = {word: place for place, word in enumerate(_PROVINCES)}
    carriers = {str(word or ""): place for place, word in enumerate(_CARRIERS)}
    cells = bytearray(SIZE_BYTES)
    is_empty = True
    for head, province, carrier in rows:
        place = int(head) - HEAD_FIRST
        if not 0 <= place < SIZE_BYTES:
            raise ValueError(f"{head} is no head of a mobile number")
        cells[place] = carriers.get(carrier, 0) << _PROVINCE_BITS | provinces.get(province, 0)
        is_empty = False
    return b"" if is_empty else bytes(cells)
