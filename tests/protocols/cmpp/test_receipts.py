"""Reports in the words that all protocols share."""

import pytest

from tests.protocols.cmpp.vectors import MSG_ID, REPORT_CONTENT, V20, V30
from yunxin.protocols.cmpp import receipts
from yunxin.protocols.cmpp.pdus import Version
from yunxin.protocols.errors import RemoteProtocolError
from yunxin.protocols.receipt import Outcome, Receipt


def test_a_report_of_another_implementation_is_read() -> None:
    receipt = Receipt(
        "b2b9da8000010000",
        Outcome.DELIVERED,
        "DELIVRD",
        submitted="2610220304",
        done="2610220305",
    )
    assert receipts.read(REPORT_CONTENT) == (receipt, "13800138000")


@pytest.mark.parametrize(
    ("stat", "outcome"),
    [
        ("DELIVRD", Outcome.DELIVERED),
        ("EXPIRED", Outcome.EXPIRED),
        ("UNDELIV", Outcome.FAILED),
        ("ACCEPTD", Outcome.PENDING),
        ("UNKNOWN", Outcome.UNKNOWN),
        ("REJECTD", Outcome.FAILED),
        ("MK:0001", Outcome.FAILED),
        ("MI:0013", Outcome.EXPIRED),
        ("CB:0007", Outcome.FAILED),
        ("MC:0151", Outcome.EXPIRED),
        ("R:00170", Outcome.FAILED),
        ("DELIVRD:000", Outcome.DELIVERED),  # cut to its seven letters
    ],
)
@pytest.mark.parametrize("version", [V20, V30])
def test_a_stat_keeps_its_word(version: Version, stat: str, outcome: Outcome) -> None:
    content = receipts.build(
        MSG_ID, version, stat=stat, submitted="2611230800", done="2611230801", phone="13800138000"
    )
    receipt, phone = receipts.read(content)
    assert (receipt.message_id, receipt.outcome) == ("b2b9da8000010000", outcome)
    assert (receipt.stat, phone) == (stat[:7], "13800138000")


def test_a_report_that_is_cut_short_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        receipts.read(REPORT_CONTENT[:30])
