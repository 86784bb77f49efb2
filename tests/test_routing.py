from dataclasses import dataclass
from datetime import time

import pytest

from yunxin.routing import Line, Obstacle, candidates, is_open, may_try_another, turn
from yunxin.vocabulary import CarrierName


@dataclass(frozen=True)
class To:
    """What asks for a channel."""

    carrier: str = "mobile"
    traffic: str = "notice"
    enterprise_id: int = 7
    province: str = ""


MOBILE = Line(1, frozenset({CarrierName.MOBILE}))
UNICOM = Line(2, frozenset({CarrierName.UNICOM}))
ALL = Line(3)


def ids(lines: list[Line]) -> list[int]:
    return [line.channel_id for line in lines]


def test_a_channel_carries_to_the_carriers_it_serves() -> None:
    assert ids(candidates(To("mobile"), [MOBILE, UNICOM, ALL])) == [1, 3]
    assert ids(candidates(To("telecom"), [MOBILE, UNICOM, ALL])) == [3]
    assert ids(candidates(To("telecom"), [MOBILE, UNICOM])) == []


def test_an_unknown_carrier_goes_where_all_are_served() -> None:
    assert ids(candidates(To("unknown"), [MOBILE, UNICOM, ALL])) == [3]


def test_a_channel_of_provinces_carries_nothing_from_elsewhere_or_nobody_knows_where() -> None:
    south, whole = Line(1, provinces=frozenset({"guangdong", "hainan"})), Line(2)
    assert ids(candidates(To(province="hainan"), [south, whole])) == [1, 2]
    assert ids(candidates(To(province="gansu"), [south, whole])) == [2]
    assert ids(candidates(To(), [south, whole])) == [2]
    assert south.obstacle(To()) is Obstacle.PROVINCE


def test_a_channel_of_the_province_goes_before_those_for_all_but_not_before_ones_own() -> None:
    south = Line(1, provinces=frozenset({"hainan"}), load=1e9)
    spare = Line(2, provinces=frozenset({"hainan"}), weight=0)
    whole, reserve = Line(3), Line(4, weight=0)
    own, own_reserve = (
        Line(5, enterprises=frozenset({7})),
        Line(6, enterprises=frozenset({7}), weight=0),
    )
    lines = [reserve, whole, spare, south, own_reserve, own]
    assert ids(candidates(To(province="hainan"), lines)) == [5, 6, 1, 3, 2, 4]


def test_who_carried_least_for_its_weight_goes_first() -> None:
    heavy, light = Line(1, weight=3, load=10.0), Line(2, weight=1, load=9.0)
    assert ids(candidates(To("mobile"), [heavy, light])) == [2, 1]
    light.take(4)
    assert ids(candidates(To("mobile"), [heavy, light])) == [1, 2]


def test_weights_share_the_load() -> None:
    lines = [Line(1, weight=3), Line(2, weight=1)]
    for _ in range(400):
        candidates(To("mobile"), lines)[0].take(1)
    assert {line.channel_id: -line.room for line in lines} == {1: 300, 2: 100}


def test_a_reserve_goes_last_whatever_it_carried() -> None:
    reserve, busy = Line(1, weight=0), Line(2, weight=1, load=1e9)
    assert ids(candidates(To("mobile"), [reserve, busy])) == [2, 1]


def test_who_refused_the_message_goes_last() -> None:
    first, second = Line(1), Line(2, load=100.0)
    assert ids(candidates(To("mobile"), [first, second], [1])) == [2, 1]
    assert ids(candidates(To("mobile"), [first], [1])) == [1]


def test_who_tried_in_vain_comes_again_in_the_order_of_the_tries() -> None:
    lines = [Line(1), Line(2), Line(3, weight=0), Line(4)]
    assert ids(candidates(To("mobile"), lines, [2, 1])) == [4, 3, 2, 1]
    assert [turn(n, [2, 1]) for n in (1, 2, 3)] == [2, 1, 0]


def test_another_may_be_tried_only_if_it_serves_the_number_and_did_not_refuse() -> None:
    assert may_try_another(To("mobile"), [MOBILE, ALL], {1})
    assert not may_try_another(To("mobile"), [MOBILE, UNICOM], {1})
    assert not may_try_another(To("mobile"), [MOBILE, ALL], {1, 3})


@pytest.mark.parametrize(
    ("line", "obstacle"),
    [
        (Line(1), None),
        (Line(1, carriers=frozenset({"unicom"})), Obstacle.CARRIER),
        (Line(1, provinces=frozenset({"hainan"})), Obstacle.PROVINCE),
        (Line(1, traffics=frozenset({"verification", "notice"})), None),
        (Line(1, traffics=frozenset({"marketing"})), Obstacle.TRAFFIC),
        (Line(1, enterprises=frozenset({7, 8})), None),
        (Line(1, enterprises=frozenset({8})), Obstacle.OTHERS_OWN),
        (Line(1, open=False), Obstacle.HOURS),
        (Line(1, broken=True), Obstacle.BROKEN),
    ],
)
def test_a_channel_says_why_it_does_not_serve(line: Line, obstacle: Obstacle | None) -> None:
    assert line.obstacle(To()) == obstacle
    assert ids(candidates(To(), [line])) == ([1] if obstacle is None else [])
    assert may_try_another(To(), [line], set()) == (obstacle is None)


def test_an_enterprises_own_channel_goes_first_and_nobody_elses_message_does() -> None:
    own, shared = Line(1, enterprises=frozenset({7}), load=1e9), Line(2)
    assert ids(candidates(To(enterprise_id=7), [shared, own])) == [1, 2]
    assert ids(candidates(To(enterprise_id=8), [shared, own])) == [2]
    assert ids(candidates(To(enterprise_id=7), [shared, own], [1])) == [2, 1]


@pytest.mark.parametrize(
    ("first", "last", "clock", "expected"),
    [
        (None, None, time(3), True),
        (time(8), None, time(3), True),
        (time(8), time(8), time(3), True),
        (time(8), time(21), time(8), True),
        (time(8), time(21), time(20, 59, 59), True),
        (time(8), time(21), time(21), False),
        (time(8), time(21), time(7, 59), False),
        (time(22), time(6), time(23), True),
        (time(22), time(6), time(5), True),
        (time(22), time(6), time(6), False),
    ],
)
def test_hours_may_run_over_midnight(
    first: time | None, last: time | None, clock: time, expected: bool
) -> None:
    assert is_open(first, last, clock) is expected
