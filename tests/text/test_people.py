"""Fields of contacts: what is taken, how it is normalised, what is refused and why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.text.people import FIELDS, LENGTHS_MAX, Gender, PersonInvalid, Problem, Reason, clean

TODAY = date(2026, 11, 25)


def test_a_whole_person() -> None:
    person = clean(
        {
            "phone": " +86 130-0000-0001",
            "name": " 张\n三 ",
            "gender": "女",
            "birthday": "1990/1/2",
            "industry": "IT",
            "position": "前台",
            "company": "云信",
            "remark": "老客户\t重要",
            "unheard": "of",
        },
        today=TODAY,
    )
    assert person.row() == {
        "phone": "13000000001",
        "name": "张 三",
        "initials": "zs",
        "gender": "female",
        "birthday": "1990-01-02",
        "industry": "IT",
        "position": "前台",
        "company": "云信",
        "remark": "老客户 重要",
    }


def test_what_was_not_given_is_not_in_the_row() -> None:
    person = clean({"phone": "13000000001", "birthday": ""}, required=("phone",))
    assert person.row() == {"phone": "13000000001", "birthday": None}
    assert person.row(only=("name",)) == {"phone": "13000000001", "name": "", "initials": ""}


@pytest.mark.parametrize(
    "text",
    ["1990-12-02", "1990-12-2", "1990/12/02", "1990.12.2", "1990年12月2日", "19901202",
     "1990-12-02 00:00:00", "1990-12-02T00:00", "１９９０-12-02"],
)  # fmt: skip
def test_birthdays_in_many_dresses(text: str) -> None:
    person = clean({"phone": "13000000001", "name": "a", "birthday": text})
    assert person.birthday == date(1990, 12, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("男", Gender.MALE), ("Female", Gender.FEMALE), ("F", Gender.FEMALE), ("保密", Gender.UNSAID),
     ("", Gender.UNSAID)],
)  # fmt: skip
def test_genders_in_both_languages(text: str, expected: Gender) -> None:
    assert clean({"phone": "13000000001", "name": "a", "gender": text}).gender is expected


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("phone", "", Reason.REQUIRED),
        ("phone", "  ", Reason.REQUIRED),
        ("phone", "12345", Reason.PHONE),
        ("phone", "1" * 60, Reason.PHONE),
        ("name", "", Reason.REQUIRED),
        ("name", "张" * 41, Reason.TOO_LONG),
        ("name", "a\0b", Reason.CHARACTERS),
        ("name", "a\ud800b", Reason.CHARACTERS),
        ("gender", "?", Reason.GENDER),
        ("birthday", "yesterday", Reason.BIRTHDAY),
        ("birthday", "1990-13-01", Reason.BIRTHDAY),
        ("birthday", "1990-1/1", Reason.BIRTHDAY),
        ("birthday", "1899-12-31", Reason.BIRTHDAY),
        ("birthday", "2026-11-26", Reason.FUTURE),
        ("company", "a" * 101, Reason.TOO_LONG),
        ("remark", "a" * 201, Reason.TOO_LONG),
    ],
)
def test_what_cannot_be_taken_is_named(field: str, text: str, reason: Reason) -> None:
    raw = {"phone": "13000000001", "name": "a"} | {field: text}
    with pytest.raises(PersonInvalid) as refused:
        clean(raw, today=TODAY)
    assert refused.value.problems == (Problem(field, reason),)
    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(PersonInvalid) as refused:
        clean({"birthday": "x", "gender": "?"})
    assert [problem.field for problem in refused.value.problems] == [
        "phone",
        "name",
        "gender",
        "birthday",
    ]


@given(st.dictionaries(st.sampled_from(FIELDS), st.text()))
def test_whatever_was_typed_is_a_person_or_refused(raw: dict[str, str]) -> None:
    try:
        person = clean(raw, required=())
    except PersonInvalid:
        return
    row = person.row(only=FIELDS)
    assert all(len(row[name] or "") <= length for name, length in LENGTHS_MAX.items())
    assert all("\0" not in (text or "") for text in row.values())
