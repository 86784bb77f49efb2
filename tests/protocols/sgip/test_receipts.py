"""Reports of SGIP become receipts, and receipts reports."""

import pytest

from tests.protocols.sgip.vectors import GO_SGIP, SP
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.sgip import receipts
from yunxin.protocols.sgip.pdus import Report


def test_a_report_of_another_implementation_is_read() -> None:
    (report,) = (pdu for _, pdu in GO_SGIP if isinstance(pdu, Report))
    receipt = receipts.parse(report)
    assert receipt.message_id == "b507f1903ceaf24500000001"
    assert (receipt.outcome, receipt.stat, receipt.error) == (Outcome.DELIVERED, "DELIVRD", "0")


@pytest.mark.parametrize(
    ("state", "stat", "outcome"),
    [
        (0, "DELIVRD", Outcome.DELIVERED),
        (1, "ENROUTE", Outcome.PENDING),
        (2, "UNDELIV", Outcome.FAILED),
        (7, "STATE:7", Outcome.FAILED),
    ],
)
def test_states_have_the_words_of_other_protocols(state: int, stat: str, outcome: Outcome) -> None:
    receipt = receipts.parse(Report(state=state, error_code=29))
    assert (receipt.stat, receipt.outcome, receipt.error) == (stat, outcome, "29")


@pytest.mark.parametrize(
    ("stat", "error", "state", "code"),
    [
        ("DELIVRD", "000", 0, 0),
        ("ACCEPTD", "000", 1, 0),
        ("UNDELIV", "023", 2, 23),
        ("EXPIRED", "027", 2, 27),
        ("MK:0001", "001", 2, 1),
        ("UNKNOWN", "999", 2, 0),
        ("REJECTD", "CA:12", 2, 0),
    ],
)
def test_words_become_states(stat: str, error: str, state: int, code: int) -> None:
    report = receipts.build(SP, "8613800138000", stat=stat, error=error)
    assert (report.state, report.error_code) == (state, code)
    assert report.submit_sequence.hex() == "b507f1903ceaf24500000001"
