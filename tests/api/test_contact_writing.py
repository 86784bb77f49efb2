"""Contacts and groups are written over v1, each contact judged for itself, all of it or nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.book import CONTACTS, GROUPS, ask, check_counts, group, person, save, told
from tests.api.test_v1 import problem
from tests.api.world import Side
from tests.engine.world import World, phone
from yunxin.api import contact_writing
from yunxin.dialects.problems import CONTACT_REFUSALS
from yunxin.text.people import Reason


async def test_each_contact_is_written_or_refused_for_itself(client, acme: Side, world: World):
    people = [
        person(1),
        person(2, phone=f"+86 {phone(2)}"),
        person(3, phone="12345"),
        person(1, name="Again"),
        person(4, name=" "),
        person(5, birthday="31.12.90"),
        person(6, gender="robot"),
        person(7, birthday="2999-01-01"),
        person(8, company="x" * 101),
        person(9, remark="\x07"),
        person(10, gender="女", birthday="1990年1月2日"),
    ]
    answer = await told(client, acme, "POST", CONTACTS, {"contacts": people})
    assert (answer["created"], answer["existing"], answer["refused"]) == (3, 0, 8)
    assert [(r["code"], r["field"]) if (r := c.get("refusal")) else None
            for c in answer["contacts"]] == [
        None, None, ("phone_invalid", "phone"), ("phone_duplicate", "phone"),
        ("field_required", "name"), ("birthday_invalid", "birthday"), ("gender_invalid", "gender"),
        ("birthday_future", "birthday"), ("field_too_long", "company"),
        ("field_characters", "remark"), None,
    ]  # fmt: skip
    assert [c["phone"] for c in answer["contacts"]] == [p["phone"] for p in people]
    assert world.rows("SELECT phone, name, initials, gender, birthday::text FROM contact"
                      " ORDER BY phone") == [
        (phone(1), "N1", "n1", "", None), (phone(2), "N2", "n2", "", None),
        (phone(10), "N10", "n10", "female", "1990-01-02"),
    ]  # fmt: skip
    check_counts(world)


async def test_a_refusal_is_told_in_the_language_that_is_asked_for(client, acme: Side):
    body = {"contacts": [person(1, name="")]}
    answer = await told(client, acme, "POST", CONTACTS, body, Accept_Language="zh-CN")
    assert answer["contacts"][0]["refusal"]["message"] == "该字段不能为空。"
    answer = await ask(client, acme, "PUT", f"{CONTACTS}/{phone(1)}", {"name": ""})
    assert problem(answer, "invalid_body", "name")["detail"] == "The field must not be empty."


async def test_what_is_left_out_stays_and_an_empty_text_empties(client, acme: Side):
    where = f"{CONTACTS}/{phone(1)}"
    first = {"name": "张三", "gender": "male", "birthday": "1990-01-02", "remark": "VIP"}
    answer = await ask(client, acme, "PUT", where, first)
    assert answer.status_code == 201
    saved = answer.json()
    assert saved == {"phone": phone(1), "id": saved["id"], "created": True}
    answer = await ask(client, acme, "PUT", where, {"name": "李四", "birthday": "", "remark": None})
    assert (answer.status_code, answer.json()) == (200, saved | {"created": False})
    now = await told(client, acme, "GET", where)
    assert (now["name"], now["gender"], now["birthday"], now["remark"]) == (
        "李四", "male", None, "VIP",
    )  # fmt: skip
    assert now["updated_at"] > now["created_at"]
    found = await told(client, acme, "GET", f"{CONTACTS}?search=ls")
    assert [one["id"] for one in found["data"]] == [saved["id"]]


async def test_without_overwrite_known_contacts_only_join_the_groups(client, acme: Side, world):
    await save(client, acme, [1])
    at = await group(client, acme)
    people = [person(1, name="Other", remark="x"), person(2)]
    body = {"contacts": people, "groups": [at], "overwrite": False}
    answer = await told(client, acme, "POST", CONTACTS, body)
    assert (answer["created"], answer["existing"]) == (1, 1)
    assert [one["created"] for one in answer["contacts"]] == [False, True]
    known = await told(client, acme, "GET", f"{CONTACTS}/{phone(1)}")
    assert (known["name"], known["remark"], known["groups"]) == ("N1", "", [at])
    check_counts(world)


async def test_a_group_that_is_not_there_stops_the_whole_request(client, acme: Side, world):
    at = await group(client, acme)
    body = {"contacts": [person(1)], "groups": [at, "999999"]}
    answer = await ask(client, acme, "POST", CONTACTS, body)
    assert problem(answer, "group_not_found", "groups[1]")["detail"] == "999999"
    answer = await ask(
        client, acme, "PUT", f"{CONTACTS}/{phone(1)}", {"name": "N", "groups": ["1" * 18]}
    )
    problem(answer, "group_not_found", "groups[0]")
    assert world.one("SELECT count(*) FROM contact") == 0


async def test_a_book_that_is_full_takes_nobody_more(client, app, acme: Side, world, monkeypatch):
    await save(client, acme, [1])
    monkeypatch.setattr(app._keeper.parts, "config", replace(app._config, contacts_max=2))
    body = {"contacts": [person(2), person(3)]}
    problem(await ask(client, acme, "POST", CONTACTS, body), "too_many_contacts")
    assert world.one("SELECT count(*) FROM contact") == 1
    await save(client, acme, [1, 2])


async def test_a_thousand_are_written_at_once_and_deleted_again(client, acme: Side, world):
    at = await group(client, acme)
    ids = await save(client, acme, range(1000), groups=[at])
    assert len(set(ids)) == 1000
    check_counts(world)
    assert (await told(client, acme, "GET", f"{GROUPS}/{at}"))["members"] == 1000
    gone = await told(client, acme, "POST", f"{CONTACTS}:delete", {"contacts": ids})
    assert gone == {"deleted": 1000, "missing": []}
    check_counts(world)
    assert world.one("SELECT count(*) FROM contact_membership") == 0


async def test_contacts_are_deleted_by_id_and_by_phone(client, acme: Side, world):
    ids = await save(client, acme, range(4))
    assert await told(client, acme, "DELETE", f"{CONTACTS}/{ids[0]}") == {"deleted": 1}
    assert await told(client, acme, "DELETE", f"{CONTACTS}/+86{phone(1)}") == {"deleted": 1}
    problem(await ask(client, acme, "DELETE", f"{CONTACTS}/{phone(1)}"), "not_found")
    body = {"contacts": [ids[2], phone(2), phone(1), "?", "9" * 40]}
    gone = await told(client, acme, "POST", f"{CONTACTS}:delete", body)
    assert gone == {"deleted": 1, "missing": [phone(1), "?", "9" * 40]}
    assert world.rows("SELECT phone FROM contact") == [(phone(3),)]
    check_counts(world)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"contacts": []}, "contacts"), ({"contacts": [person(1)] * 1001}, "contacts"),
        ({"contacts": [{"name": "N"}]}, "contacts[0].phone"),
        ({"contacts": [{"phone": phone(1)}]}, "contacts[0].name"),
        ({"contacts": [person(1, name=5)]}, "contacts[0].name"),
        ({"contacts": [person(1, name="\x00")]}, "contacts[0].name"),
        ({"contacts": [person(1, nick="N")]}, "contacts[0].nick"),
        ({"groups": ["x"]}, "groups[0]"), ({"groups": ["1"] * 51}, "groups"),
        ({"overwrite": "yes"}, "overwrite"),
    ],
)  # fmt: skip
async def test_a_body_of_another_form_is_a_problem(client, acme, world, change, field):
    answer = await ask(client, acme, "POST", CONTACTS, {"contacts": [person(1)]} | change)
    problem(answer, "invalid_body", field)
    assert world.one("SELECT count(*) FROM contact") == 0


async def test_only_a_phone_can_be_written(client, acme: Side):
    [id] = await save(client, acme, [1])
    answer = await ask(client, acme, "PUT", f"{CONTACTS}/{id}", {"name": "N"})
    problem(answer, "invalid_parameter", "contact")


# Groups ----------------------------------------------------------------------------------------


async def test_a_group_is_made_renamed_and_deleted(client, acme: Side, world: World):
    answer = await ask(client, acme, "POST", GROUPS, {"name": "  客户  甲 "})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["parent"], made["members"], made["reach"]) == ("客户 甲", None, 0, 0)
    where = f"{GROUPS}/{made['id']}"
    renamed = await told(client, acme, "PATCH", where, {"name": "乙"})
    assert renamed == made | {"name": "乙"}
    under = await group(client, acme, "乙", made["id"])
    [id] = await save(client, acme, [1], groups=[under])
    assert await told(client, acme, "DELETE", where) == {"deleted": 2}
    problem(await ask(client, acme, "GET", f"{GROUPS}/{under}"), "not_found")
    assert (await told(client, acme, "GET", f"{CONTACTS}/{id}"))["groups"] == []
    check_counts(world)


async def test_a_name_is_unique_where_it_lies(client, acme: Side, globex: Side):
    top = await group(client, acme)
    problem(await ask(client, acme, "POST", GROUPS, {"name": " A"}), "group_name_taken")
    await group(client, acme, "A", top)
    await group(client, globex, "A")
    other = await group(client, acme, "B")
    answer = await ask(client, acme, "PATCH", f"{GROUPS}/{other}", {"name": "A"})
    problem(answer, "group_name_taken")
    await told(client, acme, "PATCH", f"{GROUPS}/{other}", {"name": "B"})


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "\x07", "\x00", 5])
async def test_a_bad_name_is_refused(client, acme: Side, world, name):
    problem(await ask(client, acme, "POST", GROUPS, {"name": name}), "invalid_body", "name")
    assert world.one("SELECT count(*) FROM contact_group") == 0


async def test_groups_lie_no_deeper_than_eight(client, acme: Side):
    parent = None
    for depth in range(8):
        parent = await group(client, acme, f"D{depth}", parent)
    answer = await ask(client, acme, "POST", GROUPS, {"name": "D8", "parent": parent})
    problem(answer, "group_too_deep")


async def test_there_are_no_more_groups_than_may_be(client, acme: Side, world: World):
    await group(client, acme)
    world.do("INSERT INTO contact_group (id, enterprise_id, name, path) SELECT 10000 + n, %s,"
             " 'G' || n, ARRAY[10000 + n] FROM generate_series(2, 2000) n", acme.id)  # fmt: skip
    problem(await ask(client, acme, "POST", GROUPS, {"name": "B"}), "too_many_groups")


async def test_members_join_and_leave_by_id_and_phone(client, acme: Side, world: World):
    ids = await save(client, acme, range(3))
    at = await group(client, acme)
    body: dict[str, Any] = {"contacts": [ids[0], phone(0), phone(1), "7777777", "x"]}
    answer = await told(client, acme, "POST", f"{GROUPS}/{at}/members", body)
    assert answer == {"changed": 2, "missing": ["7777777", "x"]}
    answer = await told(client, acme, "POST", f"{GROUPS}/{at}/members", {"contacts": ids})
    assert answer == {"changed": 1, "missing": []}
    check_counts(world)
    body = {"contacts": [phone(2), ids[2], phone(9)]}
    answer = await told(client, acme, "POST", f"{GROUPS}/{at}/members:remove", body)
    assert answer == {"changed": 1, "missing": [phone(9)]}
    assert (await told(client, acme, "GET", f"{GROUPS}/{at}"))["members"] == 2
    check_counts(world)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/7"), ("PATCH", "/7"), ("DELETE", "/7"), ("POST", "/7/members"),
     ("POST", "/7/members:remove"), ("GET", "/x"), ("GET", "/" + "9" * 30), ("GET", "/")],
)  # fmt: skip
async def test_a_group_that_is_not_there_is_404(client, acme: Side, method, path):
    body = {"PATCH": {"name": "A"}, "POST": {"contacts": ["1"]}}.get(method)
    problem(await ask(client, acme, method, GROUPS + path, body), "not_found")


async def test_what_an_address_does_not_take_is_405(client, acme: Side):
    answer = await ask(client, acme, "POST", f"{CONTACTS}/1", {})
    problem(answer, "method_not_allowed")
    assert answer.headers["allow"] == "DELETE, GET, PUT"


def test_every_reason_has_a_code():
    assert set(contact_writing.CODE_OF) == set(Reason)
    codes = {*contact_writing.CODE_OF.values(), contact_writing.DUPLICATE}
    assert codes == set(CONTACT_REFUSALS)
