"""What a receipt says in the words of the database; storing it is in test_sending.py."""

from dataclasses import replace

import pytest

from yunxin.config import Config
from yunxin.engine.receipts import plain, refunded_states, told, written
from yunxin.protocols.receipt import Outcome, Receipt


@pytest.mark.parametrize(
    ("receipt", "state", "code"),
    [
        (Receipt("1", Outcome.DELIVERED, "DELIVRD", "000"), "delivered", "DELIVRD"),
        (Receipt("1", Outcome.DELIVERED, "DELIVRD", "013"), "delivered", "DELIVRD"),
        (Receipt("1", Outcome.FAILED, "UNDELIV", "001"), "failed", "UNDELIV:001"),
        (Receipt("1", Outcome.FAILED, "MK:0001", ""), "failed", "MK:0001"),
        (Receipt("1", Outcome.EXPIRED, "EXPIRED", "0"), "expired", "EXPIRED"),
        (Receipt("1", Outcome.UNKNOWN, "UNKNOWN", "999"), "unknown", "UNKNOWN:999"),
    ],
)
def test_the_state_is_ours_and_the_code_is_the_carriers(
    receipt: Receipt, state: str, code: str
) -> None:
    said = told(7, "abc", receipt)
    assert (said.channel_id, said.carrier_id, said.state, said.code) == (7, "abc", state, code)


@pytest.mark.parametrize(
    ("date", "iso"),
    [
        ("2611230905", "2026-11-23 09:05:00+08"),
        ("261123090507", "2026-11-23 09:05:07+08"),
        ("2802290000", "2028-02-29 00:00:00+08"),
        ("2602290000", ""),
        ("2613010000", ""),
        ("26112309", ""),
        ("", ""),
        ("junk", ""),
        ("２６１１２３０９０５", ""),
    ],
)
def test_dates_are_shanghais_and_what_is_no_date_is_left_out(date: str, iso: str) -> None:
    assert written(date) == iso


def test_what_the_database_cannot_hold_is_taken_out() -> None:
    assert plain("a\0b\nc") == "ab c"
    assert plain("a\n" * 40_000) == "a " * 127 + "a", "an index takes no more than 2.7 KB"


def test_what_is_paid_back_is_a_setting() -> None:
    assert refunded_states(Config()) == ["cancelled", "failed", "expired"]
    generous = replace(Config(), refund_failed=False, refund_unknown=True)
    assert refunded_states(generous) == ["cancelled", "unknown"]
