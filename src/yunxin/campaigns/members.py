"""The people in groups of the address book, once each, with what fills the template's variables.

Read only: `preparation.py` makes recipients of them. The tables are those of `contacts`; the read
is one statement, so that people, their fields and the version of the book belong together, and its
answer stands at the server while it is fetched in blocks: memory stays flat.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from yunxin.campaigns import sources
from yunxin.campaigns.audience import Member

BLOCK_PEOPLE = 5_000

# The groups' own members, or with those of every group below: a group's path holds its ancestors.
_WANTED = """
SELECT g.id FROM contact_group g
 WHERE g.enterprise_id = %(enterprise)s
   AND CASE WHEN %(below)s THEN g.path && %(groups)s::bigint[]
            ELSE g.id = ANY(%(groups)s::bigint[]) END
"""
_BOOK_VERSION = "SELECT b.version FROM address_book b WHERE b.enterprise_id = %(enterprise)s"
_ALL = """
SELECT count(*) OVER (), ({book_version}), c.phone, c.name, {params}
  FROM (SELECT DISTINCT m.contact_id FROM contact_membership m
         WHERE m.enterprise_id = %(enterprise)s AND m.group_id = ANY (ARRAY({wanted}))) AS p
  JOIN contact c ON c.enterprise_id = %(enterprise)s AND c.id = p.contact_id
 ORDER BY c.id
"""
# A few rows of each group by its primary key, however many members it has.
_FIRST = """
SELECT c.phone, c.name, {params}
  FROM (SELECT DISTINCT m.contact_id
          FROM ({wanted}) AS w
         CROSS JOIN LATERAL (
               SELECT m.contact_id FROM contact_membership m
                WHERE m.enterprise_id = %(enterprise)s AND m.group_id = w.id
                ORDER BY m.contact_id LIMIT %(limit)s) AS m
         ORDER BY m.contact_id LIMIT %(limit)s) AS p
  JOIN contact c ON c.enterprise_id = %(enterprise)s AND c.id = p.contact_id
 ORDER BY c.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which groups, and where each variable comes from (`sources.Source` and its text)."""

    enterprise_id: int
    group_ids: Sequence[int]
    below: bool  # with all groups below them
    sources: Sequence[str]
    texts: Sequence[str]

    def statement(self, frame: str, **more: Any) -> tuple[str, dict[str, Any]]:
        """One of the statements above for this choice, with its values."""
        params, values = sources.array(self.sources, self.texts)
        statement = frame.format(params=params, wanted=_WANTED, book_version=_BOOK_VERSION)
        these = {
            "enterprise": self.enterprise_id,
            "groups": list(self.group_ids),
            "below": self.below,
        }
        return statement, {**these, **values, **more}


class Reading:
    """People on their way from the database, in the order in which they became contacts.

    Attributes:
        found: how many there are in all; known with the first block.
        book_version: of the address book as it is read; None where nobody ever had one.
    """

    def __init__(self, cursor: Any, book_version: int | None) -> None:
        self._cursor = cursor
        self.found = 0
        self.book_version = book_version

    def blocks(self) -> Iterator[list[Member]]:
        """Everybody, in blocks of BLOCK_PEOPLE, numbered from 1."""
        number = 0
        while rows := self._cursor.fetchmany(BLOCK_PEOPLE):
            self.found, self.book_version = rows[0][:2]
            yield [
                Member(number, phone, name, params)
                for number, (_found, _version, phone, name, params) in enumerate(rows, number + 1)
            ]
            number += len(rows)


@contextmanager
def reading(choice: Choice) -> Iterator[Reading]:
    """Begin to read everybody; what changes from now on in the address book is not seen."""
    statement, values = choice.statement(_ALL)
    version = book_version(choice.enterprise_id)
    with connection.chunked_cursor() as cursor:
        with _in_bulk():
            cursor.execute(statement, values)
        yield Reading(cursor, version)


@contextmanager
def _in_bulk() -> Iterator[None]:
    """Let no statement be planned as a loop of look-ups.

    A book that was just filled has not been analysed yet: the planner then takes its people for a
    handful, and for a cursor it favours what begins soon. Measured on 20,000 people: 12 s or 0.2 s.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET enable_nestloop = off")
        try:
            yield
        finally:
            cursor.execute("RESET enable_nestloop")


def first(choice: Choice, limit: int) -> list[Member]:
    """The first few people, quickly, for a preview."""
    statement, values = choice.statement(_FIRST, limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Member(number, *row) for number, row in enumerate(cursor.fetchall(), 1)]


def book_version(enterprise_id: int) -> int | None:
    """How often the address book of an enterprise has changed; None before its first contact."""
    with connection.cursor() as cursor:
        cursor.execute(_BOOK_VERSION, {"enterprise": enterprise_id})
        row = cursor.fetchone()
    return row[0] if row else None
