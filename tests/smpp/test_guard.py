"""Whoever fails waits longer and longer; nobody else does."""

from yunxin.smpp.guard import ADDRESSES_MAX, FORGOTTEN_AFTER_S, LONGEST_S, WAITING_MAX, Guard


def test_the_first_mistakes_cost_nothing_and_then_each_costs_more():
    guard = Guard()
    waits = []
    for second in range(12):
        waits.append(guard.wait_s("a", second))
        guard.failed("a", second)
    assert waits[:3] == [0, 0, 0]
    assert waits[3:6] == [0.5, 1.0, 2.0]
    assert waits[-1] == LONGEST_S
    assert guard.wait_s("b", 12) == 0


def test_a_success_or_time_forgives():
    guard = Guard()
    for _ in range(5):
        guard.failed("a", 0)
        guard.failed("b", 0)
    guard.succeeded("a")
    assert guard.wait_s("a", 1) == 0
    assert guard.wait_s("b", 1) > 0
    assert guard.wait_s("b", FORGOTTEN_AFTER_S + 1) == 0


def test_many_tries_at_once_gain_nothing():
    guard = Guard()
    assert [guard.begin_waiting("a") for _ in range(WAITING_MAX + 1)] == [True] * WAITING_MAX + [
        False
    ]
    guard.end_waiting("a")
    assert guard.begin_waiting("a")
    assert guard.begin_waiting("b")


def test_it_remembers_no_more_than_it_has_room_for():
    guard = Guard()
    for number in range(ADDRESSES_MAX + 1):
        for _ in range(4):
            guard.failed(str(number), 0)
    assert guard.wait_s("0", 0) == 0
    assert guard.wait_s(str(ADDRESSES_MAX), 0) > 0
