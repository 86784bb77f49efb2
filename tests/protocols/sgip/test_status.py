"""The result codes of SGIP as the engine reads them."""

import pytest

from yunxin.protocols.events import Retry
from yunxin.protocols.sgip.status import STATUSES, Code, explain


@pytest.mark.parametrize(
    ("code", "retry"),
    [
        (Code.OK, Retry.NONE),
        (Code.NODE_BUSY, Retry.THROTTLE),
        (Code.QUEUE_FULL, Retry.THROTTLE),
        (Code.SYSTEM_FAILURE, Retry.TEMPORARY),
        (Code.ILLEGAL_LOGIN, Retry.TEMPORARY),
        (Code.PHONE, Retry.PERMANENT),
        (Code.NO_ROUTE, Retry.PERMANENT),
    ],
)
def test_what_to_do_about_a_result(code: Code, retry: Retry) -> None:
    assert explain(code).retry is retry


def test_every_result_has_a_sentence_of_its_own() -> None:
    sentences = [status.sentence for status in STATUSES.values()]
    assert len(set(sentences)) == len(Code) == 25
    assert all(sentence.endswith(".") for sentence in sentences)


def test_the_numbers_are_the_specifications() -> None:
    """Implementations exist that count on from 11; the table jumps to 21."""
    assert (Code.NODE_BUSY, Code.UNREACHABLE, Code.QUEUE_FULL) == (11, 21, 33)


def test_a_vendors_own_result_is_a_permanent_refusal() -> None:
    status = explain(99)
    assert (status.code, status.name, status.retry) == (99, "99", Retry.PERMANENT)
