"""The group tree as a page draws it: one row after the other, so that no template calls itself."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from yunxin.contacts.groups import Branch, flat

OPEN_UP_TO = 40  # groups: a tree that fits a screen or two is shown whole


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A group in the tree; `closes` says how many lists of sub-groups end after it."""

    branch: Branch
    is_current: bool
    is_open: bool
    closes: range


def rows_of(branches: list[Branch], way: Collection[int]) -> list[TreeRow]:
    """The rows of a tree, opened along the way to the current group.

    Args:
        way: ids from the top down to the current group, which is the last; empty for none.
    """
    current = list(way)[-1] if way else 0
    opened = set(way)
    is_small = sum(1 for _branch in flat(branches)) <= OPEN_UP_TO
    return [
        TreeRow(branch, branch.id == current, is_small or branch.id in opened, range(closes))
        for branch, closes in _closing(branches)
    ]


def _closing(branches: Iterable[Branch], above: int = 0) -> Iterator[tuple[Branch, int]]:
    """Branches depth first, each with the number of lists that end after it."""
    level = list(branches)
    for at, branch in enumerate(level):
        is_last = at == len(level) - 1
        ends = above + 1 if is_last and branch.depth else 0
        if branch.children:
            yield branch, 0
            yield from _closing(branch.children, ends if is_last else 0)
        else:
            yield branch, ends
