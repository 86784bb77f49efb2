"""What v1 tells of the address book: contacts by id, phone, group or search, and the groups.

Every query names the enterprise of the key; what belongs to another one is not there. Changes are
in `contact_writing`.
"""

from typing import Any

import msgspec

from yunxin.api import reading
from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused
from yunxin.api.requests import Answer, Request
from yunxin.dialects import v1, v1_contacts
from yunxin.engine.store import Row
from yunxin.text.people import tidy
from yunxin.text.phones import PhoneInvalid, normalise

GROUP_READ_MAX = 5_000  # a search of a larger group reads the book, and then asks who is in it


async def list_contacts(request: Request, key: Key, parts: Parts) -> Answer:
    """Contacts that fit all that is asked for, newest first."""
    query = reading.read_query(request, v1_contacts.ContactsQuery)
    asked: dict[str, Any] = {
        "enterprise_id": key.enterprise_id,
        "below": reading.read_id_cursor(query.cursor),
        "phone": reading.read_phone(query.phone),
        "groups": [],
        "most": query.limit + 1,
    } | _search(query.search)
    async with parts.turns.take(key.enterprise_id):
        name, size = "list_contacts", 0
        if query.group:
            name = "list_contacts_of_groups"
            asked["groups"], size = await _groups(int(query.group), query.subgroups, key, parts)
        if query.phone:
            name = "list_contacts_of_phone"
        elif asked["name"] and size > GROUP_READ_MAX:
            name = "search_contacts_in_groups"
        rows = await parts.store.fetch(name, asked)
    page = rows[: query.limit]
    return _told(v1_contacts.Contacts(list(map(_contact, page)), reading.next_cursor(rows, page)))


async def get_contact(request: Request, key: Key, parts: Parts) -> Answer:
    """One contact."""
    id, phone = read_reference(request.word)
    asked = {"enterprise_id": key.enterprise_id, "id": id, "phone": phone}
    name = "read_contact_of_phone" if phone else "read_contact"
    row = await parts.store.fetch_one(name, asked)
    if row is None:
        raise Refused("not_found")
    return _told(_contact(row))


async def list_groups(request: Request, key: Key, parts: Parts) -> Answer:
    """Groups, each after the one in which it lies."""
    query = reading.read_query(request, v1.PageQuery)
    asked = {
        "enterprise_id": key.enterprise_id,
        "above": reading.read_id_cursor(query.cursor, first=0),
        "most": query.limit + 1,
    }
    rows = await parts.store.fetch("list_groups", asked)
    page = rows[: query.limit]
    return _told(
        v1_contacts.ContactGroups(list(map(group_told, page)), reading.next_cursor(rows, page))
    )


async def get_group(request: Request, key: Key, parts: Parts) -> Answer:
    """One group."""
    asked = {"enterprise_id": key.enterprise_id, "id": reading.read_id(request.word)}
    row = await parts.store.fetch_one("read_group", asked)
    if row is None:
        raise Refused("not_found")
    return _told(group_told(row))


def read_reference(text: str) -> tuple[int, str]:
    """A contact's id, or its phone; the other one is 0 or empty, both where it can be neither."""
    try:
        return 0, normalise(text)
    except PhoneInvalid:
        pass
    is_id = text.isascii() and text.isdigit() and len(text) <= reading.ID_DIGITS_MAX
    return (int(text) if is_id and int(text) <= reading.ID_MAX else 0), ""


def group_told(row: Row) -> v1_contacts.ContactGroup:
    """A row of `read_group` and its like."""
    id, name, parent_id, members, reach, created_at = row
    parent = None if parent_id is None else str(parent_id)
    return v1_contacts.ContactGroup(str(id), name, parent, members, reach, created_at)


def _contact(row: Row) -> v1_contacts.Contact:
    """A row of `read_contact` and its like."""
    (
        id, phone, name, gender, birthday, industry, position, company, remark, created_at,
        updated_at, groups,
    ) = row  # fmt: skip
    return v1_contacts.Contact(
        id=str(id), phone=phone, name=name, gender=gender, birthday=birthday, industry=industry,
        position=position, company=company, remark=remark, groups=list(map(str, groups)),
        created_at=created_at, updated_at=updated_at,
    )  # fmt: skip


def _search(text: str) -> dict[str, str]:
    """A search as the queries take it: part of a name, of its initials, of a phone.

    As `contacts.people.find_people` of the pages has it.
    """
    name = tidy(text)
    compact = name.replace(" ", "").replace("-", "")
    is_word = compact.isascii() and compact.isalnum()
    return {
        "name": name,
        "initials": compact.lower() if is_word else "",
        "digits": compact if is_word and compact.isdigit() else "",
    }


async def _groups(id: int, subgroups: bool, key: Key, parts: Parts) -> tuple[list[int], int]:
    """The group, with those that lie in it where asked for; how many contacts they have."""
    asked = {"enterprise_id": key.enterprise_id, "id": id}
    rows = await parts.store.fetch("find_groups_within", asked)
    for row_id, members, reach in rows:
        if row_id == id:
            return ([row[0] for row in rows], reach) if subgroups else ([id], members)
    raise Refused("not_found", "There is no such group.", "group")


def _told(answer: msgspec.Struct) -> Answer:
    return Answer(200, msgspec.json.encode(answer))
