"""What v1 tells of the address book, and to whom."""

from typing import Any

import pytest

from tests.api.book import CONTACTS, GROUPS, ask, group, save, told
from tests.api.test_ronghe import refreshed
from tests.api.test_v1 import problem
from tests.api.world import Side
from tests.engine.world import phone
from yunxin.api import contacts
from yunxin.dialects import keys


async def listed(client: Any, side: Side, **query: Any) -> list[str]:
    """The phones of all pages that fit."""
    seen: list[str] = []
    cursor = ""
    while True:
        words = "&".join(f"{name}={value}" for name, value in query.items())
        page = await told(client, side, "GET", f"{CONTACTS}?{words}&cursor={cursor}")
        seen += [contact["phone"] for contact in page["data"]]
        if page["next"] is None:
            return seen
        cursor = page["next"]


async def test_a_contact_is_told_by_id_and_by_phone(client, acme: Side):
    everything = {
        "name": "张三丰", "gender": "male", "birthday": "1990/1/31", "industry": "IT",
        "position": "CTO", "company": "云启", "remark": "VIP",
    }  # fmt: skip
    at = await group(client, acme)
    saved = await told(client, acme, "PUT", f"{CONTACTS}/{phone(1)}", everything | {"groups": [at]})
    by_id = await told(client, acme, "GET", f"{CONTACTS}/{saved['id']}")
    assert by_id["created_at"] == by_id["updated_at"]
    assert {k: v for k, v in by_id.items() if not k.endswith("_at")} == {
        "id": saved["id"], "phone": phone(1), "groups": [at],
    } | everything | {"birthday": "1990-01-31"}  # fmt: skip
    for word in (phone(1), f"86{phone(1)}", f"+86{phone(1)}"):
        assert await told(client, acme, "GET", f"{CONTACTS}/{word}") == by_id


@pytest.mark.parametrize("word", ["1", "13800000009", "9" * 19, "9" * 30, "x", "", "1/2", "+1"])
async def test_a_contact_that_is_not_there_is_404(client, acme: Side, word):
    problem(await ask(client, acme, "GET", f"{CONTACTS}/{word}"), "not_found")


async def test_contacts_are_listed_page_by_page_newest_first(client, acme: Side, globex: Side):
    await save(client, globex, [9])
    await save(client, acme, range(5))
    assert await listed(client, acme, limit=2) == [phone(n) for n in (4, 3, 2, 1, 0)]


async def test_contacts_are_searched(client, acme: Side):
    names = ["张三丰", "Zhao Si", "王 小明", "50%_off"]
    people = [{"phone": phone(n), "name": name} for n, name in enumerate(names)]
    await told(client, acme, "POST", CONTACTS, {"contacts": people})

    async def found(search: str) -> list[int]:
        return sorted(int(p[3:]) for p in await listed(client, acme, search=search))

    assert await found("三") == [0]
    assert await found("ZS") == [0]
    assert await found("zsf") == [0]
    assert await found("Zhao") == [1]
    assert await found("138-0000 0002") == [2]
    assert await found("%25") == [3]
    assert await found("_") == [3]
    assert await found("00") == [0, 1, 2, 3]
    assert await found("nobody") == []
    assert await found("王 小") == [2]


@pytest.mark.parametrize("size", [0, contacts.GROUP_READ_MAX])
async def test_a_group_is_listed_with_and_without_those_in_it(
    client, acme: Side, globex: Side, monkeypatch, size: int
):
    monkeypatch.setattr(contacts, "GROUP_READ_MAX", size)
    top = await group(client, acme)
    under = await group(client, acme, "B", top)
    below = await group(client, acme, "C", under)
    beside = await group(client, acme, "D")
    await save(client, acme, range(3), groups=[top])
    await save(client, acme, range(2, 7), groups=[under])
    await save(client, acme, range(6, 9), groups=[below])
    await save(client, acme, [10], groups=[beside])
    await save(client, acme, [11])

    async def found(id: str, **query: Any) -> list[int]:
        return [int(p[3:]) for p in await listed(client, acme, group=id, **query)]

    assert await found(top) == [2, 1, 0]
    assert await found(top, subgroups="true", limit=2) == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await found(under, subgroups="true", limit=3) == [8, 7, 6, 5, 4, 3, 2]
    assert await found(under, subgroups="true", search="N6") == [6]
    assert await found(top, subgroups="true", search="N", limit=4) == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert await found(top, search="N") == [2, 1, 0]
    assert await found(top, search="N6") == []
    assert await found(under, phone=phone(6)) == [6]
    assert await found(top, phone=phone(6)) == []
    assert await found(top, phone=phone(6), subgroups="true") == [6]
    assert await found(top, phone=phone(6), subgroups="true", search="N7") == []
    for more in ("", "&subgroups=true", f"&phone={phone(1)}"):
        answer = await ask(client, globex, "GET", f"{CONTACTS}?group={top}{more}")
        problem(answer, "not_found", "group")


async def test_groups_are_listed_each_after_its_parent(client, acme: Side, globex: Side):
    await group(client, globex, "Theirs")
    top = await group(client, acme)
    under = await group(client, acme, "B", top)
    await save(client, acme, [1], groups=[under])
    first = await told(client, acme, "GET", f"{GROUPS}?limit=1")
    rest = await told(client, acme, "GET", f"{GROUPS}?limit=1&cursor={first['next']}")
    assert rest["next"] is None
    shown = [
        {name: one[name] for name in ("id", "name", "parent", "members", "reach")}
        for one in first["data"] + rest["data"]
    ]
    assert shown == [
        {"id": top, "name": "A", "parent": None, "members": 0, "reach": 1},
        {"id": under, "name": "B", "parent": top, "members": 1, "reach": 1},
    ]
    assert await told(client, acme, "GET", f"{GROUPS}/{under}") == rest["data"][0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("group=x", "group"), ("subgroups=maybe", "subgroups"), ("phone=1", "phone"),
        ("limit=101", "limit"), ("cursor=!!", "cursor"), ("search=" + "x" * 41, "search"),
        ("nonsense=1", "nonsense"), ("search=%00", None),
    ],
)  # fmt: skip
async def test_a_bad_parameter_is_named(client, acme: Side, query, field):
    answer = await ask(client, acme, "GET", f"{CONTACTS}?{query}")
    problem(answer, "invalid_parameter", field)


async def test_strangers_see_nothing(client, acme: Side, globex: Side):
    """Whatever address holds an id or a phone of Acme's: for Globex nothing is there."""
    at = await group(client, acme)
    [id] = await save(client, acme, [1], groups=[at])
    await save(client, globex, [2])
    asked = [
        ("GET", f"{CONTACTS}/{id}", None),
        ("GET", f"{CONTACTS}/{phone(1)}", None),
        ("DELETE", f"{CONTACTS}/{id}", None),
        ("DELETE", f"{CONTACTS}/{phone(1)}", None),
        ("GET", f"{GROUPS}/{at}", None),
        ("PATCH", f"{GROUPS}/{at}", {"name": "Mine"}),
        ("DELETE", f"{GROUPS}/{at}", None),
        ("POST", f"{GROUPS}/{at}/members", {"contacts": [phone(2)]}),
        ("POST", f"{GROUPS}/{at}/members:remove", {"contacts": [phone(1)]}),
    ]
    before = await told(client, acme, "GET", f"{CONTACTS}/{id}")
    for method, path, body in asked:
        problem(await ask(client, globex, method, path, body), "not_found")
    answer = await ask(client, globex, "POST", GROUPS, {"name": "B", "parent": at})
    problem(answer, "group_not_found", "parent")
    body = {"contacts": [{"phone": phone(2), "name": "x"}], "groups": [at]}
    problem(await ask(client, globex, "POST", CONTACTS, body), "group_not_found", "groups[0]")
    gone = await told(client, globex, "POST", f"{CONTACTS}:delete", {"contacts": [id, phone(1)]})
    assert gone == {"deleted": 0, "missing": [id, phone(1)]}
    mine = await group(client, globex, "Mine")
    body = {"contacts": [id, phone(1), phone(2)]}
    joined = await told(client, globex, "POST", f"{GROUPS}/{mine}/members", body)
    assert joined == {"changed": 1, "missing": [id, phone(1)]}
    assert await listed(client, globex) == [phone(2)]
    assert await told(client, acme, "GET", f"{CONTACTS}/{id}") == before
    assert (await told(client, acme, "GET", f"{GROUPS}/{at}"))["members"] == 1


async def test_the_same_phone_may_be_in_everybodys_book(client, acme: Side, globex: Side):
    await told(client, acme, "PUT", f"{CONTACTS}/{phone(1)}", {"name": "Ours"})
    saved = await told(client, globex, "PUT", f"{CONTACTS}/{phone(1)}", {"name": "Theirs"})
    assert saved["created"]
    assert (await told(client, acme, "GET", f"{CONTACTS}/{phone(1)}"))["name"] == "Ours"
    await told(client, globex, "DELETE", f"{CONTACTS}/{phone(1)}")
    assert (await told(client, acme, "GET", f"{CONTACTS}/{phone(1)}"))["name"] == "Ours"


async def test_each_scope_opens_its_half(client, app, acme: Side):
    reader, writer = keys.mint(), keys.mint()
    acme.add_key(reader, scopes=["contacts:read"])
    acme.add_key(writer, scopes=["contacts:write"])
    await refreshed(app)
    body = {"name": "N"}
    asked = [("GET", CONTACTS, None), ("GET", GROUPS, None), ("GET", f"{CONTACTS}/1", None)]
    changes = [
        ("PUT", f"{CONTACTS}/{phone(1)}", body), ("DELETE", f"{CONTACTS}/{phone(1)}", None),
        ("POST", GROUPS, body), ("POST", CONTACTS, {"contacts": [{"phone": "1", "name": "N"}]}),
    ]  # fmt: skip
    for minted, opened, closed in ((reader, asked, changes), (writer, changes, asked)):
        headers = {"Authorization": f"Bearer {minted.key}"}
        for method, path, content in opened:
            answer = await client.request(method, path, json=content, headers=headers)
            assert answer.status_code in (200, 201, 404), answer.text
        for method, path, content in closed:
            answer = await client.request(method, path, json=content, headers=headers)
            problem(answer, "scope_missing")
