"""What a row of a file of numbers says: pure functions from cells to values, or a word why not.

Words of people are taken as they write them: a carrier or a province by our word for it, by its
name in either language of the pages, a province also with what it is behind its name.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from django.utils import translation

from yunxin.carriers import labels, number_labels
from yunxin.text import phones
from yunxin.text.places import HEAD_DIGITS, HEAD_FIRST, HEAD_LAST

LANGUAGES = ("en", "zh-hans")
CITY_CHARS_MAX = 40
NOTHING = ""  # a row that takes its number's entry out of the table

Values = tuple[str, ...]
Judge = Callable[[Sequence[str]], Values]


class RowFault(StrEnum):
    """Why a row says nothing usable."""

    UNREADABLE = "unreadable"  # its bytes or quotation marks
    PHONE = "phone"
    CARRIER = "carrier"
    HEAD = "head"
    PROVINCE = "province"
    CITY = "city"


class RowRefused(ValueError):
    """A row says nothing usable."""

    def __init__(self, fault: RowFault) -> None:
        super().__init__(fault)
        self.fault = fault


def ported_judge() -> Judge:
    """Judges rows of a number and a carrier; without a carrier the number is no longer ported."""
    carriers = _carriers()

    def judge(cells: Sequence[str]) -> Values:
        try:
            phone = phones.normalise(cells[0])
        except phones.PhoneInvalid:
            raise RowRefused(RowFault.PHONE) from None
        return phone, _known(carriers, cells[1], RowFault.CARRIER)

    return judge


def place_judge() -> Judge:
    """Judges rows of seven digits, a province, and if they like a city and a carrier.

    Without a province the digits are taken out of the table.
    """
    carriers, provinces = _carriers(), _provinces()

    def judge(cells: Sequence[str]) -> Values:
        head, province, city, carrier = cells
        if not is_head(head):
            raise RowRefused(RowFault.HEAD)
        if len(city) > CITY_CHARS_MAX:
            raise RowRefused(RowFault.CITY)
        return (
            head,
            _known(provinces, province, RowFault.PROVINCE),
            city,
            _known(carriers, carrier, RowFault.CARRIER),
        )

    return judge


def is_head(text: str) -> bool:
    """Whether these are the seven leading digits of mainland mobiles."""
    is_number = len(text) == HEAD_DIGITS and text.isascii() and text.isdigit()
    return is_number and HEAD_FIRST <= int(text) <= HEAD_LAST


def is_heading(cells: Sequence[str]) -> bool:
    """Whether a file's first row names its columns instead of filling them."""
    return not any(sign.isdigit() for sign in cells[0])


def _known(words: Mapping[str, str], typed: str, fault: RowFault) -> str:
    if not typed:
        return NOTHING
    try:
        return words[typed.casefold()]
    except KeyError:
        raise RowRefused(fault) from None


def _carriers() -> dict[str, str]:
    words = {str(name): str(name) for name in labels.NAMED_CARRIERS}
    for language in LANGUAGES:
        with translation.override(language):
            for name in labels.NAMED_CARRIERS:
                words[str(labels.CARRIERS[name]).casefold()] = str(name)
                words[str(labels.SHORT_CARRIERS[name]).casefold()] = str(name)
    return words


def _provinces() -> dict[str, str]:
    words = {str(name): str(name) for name in number_labels.PROVINCES}
    for language in LANGUAGES:
        with translation.override(language):
            joint = "" if language.startswith("zh") else " "
            for name, label in number_labels.PROVINCES.items():
                words[str(label).casefold()] = str(name)
                for ending in number_labels.PROVINCE_ENDINGS:
                    words[f"{label}{joint}{ending}".casefold()] = str(name)
    return words
