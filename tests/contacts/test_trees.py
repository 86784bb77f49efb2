"""The rows of a tree open and close as many lists as the tree has."""

from hypothesis import given
from hypothesis import strategies as st

from yunxin.contacts.groups import Branch, flat
from yunxin.contacts.trees import OPEN_UP_TO, rows_of


def grown(shape: list[list[object]], above: tuple[int, ...] = ()) -> list[Branch]:
    """Branches of a nested list, numbered by their place."""
    branches = []
    for at, below in enumerate(shape, 1):
        path = (*above, at)
        branch = Branch(at, "G", 0, 0, path)
        branch.children = grown(below, path)  # type: ignore[arg-type]
        branches.append(branch)
    return branches


@given(st.recursive(st.just([]), lambda below: st.lists(below, max_size=4), max_leaves=20))
def test_every_list_that_opens_is_closed_at_its_end(shape: list[list[object]]) -> None:
    branches = grown(shape)
    rows = rows_of(branches, ())
    assert [row.branch for row in rows] == list(flat(branches))
    depth = 0
    for row in rows:
        assert row.branch.depth == depth
        depth += bool(row.branch.children)
        depth -= len(row.closes)
    assert depth == 0


def test_a_large_tree_is_open_along_the_way_alone() -> None:
    branches = [Branch(n, "G", 0, 0, (n,)) for n in range(1, OPEN_UP_TO + 1)]
    branches[0].children = [Branch(99, "G", 0, 0, (1, 99))]
    rows = rows_of(branches, (1, 99))
    assert [row.is_open for row in rows[:3]] == [True, True, False]
    assert [row.is_current for row in rows[:3]] == [False, True, False]
