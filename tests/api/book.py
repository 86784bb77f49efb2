"""Asking v1 about the address book, and a recount of what the database says of it."""

from collections.abc import Iterable
from typing import Any

import httpx

from tests.api.test_v1 import bearer
from tests.api.world import Side
from tests.engine.world import World, phone

CONTACTS = "/api/v1/contacts"
GROUPS = "/api/v1/contact-groups"


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"phone": phone(number), "name": f"N{number}"} | more


async def ask(
    client: httpx.AsyncClient, side: Side, method: str, path: str, body: Any = None, **headers: str
) -> httpx.Response:
    own = bearer(side) | {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None:
        return await client.request(method, path, headers=own)
    return await client.request(method, path, json=body, headers=own)


async def told(
    client: httpx.AsyncClient, side: Side, method: str, path: str, body: Any = None, **headers: str
) -> Any:
    """What is answered, which must be no problem."""
    answer = await ask(client, side, method, path, body, **headers)
    assert answer.is_success, answer.text
    return answer.json()


async def save(
    client: httpx.AsyncClient, side: Side, numbers: Iterable[int], **more: Any
) -> list[str]:
    """Write contacts of these numbers; their ids."""
    body = {"contacts": [person(number) for number in numbers]} | more
    answer = await told(client, side, "POST", CONTACTS, body)
    return [one["id"] for one in answer["contacts"]]


async def group(
    client: httpx.AsyncClient, side: Side, name: str = "A", parent: str | None = None
) -> str:
    """Make a group; its id."""
    body = {"name": name, "parent": parent}
    id: str = (await told(client, side, "POST", GROUPS, body))["id"]
    return id


def check_counts(world: World) -> None:
    """The counts that all books keep equal a recount."""
    assert not world.rows(
        "SELECT b.enterprise_id FROM address_book b WHERE b.contacts <>"
        " (SELECT count(*) FROM contact c WHERE c.enterprise_id = b.enterprise_id)"
    )
    assert not world.rows(
        "SELECT g.id, g.members, g.reach, n.members, n.reach FROM contact_group g, LATERAL ("
        " SELECT count(*) FILTER (WHERE m.group_id = g.id) AS members,"
        " count(DISTINCT m.contact_id) AS reach"
        " FROM contact_membership m JOIN contact_group x ON x.enterprise_id = m.enterprise_id"
        " AND x.id = m.group_id WHERE m.enterprise_id = g.enterprise_id AND g.id = ANY (x.path)"
        ") n WHERE (g.members, g.reach) <> (n.members, n.reach)"
    )
