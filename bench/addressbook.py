"""How fast the address book answers: `scripts/bench addressbook`.

Makes a PostgreSQL of its own and fills it through the book's own functions: 200,000 contacts of one
enterprise in 1,000 groups three deep (one of them holds everybody), 50,000 of another beside it.
Asks for the pages through Django's whole stack, and times what changes the book. `--plans` prints
what EXPLAIN says of the list's queries. One JSON object comes last.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.pages import cpu_ms
from yunxin import embedded

ROOT = Path(__file__).resolve().parents[1]
BATCH = 5_000
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳敏静磊洋勇杰娟涛明霞建国文华志强丽军平东红玉兰英"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def a_database() -> Iterator[str]:
    """URL of a migrated database as production runs it, removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="yunxin-bench-"))
    server = embedded.Server(folder, {"shared_buffers": "256MB"}, dies_with_us=True)
    try:
        url = server.start()
        manage = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
        subprocess.run(manage, env={**os.environ, "DATABASE_URL": url}, check=True)
        yield url
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def set_up(url: str) -> tuple[Any, Any]:
    """A client signed in as the owner of the large enterprise, and that enterprise."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "yunxin.settings"
    import django

    django.setup()
    from django.test import Client

    from yunxin.accounts.models import Enterprise, User

    large = Enterprise.objects.create(name="Large", cpcode="LARGEA")
    other = Enterprise.objects.create(name="Other", cpcode="OTHERA")
    user = User.objects.create(username="bench", enterprise=large, role="owner")
    fill_contacts(other, 50_000, [])
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    return client, large


def make_groups(enterprise: Any) -> tuple[int, list[int], list[int]]:
    """1,000 groups: one for everybody, 9 at the top with 10 under each and 10 under each of those.

    Returns:
        the group of everybody, those at the top, those at the bottom.
    """
    from yunxin.contacts.groups import create_group

    everybody = create_group(enterprise, name="Everybody")
    tops = [create_group(enterprise, name=f"Region {n}") for n in range(9)]
    cities = [
        create_group(enterprise, name=f"City {n}", parent_id=top) for top in tops for n in range(10)
    ]
    shops = [
        create_group(enterprise, name=f"Shop {n}", parent_id=city)
        for city in cities
        for n in range(10)
    ]
    return everybody, tops, shops


def fill_contacts(enterprise: Any, number: int, shops: list[int], everybody: int = 0) -> float:
    """Take that many people in, batch by batch, each batch into one group; returns seconds."""
    from yunxin.contacts.people import take_people
    from yunxin.text.people import clean

    chance = random.Random(enterprise.cpcode)
    size = BATCH if not shops else max(1, number // len(shops))
    begin = time.perf_counter()
    for start in range(0, number, size):
        batch = [
            clean(
                {
                    "phone": f"13{number:09}",
                    "name": chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, 2)),
                    "gender": "男",
                    "birthday": "1990-12-12",
                    "company": "云栖路驿站",
                }
            )
            for number in range(start, min(start + size, number))
        ]
        into = [shops[start // size % len(shops)]] if shops else []
        take_people(enterprise, batch, groups=into)
    if everybody:
        put_into(enterprise, everybody)
    return time.perf_counter() - begin


def put_into(enterprise: Any, group_id: int) -> float:
    """Put the whole book into one group; returns seconds."""
    from yunxin.contacts.people import add_to_groups

    ids = list(enterprise.contacts.values_list("pk", flat=True))
    begin = time.perf_counter()
    add_to_groups(enterprise, [group_id], ids)
    return time.perf_counter() - begin


def questions(everybody: int, top: int, shop: int, contacts: int) -> dict[str, str]:
    """Pages of the list, as query strings."""
    last = contacts // 10
    return {
        "all, first page": "",
        "all, page in the middle": f"page={last // 2}",
        "all, last page": f"page={last}",
        "all, by name": "sort=name",
        "group of 200,000": f"group={everybody}",
        "group of 200,000, last page": f"group={everybody}&page={last}",
        "small group": f"group={shop}",
        "group with its sub-groups": f"group={top}&below=1",
        "group with its sub-groups, last page": f"group={top}&below=1&page=99999",
        "search: part of the name": "q=建国",
        "search: initials": "q=zjg",
        "search: one letter": "q=z",
        "search: part of the number": "q=01234",
        "search: whole number": f"q=13{contacts // 2:09}",
        "search: nothing found": "q=zzzzzz",
        "search in the group of 200,000": f"group={everybody}&q=zjg",
    }


def cost(call: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds of a call by the clock, and of processor time, PostgreSQL's session included."""
    cpu, begin = cpu_ms(), time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begin), cpu_ms() - cpu


def timed(call: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Median and longest milliseconds of a call, after one that does not count."""
    call()
    walls, cpus = zip(*[cost(call) for _ in range(repeats)], strict=True)
    return {
        "p50_ms": round(statistics.median(walls), 1),
        "max_ms": round(max(walls), 1),
        "cpu_ms": round(statistics.median(cpus), 1),
    }


def ask(client: Any, query: str, **headers: str) -> Any:
    answer = client.get(f"/contacts/?{query}", headers=headers)
    if answer.status_code != 200:
        raise SystemExit(f"{query} answered {answer.status_code}")
    return answer


def pages(client: Any, asked: dict[str, str], repeats: int) -> dict[str, Any]:
    """Each page whole, with the tree of 1,000 groups, and as the part that renews itself."""
    found: dict[str, Any] = {}
    for name, query in asked.items():
        whole = timed(lambda query=query: ask(client, query), repeats)  # type: ignore[misc]
        part = timed(
            lambda query=query: ask(client, query, hx_request="true"),  # type: ignore[misc]
            repeats,
        )
        found[name] = {"page": whole, "part": part}
        say(f"{name:40} {whole} part {part}")
    return found


def changes(enterprise: Any, everybody: int, top: int, shop: int) -> dict[str, Any]:
    """What it costs to change a book of this size, once each."""
    from yunxin.contacts import groups, people
    from yunxin.text.people import clean

    person = clean({"phone": "19900000001", "name": "张三"})
    added: list[int] = []
    ids = list(enterprise.contacts.values_list("pk", flat=True)[:100])
    steps: dict[str, Callable[[], Any]] = {
        "add a contact to a group": lambda: added.append(
            people.add_person(enterprise, person, groups=[shop])
        ),
        "delete a contact": lambda: people.delete_people(enterprise, added),
        "100 contacts join a group": lambda: people.add_to_groups(enterprise, [top], ids),
        "100 contacts leave a group": lambda: people.remove_from_groups(enterprise, [top], ids),
        "the tree": lambda: groups.tree(enterprise),
        "delete a group with 110 under it": lambda: groups.delete_group(enterprise, top),
        "empty the group of 200,000": lambda: groups.delete_group(enterprise, everybody),
        "delete all 200,000, as the job does": lambda: delete_all(enterprise),
    }
    found = {}
    for name, step in steps.items():
        wall, cpu = cost(step)
        found[name] = {"ms": round(wall, 1), "cpu_ms": round(cpu, 1)}
        say(f"{name:40} {found[name]}")
    return found


def delete_all(enterprise: Any) -> None:
    """What the background job does when somebody deletes all that the list shows."""
    from yunxin.contacts import bulk_runs
    from yunxin.contacts.bulk_changes import BulkChange, BulkKind

    run = BulkChange.objects.create(
        enterprise=enterprise, created_by=enterprise.users.first(), kind=BulkKind.DELETE,
        until=2**62, total=enterprise.contacts.count(),
    )  # fmt: skip
    bulk_runs.carry_out(run.pk)


def print_plans(enterprise: Any, everybody: int, top: int) -> None:
    """EXPLAIN of the list's queries, for docs/address-book.md."""
    from yunxin.contacts.people import find_people

    asked = {
        "all": find_people(enterprise)[:10],
        "a group": find_people(enterprise, group_id=everybody)[:10],
        "a group, last page": find_people(enterprise, group_id=everybody)[199_990:200_000],
        "with its sub-groups": find_people(enterprise, group_id=top, with_subgroups=True)[:10],
        "a search": find_people(enterprise, search="zjg")[:10],
        "a search in a group": find_people(enterprise, group_id=everybody, search="zjg")[:10],
    }
    for name, rows in asked.items():
        say(f"-- {name}\n{rows.explain(analyze=True, buffers=True, costs=False)}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=7, help="answers to each question")
    parser.add_argument("--plans", action="store_true", help="say how the queries are carried out")
    options = parser.parse_args()
    with a_database() as url:
        client, enterprise = set_up(url)
        everybody, tops, shops = make_groups(enterprise)
        filled_s = fill_contacts(enterprise, options.contacts, shops)
        joined_s = put_into(enterprise, everybody)
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        say(f"filled in {filled_s:.1f} s, joined in {joined_s:.1f} s")
        if options.plans:
            print_plans(enterprise, everybody, tops[0])
        asked = questions(everybody, tops[0], shops[0], options.contacts)
        result = {
            "contacts": options.contacts,
            "groups": 1 + len(tops) + len(tops) * 10 + len(shops),
            "filled_s": round(filled_s, 1),
            "all_into_one_group_s": round(joined_s, 1),
            "load_1min": round(os.getloadavg()[0], 1),
            "pages": pages(client, asked, options.repeats),
            "changes": changes(enterprise, everybody, tops[0], shops[5]),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
