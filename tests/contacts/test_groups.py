"""Groups: names among siblings, depth, how many; deleting one never deletes contacts."""

import pytest
from django.db import connection

from tests.contacts.counting import check_counts
from tests.contacts.scene import make_contact, make_group
from yunxin.accounts.models import Enterprise
from yunxin.contacts import groups
from yunxin.contacts.errors import GroupNameTaken, GroupNotFound, GroupTooDeep, TooManyGroups
from yunxin.contacts.groups import Branch, flat, tree
from yunxin.contacts.models import GROUPS_MAX


def drawn(branches: list[Branch]) -> list[str]:
    return [f"{'-' * one.depth}{one.name} {one.members}/{one.reach}" for one in flat(branches)]


def test_the_tree_is_one_query_with_counts_and_in_order(
    acme: Enterprise, django_assert_num_queries: object
) -> None:
    top = make_group(acme, "客户")
    make_group(acme, "安全员")  # an before ke
    east = make_group(acme, "华东", top)
    make_contact(acme, 1, groups=[east])
    make_contact(acme, 2, groups=[east, top])
    with django_assert_num_queries(1):  # type: ignore[operator]
        branches = tree(acme)
    assert drawn(branches) == ["安全员 0/0", "客户 1/2", "-华东 2/2"]
    assert branches[1].size_below == 1


def test_a_name_stands_once_among_siblings(acme: Enterprise, globex: Enterprise) -> None:
    top = make_group(acme, "A")
    make_group(acme, "A", top)  # elsewhere it may
    make_group(globex, "A")
    with pytest.raises(GroupNameTaken):
        make_group(acme, "A")
    other = make_group(acme, "B")
    with pytest.raises(GroupNameTaken):
        groups.rename_group(acme, other, name="A")
    groups.rename_group(acme, other, name="B")
    groups.rename_group(acme, other, name="C")
    assert drawn(tree(acme)) == ["A 0/0", "-A 0/0", "C 0/0"]


def test_groups_stand_eight_deep_at_most(acme: Enterprise) -> None:
    parent = None
    for _level in range(8):
        parent = make_group(acme, "G", parent)
    with pytest.raises(GroupTooDeep):
        make_group(acme, "G", parent)


def test_there_are_two_thousand_groups_at_most(acme: Enterprise) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_group_create(%s, NULL, 'G' || n) FROM generate_series(1, %s) n",
            (acme.pk, GROUPS_MAX),
        )
    with pytest.raises(TooManyGroups):
        make_group(acme, "One more")


def test_deleting_takes_sub_groups_along_and_leaves_contacts(acme: Enterprise) -> None:
    top = make_group(acme, "Top")
    middle = make_group(acme, "Middle", top)
    low = make_group(acme, "Low", middle)
    make_contact(acme, 1, groups=[low])
    make_contact(acme, 2, groups=[middle, top])
    assert groups.delete_group(acme, middle) == 2
    assert drawn(tree(acme)) == ["Top 1/1"]
    assert acme.contacts.count() == 2
    assert groups.delete_group(acme, middle) == 0
    check_counts(acme)


def test_another_enterprises_groups_are_not_found(acme: Enterprise, globex: Enterprise) -> None:
    theirs = make_group(globex, "Theirs")
    with pytest.raises(GroupNotFound):
        make_group(acme, "Ours", theirs)
    with pytest.raises(GroupNotFound):
        groups.rename_group(acme, theirs, name="Ours")
    assert groups.delete_group(acme, theirs) == 0
    with pytest.raises(GroupNotFound):
        groups.get_group(acme, theirs)
    assert drawn(tree(globex)) == ["Theirs 0/0"]
