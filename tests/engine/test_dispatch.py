"""Fairness as a pure function; claims against the real queue are in test_sending.py."""

from hypothesis import given
from hypothesis import strategies as st

from yunxin.engine.dispatch import Grant, Waiting, plan
from yunxin.routing import Line
from yunxin.vocabulary import Priority

MILLION = 1_000_000


def total(grants: list[Grant], **wanted: object) -> int:
    return sum(
        grant.messages
        for grant in grants
        if all(getattr(grant, name) == value for name, value in wanted.items())
    )


def test_a_verification_code_passes_a_million_marketing_messages() -> None:
    waiting = [
        Waiting(Priority.MARKETING, 1, "mobile", MILLION),
        Waiting(Priority.VERIFICATION, 2, "mobile", 1),
    ]
    grants = plan(waiting, [Line(1, room=10)], weights={}, served={})
    assert grants[0] == Grant(Priority.VERIFICATION, 2, "mobile", {1: 1})
    assert total(grants, priority=Priority.MARKETING) == 9


def test_the_last_of_the_room_is_kept_for_verification_codes() -> None:
    line = Line(1, room=10, kept=4)
    marketing = Waiting(Priority.MARKETING, 1, "mobile", MILLION)
    assert total(plan([marketing], [line], weights={}, served={})) == 6
    code = Waiting(Priority.VERIFICATION, 1, "mobile", MILLION)
    assert total(plan([code], [line], weights={}, served={})) == 4


def test_enterprises_share_equally_whatever_they_have_waiting() -> None:
    waiting = [Waiting(2, 1, "mobile", MILLION), Waiting(2, 2, "mobile", 60)]
    grants = plan(waiting, [Line(1, room=100)], weights={}, served={})
    assert total(grants, enterprise_id=2) in range(45, 56)
    assert total(grants) == 100


def test_shares_go_by_weight() -> None:
    waiting = [Waiting(2, e, "mobile", MILLION) for e in (1, 2)]
    grants = plan(waiting, [Line(1, room=400)], weights={1: 3, 2: 1}, served={})
    assert abs(total(grants, enterprise_id=1) - 300) <= 25


def test_what_one_does_not_need_the_others_get() -> None:
    waiting = [Waiting(2, 1, "mobile", MILLION), Waiting(2, 2, "mobile", 3)]
    grants = plan(waiting, [Line(1, room=100)], weights={}, served={})
    assert total(grants, enterprise_id=2) == 3
    assert total(grants, enterprise_id=1) == 97


def test_with_less_room_than_enterprises_all_get_their_turn() -> None:
    waiting = [Waiting(2, e, "mobile", MILLION) for e in range(10)]
    served: dict[int, float] = {}
    given_to = [0] * 10
    for _ in range(100):
        for grant in plan(waiting, [Line(1, room=1)], weights={}, served=served):
            given_to[grant.enterprise_id] += grant.messages
    assert given_to == [10] * 10


def test_who_comes_late_starts_level_and_catches_up_nothing() -> None:
    served: dict[int, float] = {}
    first = Waiting(2, 1, "mobile", MILLION)
    for _ in range(50):
        plan([first], [Line(1, room=100)], weights={}, served=served)
    late = Waiting(2, 2, "mobile", MILLION)
    grants = plan([first, late], [Line(1, room=100)], weights={}, served=served)
    assert abs(total(grants, enterprise_id=1) - 50) <= 7


def test_a_carrier_without_a_channel_keeps_nobody_waiting() -> None:
    waiting = [Waiting(2, 1, "telecom", MILLION), Waiting(2, 1, "mobile", 5)]
    grants = plan(waiting, [Line(1, frozenset({"mobile"}), room=10)], weights={}, served={})
    assert grants == [Grant(2, 1, "mobile", {1: 5})]


def test_the_carriers_of_an_enterprise_take_turns() -> None:
    waiting = [Waiting(2, 1, carrier, MILLION) for carrier in ("mobile", "unicom")]
    grants = plan(waiting, [Line(1, room=100)], weights={}, served={})
    assert abs(total(grants, carrier="mobile") - 50) <= 13


def test_channels_share_by_weight_and_room() -> None:
    lines = [Line(1, room=1000, weight=3), Line(2, room=1000, weight=1), Line(3, room=2)]
    grants = plan([Waiting(2, 1, "mobile", 400)], lines, weights={}, served={})
    (grant,) = grants
    assert grant.messages == 400
    assert grant.slots[3] <= 2
    assert grant.slots[1] > grant.slots[2]


def test_long_texts_count_with_all_their_segments() -> None:
    grants = plan(
        [Waiting(2, 1, "mobile", MILLION)],
        [Line(1, room=100)],
        weights={},
        served={},
        segments=lambda _: 4.0,
    )
    assert total(grants) == 25


def test_a_text_longer_than_the_room_goes_all_the_same() -> None:
    grants = plan(
        [Waiting(2, 1, "mobile", 5)],
        [Line(1, room=2)],
        weights={},
        served={},
        segments=lambda _: 10.0,
    )
    assert total(grants) == 1


@given(
    st.lists(
        st.builds(
            Waiting,
            priority=st.integers(0, 2),
            enterprise_id=st.integers(1, 6),
            carrier=st.sampled_from(["mobile", "unicom", "telecom", "unknown"]),
            count=st.integers(0, 300),
        ),
        max_size=20,
        unique_by=lambda w: (w.priority, w.enterprise_id, w.carrier),
    ),
    st.lists(
        st.builds(
            Line,
            channel_id=st.integers(1, 10_000),
            carriers=st.sampled_from([frozenset(), frozenset({"mobile"}), frozenset({"unicom"})]),
            weight=st.integers(0, 3),
            room=st.integers(-5, 200),
            kept=st.integers(0, 10),
        ),
        max_size=5,
        unique_by=lambda line: line.channel_id,
    ),
)
def test_no_line_gets_more_than_its_room_and_nobody_more_than_he_has(
    waiting: list[Waiting], lines: list[Line]
) -> None:
    rooms = {line.channel_id: max(0, line.room) for line in lines}
    serves = {line.channel_id: line for line in lines}
    counts = {(w.priority, w.enterprise_id, w.carrier): w.count for w in waiting}
    for grant in plan(waiting, lines, weights={}, served={}):
        assert grant.messages <= counts[grant.priority, grant.enterprise_id, grant.carrier]
        for channel_id, messages in grant.slots.items():
            asked = Waiting(grant.priority, grant.enterprise_id, grant.carrier, 1)
            assert serves[channel_id].obstacle(asked) is None
            rooms[channel_id] -= messages
    assert min(rooms.values(), default=0) >= 0
