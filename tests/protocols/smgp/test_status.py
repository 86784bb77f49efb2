"""The status codes of SMGP as the engine reads them."""

import pytest

from yunxin.protocols.events import Retry
from yunxin.protocols.smgp.status import STATUSES, Code, explain


@pytest.mark.parametrize(
    ("code", "retry"),
    [
        (Code.OK, Retry.NONE),
        (Code.BUSY, Retry.THROTTLE),
        (Code.TOO_MANY_CONNECTIONS, Retry.TEMPORARY),
        (Code.FORBIDDEN_PERIOD, Retry.TEMPORARY),
        (Code.DAILY_QUOTA, Retry.TEMPORARY),
        (Code.ACCOUNT_EXPIRED, Retry.PERMANENT),
        (Code.DEST_TERM_ID, Retry.PERMANENT),
    ],
)
def test_what_to_do_about_a_status(code: Code, retry: Retry) -> None:
    assert explain(code).retry is retry


def test_every_status_has_a_sentence_of_its_own() -> None:
    sentences = [status.sentence for status in STATUSES.values()]
    assert len(set(sentences)) == len(Code) == 50
    assert all(sentence.endswith(".") for sentence in sentences)


def test_the_numbers_are_the_specifications() -> None:
    assert (Code.STRUCTURE, Code.ADDRESS, Code.MSG_TYPE, Code.SP_CODE) == (10, 20, 30, 49)
    assert (Code.SRC_GATEWAY_ID, Code.ACCOUNT_EXPIRED) == (56, 76)


def test_a_vendors_own_status_is_a_permanent_refusal() -> None:
    status = explain(200)
    assert (status.code, status.name, status.retry) == (200, "200", Retry.PERMANENT)
