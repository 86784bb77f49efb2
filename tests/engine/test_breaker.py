"""When a channel's breaker opens, tries again, and closes."""

from yunxin.engine.breaker import (
    ANSWERS_LEAST,
    BUCKET_S,
    REST_FIRST_S,
    REST_LONGEST_S,
    Breaker,
)
from yunxin.vocabulary import BreakerState


def opened() -> Breaker:
    """One that opened at 0."""
    breaker = Breaker(0)
    for _ in range(ANSWERS_LEAST):
        breaker.note(False, 0)
    return breaker


def test_it_opens_when_most_answers_are_bad() -> None:
    breaker = Breaker(0)
    for _ in range(ANSWERS_LEAST // 2):
        breaker.note(True, 1)
    for _ in range(ANSWERS_LEAST // 2 - 1):
        breaker.note(False, 2)
    assert breaker.state(2) is BreakerState.CLOSED
    breaker.note(False, 2)
    assert breaker.state(2) is BreakerState.OPEN


def test_few_bad_answers_and_bad_ones_among_many_good_ones_open_nothing() -> None:
    breaker = Breaker(0)
    for _ in range(ANSWERS_LEAST - 1):
        breaker.note(False, 0)
    assert breaker.state(0) is BreakerState.CLOSED
    breaker = Breaker(0)
    for _ in range(1000):
        breaker.note(True, 0)
        breaker.note(True, 0)
        breaker.note(False, 0)
    assert breaker.state(0) is BreakerState.CLOSED


def test_old_answers_are_forgotten() -> None:
    breaker = Breaker(0)
    for at in (0, 2 * BUCKET_S, 4 * BUCKET_S):
        for _ in range(ANSWERS_LEAST - 1):
            breaker.note(False, at)
    assert breaker.state(4 * BUCKET_S) is BreakerState.CLOSED


def test_a_good_try_closes_it_and_a_bad_one_doubles_the_rest() -> None:
    breaker = opened()
    assert breaker.state(REST_FIRST_S - 0.1) is BreakerState.OPEN
    breaker.note(True, 1)  # sent before it opened
    assert breaker.state(1) is BreakerState.OPEN
    assert breaker.state(REST_FIRST_S) is BreakerState.HALF_OPEN
    breaker.note(False, REST_FIRST_S)
    assert breaker.state(2 * REST_FIRST_S) is BreakerState.OPEN
    assert breaker.state(3 * REST_FIRST_S) is BreakerState.HALF_OPEN
    breaker.note(True, 3 * REST_FIRST_S)
    assert breaker.state(3 * REST_FIRST_S) is BreakerState.CLOSED


def test_a_good_try_forgets_all_that_was_bad_before() -> None:
    breaker = opened()
    breaker.note(True, REST_FIRST_S)
    for _ in range(ANSWERS_LEAST - 1):
        breaker.note(False, REST_FIRST_S)
    assert breaker.state(REST_FIRST_S) is BreakerState.CLOSED


def test_after_a_good_try_the_rest_is_short_again() -> None:
    breaker = opened()
    breaker.note(False, REST_FIRST_S)  # the rest is twice as long
    breaker.note(True, 3 * REST_FIRST_S)
    for _ in range(ANSWERS_LEAST - 1):
        breaker.note(False, 3 * REST_FIRST_S)
    assert breaker.state(3 * REST_FIRST_S) is BreakerState.CLOSED
    breaker.note(False, 3 * REST_FIRST_S)
    assert breaker.state(3 * REST_FIRST_S) is BreakerState.OPEN
    assert breaker.state(4 * REST_FIRST_S) is BreakerState.HALF_OPEN


def test_the_stretch_before_this_one_counts_with_its_good_and_its_bad_answers() -> None:
    breaker = Breaker(0)
    for at in (0, BUCKET_S):
        for _ in range(ANSWERS_LEAST // 2):
            assert breaker.state(at) is BreakerState.CLOSED
            breaker.note(False, at)
    assert breaker.state(BUCKET_S) is BreakerState.OPEN
    breaker = Breaker(0)
    for _ in range(ANSWERS_LEAST + 1):
        breaker.note(True, 0)
    for _ in range(ANSWERS_LEAST):
        breaker.note(False, BUCKET_S)
    assert breaker.state(BUCKET_S) is BreakerState.CLOSED


def test_the_rest_has_an_end() -> None:
    breaker, now = opened(), 0.0
    for _ in range(20):
        now += REST_LONGEST_S
        assert breaker.state(now) is BreakerState.HALF_OPEN
        breaker.note(False, now)
