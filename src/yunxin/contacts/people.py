"""Contacts: taking people in, changing, deleting, finding them.

What may stand in their fields is `text.people`; the writing is done by the functions of
`migrations/contact_tables.sql`.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from psycopg.types.json import Jsonb

from yunxin.accounts import audit
from yunxin.accounts.audit import Actor
from yunxin.accounts.models import Enterprise
from yunxin.contacts.errors import ContactChanged, ContactNotFound, PhoneTaken, told
from yunxin.contacts.models import AddressBook, Contact, Membership
from yunxin.text.people import Person
from yunxin.text.phones import PhoneInvalid, mask, normalise

ID_MAX = 2**63 - 1  # bigint


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one of the people that were taken in."""

    place: int  # among those given; the first is 0
    id: int
    created: bool


def take_people(
    enterprise: Enterprise,
    people: Sequence[Person],
    *,
    overwrite: bool = False,
    groups: Collection[int] = (),
) -> list[Taken]:
    """Take people in by phone, and into groups; of equal phones the first counts.

    Args:
        people: up to some thousands at once; more in several calls.
        overwrite: let their `given` fields replace those of a contact that has the phone; else it
            stays as it is, and joins the groups all the same.
        groups: ids; those that no longer exist are left out.
    Returns:
        One for each phone, in the order of the places.
    Raises:
        TooManyContacts: nobody was taken in.
    """
    rows = [person.row() for person in people]
    with told():
        found = _call(
            "SELECT position - 1, id, created"
            " FROM contact_upsert(%s, %s, %s, %s::bigint[], %s) ORDER BY position",
            enterprise.pk, Jsonb(rows), overwrite, list(groups), settings.CONFIG.contacts_max,
        )  # fmt: skip
    return [Taken(*row) for row in found]


def add_person(
    enterprise: Enterprise, person: Person, *, groups: Collection[int] = (), by: Actor = None
) -> int:
    """Add somebody whose phone nobody has yet; returns the contact's id.

    Raises:
        PhoneTaken, TooManyContacts: nothing was changed.
    """
    with told():
        (taken,) = take_people(enterprise, [person], groups=groups)
        if not taken.created:
            raise PhoneTaken
        audit.record(
            by, "contact.create", mask(person.phone), enterprise,
            **_named("joined", names_of(enterprise, groups)),
        )  # fmt: skip
    return taken.id


def change_person(
    enterprise: Enterprise,
    contact_id: int,
    person: Person,
    *,
    groups: Collection[int] | None,
    groups_seen: Collection[int] | None = None,
    seen_at: datetime | None = None,
    by: Actor = None,
) -> None:
    """Replace a contact's given fields, phone included; and its groups, unless None.

    Args:
        groups_seen: the groups that its form showed: of those that somebody else has added or
            removed since, nothing is said by `groups`. None: exactly `groups` from now on.
        seen_at: the contact's `updated_at` when its form was opened; None does not look.
    Raises:
        ContactNotFound, PhoneTaken, ContactChanged: nothing was changed.
    """
    with told():
        _call("SELECT contact_book_lock(%s)", enterprise.pk)
        if seen_at is not None and get_person(enterprise, contact_id).updated_at != seen_at:
            raise ContactChanged
        _call(
            "SELECT contact_update(%s, %s, %s)",
            enterprise.pk, _bigint(contact_id), Jsonb(person.row()),
        )  # fmt: skip
        before = set(groups_of(enterprise, contact_id))
        after = before if groups is None else set(groups)
        if groups is not None and groups_seen is not None:
            after = before - (set(groups_seen) - after) | (after - set(groups_seen))
        leave(enterprise, before - after, [contact_id])
        join(enterprise, after - before, [contact_id])
        audit.record(
            by, "contact.edit", mask(person.phone), enterprise,
            **_named("joined", names_of(enterprise, after - before)),
            **_named("left", names_of(enterprise, before - after)),
        )  # fmt: skip


def save_person(
    enterprise: Enterprise,
    person: Person,
    *,
    contact_id: int | None = None,
    groups: Collection[int] | None = None,
    by: Actor = None,
) -> int:
    """Add somebody, or change the contact of that id; returns its id.

    Raises:
        PhoneTaken, TooManyContacts, ContactNotFound: nothing was changed.
    """
    if contact_id is None:
        return add_person(enterprise, person, groups=groups or (), by=by)
    change_person(enterprise, contact_id, person, groups=groups, by=by)
    return contact_id


def delete_people(enterprise: Enterprise, ids: Iterable[int], *, by: Actor = None) -> int:
    """Delete contacts, out of all groups too; returns how many there were."""
    given = list(ids)
    with told():
        first = enterprise.contacts.filter(pk__in=given[:1]).first()
        deleted = drop(enterprise, given)
        if deleted:
            subject = mask(first.phone) if first else ""
            audit.record(by, "contact.delete", subject, enterprise, count=deleted)
    return deleted


def add_to_groups(
    enterprise: Enterprise, groups: Collection[int], ids: Iterable[int], *, by: Actor = None
) -> int:
    """Put contacts into groups; returns how many memberships were really made."""
    with told():
        made = join(enterprise, groups, ids)
        if made:
            record_change(enterprise, "contact_group.join", groups, made, by=by)
    return made


def remove_from_groups(
    enterprise: Enterprise, groups: Collection[int], ids: Iterable[int], *, by: Actor = None
) -> int:
    """Take contacts out of these groups alone; returns how many memberships there were."""
    with told():
        ended = leave(enterprise, groups, ids)
        if ended:
            record_change(enterprise, "contact_group.leave", groups, ended, by=by)
    return ended


def record_change(
    enterprise: Enterprise, action: str, groups: Collection[int], count: int, *, by: Actor
) -> None:
    """Write into the audit log how many memberships of which groups came or went."""
    named = ", ".join(names_of(enterprise, groups))
    audit.record(by, action, named, enterprise, count=count)


def names_of(enterprise: Enterprise, groups: Collection[int]) -> list[str]:
    """What these groups are called, in the order in which they were made."""
    if not groups:
        return []
    found = enterprise.contact_groups.filter(pk__in=groups).order_by("pk")
    return list(found.values_list("name", flat=True))


def groups_of(enterprise: Enterprise, contact_id: int) -> list[int]:
    """Ids of the groups that a contact is directly in."""
    found = Membership.objects.filter(enterprise_id=enterprise.pk, contact_id=contact_id)
    return list(found.values_list("group_id", flat=True))


def book_of(enterprise: Enterprise) -> AddressBook:
    """The enterprise's book; one of nobody (not saved) where there is none yet."""
    found = AddressBook.objects.filter(enterprise=enterprise).first()
    return found or AddressBook(enterprise=enterprise)


def get_person(enterprise: Enterprise, contact_id: int) -> Contact:
    """
    Raises:
        ContactNotFound: there is none of this id in the enterprise.
    """
    found = enterprise.contacts.filter(pk=_bigint(contact_id)).first()
    if found is None:
        raise ContactNotFound
    return found


def find_people(
    enterprise: Enterprise,
    *,
    group_id: int | None = None,
    with_subgroups: bool = False,
    search: str = "",
    is_masked: bool = False,
) -> QuerySet[Contact]:
    """The enterprise's contacts, newest first; those of a group, those that a search fits.

    Args:
        group_id: contacts directly in this group; another enterprise's has none.
        with_subgroups: those of the groups under it too, each once.
        search: a part of the name or phone, or of the name's initials.
        is_masked: see `fitting`.
    """
    people = enterprise.contacts.order_by("-id")
    if group_id is not None:
        members = Membership.objects.filter(enterprise_id=enterprise.pk)
        if with_subgroups:
            below = enterprise.contact_groups.filter(path__contains=[_bigint(group_id)])
            members = members.filter(group_id__in=below.values("id"))
        else:
            members = members.filter(group_id=_bigint(group_id))
        people = people.filter(id__in=members.values("contact_id"))
    condition = fitting(search, is_masked=is_masked)
    return people.filter(condition) if condition else people


def fitting(search: str, *, is_masked: bool = False) -> Q:
    """What a search asks of a contact; empty for nothing.

    Args:
        is_masked: for somebody who sees `138****0000`: by digits finds only what those show, or
            the number that is known whole, so that nobody can guess the rest digit by digit.
    """
    text = " ".join(search.replace("\0", "").split())
    compact = unicodedata.normalize("NFKC", text).replace(" ", "").replace("-", "")
    if not text:
        return Q()
    with suppress(PhoneInvalid):
        return Q(phone=normalise(compact))  # a whole number: one look into the index
    condition = Q(name__contains=text)
    if compact.isascii() and compact.isdigit():
        condition |= _masked_phone(compact) if is_masked else Q(phone__contains=compact)
    if compact.isascii() and compact.isalnum():
        condition |= Q(initials__contains=compact.lower())
    return condition


def _masked_phone(digits: str) -> Q:
    begins = Q(phone__startswith=digits) if len(digits) <= 3 else Q()
    ends = Q(phone__endswith=digits) if len(digits) <= 4 else Q(pk__in=[])
    return begins | ends if begins else ends


def _bigint(number: int) -> int:
    """A number that the database's ids can be compared with; 0 is nobody's."""
    return number if 0 <= number <= ID_MAX else 0


def drop(enterprise: Enterprise, ids: Iterable[int]) -> int:
    """Delete contacts without a word in the audit log: whoever calls it writes that."""
    return _count("SELECT contact_delete(%s, %s::bigint[])", enterprise.pk, list(ids))


def join(enterprise: Enterprise, groups: Iterable[int], ids: Iterable[int]) -> int:
    """Put contacts into groups, without a word in the audit log either."""
    return _count(
        "SELECT contact_members_add(%s, %s::bigint[], %s::bigint[])",
        enterprise.pk, list(groups), list(ids),
    )  # fmt: skip


def leave(enterprise: Enterprise, groups: Iterable[int], ids: Iterable[int]) -> int:
    """Take contacts out of groups, without a word in the audit log either."""
    return _count(
        "SELECT contact_members_remove(%s, %s::bigint[], %s::bigint[])",
        enterprise.pk, list(groups), list(ids),
    )  # fmt: skip


def _named(word: str, names: Sequence[str]) -> dict[str, str]:
    """A detail of the audit log; none where there are no names."""
    return {word: ", ".join(names)} if names else {}


def _call(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _count(statement: str, *values: Any) -> int:
    with told():
        return int(_call(statement, *values)[0][0])
