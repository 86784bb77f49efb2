"""Initials: readings of surnames, what is left out, never longer than the name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.text.initials import initials


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("张三", "zs"),
        ("欧阳修", "oyx"),
        ("单雄信", "sxx"),  # shan, elsewhere dan
        ("曾国藩", "zgf"),  # zeng, elsewhere ceng
        ("解缙", "xj"),  # xie, elsewhere jie
        ("仇英", "qy"),  # qiu, elsewhere chou
        ("尉迟恭", "ycg"),  # yuchi, elsewhere wei
        ("不单", "bd"),  # a surname only where surnames stand
        ("Amy 李", "amyl"),
        ("张·三（北京）2", "zsbj2"),
        ("Ａmélie", "amelie"),
        ("嗯", "n"),
        ("😀", ""),
        ("", ""),
    ],
)
def test_a_name_becomes_its_initials(name: str, expected: str) -> None:
    assert initials(name) == expected


@given(st.text())
def test_initials_are_letters_and_digits_and_never_longer(name: str) -> None:
    found = initials(name)
    assert len(found) <= len(name)
    assert found == "" or (found.isascii() and found.isalnum() and found == found.lower())
