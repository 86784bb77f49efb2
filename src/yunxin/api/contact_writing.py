"""What v1 does to the address book: contacts written and deleted, groups, who is in which.

A whole request is one transaction (`changing`). Contacts of a request are judged one by one by the
rules that pages and imports have (`text.people`); the others are written.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

import msgspec

from yunxin.api import reading
from yunxin.api.changing import Note, change
from yunxin.api.contacts import group_told, read_reference
from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused, language_of
from yunxin.api.requests import Answer, Request
from yunxin.api.sending import decode
from yunxin.dialects import v1_contacts as words
from yunxin.dialects.problems import CONTACT_REFUSALS
from yunxin.engine.store import Transaction
from yunxin.text import people
from yunxin.text.people import Person, PersonInvalid, Reason
from yunxin.text.phones import PhoneInvalid, mask, mask_all, normalise

SHANGHAI = timezone(timedelta(hours=8))  # whose calendar says which birthday is yet to come
FIELDS = tuple(name for name in people.FIELDS if name != "phone")

CODE_OF: Mapping[Reason, str] = {
    Reason.REQUIRED: "field_required",
    Reason.TOO_LONG: "field_too_long",
    Reason.CHARACTERS: "field_characters",
    Reason.PHONE: "phone_invalid",
    Reason.GENDER: "gender_invalid",
    Reason.BIRTHDAY: "birthday_invalid",
    Reason.FUTURE: "birthday_future",
}
DUPLICATE = "phone_duplicate"

Done = tuple[Answer, bool]


class Wrong(NamedTuple):
    """Why a contact is not written: a code of CONTACT_REFUSALS, and the field."""

    code: str
    field: str


class Saved(NamedTuple):
    """A contact that was written."""

    id: int
    created: bool


class Counted(NamedTuple):
    """How many were changed, and which places of the request name nobody."""

    changed: int
    missing: list[int]


# Contacts --------------------------------------------------------------------------------------


async def save_contacts(request: Request, key: Key, parts: Parts) -> Done:
    """Write what can be written of many contacts."""
    body = decode(request, words.contacts_body)
    judged = await asyncio.to_thread(judge, body.contacts)
    good = [person for person in judged if isinstance(person, Person)]
    groups = _ids(body.groups)

    async def do(tx: Transaction) -> list[Saved]:
        return await _upsert(tx, key, parts, good, groups, overwrite=body.overwrite)

    def note(saved: list[Saved]) -> Note:
        created = sum(one.created for one in saved)
        joined = {"groups": len(groups)} if groups else {}
        detail = {"created": created, "known": len(saved) - created, **joined}
        return Note("contact.write", detail=detail)

    saved, replayed = await change(request, key, parts, do, list[Saved], note)
    rest, language = iter(saved), language_of(request)
    told: list[words.SavedContact] = []
    for given, person in zip(body.contacts, judged, strict=True):
        if isinstance(person, Wrong):
            told.append(words.SavedContact(given.phone, refusal=_refusal(person, language)))
        else:
            one = next(rest)
            told.append(words.SavedContact(given.phone, str(one.id), one.created))
    created = sum(one.created for one in saved)
    answer = words.SavedContacts(created, len(saved) - created, len(told) - len(saved), told)
    return _told(answer, replayed)


async def save_contact(request: Request, key: Key, parts: Parts) -> Done:
    """Write the contact with a phone; 201 where it is new."""
    try:
        phone = normalise(request.word)
    except PhoneInvalid:
        detail = "A contact is written by its phone."
        raise Refused("invalid_parameter", detail, "contact") from None
    body = decode(request, words.contact_body)
    person = read_person({"phone": phone} | _given(body))
    if isinstance(person, Wrong):
        refusal = _refusal(person, language_of(request))
        raise Refused("invalid_body", refusal.message, person.field)
    groups = _ids(body.groups)

    async def do(tx: Transaction) -> list[Saved]:
        return await _upsert(tx, key, parts, [person], groups, overwrite=True)

    def note(saved: list[Saved]) -> Note:
        action = "contact.create" if saved[0].created else "contact.edit"
        return Note(action, mask(phone), {"groups": len(groups)} if groups else {})

    [saved], replayed = await change(request, key, parts, do, list[Saved], note)
    told = words.SavedContact(phone, str(saved.id), saved.created)
    return _told(told, replayed, 201 if saved.created else 200)


async def delete_contacts(request: Request, key: Key, parts: Parts) -> Done:
    """Delete many contacts; those that are not there are named."""
    named = decode(request, words.contacts_named).contacts

    async def do(tx: Transaction) -> Counted:
        ids, missing = await _find(tx, key, named)
        return Counted(await _delete(tx, key, ids), missing)

    def note(counted: Counted) -> Note:
        return Note("contact.delete", detail={"count": counted.changed})

    counted, replayed = await change(request, key, parts, do, Counted, note)
    missing = [named[place] for place in counted.missing]
    return _told(words.DeletedContacts(counted.changed, missing), replayed)


async def delete_contact(request: Request, key: Key, parts: Parts) -> Done:
    """Delete one contact."""

    async def do(tx: Transaction) -> int:
        ids, _ = await _find(tx, key, [request.word])
        if not ids:
            raise Refused("not_found")
        return await _delete(tx, key, ids)

    def note(deleted: int) -> Note:
        return Note("contact.delete", mask_all(request.word), {"count": deleted})

    deleted, replayed = await change(request, key, parts, do, int, note)
    return _told(words.Deleted(deleted), replayed)


def judge(given: Sequence[words.ContactGiven]) -> list[Person | Wrong]:
    """Each contact, ready to be written, or what is wrong with it; of equal phones the first."""
    judged: list[Person | Wrong] = []
    seen: set[str] = set()
    for one in given:
        person = read_person({"phone": one.phone} | _given(one))
        if isinstance(person, Person):
            if person.phone in seen:
                person = Wrong(DUPLICATE, "phone")
            else:
                seen.add(person.phone)
        judged.append(person)
    return judged


def read_person(
    raw: Mapping[str, str], required: Sequence[str] = ("phone", "name")
) -> Person | Wrong:
    """A contact's fields, ready to be written, or the first that is wrong."""
    try:
        return people.clean(raw, required=required, today=_today())
    except PersonInvalid as invalid:
        return Wrong(CODE_OF[invalid.reason], invalid.field)


def _given(body: words.ContactBody | words.ContactGiven) -> dict[str, str]:
    """The fields that stand in a body; what is left out or null is not meant."""
    fields = ((name, getattr(body, name)) for name in FIELDS)
    return {name: value for name, value in fields if value is not None}


def _today() -> date:
    return datetime.now(SHANGHAI).date()


async def _upsert(
    tx: Transaction,
    key: Key,
    parts: Parts,
    persons: Sequence[Person],
    groups: list[int],
    *,
    overwrite: bool,
) -> list[Saved]:
    await _check_groups(tx, key, groups)
    if not persons:
        return []
    rows = await tx.fetch(
        "upsert_contacts",
        {
            "enterprise_id": key.enterprise_id,
            "people": msgspec.json.encode([person.row() for person in persons]).decode(),
            "overwrite": overwrite,
            "groups": groups,
            "contacts_max": parts.config.contacts_max,
        },
    )
    return [Saved(id, created) for _, id, created in sorted(rows)]


async def _delete(tx: Transaction, key: Key, ids: list[int]) -> int:
    row = await tx.fetch_one("delete_contacts", {"enterprise_id": key.enterprise_id, "ids": ids})
    assert row is not None
    return int(row[0])


async def _find(tx: Transaction, key: Key, named: Sequence[str]) -> tuple[list[int], list[int]]:
    """The ids of contacts that are named by id or phone, and the places that name nobody."""
    read = [read_reference(text) for text in named]
    rows = await tx.fetch(
        "find_contacts",
        {
            "enterprise_id": key.enterprise_id,
            "ids": [id for id, _ in read],
            "phones": [phone for _, phone in read],
        },
    )
    found = {place for place, _ in rows}
    missing = [place for place in range(len(named)) if place not in found]
    return list(dict.fromkeys(id for _, id in rows)), missing


def _refusal(wrong: Wrong, language: str) -> words.ContactRefusal:
    english, chinese = CONTACT_REFUSALS[wrong.code]
    message = chinese if language == "zh" else english
    return words.ContactRefusal(wrong.code, wrong.field, message)


# Groups ----------------------------------------------------------------------------------------


async def create_group(request: Request, key: Key, parts: Parts) -> Done:
    """Make a group, in another one or at the top."""
    body = decode(request, words.group_body)
    name = _group_name(body.name, request)
    parent_id = None if body.parent is None else int(body.parent)

    async def do(tx: Transaction) -> words.ContactGroup:
        await _check_groups(tx, key, [] if parent_id is None else [parent_id], "parent")
        asked = {"enterprise_id": key.enterprise_id, "parent": parent_id, "name": name}
        row = await tx.fetch_one("create_group", asked)
        assert row is not None
        return await _group(tx, key, row[0])

    def note(group: words.ContactGroup) -> Note:
        return Note("contact_group.create", group.name)

    group, replayed = await change(request, key, parts, do, words.ContactGroup, note)
    return _told(group, replayed, 201)


async def rename_group(request: Request, key: Key, parts: Parts) -> Done:
    """Give a group another name."""
    name = _group_name(decode(request, words.group_name_body).name, request)
    id = reading.read_id(request.word)

    before: list[str] = []

    async def do(tx: Transaction) -> words.ContactGroup:
        before.append((await _group(tx, key, id)).name)
        asked = {"enterprise_id": key.enterprise_id, "id": id, "name": name}
        await tx.fetch("rename_group", asked)
        return await _group(tx, key, id)

    def note(group: words.ContactGroup) -> Note:
        return Note("contact_group.rename", before[-1], {"name": group.name})

    group, replayed = await change(request, key, parts, do, words.ContactGroup, note)
    return _told(group, replayed)


async def delete_group(request: Request, key: Key, parts: Parts) -> Done:
    """Delete a group with those that lie in it."""
    id = reading.read_id(request.word)

    names: list[str] = []

    async def do(tx: Transaction) -> int:
        names.append((await _group(tx, key, id)).name)
        row = await tx.fetch_one("delete_group", {"enterprise_id": key.enterprise_id, "id": id})
        assert row is not None
        return int(row[0])

    def note(deleted: int) -> Note:
        return Note("contact_group.delete", names[-1], {"groups": deleted})

    deleted, replayed = await change(request, key, parts, do, int, note)
    return _told(words.Deleted(deleted), replayed)


async def add_members(request: Request, key: Key, parts: Parts) -> Done:
    """Let contacts join a group."""
    return await _change_members("add_members", request, key, parts)


async def remove_members(request: Request, key: Key, parts: Parts) -> Done:
    """Let contacts leave a group."""
    return await _change_members("remove_members", request, key, parts)


async def _change_members(name: str, request: Request, key: Key, parts: Parts) -> Done:
    named = decode(request, words.contacts_named).contacts
    group_id = reading.read_id(request.word)
    action = "contact_group.join" if name == "add_members" else "contact_group.leave"
    names: list[str] = []

    async def do(tx: Transaction) -> Counted:
        names.append((await _group(tx, key, group_id)).name)
        ids, missing = await _find(tx, key, named)
        asked = {"enterprise_id": key.enterprise_id, "groups": [group_id], "ids": ids}
        row = await tx.fetch_one(name, asked)
        assert row is not None
        return Counted(int(row[0]), missing)

    def note(counted: Counted) -> Note:
        return Note(action, names[-1], {"count": counted.changed})

    counted, replayed = await change(request, key, parts, do, Counted, note)
    missing = [named[place] for place in counted.missing]
    return _told(words.MembersChanged(counted.changed, missing), replayed)


def _group_name(given: str, request: Request) -> str:
    """A group's name, tidied as a contact's is, which has the same length.

    Raises: Refused: nothing is left of it, or something that no screen shows.
    """
    named = read_person({"name": given}, required=("name",))
    if isinstance(named, Wrong):
        raise Refused("invalid_body", _refusal(named, language_of(request)).message, "name")
    return named.name


async def _group(tx: Transaction, key: Key, id: int) -> words.ContactGroup:
    """Raises: Refused: it is not there."""
    row = await tx.fetch_one("read_group", {"enterprise_id": key.enterprise_id, "id": id})
    if row is None:
        raise Refused("not_found")
    return group_told(row)


async def _check_groups(
    tx: Transaction, key: Key, ids: Sequence[int], field: str = "groups[{}]"
) -> None:
    """Raises: Refused: one of these groups is not there; it is named."""
    if not ids:
        return
    rows = await tx.fetch("find_groups", {"enterprise_id": key.enterprise_id, "ids": list(ids)})
    found = {row[0] for row in rows}
    for place, id in enumerate(ids):
        if id not in found:
            raise Refused("group_not_found", str(id), field.format(place))


def _ids(given: Iterable[str] | None) -> list[int]:
    return [int(text) for text in given or ()]


def _told(answer: msgspec.Struct, replayed: bool, status: int = 200) -> Done:
    headers = ((b"idempotency-replayed", b"true"),) if replayed else ()
    return Answer(status, msgspec.json.encode(answer), headers=headers), replayed
