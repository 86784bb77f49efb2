from yunxin.engine.routing import Line, candidates, may_try_another, turn
from yunxin.vocabulary import CarrierName

MOBILE = Line(1, frozenset({CarrierName.MOBILE}))
UNICOM = Line(2, frozenset({CarrierName.UNICOM}))
ALL = Line(3)


def ids(lines: list[Line]) -> list[int]:
    return [line.channel_id for line in lines]


def test_a_channel_carries_to_the_carriers_it_serves() -> None:
    assert ids(candidates("mobile", [MOBILE, UNICOM, ALL])) == [1, 3]
    assert ids(candidates("telecom", [MOBILE, UNICOM, ALL])) == [3]
    assert ids(candidates("telecom", [MOBILE, UNICOM])) == []


def test_an_unknown_carrier_goes_where_all_are_served() -> None:
    assert ids(candidates("unknown", [MOBILE, UNICOM, ALL])) == [3]


def test_who_carried_least_for_its_weight_goes_first() -> None:
    heavy, light = Line(1, weight=3, load=10.0), Line(2, weight=1, load=9.0)
    assert ids(candidates("mobile", [heavy, light])) == [2, 1]
    light.take(4)
    assert ids(candidates("mobile", [heavy, light])) == [1, 2]


def test_weights_share_the_load() -> None:
    lines = [Line(1, weight=3), Line(2, weight=1)]
    for _ in range(400):
        candidates("mobile", lines)[0].take(1)
    assert {line.channel_id: -line.room for line in lines} == {1: 300, 2: 100}


def test_a_reserve_goes_last_whatever_it_carried() -> None:
    reserve, busy = Line(1, weight=0), Line(2, weight=1, load=1e9)
    assert ids(candidates("mobile", [reserve, busy])) == [2, 1]


def test_who_refused_the_message_goes_last() -> None:
    first, second = Line(1), Line(2, load=100.0)
    assert ids(candidates("mobile", [first, second], [1])) == [2, 1]
    assert ids(candidates("mobile", [first], [1])) == [1]


def test_who_tried_in_vain_comes_again_in_the_order_of_the_tries() -> None:
    lines = [Line(1), Line(2), Line(3, weight=0), Line(4)]
    assert ids(candidates("mobile", lines, [2, 1])) == [4, 3, 2, 1]
    assert [turn(n, [2, 1]) for n in (1, 2, 3)] == [2, 1, 0]


def test_another_may_be_tried_only_if_it_serves_the_number_and_did_not_refuse() -> None:
    assert may_try_another("mobile", [MOBILE, ALL], {1})
    assert not may_try_another("mobile", [MOBILE, UNICOM], {1})
    assert not may_try_another("mobile", [MOBILE, ALL], {1, 3})
