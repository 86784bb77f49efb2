"""Message ids of 64 bits, whose top bit is set from August on."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.cmpp.vectors import MSG_ID
from yunxin.protocols.cmpp import ids
from yunxin.protocols.cmpp.ids import MsgId

NUMBERS = st.integers(0, (1 << 64) - 1)


def test_an_id_holds_a_time_a_gateway_and_a_sequence() -> None:
    parts = MsgId(month=11, day=5, hour=14, minute=29, second=42, gateway=1, sequence=0)
    assert (ids.pack(parts), ids.unpack(MSG_ID)) == (MSG_ID, parts)
    moment = datetime(2026, 11, 5, 6, 29, 42, tzinfo=UTC)
    assert ids.made_at(moment, 1, 0) == MSG_ID


@given(NUMBERS)
def test_every_number_is_an_id(number: int) -> None:
    assert ids.pack(ids.unpack(number)) == number
    assert ids.from_text(ids.to_text(number)) == number


@pytest.mark.parametrize("month", range(1, 13))
def test_an_id_of_any_month_fits_a_signed_bigint_with_its_bits(month: int) -> None:
    number = ids.pack(MsgId(month, 31, 23, 59, 59, 0x3FFFFF, 0xFFFF))
    signed = ids.to_signed(number)
    assert (signed < 0) is (month >= 8)
    assert -(1 << 63) <= signed < 1 << 63
    assert ids.from_signed(signed) == number


def test_the_text_is_hexadecimal_and_decimal_is_read_too() -> None:
    assert ids.to_text(MSG_ID) == "b2b9da8000010000"
    assert ids.to_text(7) == "0000000000000007"
    assert ids.from_text("B2B9DA8000010000") == MSG_ID
    assert ids.from_text(str(MSG_ID)) == MSG_ID
    for wrong in ("", "xyz", "-1", str(1 << 64)):
        with pytest.raises(ValueError, match=r".*"):
            ids.from_text(wrong)


def test_later_phones_have_the_ids_that_follow_within_the_sequence() -> None:
    assert ids.following(MSG_ID, 2) == MSG_ID + 2
    assert ids.following(MSG_ID + 0xFFFF, 1) == MSG_ID
