"""Reports of SGIP: which message, which phone, one of three states and an error code.

They carry no words: the state's number gets the word that other protocols have for it.
"""

from typing import Final

from yunxin.protocols.receipt import Outcome, Receipt, outcome_of
from yunxin.protocols.sgip.pdus import Report

DELIVERED, WAITING, FAILED = 0, 1, 2  # State
WORDS: Final = {DELIVERED: "DELIVRD", WAITING: "ENROUTE", FAILED: "UNDELIV"}


def parse(report: Report) -> Receipt:
    """What a report says.

    The id is that of the whole submit: of a message to several phones each has a report, and the
    phone (`user_number`) tells them apart. A state that the specification lacks is a failure.
    """
    stat = WORDS.get(report.state) or f"STATE:{report.state}"
    return Receipt(report.submit_sequence.hex(), outcome_of(stat), stat, str(report.error_code))


def build(submit_sequence: int, phone: str, *, stat: str, error: str) -> Report:
    """A report in the words of the other protocols.

    Args:
        stat: `DELIVRD`, `UNDELIV` and the like, or a gateway's own code.
        error: a number up to 255; of a larger one, or of a word, nothing can be said.
    """
    outcome = outcome_of(stat)
    state = {Outcome.DELIVERED: DELIVERED, Outcome.PENDING: WAITING}.get(outcome, FAILED)
    number = int(error) if error.isascii() and error.isdigit() else 0
    return Report(
        submit_sequence=submit_sequence.to_bytes(12, "big"),
        user_number=phone,
        state=state,
        error_code=number if state == FAILED and number <= 255 else 0,
    )
