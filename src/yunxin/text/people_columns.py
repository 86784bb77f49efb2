"""Tables of people: which column holds which field, and what a cell means for a field.

A column is known by its heading in Chinese or English, as people and other programs write them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from yunxin.text.people import FIELDS, tidy

# Field → headings, as `_plain` makes them.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "phone": (
        "手机号", "手机号码", "手机", "移动电话", "电话", "电话号码", "联系电话", "联系方式",
        "联系手机", "号码", "phone", "phonenumber", "mobile", "mobilenumber", "mobilephone",
        "cell", "cellphone", "telephone", "tel", "number",
    ),
    "name": (
        "姓名", "名字", "名称", "联系人", "联系人姓名", "客户姓名", "客户名称", "称呼", "name",
        "fullname", "contact", "contactname",
    ),
    "gender": ("性别", "gender", "sex"),
    "birthday": (
        "生日", "出生日期", "出生年月日", "birthday", "birthdate", "dateofbirth", "dob",
    ),
    "industry": ("行业", "所属行业", "industry"),
    "position": ("职位", "职务", "岗位", "position", "post", "job", "jobtitle", "title"),
    "company": (
        "单位", "单位名称", "公司", "公司名称", "工作单位", "所在单位", "企业", "company",
        "companyname", "organisation", "organization", "employer",
    ),
    "remark": ("备注", "说明", "附注", "备注信息", "remark", "remarks", "note", "notes", "comment"),
}  # fmt: skip
_FIELDS_BY_HEADING = {
    heading: field for field, headings in HEADINGS.items() for heading in headings
}
_IN_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_SIGNS = re.compile(r"[\W_]+")
# 1.38E+10: what spreadsheets show of a number in a column that is too narrow.
_SCIENTIFIC = re.compile(r"\d(?:\.(\d+))?[eE]\+?(\d{1,2})", re.ASCII)
_PHONE_DIGITS = 11
SERIAL_MIN = 10_000  # 1927-05-18; below, a number is rather a year or a slip
_WITH_FRACTION = re.compile(r"(\d+)\.0+", re.ASCII)


class DigitsLost(ValueError):
    """A phone in scientific notation whose last digits are gone: nobody can tell what it was."""


def field_of(heading: str) -> str | None:
    """The field of a column, one of FIELDS; None for what is none of them."""
    return _FIELDS_BY_HEADING.get(_plain(heading))


def columns_of(cells: Mapping[int, str]) -> dict[str, int] | None:
    """Field → column, of a row that may be the headings; None when it names no phone.

    Of two columns for one field the first counts.
    """
    found: dict[str, int] = {}
    for column in sorted(cells):
        field = field_of(cells[column])
        if field is not None:
            found.setdefault(field, column)
    return found if "phone" in found else None


def _plain(heading: str) -> str:
    """A heading without case, spaces, signs, and what stands in brackets: 手机号（必填）*."""
    text = unicodedata.normalize("NFKC", heading).lower()
    return _SIGNS.sub("", _IN_BRACKETS.sub("", text))


def text_for(
    field: str,
    cell: str | int | float | date,
    day_of: Callable[[int], date | None] = lambda number: None,
) -> str:
    """What a cell means for a field, as `people.clean` reads it.

    Args:
        day_of: the day that a number means where the table counts days.
    Raises:
        DigitsLost: only for the phone.
    """
    if isinstance(cell, str):
        return _phone_text(cell) if field == "phone" else _unquoted(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if field == "birthday" and cell >= SERIAL_MIN and (day := day_of(int(cell))) is not None:
        return day.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _phone_text(cell: str) -> str:
    text = tidy(cell).lstrip("'")
    if found := _WITH_FRACTION.fullmatch(text):
        return found[1]
    if found := _SCIENTIFIC.fullmatch(text):
        if len(found[1] or "") + 1 < _PHONE_DIGITS:
            raise DigitsLost
        return str(int(Decimal(text)))
    return text


def _unquoted(cell: str) -> str:
    """Without the quote that an export puts before what spreadsheets would calculate."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def unknown_headings(cells: Mapping[int, str]) -> Iterable[str]:
    """The headings that name no field, in order, tidied."""
    return (
        tidy(cells[column])
        for column in sorted(cells)
        if field_of(cells[column]) is None and tidy(cells[column])
    )


assert set(HEADINGS) == set(FIELDS)
