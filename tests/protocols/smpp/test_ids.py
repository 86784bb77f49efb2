"""Ids that look different in the answer and in the receipt meet under one key."""

import pytest

from yunxin.protocols.smpp.ids import normalise, normalise_answer
from yunxin.vocabulary import IdRule


@pytest.mark.parametrize(
    ("rule", "answered", "receipted"),
    [
        ("as_is", "1a2B", "1a2B"),
        ("case_insensitive", "1A2B", "1a2b"),
        ("case_insensitive", "00001A2B", "1a2b"),
        ("hex_to_decimal", "6699", "1A2B"),
        ("hex_to_decimal", "0000006699", "00001a2b"),
        ("decimal_to_hex", "1A2B", "6699"),
        ("decimal_to_hex", "00001a2b", "0000006699"),
        ("decimal_to_hex", "0", "0"),
        ("hex_to_decimal", "not-hex", "NOT-HEX"),
        ("decimal_to_hex", "abc-1", "ABC-1"),
    ],
)
def test_answer_and_receipt_meet(rule: str, answered: str, receipted: str) -> None:
    assert normalise_answer(rule, answered) == normalise(rule, receipted)


@pytest.mark.parametrize(
    ("rule", "answered", "receipted"),
    [("as_is", "1A2B", "1a2b"), ("hex_to_decimal", "6699", "6699"), ("as_is", "7", "07")],
)
def test_different_ids_stay_apart(rule: str, answered: str, receipted: str) -> None:
    assert normalise_answer(rule, answered) != normalise(rule, receipted)


def test_every_rule_of_the_vocabulary_exists() -> None:
    for rule in IdRule:
        assert normalise(rule, "12") == normalise(rule.value, "12")
        assert normalise_answer(rule, "12")


def test_ids_longer_than_python_converts_are_kept() -> None:
    assert normalise("decimal_to_hex", "9" * 5000) == "9" * 5000
