"""SMGP's message ids: made, taken as they are, counted on."""

from datetime import UTC, datetime

import pytest

from yunxin.protocols.smgp import ids

MOMENT = datetime(2026, 1, 15, 16, 17, tzinfo=UTC)  # in Beijing the 16th, 00:17


def test_an_id_holds_the_gateway_the_minute_and_a_sequence() -> None:
    assert ids.made_at(MOMENT, "010061", 12_345) == "01006101160017012345"
    assert ids.made_at(MOMENT, "10061", 1_000_000) == "01006101160017000000"


def test_an_id_is_ten_bytes() -> None:
    assert ids.to_bytes("01006101161700012345").hex() == "01006101161700012345"
    assert ids.to_bytes("") == bytes(10)
    for wrong in ("0100", "x" * 20):
        with pytest.raises(ValueError, match="hexa"):
            ids.to_bytes(wrong)


@pytest.mark.parametrize(
    ("first", "following"),
    [
        ("01006101161700012345", "01006101161700012346"),
        ("01006101161700999999", "01006101161700000000"),
        ("0100610116170000000a", "0100610116170000000b"),
        ("01006101161700ffffff", "01006101161700000000"),
    ],
)
def test_the_ids_of_several_phones_follow_the_first(first: str, following: str) -> None:
    assert ids.of_phones(first, 2) == [first, following]
    assert ids.of_phones(first, 0) == []
