"""The groups of the address book as a flat list in the order of the tree, to choose from."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yunxin.accounts.models import Enterprise
from yunxin.contacts import groups
from yunxin.contacts.groups import Branch


class Node(NamedTuple):
    """One line: a group, and how deep it stands (0 at the top)."""

    pk: int
    name: str
    trail: str  # the names from the top to it, for searching
    depth: int
    members: int
    reach: int


def group_tree(enterprise: Enterprise) -> list[Node]:
    """All groups of an enterprise, each behind the one it stands in; one query."""
    return list(_flat(groups.tree(enterprise), ""))


def _flat(branches: Iterable[Branch], above: str) -> Iterator[Node]:
    for each in branches:
        trail = f"{above} {each.name}".strip()
        yield Node(each.id, each.name, trail, each.depth, each.members, each.reach)
        yield from _flat(each.children, trail)
