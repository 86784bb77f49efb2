"""Times of SMPP, v3.4 §7.1.1: absolute with a zone, or from now on."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.protocols.smpp.times import TimeInvalid, read_time, write_time

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", None),
        ("261125180000032+", NOW),  # the same moment in Shanghai
        ("261125100000000+", NOW),
        ("261125050000020-", NOW),  # in New York
        ("261125100000500+", NOW + timedelta(milliseconds=500)),
        ("000000000500000R", NOW + timedelta(minutes=5)),
        ("000001010000000R", NOW + timedelta(days=1, hours=1)),
        ("000100000000000R", NOW + timedelta(days=30)),
    ],
)
def test_a_time_is_read(text, moment):
    assert read_time(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    ["0", "2611251800000", "261125180000032", "261325180000032+", "261125180000099+",
     "26112518000003２+", "x" * 16, "261125180000032X", "261125180000032+0"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text):
    with pytest.raises(TimeInvalid):
        read_time(text, NOW)


def test_a_time_is_written():
    assert write_time(NOW, SHANGHAI) == "261125180000032+"
    assert write_time(NOW, timezone(timedelta(hours=-5))) == "261125050000020-"


@given(st.datetimes(datetime(2001, 1, 1), datetime(2098, 1, 1)), st.integers(-48, 48))
def test_what_is_written_is_read_again(moment, quarters):
    moment = moment.replace(microsecond=moment.microsecond // 100_000 * 100_000, tzinfo=UTC)
    zone = timezone(timedelta(minutes=15 * quarters))
    assert read_time(write_time(moment, zone), NOW) == moment


@given(st.text(max_size=17))
def test_any_text_is_a_time_or_refused(text):
    with contextlib.suppress(TimeInvalid):
        read_time(text, NOW)
