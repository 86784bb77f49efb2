"""Every command_status has a name, a class and a sentence."""

import pytest

from yunxin.protocols.events import Retry
from yunxin.protocols.smpp.status import STATUSES, Code, explain


@pytest.mark.parametrize(
    ("code", "retry"),
    [
        (Code.ROK, Retry.NONE),
        (Code.RTHROTTLED, Retry.THROTTLE),
        (Code.RMSGQFUL, Retry.THROTTLE),
        (Code.RSYSERR, Retry.TEMPORARY),
        (Code.RX_T_APPN, Retry.TEMPORARY),
        (Code.RINVDSTADR, Retry.PERMANENT),
        (Code.RSUBMITFAIL, Retry.PERMANENT),
        (0x0400, Retry.PERMANENT),
    ],
)
def test_what_to_do_about_it(code: int, retry: Retry) -> None:
    assert explain(code).retry is retry


def test_every_code_has_a_whole_sentence() -> None:
    assert set(STATUSES) == set(Code)
    assert all(status.sentence.endswith(".") for status in STATUSES.values())


def test_a_vendors_code_keeps_its_number() -> None:
    assert explain(0x0401) == (0x0401, "0x00000401", Retry.PERMANENT, explain(0x0401).sentence)
