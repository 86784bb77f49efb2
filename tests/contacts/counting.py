"""Counts made anew from the memberships, for comparing with those that the book keeps."""

from yunxin.accounts.models import Enterprise
from yunxin.contacts.models import AddressBook, Membership


def check_counts(enterprise: Enterprise) -> None:
    """The book's counts equal a recount, and nobody stands in a group of somebody else."""
    contacts = set(enterprise.contacts.values_list("id", flat=True))
    groups = {group.id: group for group in enterprise.contact_groups.all()}
    members: dict[int, set[int]] = {group_id: set() for group_id in groups}
    reach: dict[int, set[int]] = {group_id: set() for group_id in groups}
    for group_id, contact_id in Membership.objects.filter(enterprise_id=enterprise.pk).values_list(
        "group_id", "contact_id"
    ):
        assert contact_id in contacts
        members[group_id].add(contact_id)
        for above in groups[group_id].path:
            reach[above].add(contact_id)
    kept = {group_id: (group.members, group.reach) for group_id, group in groups.items()}
    assert kept == {group_id: (len(members[group_id]), len(reach[group_id])) for group_id in groups}
    book = AddressBook.objects.filter(enterprise=enterprise).first()
    assert (book.contacts if book else 0) == len(contacts)
