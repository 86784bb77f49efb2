"""A change of the address book counts once, and two processes at once leave what one would."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import psycopg
import pytest

from tests.api.book import CONTACTS, GROUPS, ask, check_counts, group, person, save, told
from tests.api.serving import serve
from tests.api.test_v1 import MESSAGES, bearer, body_of, problem
from tests.api.world import Side
from tests.engine.world import World, phone
from yunxin.api import changing
from yunxin.config import Config

ROUNDS = 12
REPLAYED = "idempotency-replayed"


# Once ------------------------------------------------------------------------------------------


async def test_many_written_again_get_the_first_answer(client, acme: Side, globex: Side, world):
    body = {"contacts": [person(1), person(2, name=""), person(3)]}
    first = await ask(client, acme, "POST", CONTACTS, body, Idempotency_Key="k")
    await told(client, acme, "DELETE", f"{CONTACTS}/{phone(1)}")
    again = await ask(client, acme, "POST", CONTACTS, body, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert world.rows("SELECT phone FROM contact") == [(phone(3),)]
    other = {"contacts": [person(1)]}
    answer = await ask(client, acme, "POST", CONTACTS, other, Idempotency_Key="k")
    problem(answer, "idempotency_key_reused", "Idempotency-Key")
    theirs = await ask(client, globex, "POST", CONTACTS, other, Idempotency_Key="k")
    assert theirs.json()["created"] == 1 and REPLAYED not in theirs.headers


async def test_every_kind_of_change_counts_once(client, acme: Side, world: World):
    [one, two] = await save(client, acme, [1, 2])
    at = await group(client, acme)
    changes: list[tuple[str, str, Any]] = [
        ("PUT", f"{CONTACTS}/{phone(3)}", {"name": "N3"}),
        ("DELETE", f"{CONTACTS}/{phone(3)}", None),
        ("POST", f"{GROUPS}/{at}/members", {"contacts": [one, two, "9"]}),
        ("POST", f"{GROUPS}/{at}/members:remove", {"contacts": [one]}),
        ("POST", f"{CONTACTS}:delete", {"contacts": [one, phone(9)]}),
        ("POST", GROUPS, {"name": "B"}),
        ("PATCH", f"{GROUPS}/{at}", {"name": "C"}),
        ("DELETE", f"{GROUPS}/{at}", None),
    ]
    firsts = []
    for number, (method, path, body) in enumerate(changes):
        firsts.append(await ask(client, acme, method, path, body, Idempotency_Key=f"k{number}"))
        assert firsts[-1].is_success, firsts[-1].text
    before = world.one("SELECT version FROM address_book")
    for number, (method, path, body) in enumerate(changes):
        again = await ask(client, acme, method, path, body, Idempotency_Key=f"k{number}")
        assert again.headers[REPLAYED] == "true"
        assert (again.status_code, again.json()) == (
            firsts[number].status_code,
            firsts[number].json(),
        )
    assert world.one("SELECT version FROM address_book") == before
    answer = await ask(client, acme, "PUT", changes[1][1], {"name": "N"}, Idempotency_Key="k1")
    problem(answer, "idempotency_key_reused")
    check_counts(world)


async def test_what_was_refused_may_be_asked_for_again(client, acme: Side):
    at = await group(client, acme)
    answer = await ask(client, acme, "POST", GROUPS, {"name": "A"}, Idempotency_Key="k")
    problem(answer, "group_name_taken")
    await told(client, acme, "DELETE", f"{GROUPS}/{at}")
    answer = await ask(client, acme, "POST", GROUPS, {"name": "A"}, Idempotency_Key="k")
    assert answer.status_code == 201 and REPLAYED not in answer.headers


async def test_nobodys_name_or_phone_is_remembered(client, acme: Side, world: World):
    body = {"contacts": [person(1, name="Wang Fang"), person(2, name="")]}
    await told(client, acme, "POST", CONTACTS, body, Idempotency_Key="a")
    where = f"{CONTACTS}/{phone(1)}"
    await told(client, acme, "PUT", where, {"name": "Wang Fang"}, Idempotency_Key="b")
    gone = {"contacts": [phone(1), phone(9)]}
    await told(client, acme, "POST", f"{CONTACTS}:delete", gone, Idempotency_Key="c")
    kept = b"".join(bytes(row[0]) for row in world.rows("SELECT answer FROM api_answer"))
    assert kept and b"138" not in kept and b"Wang" not in kept


# While others hold the book --------------------------------------------------------------------


async def test_messages_do_not_wait_for_a_held_book(
    client, app, acme: Side, globex: Side, world: World, database: str, monkeypatch
):
    """An import holds Acme's book: Acme's changes are sent away, everything else goes on."""
    monkeypatch.setattr(changing, "LOCK_WAIT", "300ms")
    await save(client, acme, [1])
    with psycopg.connect(database) as importer:
        importer.execute("SELECT FROM address_book FOR UPDATE")
        held = [
            asyncio.create_task(ask(client, acme, "PUT", f"{CONTACTS}/{phone(n)}", {"name": "N"}))
            for n in range(4)
        ]
        await asyncio.sleep(0)
        sent = await client.post(MESSAGES, json=body_of(acme), headers=bearer(acme))
        assert sent.status_code == 200
        await told(client, acme, "GET", f"{CONTACTS}/{phone(1)}")
        await save(client, globex, [1])
        for answer in await asyncio.gather(*held):
            problem(answer, "unavailable")
            assert answer.headers["retry-after"] == "1"
    assert world.rows("SELECT name FROM contact WHERE enterprise_id = %s", acme.id) == [("N1",)]
    await save(client, acme, [2])


# Two processes ---------------------------------------------------------------------------------


@pytest.fixture
def urls(config: Config, acme: Side, globex: Side) -> Iterator[list[str]]:
    """Two API programs on the same database."""
    acme.limit(requests_per_s=100_000)
    globex.limit(requests_per_s=100_000)
    with serve(config) as (one, _), serve(config) as (two, _):
        yield [one, two]


@pytest.fixture
async def clients(urls: list[str]) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A client of each."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
            for url in urls
        ]


async def test_of_two_that_write_the_same_phone_one_makes_it(clients, acme: Side, world: World):
    for number in range(ROUNDS):
        where = f"{CONTACTS}/{phone(number)}"
        answers = await asyncio.gather(
            *(
                ask(client, acme, "PUT", where, {"name": f"N{n}", "remark": f"R{n}"})
                for n in range(4)
                for client in clients
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
    rows = world.rows("SELECT name, remark FROM contact")
    assert len(rows) == ROUNDS
    assert all(name[1:] == remark[1:] for name, remark in rows), "a mixture of two writers"
    check_counts(world)


async def test_of_two_with_the_same_key_one_does_it(clients, acme: Side, world: World):
    for number in range(ROUNDS):
        body = {"name": f"G{number}"}
        answers = await asyncio.gather(
            *(
                ask(client, acme, "POST", GROUPS, body, Idempotency_Key=f"k{number}")
                for _ in range(3)
                for client in clients
            )
        )
        assert [answer.status_code for answer in answers] == [201] * 6
        assert len({answer.content for answer in answers}) == 1
        assert sum(REPLAYED in answer.headers for answer in answers) == 5
    assert world.one("SELECT count(*) FROM contact_group") == ROUNDS


async def test_deletes_against_writes_lose_and_double_nobody(
    clients, acme: Side, globex: Side, world: World
):
    """However they meet: who was made and was not deleted is there, and all counts are right."""
    top = await group(clients[0], acme)
    under = await group(clients[0], acme, "B", top)
    await save(clients[0], globex, range(6))
    made = deleted = 0
    choose = random.Random(7)

    async def act(client: httpx.AsyncClient) -> None:
        nonlocal made, deleted
        numbers = choose.sample(range(6), 3)
        phones = [phone(number) for number in numbers]
        kind = choose.randrange(6)
        if kind == 0:
            body: Any = {"contacts": [person(n) for n in numbers], "groups": [top, under]}
            answer = await ask(client, acme, "POST", CONTACTS, body)
            made += answer.json()["created"]
        elif kind == 1:
            where = f"{CONTACTS}/{phones[0]}"
            answer = await ask(client, acme, "PUT", where, {"name": "N", "groups": [under]})
            made += answer.json()["created"]
        elif kind == 2:
            body = {"contacts": phones}
            answer = await ask(client, acme, "POST", f"{CONTACTS}:delete", body)
            deleted += answer.json()["deleted"]
        elif kind == 3:
            answer = await ask(client, acme, "DELETE", f"{CONTACTS}/{phones[0]}")
            assert answer.status_code in (200, 404), answer.text
            deleted += answer.json().get("deleted", 0)
        else:
            verb = "members" if kind == 4 else "members:remove"
            await told(client, acme, "POST", f"{GROUPS}/{top}/{verb}", {"contacts": phones})

    for _ in range(ROUNDS):
        await asyncio.gather(*(act(client) for _ in range(5) for client in clients))
        check_counts(world)
        there = world.one("SELECT contacts FROM address_book WHERE enterprise_id = %s", acme.id)
        assert made - deleted == there
    assert made and deleted
    assert world.one("SELECT contacts FROM address_book WHERE enterprise_id = %s", globex.id) == 6


async def test_groups_that_go_while_contacts_join_them(clients, acme: Side, world: World):
    await save(clients[0], acme, range(6))
    for number in range(ROUNDS):
        at = await group(clients[0], acme, f"G{number}")
        body = {"contacts": [person(n) for n in range(8)], "groups": [at]}
        join = ask(clients[0], acme, "POST", CONTACTS, body)
        gone = ask(clients[1], acme, "DELETE", f"{GROUPS}/{at}")
        under = ask(clients[1], acme, "POST", GROUPS, {"name": "B", "parent": at})
        joined, removed, made = await asyncio.gather(join, gone, under)
        assert removed.json() == {"deleted": 2 if made.status_code == 201 else 1} or (
            made.status_code == 422
        )
        if not joined.is_success:
            problem(joined, "group_not_found", "groups[0]")
        if not made.is_success:
            problem(made, "group_not_found", "parent")
        check_counts(world)
    assert world.one("SELECT count(*) FROM contact_membership") == 0
    assert world.one("SELECT count(*) FROM contact_group") == 0


# The audit log ---------------------------------------------------------------------------------


async def test_what_changed_is_in_the_audit_log_with_the_key(client, acme: Side, world: World):
    [one, two] = await save(client, acme, [1, 2])
    at = await group(client, acme)
    for method, path, body in (
        ("POST", CONTACTS, {"contacts": [person(1)]}),  # there already, and nothing changes
        ("PUT", f"{CONTACTS}/{phone(3)}", {"name": "N3", "groups": [at]}),
        ("PUT", f"{CONTACTS}/{phone(3)}", {"name": "N3"}),  # it is called so
        ("PUT", f"{CONTACTS}/{phone(3)}", {"name": "Other"}),
        ("POST", f"{GROUPS}/{at}/members", {"contacts": [one, two]}),
        ("POST", f"{GROUPS}/{at}/members", {"contacts": [one, two]}),  # they are in it
        ("POST", f"{GROUPS}/{at}/members:remove", {"contacts": [one]}),
        ("PATCH", f"{GROUPS}/{at}", {"name": "B"}),
        ("DELETE", f"{GROUPS}/{at}", None),
        ("DELETE", f"{CONTACTS}/+86{phone(3)}", None),
        ("POST", f"{CONTACTS}:delete", {"contacts": [one, two, "999"]}),
    ):
        assert (await ask(client, acme, method, path, body)).is_success
    entries = world.rows(
        "SELECT action, subject, detail - 'key', detail ->> 'key', host(address)"
        " FROM accounts_auditentry WHERE action LIKE 'contact%' ORDER BY id"
    )
    masked = f"{phone(3)[:3]}****{phone(3)[-4:]}"
    assert [row[:3] for row in entries] == [
        ("contact.write", "", {"created": 2, "known": 0}),
        ("contact_group.create", "A", {}),
        ("contact.create", masked, {"groups": 1}),
        ("contact.edit", masked, {}),
        ("contact_group.join", "A", {"count": 2}),
        ("contact_group.leave", "A", {"count": 1}),
        ("contact_group.rename", "A", {"name": "B"}),
        ("contact_group.delete", "B", {"groups": 1}),
        ("contact.delete", f"+86{masked}", {"count": 1}),
        ("contact.delete", "", {"count": 2}),
    ]
    [key] = {row[3] for row in entries}
    known = world.rows("SELECT concat_ws(' ', name, key_id) FROM interfaces_credential")
    assert key and (key,) in known
    assert {row[4] for row in entries} == {"203.0.113.9"}  # what the test's connection says


async def test_what_is_asked_again_or_refused_is_not_in_the_audit_log_twice(
    client, acme: Side, world: World
):
    for _ in range(2):
        answer = await ask(client, acme, "POST", GROUPS, {"name": "A"}, Idempotency_Key="k")
        assert answer.status_code == 201
    problem(await ask(client, acme, "POST", GROUPS, {"name": "A"}), "group_name_taken")
    assert world.rows("SELECT subject FROM accounts_auditentry WHERE action LIKE 'contact%'") == [
        ("A",)
    ]
