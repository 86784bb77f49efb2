"""Ids only grow, whatever the clock does."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.engine.ids import IdMaker
from yunxin.vocabulary import COUNTER_BITS, NODE_BITS, message_id_time

START_MS = 1_790_000_000_000


def test_an_id_tells_when_and_where_it_was_made():
    made = IdMaker(5, clock_ms=lambda: START_MS).next()
    assert message_id_time(made) == datetime.fromtimestamp(START_MS / 1000, UTC)
    assert made >> COUNTER_BITS & (1 << NODE_BITS) - 1 == 5


@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=50))
def test_ids_grow_though_the_clock_steps_back(steps):
    clock = iter([START_MS + step for step in steps])
    ids = IdMaker(0, clock_ms=lambda: next(clock))
    made = [ids.next() for _ in steps]
    assert made == sorted(set(made))


def test_more_ids_than_a_millisecond_holds_still_grow_and_keep_their_node():
    ids = IdMaker(1023, clock_ms=lambda: START_MS)
    made = [ids.next() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {id >> COUNTER_BITS & (1 << NODE_BITS) - 1 for id in made} == {1023}


def test_two_nodes_never_make_the_same_id():
    one, two = (IdMaker(node, clock_ms=lambda: START_MS) for node in (1, 2))
    assert not {one.next() for _ in range(5000)} & {two.next() for _ in range(5000)}


def test_an_id_fits_a_bigint_for_a_hundred_years():
    later = int(datetime(2090, 1, 1, tzinfo=UTC).timestamp() * 1000)
    assert IdMaker(1023, clock_ms=lambda: later).next() < 1 << 63
    assert IdMaker(0).next() >> 22 <= time.time() * 1000


@pytest.mark.parametrize("node", [-1, 1024])
def test_a_node_number_out_of_range_is_refused(node):
    with pytest.raises(ValueError, match="node number"):
        IdMaker(node)
