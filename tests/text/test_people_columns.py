"""Which column is which, and what cells mean: phones as numbers, days as numbers, 1.38E+10."""

from datetime import date

import pytest

from yunxin.text.people_columns import (
    HEADINGS,
    DigitsLost,
    columns_of,
    field_of,
    text_for,
    unknown_headings,
)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("手机号", "phone"), (" 手 机 号 （必填）", "phone"), ("*手机号码:", "phone"),
        ("Mobile number", "phone"), ("PHONE", "phone"), ("姓名", "name"), ("Ｎａｍｅ", "name"),
        ("出生日期(yyyy-mm-dd)", "birthday"), ("部门", None), ("", None), ("13800000001", None),
    ],
)  # fmt: skip
def test_headings_are_known_however_they_are_written(heading, field):
    assert field_of(heading) == field


def test_no_heading_means_two_fields():
    every = [heading for headings in HEADINGS.values() for heading in headings]
    assert len(every) == len(set(every))
    assert all(field_of(heading) for heading in every)


def test_columns_come_in_any_order_and_of_two_the_first_counts():
    cells = {0: "姓名", 2: "电话", 3: "手机", 5: "部门"}
    assert columns_of(cells) == {"name": 0, "phone": 2}
    assert list(unknown_headings(cells)) == ["部门"]
    assert columns_of({0: "姓名", 1: "张三"}) is None


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (13800000001, "13800000001"), (13800000001.0, "13800000001"), (1.5, "1.5"),
        ("13800000001.0", "13800000001"), ("'13800000001", "13800000001"),
        ("1.3800000001E+10", "13800000001"), ("1.3800000001e10", "13800000001"),
        (" 138 0000 0001 ", "138 0000 0001"), ("+8613800000001", "+8613800000001"),
    ],
)  # fmt: skip
def test_a_phone_is_read_as_it_was_meant(cell, text):
    assert text_for("phone", cell) == text


@pytest.mark.parametrize("cell", ["1.38E+10", "1.38000E+10", "1E10", "1.380000000E+10"])
def test_a_phone_whose_digits_are_gone_is_never_guessed(cell):
    with pytest.raises(DigitsLost):
        text_for("phone", cell)


def test_days_may_be_days_or_numbers():
    def day_of(number):
        return date(1990, 12, 12) if number == 33219 else None

    assert text_for("birthday", date(1990, 12, 12)) == "1990-12-12"
    assert text_for("birthday", 33219, day_of) == "1990-12-12"
    assert text_for("birthday", 33219) == "33219"
    assert text_for("birthday", 19901212, day_of) == "19901212"
    assert text_for("birthday", 1990, lambda number: date(1905, 6, 12)) == "1990"


def test_the_quote_of_an_export_is_taken_off_again():
    assert text_for("name", "'=x") == "=x"
    assert text_for("name", "'x") == "'x"
