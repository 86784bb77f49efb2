"""Length, price and cut are one rule: what is charged is what is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.text import alphabets, segments

PAIR = "😀"  # two UTF-16 code units


@pytest.mark.parametrize(
    ("text", "units", "price"),
    [
        ("", 0, 1),
        ("验" * 70, 70, 1),
        ("验" * 71, 71, 2),
        ("验" * 134, 134, 2),
        ("验" * 135, 135, 3),
        ("a" * 160, 160, 3),  # 7-bit text is counted by the same rule
        (PAIR * 35, 70, 1),
        (PAIR * 36, 72, 2),
        ("验" * 1000, 1000, 15),
    ],
)
def test_the_price_follows_the_rule(text: str, units: int, price: int) -> None:
    assert (segments.length(text), segments.count(text)) == (units, price)


def test_an_emoji_on_the_border_moves_to_the_next_part() -> None:
    text = "验" * 66 + PAIR + "验" * 66
    assert segments.split(text) == ["验" * 66, PAIR + "验" * 65, "验"]
    assert segments.count(text) == 3


def test_a_text_over_the_limit_is_refused_before_it_is_cut() -> None:
    for call in (segments.count, segments.split):
        with pytest.raises(segments.TextTooLong):
            call("验" * 1001)


@given(st.text(max_size=500))
def test_the_parts_are_the_text_and_the_price_is_their_number(text: str) -> None:
    parts = segments.split(text)
    assert "".join(parts) == text
    assert len(parts) == segments.count(text)
    room = segments.SINGLE_UNITS if len(parts) == 1 else segments.PART_UNITS
    assert all(segments.length(part) <= room for part in parts)
    assert len(parts) >= -(-segments.length(text) // segments.PART_UNITS) or len(parts) == 1


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=70))
def test_a_part_with_its_header_fits_the_140_octets(text: str) -> None:
    for part in segments.split(text):
        octets = len(alphabets.encode_ucs2(part))
        assert octets <= 140 if segments.count(text) == 1 else octets + 6 <= 140


def test_the_header_of_a_part() -> None:
    assert segments.header(0x1FF, 3, 2) == bytes.fromhex("050003ff0302")
