"""Mainland mobile numbers: what is one, and which carrier it belongs to.

The prefix table is data; the shipped one is `PREFIXES`, the console's is loaded over it by
whoever asks, and a table of ported numbers goes on top.
"""

import re
from collections.abc import Mapping

from yunxin.vocabulary import CarrierName

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
# With or without a country's prefix, and grouped as people write it: 138 0000 0000, 138-0000-0000.
_IN_TEXT = re.compile(r"(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)", re.ASCII)
_DECORATION = str.maketrans("", "", " -\t\u00a0\u3000")


class PhoneInvalid(ValueError):
    """This is not a mainland mobile number: 11 digits that begin with 13 to 19."""


def normalise(raw: str) -> str:
    """The 11 digits of a number typed with or without +86, spaces and dashes.

    Raises:
        PhoneInvalid: anything that is not a mainland mobile.
    """
    if len(raw) == 11 and _MOBILE.fullmatch(raw):
        return raw
    digits = raw.translate(_DECORATION)
    for prefix in ("+86", "0086", "86"):
        if digits.startswith(prefix) and len(digits) == 11 + len(prefix):
            digits = digits[len(prefix) :]
            break
    if not _MOBILE.fullmatch(digits):
        raise PhoneInvalid(raw[:40])
    return digits


def mask(phone: str) -> str:
    """`138****0000`: what logs and viewers may see."""
    return f"{phone[:3]}****{phone[-4:]}"


def mask_all(text: str) -> str:
    """A text in which every number that could be a mobile's is masked, however it is spaced."""
    return _IN_TEXT.sub(r"\1****\2", text)


def _table(carrier: CarrierName, prefixes: str) -> dict[str, CarrierName]:
    return dict.fromkeys(prefixes.split(), carrier)


# Public numbering plan; the console edits a copy in the database.
PREFIXES: Mapping[str, CarrierName] = {
    **_table(
        CarrierName.MOBILE,
        "134 135 136 137 138 139 147 148 150 151 152 157 158 159 165 172 178 182 183 184 187 188"
        " 195 197 198 1703 1705 1706",
    ),
    **_table(
        CarrierName.UNICOM,
        "130 131 132 145 146 155 156 166 167 171 175 176 185 186 196 1704 1707 1708 1709",
    ),
    **_table(
        CarrierName.TELECOM,
        "133 149 153 162 173 174 177 180 181 189 190 191 193 199 1700 1701 1702",
    ),
    **_table(CarrierName.BROADNET, "192"),
}


def carrier_of(phone: str, prefixes: Mapping[str, CarrierName] = PREFIXES) -> CarrierName:
    """Whose number it is, by the longest prefix; `unknown` where the table has none.

    Args:
        phone: 11 digits, as `normalise` returns them.
        prefixes: 3 or 4 leading digits → carrier.
    """
    return prefixes.get(phone[:4]) or prefixes.get(phone[:3]) or CarrierName.UNKNOWN
