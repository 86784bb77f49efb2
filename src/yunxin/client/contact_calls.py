"""What can be asked of the address book: as `calls`, which has the rest of v1.

A contact is named by its id or its phone, a group by its id. Every change has an idempotency key,
so that it can be tried again when its answer is lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from yunxin.client.answers import (
    Contact,
    ContactGroup,
    Deleted,
    DeletedContacts,
    MembersChanged,
    Page,
    SavedContact,
    SavedContacts,
)
from yunxin.client.calls import Call, change, get, in_path, page, written

CONTACTS, GROUPS = "/contacts", "/contact-groups"
Groups = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Person:
    """A contact to be written; None leaves a field as it is, "" empties it."""

    phone: str
    name: str
    gender: str | None = None  # "male", "female"
    birthday: str | None = None  # "1990-12-31"
    industry: str | None = None
    position: str | None = None
    company: str | None = None
    remark: str | None = None

    def fields(self) -> dict[str, str]:
        """The fields that are meant, but the phone."""
        own = {name: getattr(self, name) for name in self.__slots__ if name != "phone"}
        return {name: value for name, value in own.items() if value is not None}


def contacts(
    cursor: str = "",
    *,
    group: str | int = "",
    subgroups: bool = False,
    search: str = "",
    phone: str = "",
) -> Call[Page[Contact]]:
    """Contacts that fit all that is given, newest first."""
    query = {
        "group": str(group),
        "subgroups": "true" if subgroups else "",
        "search": search,
        "phone": phone,
    }
    return page(CONTACTS, Contact, cursor, query)


def contact(who: str | int) -> Call[Contact]:
    """One contact."""
    return get(f"{CONTACTS}/{in_path(who)}", Contact)


def save_contact(
    person: Person, *, groups: Groups = (), idempotency_key: str = ""
) -> Call[SavedContact]:
    """Write the contact with a phone: change it, or make it."""
    body: dict[str, Any] = person.fields()
    if groups:
        body["groups"] = written(groups)
    path = f"{CONTACTS}/{in_path(person.phone)}"
    return change("PUT", path, body, SavedContact, idempotency_key)


def save_contacts(
    persons: Iterable[Person],
    *,
    groups: Groups = (),
    overwrite: bool = True,
    idempotency_key: str = "",
) -> Call[SavedContacts]:
    """Write up to 1,000 contacts, known by their phones."""
    body: dict[str, Any] = {
        "contacts": [{"phone": person.phone} | person.fields() for person in persons],
        "overwrite": overwrite,
    }
    if groups:
        body["groups"] = written(groups)
    return change("POST", CONTACTS, body, SavedContacts, idempotency_key)


def delete_contact(who: str | int, *, idempotency_key: str = "") -> Call[Deleted]:
    """Delete one contact."""
    return change("DELETE", f"{CONTACTS}/{in_path(who)}", None, Deleted, idempotency_key)


def delete_contacts(
    who: Iterable[str | int], *, idempotency_key: str = ""
) -> Call[DeletedContacts]:
    """Delete up to 1,000 contacts."""
    body = {"contacts": written(who)}
    return change("POST", f"{CONTACTS}:delete", body, DeletedContacts, idempotency_key)


def contact_groups(cursor: str = "") -> Call[Page[ContactGroup]]:
    """All groups, each after the one in which it lies."""
    return page(GROUPS, ContactGroup, cursor)


def contact_group(group: str | int) -> Call[ContactGroup]:
    """One group."""
    return get(_group(group), ContactGroup)


def create_contact_group(
    name: str, *, parent: str | int | None = None, idempotency_key: str = ""
) -> Call[ContactGroup]:
    """Make a group, in another one or at the top."""
    body = {"name": name} | ({} if parent is None else {"parent": str(parent)})
    return change("POST", GROUPS, body, ContactGroup, idempotency_key)


def rename_contact_group(
    group: str | int, name: str, *, idempotency_key: str = ""
) -> Call[ContactGroup]:
    """Give a group another name."""
    return change("PATCH", _group(group), {"name": name}, ContactGroup, idempotency_key)


def delete_contact_group(group: str | int, *, idempotency_key: str = "") -> Call[Deleted]:
    """Delete a group with those that lie in it."""
    return change("DELETE", _group(group), None, Deleted, idempotency_key)


def add_to_group(
    group: str | int, who: Iterable[str | int], *, idempotency_key: str = ""
) -> Call[MembersChanged]:
    """Let up to 1,000 contacts join a group."""
    body = {"contacts": written(who)}
    return change("POST", f"{_group(group)}/members", body, MembersChanged, idempotency_key)


def remove_from_group(
    group: str | int, who: Iterable[str | int], *, idempotency_key: str = ""
) -> Call[MembersChanged]:
    """Let up to 1,000 contacts leave a group."""
    body = {"contacts": written(who)}
    return change("POST", f"{_group(group)}/members:remove", body, MembersChanged, idempotency_key)


def _group(group: str | int) -> str:
    return f"{GROUPS}/{in_path(group)}"
