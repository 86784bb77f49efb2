"""Parts of long messages find each other, in any order, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.protocols.concat import Part
from yunxin.simulator.joining import Joiner


@given(st.permutations(range(1, 6)))
def test_parts_are_joined_in_any_order(order: list[int]) -> None:
    joiner: Joiner[int] = Joiner()
    *early, last = order
    for number in early:
        assert joiner.add("to", Part(7, 5, number), number) is None
    assert joiner.add("to", Part(7, 5, last), last) == [1, 2, 3, 4, 5]
    assert len(joiner) == 0


def test_doubles_are_ignored() -> None:
    joiner: Joiner[str] = Joiner()
    assert joiner.add("to", Part(7, 2, 1), "a") is None
    assert joiner.add("to", Part(7, 2, 1), "b") is None
    assert joiner.add("to", Part(7, 2, 2), "c") == ["a", "c"]


@pytest.mark.parametrize("part", [Part(8, 2, 2), Part(7, 3, 2)])
def test_other_references_and_totals_stay_apart(part: Part) -> None:
    joiner: Joiner[str] = Joiner()
    joiner.add("to", Part(7, 2, 1), "a")
    assert joiner.add("to", part, "b") is None
    assert joiner.add("another", Part(7, 2, 2), "b") is None


def test_the_oldest_gives_way() -> None:
    joiner: Joiner[str] = Joiner(maximum=2)
    for reference in (1, 2, 3):
        joiner.add("to", Part(reference, 2, 1), "a")
    assert (len(joiner), joiner.given_up) == (2, 1)
    assert joiner.add("to", Part(1, 2, 2), "b") is None  # its first part is gone
    joiner.clear()
    assert (len(joiner), joiner.given_up) == (0, 0)
