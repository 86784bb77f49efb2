"""Contacts: taken in by phone, changed, found by part of a name, and never another enterprise's."""

from typing import Any

import pytest
from django.conf import settings

from tests.contacts.counting import check_counts
from tests.contacts.scene import make_contact, make_group, someone
from yunxin.accounts.models import AuditEntry, Enterprise
from yunxin.contacts import people
from yunxin.contacts.errors import ContactNotFound, PhoneTaken, TooManyContacts
from yunxin.contacts.models import AddressBook, Contact
from yunxin.contacts.people import find_people
from yunxin.text.people import clean


def names(found: Any) -> list[str]:
    return [contact.name for contact in found]


def test_of_equal_phones_the_first_counts(acme: Enterprise) -> None:
    taken = people.take_people(acme, [someone(1, "甲"), someone(2, "乙"), someone(1, "丙")])
    assert [(one.place, one.created) for one in taken] == [(0, True), (1, True)]
    assert names(find_people(acme)) == ["乙", "甲"]  # newest first


def test_an_existing_contact_stays_as_it_is_but_joins_the_groups(acme: Enterprise) -> None:
    group_id = make_group(acme, "G")
    contact_id = make_contact(acme, 1, "甲", company="云信")
    (taken,) = people.take_people(acme, [someone(1, "乙")], groups=[group_id])
    assert (taken.id, taken.created) == (contact_id, False)
    assert names(find_people(acme, group_id=group_id)) == ["甲"]
    check_counts(acme)


def test_overwriting_replaces_what_is_given_and_keeps_the_rest(acme: Enterprise) -> None:
    contact_id = make_contact(acme, 1, "甲", company="云信", birthday="1990-01-02", remark="老")
    given = clean({"phone": "13000000001", "name": "张三", "birthday": "", "remark": ""})
    people.take_people(acme, [given], overwrite=True)
    contact = people.get_person(acme, contact_id)
    assert (contact.name, contact.initials, contact.company) == ("张三", "zs", "云信")
    assert (contact.birthday, contact.remark) == (None, "")


def test_the_version_moves_with_every_change_and_with_nothing_else(acme: Enterprise) -> None:
    make_contact(acme, 1, "甲")
    before = people.book_of(acme).version
    people.take_people(acme, [someone(1, "甲")], overwrite=True)
    people.delete_people(acme, [0])
    people.add_to_groups(acme, [0], [0])
    assert people.book_of(acme).version == before
    people.take_people(acme, [someone(1, "乙")], overwrite=True)
    assert people.book_of(acme).version == before + 1


def test_a_phone_is_there_once_in_an_enterprise(acme: Enterprise, globex: Enterprise) -> None:
    group_id = make_group(acme, "G")
    make_contact(acme, 1, "甲")
    make_contact(globex, 1, "Theirs")  # in another's book it may be
    with pytest.raises(PhoneTaken):
        people.add_person(acme, someone(1, "乙"), groups=[group_id])
    assert find_people(acme, group_id=group_id).count() == 0
    second = make_contact(acme, 2, "乙")
    with pytest.raises(PhoneTaken):
        people.change_person(acme, second, someone(1, "乙"), groups=None)
    people.change_person(acme, second, someone(3, "乙"), groups=None)
    assert people.get_person(acme, second).phone == "13000000003"


def test_a_changed_contact_leaves_groups_and_joins_others(acme: Enterprise) -> None:
    first, second = make_group(acme, "A"), make_group(acme, "B")
    contact_id = make_contact(acme, 1, groups=[first])
    people.change_person(acme, contact_id, someone(1), groups=[second])
    assert people.groups_of(acme, contact_id) == [second]
    check_counts(acme)


def test_the_book_has_an_end(acme: Enterprise, monkeypatch: pytest.MonkeyPatch) -> None:
    class Small:
        contacts_max = 2

    monkeypatch.setattr(settings, "CONFIG", Small)
    make_contact(acme, 1)
    with pytest.raises(TooManyContacts):
        people.take_people(acme, [someone(2), someone(3)])
    assert people.book_of(acme).contacts == 1
    people.take_people(acme, [someone(1), someone(2)])  # one of them is there already
    people.take_people(acme, [someone(1)])  # a full book takes what it has
    assert people.book_of(acme).contacts == 2


def test_another_enterprises_contacts_are_not_found(acme: Enterprise, globex: Enterprise) -> None:
    ours, theirs = make_contact(acme, 1, "甲"), make_contact(globex, 1, "Theirs")
    group_id, their_group = make_group(acme, "G"), make_group(globex, "G")
    assert people.delete_people(acme, [theirs]) == 0
    assert people.add_to_groups(acme, [group_id, their_group], [ours, theirs]) == 1
    assert people.remove_from_groups(globex, [group_id], [ours]) == 0
    with pytest.raises(ContactNotFound):
        people.change_person(acme, theirs, someone(9), groups=None)
    with pytest.raises(ContactNotFound):
        people.get_person(acme, theirs)
    assert find_people(acme, group_id=their_group).count() == 0
    assert Contact.objects.get(pk=theirs).name == "Theirs"
    check_counts(acme)
    check_counts(globex)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("张", ["张三丰", "小张"]),
        ("zsf", ["张三丰"]),
        ("SF", ["张三丰"]),
        ("0002", ["Amy Li"]),
        ("130 0000 0001", ["张三丰"]),
        ("+86 130-0000-0001", ["张三丰"]),
        ("１３００００００００１", ["张三丰"]),
        ("10000000001", []),
        ("amy", ["Amy Li"]),
        ("Amy L", ["Amy Li"]),
        ("%", []),
        ("_", []),
        ("\0", ["张三丰", "Amy Li", "小张"]),
        ("  ", ["张三丰", "Amy Li", "小张"]),
    ],
)
def test_a_part_of_name_phone_or_initials_finds(
    acme: Enterprise, search: str, found: list[str]
) -> None:
    for number, name in enumerate(["张三丰", "Amy Li", "小张"], 1):
        make_contact(acme, number, name)
    assert names(find_people(acme, search=search))[::-1] == found


@pytest.mark.parametrize(
    ("search", "finds"),
    [("130", True), ("0001", True), ("13000000001", True), ("1300", False), ("00001", False),
     ("0000", False)],
)  # fmt: skip
def test_whoever_sees_masked_phones_cannot_guess_them(
    acme: Enterprise, search: str, finds: bool
) -> None:
    make_contact(acme, 1, "甲")
    assert find_people(acme, search=search, is_masked=True).exists() == finds


def test_a_group_lists_its_own_or_those_under_it_each_once(acme: Enterprise) -> None:
    top = make_group(acme, "Top")
    below = make_group(acme, "Below", top)
    make_contact(acme, 1, "甲", groups=[top, below])
    make_contact(acme, 2, "乙", groups=[below])
    assert names(find_people(acme, group_id=top)) == ["甲"]
    assert names(find_people(acme, group_id=top, with_subgroups=True)) == ["乙", "甲"]


def test_what_people_do_is_in_the_audit_log_without_whole_phones(acme: Enterprise) -> None:
    user = acme.users.get()
    contact_id = people.add_person(acme, someone(1, "甲"), by=user)
    people.change_person(acme, contact_id, someone(1, "乙"), groups=None, by=user)
    people.delete_people(acme, [contact_id], by=user)
    entries = AuditEntry.objects.filter(enterprise=acme).order_by("id")
    assert [entry.action for entry in entries] == [
        "contact.create",
        "contact.edit",
        "contact.delete",
    ]
    assert {entry.subject for entry in entries} == {"130****0001"}


def test_who_joined_and_left_which_group_is_in_the_audit_log(acme: Enterprise) -> None:
    user = acme.users.get()
    first, second = make_group(acme, "甲组"), make_group(acme, "乙组")
    contact_id = people.add_person(acme, someone(1), groups=[first], by=user)
    people.add_to_groups(acme, [first, second], [contact_id], by=user)
    people.add_to_groups(acme, [first, second], [contact_id], by=user)  # changes nothing
    people.remove_from_groups(acme, [first], [contact_id], by=user)
    people.remove_from_groups(acme, [first], [contact_id], by=user)
    people.change_person(acme, contact_id, someone(1), groups=[first], by=user)
    entries = AuditEntry.objects.filter(enterprise=acme, actor=user).order_by("id")
    assert [(entry.action, entry.subject, entry.detail) for entry in entries] == [
        ("contact.create", "130****0001", {"joined": "甲组"}),
        ("contact_group.join", "甲组, 乙组", {"count": 1}),
        ("contact_group.leave", "甲组", {"count": 1}),
        ("contact.edit", "130****0001", {"joined": "甲组", "left": "乙组"}),
    ]


def test_there_is_no_book_before_the_first_contact(acme: Enterprise) -> None:
    assert people.book_of(acme).contacts == 0
    assert not AddressBook.objects.exists()
