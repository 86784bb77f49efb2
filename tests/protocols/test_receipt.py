"""What a carrier's word means."""

import pytest

from yunxin.protocols.receipt import Outcome, outcome_of


@pytest.mark.parametrize(
    ("stat", "outcome"),
    [
        ("DELIVRD", Outcome.DELIVERED),
        ("delivrd", Outcome.DELIVERED),
        ("DELIVRD ", Outcome.DELIVERED),
        ("DELIVRDX", Outcome.DELIVERED),
        ("EXPIRED", Outcome.EXPIRED),
        ("DELETED", Outcome.FAILED),
        ("UNDELIV", Outcome.FAILED),
        ("UNDELIVERABLE", Outcome.FAILED),
        ("REJECTD", Outcome.FAILED),
        ("UNKNOWN", Outcome.UNKNOWN),
        ("ACCEPTD", Outcome.PENDING),
        ("ENROUTE", Outcome.PENDING),
        ("MK:0001", Outcome.FAILED),
        ("MI:0024", Outcome.EXPIRED),
        ("ML:0000", Outcome.PENDING),
        ("MM:0000", Outcome.UNKNOWN),
        ("MA:0001", Outcome.FAILED),
        ("BLACK", Outcome.FAILED),
        ("", Outcome.FAILED),
    ],
)
def test_the_meaning_of_a_stat(stat: str, outcome: Outcome) -> None:
    assert outcome_of(stat) is outcome
