"""What may stand in the fields of a contact: one reading of them for pages, imports and the API.

`clean` takes what people typed and gives a `Person`, normalised and ready for the database, or
raises `PersonInvalid` with every field that cannot be taken. Begin there.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from yunxin.text import phones
from yunxin.text.initials import initials

# Characters. Our choice: names and posts are short; the manual says nothing of it.
LENGTHS_MAX: Mapping[str, int] = {
    "name": 40,
    "industry": 40,
    "position": 40,
    "company": 100,
    "remark": 200,
}
FIELDS = ("phone", "name", "gender", "birthday", "industry", "position", "company", "remark")
YEAR_MIN = 1900  # an earlier birthday is a slip of the finger


class Gender(StrEnum):
    """What may be known of somebody's gender; "" is not said."""

    UNSAID = ""
    MALE = "male"
    FEMALE = "female"


GENDERS: Mapping[str, Gender] = {
    "": Gender.UNSAID,
    "male": Gender.MALE,
    "m": Gender.MALE,
    "man": Gender.MALE,
    "男": Gender.MALE,
    "男性": Gender.MALE,
    "先生": Gender.MALE,
    "female": Gender.FEMALE,
    "f": Gender.FEMALE,
    "woman": Gender.FEMALE,
    "女": Gender.FEMALE,
    "女性": Gender.FEMALE,
    "女士": Gender.FEMALE,
    "未知": Gender.UNSAID,
    "保密": Gender.UNSAID,
    "unknown": Gender.UNSAID,
}


class Reason(StrEnum):
    """Why a field cannot be taken."""

    REQUIRED = "required"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"  # something that no screen shows
    PHONE = "phone"
    GENDER = "gender"
    BIRTHDAY = "birthday"  # no date, or before YEAR_MIN
    FUTURE = "future"  # a birthday that is yet to come


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that cannot be taken."""

    field: str
    reason: Reason


class PersonInvalid(ValueError):
    """Some fields cannot be taken; `problems` names all of them, in the order of FIELDS."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(f"{p.field}: {p.reason}" for p in problems))
        self.problems = problems

    @property
    def field(self) -> str:
        """The first field."""
        return self.problems[0].field

    @property
    def reason(self) -> Reason:
        return self.problems[0].reason


@dataclass(frozen=True, slots=True)
class Person:
    """A contact's fields as the database holds them; "" and None are not said."""

    phone: str  # 11 digits; "" only where `clean` was told that it need not be there
    name: str = ""
    gender: Gender = Gender.UNSAID
    birthday: date | None = None
    industry: str = ""
    position: str = ""
    company: str = ""
    remark: str = ""
    given: frozenset[str] = field(default=frozenset(FIELDS), compare=False)

    def row(self, only: Collection[str] | None = None) -> dict[str, str | None]:
        """An object of `contact_upsert`'s array: the columns by name, initials with the name.

        Args:
            only: fields to name besides the phone, as what is left out stays as it is; by
                default those that `clean` was given.
        """
        wanted = self.given if only is None else only
        row: dict[str, str | None] = {"phone": self.phone}
        for name in FIELDS[1:]:
            if name in wanted:
                row[name] = self._text(name)
        if "name" in wanted:
            row["initials"] = initials(self.name)
        return row

    def _text(self, name: str) -> str | None:
        if name == "birthday":
            return self.birthday.isoformat() if self.birthday else None
        return str(getattr(self, name))


def clean(
    raw: Mapping[str, str],
    *,
    required: Collection[str] = ("phone", "name"),
    today: date | None = None,
) -> Person:
    """Read a person's fields.

    Args:
        raw: some of FIELDS → what was typed; other keys are ignored. What is missing counts as
            empty, and is not in the person's `given`.
        required: fields that must not be empty. An import asks for the phone alone.
        today: a birthday after it is refused; None does not look.
    Raises:
        PersonInvalid: with every field that cannot be taken.
    """
    problems: list[Problem] = []
    values: dict[str, str] = {}
    for name in FIELDS:
        value = tidy(raw.get(name) or "")
        reason = _fault_of(name, value, required)
        if reason is not None:
            problems.append(Problem(name, reason))
            value = ""
        values[name] = value
    phone = _read_phone(values["phone"], problems)
    gender = _read_gender(values["gender"], problems)
    birthday = _read_birthday(values["birthday"], today, problems)
    if problems:
        raise PersonInvalid(tuple(sorted(problems, key=lambda p: FIELDS.index(p.field))))
    return Person(
        phone=phone,
        name=values["name"],
        gender=gender,
        birthday=birthday,
        industry=values["industry"],
        position=values["position"],
        company=values["company"],
        remark=values["remark"],
        given=frozenset(name for name in FIELDS if name in raw),
    )


def tidy(text: str) -> str:
    """One line without spaces around it; runs of spaces and line ends become one space."""
    return " ".join(text.split())


def _fault_of(name: str, value: str, required: Collection[str]) -> Reason | None:
    if not value:
        return Reason.REQUIRED if name in required else None
    if not value.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        return Reason.CHARACTERS
    if len(value) > LENGTHS_MAX.get(name, 40):
        return Reason.TOO_LONG if name in LENGTHS_MAX else Reason(_WRONG[name])
    return None


_WRONG = {"phone": Reason.PHONE, "gender": Reason.GENDER, "birthday": Reason.BIRTHDAY}


def _read_phone(value: str, problems: list[Problem]) -> str:
    if not value:
        return ""
    try:
        return phones.normalise(unicodedata.normalize("NFKC", value))
    except phones.PhoneInvalid:
        problems.append(Problem("phone", Reason.PHONE))
        return ""


def _read_gender(value: str, problems: list[Problem]) -> Gender:
    gender = GENDERS.get(value.lower())
    if gender is None:
        problems.append(Problem("gender", Reason.GENDER))
        return Gender.UNSAID
    return gender


# 1990-12-12, 1990/1/1, 1990.1.1, 1990年1月1日, 19901212, with or without a time behind it.
_DAY = re.compile(
    r"(\d{4})(?:(?P<sign>[-/.])(\d{1,2})(?P=sign)(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?",
    re.ASCII,
)


def _read_birthday(value: str, today: date | None, problems: list[Problem]) -> date | None:
    if not value:
        return None
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", value))
    day = _day(found) if found else None
    if day is None or day.year < YEAR_MIN:
        problems.append(Problem("birthday", Reason.BIRTHDAY))
        return None
    if today is not None and day > today:
        problems.append(Problem("birthday", Reason.FUTURE))
        return None
    return day


def _day(found: "re.Match[str]") -> date | None:
    year, _sign, *parts = found.groups()
    month, day = [int(part) for part in parts if part is not None]
    try:
        return date(int(year), month, day)
    except ValueError:
        return None
