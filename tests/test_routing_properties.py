"""What holds for every message and every set of channels, however they are chosen."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from yunxin.engine.dispatch import Waiting, plan
from yunxin.routing import Line, candidates, may_try_another, rank
from yunxin.vocabulary import PRIORITY_OF, CarrierName, TrafficClass

CARRIERS = [str(name) for name in CarrierName]
PROVINCES = ["guangdong", "hainan", "gansu"]
TRAFFICS = [str(traffic) for traffic in TrafficClass]
ENTERPRISES = [1, 2, 3]


@dataclass(frozen=True)
class Asked:
    """A message that asks for a channel."""

    carrier: str
    province: str
    traffic: str
    enterprise_id: int


def some(words: list[str]) -> st.SearchStrategy[frozenset[str]]:
    """Often none, which means all."""
    return st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(words), max_size=2))


needs = st.builds(
    Asked,
    carrier=st.sampled_from(CARRIERS),
    province=st.sampled_from(["", *PROVINCES]),
    traffic=st.sampled_from(TRAFFICS),
    enterprise_id=st.sampled_from(ENTERPRISES),
)
lines = st.lists(
    st.builds(
        Line,
        channel_id=st.integers(1, 99),
        carriers=some(CARRIERS),
        provinces=some(PROVINCES),
        traffics=some(TRAFFICS),
        enterprises=st.one_of(
            st.just(frozenset()), st.frozensets(st.sampled_from(ENTERPRISES), max_size=2)
        ),
        open=st.sampled_from([True, True, True, False]),
        broken=st.sampled_from([False, False, False, True]),
        weight=st.integers(0, 3),
        room=st.integers(0, 50),
        kept=st.integers(0, 5),
        load=st.floats(0, 100),
    ),
    max_size=8,
    unique_by=lambda line: line.channel_id,
)


def serves(line: Line, need: Asked) -> bool:
    """The rule said anew, in other words than the code's."""
    return (
        line.open
        and not line.broken
        and (not line.carriers or need.carrier in line.carriers)
        and (not line.provinces or need.province in line.provinces)
        and (not line.traffics or need.traffic in line.traffics)
        and (not line.enterprises or need.enterprise_id in line.enterprises)
    )


@given(needs, lines, st.lists(st.integers(1, 99), unique=True, max_size=6))
def test_exactly_the_channels_that_serve_a_message_are_chosen(
    need: Asked, lines: list[Line], refused_by: list[int]
) -> None:
    chosen = candidates(need, lines, refused_by)
    assert {line.channel_id for line in chosen} == {
        line.channel_id for line in lines if serves(line, need)
    }
    fresh = any(serves(line, need) and line.channel_id not in refused_by for line in lines)
    assert may_try_another(need, lines, refused_by) == fresh


@given(needs, lines)
def test_own_goes_before_everybodys_the_province_before_all_and_reserves_last(
    need: Asked, lines: list[Line]
) -> None:
    chosen = candidates(need, lines)
    places = [
        (need.enterprise_id not in line.enterprises, not line.weight, not line.provinces)
        for line in chosen
    ]
    assert places == sorted(places)
    for one, other in zip(chosen, chosen[1:], strict=False):
        if rank(need, one) == rank(need, other):
            assert one.load <= other.load


@given(needs, lines)
def test_failover_tries_every_channel_once_before_any_twice(need: Asked, lines: list[Line]) -> None:
    able = {line.channel_id for line in lines if serves(line, need)}
    refused_by: list[int] = []
    for _ in range(len(able)):
        best = candidates(need, lines, refused_by)[0]
        assert best.channel_id not in refused_by
        refused_by.append(best.channel_id)
    assert set(refused_by) == able
    again = candidates(need, lines, refused_by)
    assert [line.channel_id for line in again] == refused_by


@settings(max_examples=25)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), needs, st.integers(1, 4))
def test_equal_channels_share_by_weight(weights: list[int], need: Asked, segments: int) -> None:
    lines = [Line(n, weight=weight) for n, weight in enumerate(weights)]
    rounds = 40 * sum(weights)
    carried: Counter[int] = Counter()
    for _ in range(rounds):
        best = candidates(need, lines)[0]
        best.take(segments)
        carried[best.channel_id] += 1
    for line in lines:
        assert abs(carried[line.channel_id] - 40 * line.weight) <= sum(weights)


@given(
    lines,
    st.lists(
        st.builds(
            Waiting,
            priority=st.sampled_from([int(p) for p in PRIORITY_OF.values()]),
            enterprise_id=st.sampled_from(ENTERPRISES),
            carrier=st.sampled_from(CARRIERS),
            count=st.integers(0, 40),
            province=st.sampled_from(["", *PROVINCES]),
        ),
        max_size=10,
        unique_by=lambda w: (w.priority, w.enterprise_id, w.carrier, w.province),
    ),
)
def test_a_plan_gives_nothing_to_who_does_not_serve_it_and_no_more_than_waits(
    lines: list[Line], waiting: list[Waiting]
) -> None:
    by_id = {line.channel_id: line for line in lines}
    rooms = {line.channel_id: line.room for line in lines}
    counts = {(w.priority, w.enterprise_id, w.carrier, w.province): w for w in waiting}
    for grant in plan(waiting, lines, weights={}, served={}):
        group = counts[grant.priority, grant.enterprise_id, grant.carrier, grant.province]
        assert grant.messages <= group.count
        need = Asked(group.carrier, group.province, group.traffic, group.enterprise_id)
        for channel_id, messages in grant.slots.items():
            assert serves(by_id[channel_id], need)
            rooms[channel_id] -= messages
    assert all(room >= 0 for room in rooms.values())
