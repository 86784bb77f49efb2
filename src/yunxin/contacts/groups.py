"""Groups of contacts: the tree, and what may be done to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection

from yunxin.accounts import audit
from yunxin.accounts.audit import Actor
from yunxin.accounts.models import Enterprise
from yunxin.contacts.errors import GroupNotFound, told
from yunxin.contacts.models import ContactGroup
from yunxin.text.initials import initials


@dataclass(slots=True)
class Branch:
    """A group of the tree with the groups under it, in the order people read them."""

    id: int
    name: str
    members: int  # 组人数
    reach: int  # 汇总人数
    path: tuple[int, ...]  # ancestors and itself, root first
    children: list["Branch"] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """0 at the top."""
        return len(self.path) - 1

    @property
    def size_below(self) -> int:
        """How many groups stand under it, at any depth."""
        return sum(1 + child.size_below for child in self.children)


def tree(enterprise: Enterprise) -> list[Branch]:
    """The enterprise's groups at the top, each with those under it; one query."""
    rows = enterprise.contact_groups.values_list("id", "name", "members", "reach", "path")
    branches = {
        row[0]: Branch(row[0], row[1], row[2], row[3], tuple(row[4]))
        for row in sorted(rows, key=lambda row: (initials(row[1]), row[1]))
    }
    top: list[Branch] = []
    for branch in branches.values():
        above = branches.get(branch.path[-2]) if branch.depth else None
        (above.children if above else top).append(branch)
    return top


def flat(branches: Iterable[Branch]) -> Iterator[Branch]:
    """Every branch of a tree, each followed by those under it."""
    for branch in branches:
        yield branch
        yield from flat(branch.children)


def get_group(enterprise: Enterprise, group_id: int) -> ContactGroup:
    """
    Raises:
        GroupNotFound: there is none of this id in the enterprise.
    """
    found = enterprise.contact_groups.filter(pk=group_id).first() if group_id < 2**63 else None
    if found is None:
        raise GroupNotFound
    return found


def create_group(
    enterprise: Enterprise, *, name: str, parent_id: int | None = None, by: Actor = None
) -> int:
    """Make a group at the top or under another; returns its id.

    Args:
        name: 1 to 40 characters, tidied by the caller.
    Raises:
        GroupNotFound, GroupNameTaken, GroupTooDeep, TooManyGroups: nothing was changed.
    """
    with told(), connection.cursor() as cursor:
        cursor.execute("SELECT contact_group_create(%s, %s, %s)", (enterprise.pk, parent_id, name))
        made = int(cursor.fetchone()[0])
        audit.record(by, "contact_group.create", name, enterprise)
    return made


def rename_group(enterprise: Enterprise, group_id: int, *, name: str, by: Actor = None) -> None:
    """
    Raises:
        GroupNotFound, GroupNameTaken: nothing was changed.
    """
    with told(), connection.cursor() as cursor:
        before = get_group(enterprise, group_id).name
        cursor.execute("SELECT contact_group_rename(%s, %s, %s)", (enterprise.pk, group_id, name))
        audit.record(by, "contact_group.rename", before, enterprise, name=name)


def delete_group(enterprise: Enterprise, group_id: int, *, by: Actor = None) -> int:
    """Delete a group and those under it; contacts stay. Returns how many groups went."""
    found = enterprise.contact_groups.filter(pk=group_id).first()
    if found is None:
        return 0
    with told(), connection.cursor() as cursor:
        cursor.execute("SELECT contact_group_delete(%s, %s)", (enterprise.pk, group_id))
        gone = int(cursor.fetchone()[0])
        if gone:
            audit.record(by, "contact_group.delete", found.name, enterprise, groups=gone)
    return gone
