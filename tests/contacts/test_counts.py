"""Whatever is done to the address book, in any order and by several at once, counts are right."""

import random
import threading
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests import factories
from tests.contacts.counting import check_counts
from tests.contacts.scene import make_group, someone
from yunxin.contacts import groups, people
from yunxin.contacts.errors import ContactsError
from yunxin.text.people import clean

# Small numbers meet often: a contact is in a group and in one under it, a name is taken.
PLACES = st.integers(0, 5)
SOME = st.lists(PLACES, max_size=4)
ACTIONS = st.one_of(
    st.tuples(st.just("take"), SOME, st.booleans(), SOME),
    st.tuples(st.just("delete"), SOME),
    st.tuples(st.just("join"), SOME, SOME),
    st.tuples(st.just("leave"), SOME, SOME),
    st.tuples(st.just("create"), st.one_of(st.none(), PLACES), st.integers(0, 2)),
    st.tuples(st.just("rename"), PLACES, st.integers(0, 2)),
    st.tuples(st.just("remove"), PLACES),
    st.tuples(st.just("edit"), PLACES, PLACES, SOME),
)


def person(number: int) -> Any:
    return clean({"phone": f"1300000000{number}", "name": f"N{random.randrange(99)}"})


class Book:
    """Carries actions out on an enterprise's book; numbers become ids that were met so far.

    Ids of deleted things and of another enterprise are among them.
    """

    def __init__(self, enterprise: Any, contacts: list[int], group_ids: list[int]) -> None:
        self.enterprise = enterprise
        self.contacts = contacts
        self.groups = group_ids

    def act(self, action: tuple[Any, ...]) -> None:
        name, *arguments = action
        with suppress(ContactsError):
            getattr(self, f"_{name}")(*arguments)

    def _ids(self, pool: list[int], places: list[int]) -> list[int]:
        return [pool[place % len(pool)] for place in places if pool]

    def _take(self, numbers: list[int], overwrite: bool, into: list[int]) -> None:
        taken = people.take_people(
            self.enterprise,
            [person(number) for number in numbers],
            overwrite=overwrite,
            groups=self._ids(self.groups, into),
        )
        self.contacts += [one.id for one in taken if one.created]

    def _delete(self, places: list[int]) -> None:
        people.delete_people(self.enterprise, self._ids(self.contacts, places))

    def _join(self, into: list[int], places: list[int]) -> None:
        ids = self._ids(self.contacts, places)
        people.add_to_groups(self.enterprise, self._ids(self.groups, into), ids)

    def _leave(self, out_of: list[int], places: list[int]) -> None:
        ids = self._ids(self.contacts, places)
        people.remove_from_groups(self.enterprise, self._ids(self.groups, out_of), ids)

    def _create(self, parent: int | None, name: int) -> None:
        parent_id = None
        if parent is not None and self.groups:
            parent_id = self.groups[parent % len(self.groups)]
        self.groups.append(
            groups.create_group(self.enterprise, name=f"G{name}", parent_id=parent_id)
        )

    def _rename(self, place: int, name: int) -> None:
        for group_id in self._ids(self.groups, [place]):
            groups.rename_group(self.enterprise, group_id, name=f"G{name}")

    def _remove(self, place: int) -> None:
        for group_id in self._ids(self.groups, [place]):
            groups.delete_group(self.enterprise, group_id)

    def _edit(self, place: int, number: int, into: list[int]) -> None:
        for contact_id in self._ids(self.contacts, [place]):
            ids = self._ids(self.groups, into)
            people.change_person(self.enterprise, contact_id, person(number), groups=ids)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(actions=st.lists(st.tuples(st.booleans(), ACTIONS), max_size=25))
def test_counts_equal_a_recount_after_any_sequence(db: None, actions: list[Any]) -> None:
    """Two enterprises know one another's ids, and change nothing of one another's."""
    acme, globex = factories.make_enterprise(), factories.make_enterprise()
    contacts: list[int] = []
    group_ids: list[int] = []
    books = {True: Book(acme, contacts, group_ids), False: Book(globex, contacts, group_ids)}
    for whose, action in actions:
        books[whose].act(action)
        check_counts(books[whose].enterprise)
    check_counts(acme)
    check_counts(globex)


def _work(database: str, enterprise_id: int, seed: int, failures: list[BaseException]) -> None:
    """A hundred changes by a connection of its own, each a transaction."""
    chance = random.Random(seed)
    try:
        with psycopg.connect(database, autocommit=True) as connection:

            def some(table: str, most: int) -> list[int]:
                query = f"SELECT id FROM {table} WHERE enterprise_id = %s ORDER BY random()"
                return [row[0] for row in connection.execute(query, (enterprise_id,))][:most]

            for _ in range(100):
                numbers = chance.sample(range(40), 6)
                rows = [person(0).row() | {"phone": f"130000000{n:02}"} for n in numbers]
                into, ids = some("contact_group", 2), some("contact", 5)
                statement, values = chance.choice(
                    [
                        ("contact_upsert(%s, %s, true, %s)", (Jsonb(rows), into)),
                        ("contact_delete(%s, %s)", (ids,)),
                        ("contact_members_add(%s, %s, %s)", (into, ids)),
                        ("contact_members_remove(%s, %s, %s)", (into, ids)),
                        ("contact_group_create(%s, %s, %s)", ((into or [None])[0], str(_))),
                        ("contact_group_delete(%s, %s)", ((into or [0])[0],)),
                    ]
                )
                try:
                    connection.execute(f"SELECT {statement}", (enterprise_id, *values))
                except psycopg.Error as error:
                    assert (error.sqlstate or "").startswith("YX"), error
    except BaseException as error:  # noqa: BLE001  a thread's failure is the test's
        failures.append(error)


RECOUNT = """
    SELECT g.id, g.members, g.reach,
        (SELECT count(*) FROM contact_membership m WHERE m.group_id = g.id),
        (SELECT count(DISTINCT m.contact_id) FROM contact_membership m
         JOIN contact_group b ON b.id = m.group_id WHERE b.path @> ARRAY[g.id])
    FROM contact_group g
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_several_at_once_count_right(database: str, seed: int) -> None:
    """Connections that change one book at the same time neither miscount nor deadlock."""
    with psycopg.connect(database, autocommit=True) as connection:
        enterprise_id = connection.execute(
            "INSERT INTO accounts_enterprise (name, cpcode, access_number, extension_code,"
            " contact_name, contact_phone, suspended_reason, weight, created_at)"
            " VALUES ('Acme', 'ACMEAA', '', '', '', '', '', 1, now()) RETURNING id"
        ).fetchone()[0]
        failures: list[BaseException] = []
        threads = [
            threading.Thread(target=_work, args=(database, enterprise_id, 10 * seed + n, failures))
            for n in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        connection.execute("SELECT contact_group_create(%s, NULL, 'last')", (enterprise_id,))
        rows = connection.execute(RECOUNT).fetchall()
        assert all((row[1], row[2]) == (row[3], row[4]) for row in rows)
        kept = connection.execute("SELECT contacts, version FROM address_book").fetchone()
        assert kept[0] == connection.execute("SELECT count(*) FROM contact").fetchone()[0]
        assert kept[1] > 0


def test_a_book_that_grows_is_not_read_for_each_of_its_rows(acme):
    """Even where the planner last looked when the book was empty, foreign keys find by indexes."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contact, contact_membership, contact_group")
    group = make_group(acme, "All")
    for hundred in range(20):
        people.take_people(
            acme, [someone(hundred * 100 + n) for n in range(100)], groups=[group], overwrite=False
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('contact', 'contact_membership', 'contact_group')"
        )
        (read,) = cursor.fetchone()
    assert read < 2_000
