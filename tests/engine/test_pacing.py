import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.engine.pacing import (
    BURST_S,
    DECREASE,
    DECREASE_EVERY_S,
    HOLD_S,
    SLOWEST_PER_S,
    UNLIMITED_PER_S,
    Pace,
    TokenBucket,
)

STEPS = st.lists(
    st.tuples(st.floats(0, 2, allow_subnormal=False), st.integers(0, 300)), min_size=1, max_size=60
)


@given(st.floats(0.5, 5_000), st.floats(1, 200), STEPS)
def test_no_stretch_of_time_sees_more_than_the_burst_and_the_rate(
    rate: float, burst: float, steps: list[tuple[float, int]]
) -> None:
    bucket, now, taken = TokenBucket(rate, burst, 0.0), 0.0, []
    for passed, wanted in steps:
        now += passed
        tokens = min(wanted, bucket.ready(now))
        bucket.take(tokens, now)
        taken.append((now, tokens))
    for first, (begin, _) in enumerate(taken):
        total = 0
        for end, tokens in taken[first:]:
            total += tokens
            assert total <= burst + rate * (end - begin) + 1e-6


@given(st.floats(1, 5_000), STEPS)
def test_who_always_asks_gets_the_whole_rate(rate: float, steps: list[tuple[float, int]]) -> None:
    bucket, now, total = TokenBucket(rate, rate + 1, 0.0), 0.0, 0
    for passed, _ in steps:
        now += min(passed, 0.9)
        ready = bucket.ready(now)
        bucket.take(ready, now)
        total += ready
    assert total >= int(rate * now) - 1


def test_the_wait_is_as_long_as_it_says() -> None:
    bucket = TokenBucket(10, 2, 0.0)
    bucket.take(2, 0.0)
    assert bucket.wait_s(1, 0.0) == pytest.approx(0.1)
    assert bucket.ready(0.0999) == 0
    assert bucket.ready(0.1001) == 1


def test_more_than_there_is_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="3 tokens"):
        TokenBucket(10, 2, 0.0).take(3, 0.0)


def test_a_clock_that_stands_still_or_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(10, 2, 5.0)
    bucket.take(2, 5.0)
    assert bucket.ready(4.0) == 0


def test_a_pace_without_limit_says_so() -> None:
    assert Pace(0, 0.0).allowed_per_s == 0
    assert Pace(0, 0.0).ready(0.0) == int(UNLIMITED_PER_S * BURST_S)


def _drive(pace: Pace, begin: float, seconds: float, *, most: int = 10**9) -> int:
    """Take all that is ready, a hundred times a second."""
    total = 0
    for step in range(int(seconds * 100)):
        now = begin + step / 100
        ready = min(pace.ready(now), most)
        pace.take(ready, now)
        total += ready
    return total


def test_throttling_holds_then_slows_then_recovers() -> None:
    pace = Pace(500, 0.0)
    assert _drive(pace, 0.0, 2.0) == pytest.approx(1000 + 25, abs=8)
    pace.throttled(2.0)
    assert pace.ready(2.0 + HOLD_S / 2) == 0
    slowed = pace.allowed_per_s
    assert slowed == pytest.approx(500 * DECREASE, rel=0.1)
    assert _drive(pace, 2.0 + HOLD_S, 1.0) < 500
    assert pace.allowed_per_s > slowed
    _drive(pace, 3.5, 30.0)
    assert pace.allowed_per_s == 500


def test_a_burst_of_refusals_counts_once() -> None:
    pace = Pace(500, 0.0)
    _drive(pace, 0.0, 2.0)
    for _ in range(50):
        pace.throttled(2.0)
    assert pace.allowed_per_s == pytest.approx(500 * DECREASE, rel=0.1)
    pace.throttled(2.0 + DECREASE_EVERY_S)
    assert pace.allowed_per_s < 500 * DECREASE**2 * 1.2


def test_without_a_limit_the_speed_of_late_is_what_was_too_much() -> None:
    pace = Pace(0, 0.0)
    _drive(pace, 0.0, 2.0, most=10)  # a thousand a second
    pace.throttled(2.0)
    assert pace.allowed_per_s == pytest.approx(1000 * DECREASE, rel=0.1)


def test_however_often_it_is_throttled_it_never_stops() -> None:
    pace = Pace(5, 0.0)
    for second in range(100):
        pace.throttled(second * 2.0)
    assert pace.allowed_per_s >= SLOWEST_PER_S
    assert pace.wait_s(198.0) <= HOLD_S + 1 / SLOWEST_PER_S


def test_a_new_limit_of_the_operator_holds_at_once() -> None:
    pace = Pace(500, 0.0)
    pace.limit(50, 1.0)
    assert pace.allowed_per_s == 50
    assert _drive(pace, 1.0, 2.0) <= 50 * 2 + 50 * BURST_S + 1


def test_what_may_be_claimed_ahead_is_what_can_be_sent_in_that_time() -> None:
    pace = Pace(100, 0.0)
    pace.take(pace.ready(0.0), 0.0)
    assert pace.within(0.1, 0.0) == 10
    assert Pace(1, 0.0).within(0.1, 0.0) == 1
