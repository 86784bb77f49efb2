"""Each call of the address book is the request that v1 has for it, and its answer is understood."""

import dataclasses
from datetime import date
from typing import Any

import msgspec
import pytest

from tests.client.conftest import KEY
from tests.client.server import HANG_UP, Reply, Server
from tests.client.test_client import Ask, ask
from yunxin.client import Client, ContactRefusal, Person, Problem, SavedContact, answers
from yunxin.dialects import keys, signing, v1, v1_contacts

__all__ = ["ask"]  # a fixture

WANG = Person("13800000000", "Wang", birthday="1990-12-31", remark="")
GROUP = {"id": "7", "name": "A", "parent": None, "members": 0, "reach": 0}
SAVED = {"phone": "13800000000", "id": "5", "created": True}
CHANGED = {"changed": 1, "missing": ["9"]}
ANSWERS = (
    "Contact", "ContactRefusal", "SavedContact", "SavedContacts", "Deleted", "DeletedContacts",
    "ContactGroup", "MembersChanged",
)  # fmt: skip

Asked = tuple[str, tuple[Any, ...], dict[str, Any], Any, str, str, Any]
CALLS: list[Asked] = [
    ("contact", ("13800000000",), {}, {"id": "5", "phone": "13800000000"},
     "GET", "/contacts/13800000000", None),
    ("save_contact", (WANG,), {"groups": [7]}, SAVED, "PUT", "/contacts/13800000000",
     {"name": "Wang", "birthday": "1990-12-31", "remark": "", "groups": ["7"]}),
    ("save_contacts", ([WANG],), {"overwrite": False},
     {"created": 1, "existing": 0, "refused": 0, "contacts": [SAVED]}, "POST", "/contacts",
     {"contacts": [{"phone": "13800000000", "name": "Wang", "birthday": "1990-12-31",
                    "remark": ""}], "overwrite": False}),
    ("delete_contact", (5,), {}, {"deleted": 1}, "DELETE", "/contacts/5", None),
    ("delete_contacts", ([5, "13800000000"],), {}, {"deleted": 1, "missing": ["5"]},
     "POST", "/contacts:delete", {"contacts": ["5", "13800000000"]}),
    ("contact_group", (7,), {}, GROUP, "GET", "/contact-groups/7", None),
    ("create_contact_group", ("A",), {}, GROUP, "POST", "/contact-groups", {"name": "A"}),
    ("create_contact_group", ("A",), {"parent": 3}, GROUP, "POST", "/contact-groups",
     {"name": "A", "parent": "3"}),
    ("rename_contact_group", (7, "B"), {}, GROUP, "PATCH", "/contact-groups/7", {"name": "B"}),
    ("delete_contact_group", (7,), {}, {"deleted": 2}, "DELETE", "/contact-groups/7", None),
    ("add_to_group", (7, [5]), {}, CHANGED, "POST", "/contact-groups/7/members",
     {"contacts": ["5"]}),
    ("remove_from_group", (7, [5]), {}, CHANGED, "POST", "/contact-groups/7/members:remove",
     {"contacts": ["5"]}),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=[call[0] for call in CALLS])
def test_a_call_is_the_request_of_the_interface(server: Server, ask: Ask, call: Asked) -> None:
    name, words, options, answer, method, path, body = call
    server.replies = [Reply(200, answer)]
    told = ask(server.url, name, *words, **options)
    [asked] = server.asked
    assert (asked.method, asked.path) == (method, f"/api/v1{path}")
    assert (asked.json if asked.body else None) == body
    assert ("idempotency-key" in asked.headers) == (method != "GET")
    known = {name for name in answer if hasattr(told, name)}
    assert known == set(answer)


def test_a_list_is_filtered_and_read_to_its_end(server: Server, ask: Ask) -> None:
    row = {"id": "5", "phone": "13800000000", "birthday": "1990-12-31", "groups": ["7"]}
    server.replies = [Reply(200, {"data": [row], "next": "c1"}),
                      Reply(200, {"data": [row], "next": None})]  # fmt: skip
    found = ask(server.url, "contacts", group=7, subgroups=True, search="wf")
    assert [contact.birthday for contact in found] == [date(1990, 12, 31)] * 2
    filters = "group=7&subgroups=true&search=wf"
    assert [asked.path for asked in server.asked] == [
        f"/api/v1/contacts?{filters}&limit=100",
        f"/api/v1/contacts?{filters}&cursor=c1&limit=100",
    ]


def test_a_change_whose_answer_was_lost_is_asked_for_again_with_its_key(
    server: Server, ask: Ask
) -> None:
    server.replies = [HANG_UP, Reply(503, b""), Reply(200, {"deleted": 1})]
    assert ask(server.url, "delete_contact", "13800000000").deleted == 1
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1


def test_a_conflict_is_told_at_once(server: Server, ask: Ask) -> None:
    server.replies = [Reply(409, {"code": "group_name_taken", "title": "Taken."})]
    with pytest.raises(Problem, match="group_name_taken"):
        ask(server.url, "create_contact_group", "A")
    assert len(server.asked) == 1


def test_a_refused_contact_says_which_field(server: Server, ask: Ask) -> None:
    refusal = {"code": "field_required", "field": "name", "message": "Empty."}
    row = {"phone": "13800000000", "refusal": refusal}
    server.replies = [Reply(200, {"created": 0, "existing": 0, "refused": 1, "contacts": [row]})]
    told = ask(server.url, "save_contacts", [Person("13800000000", "")])
    want = ContactRefusal("field_required", "name", "Empty.")
    assert told.contacts == (SavedContact("13800000000", refusal=want),)


def test_a_phone_with_its_country_is_signed_as_the_platform_reads_it(
    server: Server, ask: Ask
) -> None:
    server.replies = [Reply(200, {"deleted": 1})]
    ask(server.url, "delete_contact", "+8613800000000", signs=True)
    [asked] = server.asked
    assert asked.path == "/api/v1/contacts/%2B8613800000000"
    path = "/api/v1/contacts/+8613800000000"
    stamp, nonce = (asked.headers[f"x-yunxin-{name}"] for name in ("timestamp", "nonce"))
    signature = signing.sign(keys.signing_key(KEY), "DELETE", path, "", stamp, nonce, b"")
    assert asked.headers["x-yunxin-signature"] == signature


def test_many_are_no_text() -> None:
    with Client("http://127.0.0.1:1", KEY) as client, pytest.raises(TypeError):
        client.delete_contacts("13800000000")


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answers_have_all_that_the_wire_has(name: str) -> None:
    wire = {field.name for field in msgspec.structs.fields(getattr(v1_contacts, name))}
    known = {field.name for field in dataclasses.fields(getattr(answers, name))}
    assert known == wire


def test_a_person_has_all_that_can_be_written() -> None:
    wire = {field.name for field in msgspec.structs.fields(v1_contacts.ContactGiven)}
    assert {field.name for field in dataclasses.fields(Person)} == wire


def test_every_change_may_be_repeated() -> None:
    writing = {route.method for route in v1.ROUTES if route.scope == v1.Scope.CONTACTS_WRITE}
    assert writing == {"POST", "PUT", "PATCH", "DELETE"}
    for route in v1.ROUTES:
        if route.scope == v1.Scope.CONTACTS_WRITE:
            assert "idempotency_key_invalid" in route.problems
