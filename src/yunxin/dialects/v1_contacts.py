"""The address book on v1's wire: contacts, their groups, and who is in which.

A contact is named by its id or by its phone, whichever a system has at hand: eleven digits that
begin with 13 to 19 are a phone. What is written is checked contact by contact, so that one bad
birthday does not turn 999 others away; what it says is told in `problems.CONTACT_REFUSALS`.
"""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from yunxin.dialects.v1_words import NO_NUL, PAGE_DEFAULT, Cursor, Limit, Phone

CONTACTS_MAX = 1_000  # in one request
GROUPS_MAX = 50  # that contacts join with one request

# Longer than any field may be: how long one may be is said contact by contact.
Text = Annotated[str, Meta(max_length=1000, pattern=NO_NUL)]
GroupId = Annotated[str, Meta(pattern=r"^[0-9]{1,18}$")]
GroupName = Annotated[str, Meta(min_length=1, max_length=40, pattern=NO_NUL)]
Reference = Annotated[str, Meta(max_length=40, description="A contact's id or its phone.")]
GroupIds = Annotated[list[GroupId], Meta(max_length=GROUPS_MAX)]


# Bodies ----------------------------------------------------------------------------------------


class ContactBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is known of somebody; what is left out stays as it is, "" empties it."""

    name: Text
    gender: Text | None = None
    birthday: Text | None = None
    industry: Text | None = None
    position: Text | None = None
    company: Text | None = None
    remark: Text | None = None
    groups: Annotated[GroupIds | None, Meta(description="The contact joins these.")] = None


class ContactGiven(Struct, forbid_unknown_fields=True, kw_only=True):
    """One of many contacts."""

    phone: Phone
    name: Text
    gender: Text | None = None
    birthday: Text | None = None
    industry: Text | None = None
    position: Text | None = None
    company: Text | None = None
    remark: Text | None = None


class ContactsBody(Struct, forbid_unknown_fields=True):
    """Many contacts at once, known by their phones."""

    contacts: Annotated[list[ContactGiven], Meta(min_length=1, max_length=CONTACTS_MAX)]
    groups: Annotated[GroupIds | None, Meta(description="All of them join these.")] = None
    overwrite: Annotated[
        bool, Meta(description="Whether what is given replaces what is known.")
    ] = True


class ContactsNamed(Struct, forbid_unknown_fields=True):
    """Contacts that are there."""

    contacts: Annotated[list[Reference], Meta(min_length=1, max_length=CONTACTS_MAX)]


class GroupBody(Struct, forbid_unknown_fields=True):
    """A new group."""

    name: GroupName
    parent: Annotated[GroupId | None, Meta(description="The group in which it lies.")] = None


class GroupNameBody(Struct, forbid_unknown_fields=True):
    """A group's new name."""

    name: GroupName


# Answers ---------------------------------------------------------------------------------------


class Contact(Struct, kw_only=True):
    """Somebody in the address book; `groups` are those that hold the contact directly."""

    id: str
    phone: str
    name: str
    gender: str
    birthday: date | None
    industry: str
    position: str
    company: str
    remark: str
    groups: list[str]
    created_at: datetime
    updated_at: datetime


class Contacts(Struct):
    """A page of contacts, newest first; `next` is the cursor of the following page, if any."""

    data: list[Contact]
    next: str | None


class ContactRefusal(Struct):
    """Why one contact was not written."""

    code: str
    field: str
    message: str


class SavedContact(Struct, omit_defaults=True):
    """One contact: written, with its id and whether it is new, or refused."""

    phone: str
    id: str | UnsetType = UNSET
    created: bool | UnsetType = UNSET
    refusal: ContactRefusal | UnsetType = UNSET


class SavedContacts(Struct):
    """What became of each; `existing` were there before."""

    created: int
    existing: int
    refused: int
    contacts: list[SavedContact]


class Deleted(Struct):
    """How many are gone."""

    deleted: int


class DeletedContacts(Struct):
    """How many are gone, and which were not there."""

    deleted: int
    missing: list[str]


class ContactGroup(Struct):
    """A group; `members` are directly in it, `reach` counts its sub-groups' as well, each once."""

    id: str
    name: str
    parent: str | None
    members: int
    reach: int
    created_at: datetime


class ContactGroups(Struct):
    """A page of groups, each after the one in which it lies."""

    data: list[ContactGroup]
    next: str | None


class MembersChanged(Struct):
    """How many joined or left, and which contacts were not there."""

    changed: int
    missing: list[str]


# Parameters of addresses -----------------------------------------------------------------------


class ContactsQuery(Struct, forbid_unknown_fields=True):
    """Parameters of the list of contacts."""

    group: Annotated[
        str, Meta(pattern=r"^[0-9]{0,18}$", description="Only contacts of this group.")
    ] = ""
    subgroups: Annotated[bool, Meta(description="And of those that lie in it.")] = False
    search: Annotated[
        str,
        Meta(max_length=40, pattern=NO_NUL, description="Part of the name, its initials, a phone."),
    ] = ""
    phone: Phone = ""
    cursor: Cursor = ""
    limit: Limit = PAGE_DEFAULT


contact_body = msgspec.json.Decoder(ContactBody)
contacts_body = msgspec.json.Decoder(ContactsBody)
contacts_named = msgspec.json.Decoder(ContactsNamed)
group_body = msgspec.json.Decoder(GroupBody)
group_name_body = msgspec.json.Decoder(GroupNameBody)
