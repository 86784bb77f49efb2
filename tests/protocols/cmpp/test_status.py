"""The results of a SUBMIT and of a log-in."""

import pytest

from yunxin.protocols.cmpp.status import STATUSES, Result, explain, explain_connect
from yunxin.protocols.events import Retry


@pytest.mark.parametrize(
    ("code", "name", "retry"),
    [
        (0, "OK", Retry.NONE),
        (1, "STRUCTURE", Retry.PERMANENT),
        (3, "DUPLICATE", Retry.TEMPORARY),
        (8, "FLOW_CONTROL", Retry.THROTTLE),
        (13, "DEST_TERMINAL", Retry.PERMANENT),
        (14, "14", Retry.PERMANENT),
        (0xFFFFFFFF, "4294967295", Retry.PERMANENT),
    ],
)
def test_a_result_has_a_name_and_says_whether_to_try_again(
    code: int, name: str, retry: Retry
) -> None:
    status = explain(code)
    assert (status.code, status.name, status.retry) == (code, name, retry)
    assert status.sentence.endswith(".")


def test_every_result_is_in_the_table() -> None:
    assert set(STATUSES) == set(Result) == set(range(14))


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 6, 255])
def test_a_log_in_has_codes_of_its_own(code: int) -> None:
    status = explain_connect(code)
    assert status.code == code
    assert status.retry is (Retry.PERMANENT if code else Retry.NONE)
    assert status.sentence.endswith(".")
    if code == 3:
        assert status.sentence == "The password is wrong."
