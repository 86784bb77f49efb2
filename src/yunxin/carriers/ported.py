"""Ported numbers (携号转网): phones that kept their number and changed their carrier.

An entry goes before the leading digits: acceptance asks the table in its transaction, as long as
the table is not empty. Files come in by COPY, so that a million rows take seconds and one row's
memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.db import connection, transaction
from django.db.models import Count
from django.utils import translation

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers import labels
from yunxin.carriers.models import PortedNumber
from yunxin.text import phones
from yunxin.vocabulary import CarrierName
from yunxin.web.hints import hint
from yunxin.web.tables.cells import Cell, Row, as_text
from yunxin.web.tables.opening import open_tables

REFUSED_SHOWN = 20  # rows that are shown; the others are counted
BACK_HOME = ""  # instead of a carrier: the number is no longer ported


@dataclass(slots=True)
class Imported:
    """What became of a file: counts of numbers, and the first rows that say nothing usable."""

    rows: int = 0
    stored: int = 0
    removed: int = 0
    refused: int = 0
    first_refused: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def import_ported(*, file: BinaryIO, replaces: bool = False, by: User | None) -> Imported:
    """Take in a table of numbers and carriers: all of its good rows, in one transaction.

    A row is a number and a carrier, by our word for it or by its name in either language; without
    a carrier the number's entry is removed. Of two rows with the same number the last counts.

    Args:
        file: .csv or .xlsx, open for reading and seekable; the first sheet counts.
        replaces: the file is the whole table; entries that it does not name are removed.
    Raises:
        TableRefused: it is no table, or damaged.
    """
    result = Imported()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE ported_in (phone text, carrier text, row_number bigint)"
            " ON COMMIT DROP"
        )
        with cursor.copy("COPY ported_in FROM STDIN") as copy:
            for row in _good_rows(open_tables(file)[0].rows(), result):
                copy.write_row(row)
        # Who imports waits for who imports; acceptance goes on reading the old rows.
        cursor.execute("LOCK TABLE carriers_portednumber IN SHARE ROW EXCLUSIVE MODE")
        if replaces and result.rows > result.refused:
            cursor.execute(
                "DELETE FROM carriers_portednumber p WHERE NOT EXISTS"
                " (SELECT FROM ported_in i WHERE i.phone = p.phone)"
            )
            result.removed = cursor.rowcount
        cursor.execute(
            "CREATE TEMP TABLE ported_last ON COMMIT DROP AS SELECT DISTINCT ON (phone) phone,"
            " carrier FROM ported_in ORDER BY phone, row_number DESC"
        )
        cursor.execute(
            "DELETE FROM carriers_portednumber p USING ported_last i"
            " WHERE i.phone = p.phone AND i.carrier = ''"
        )
        result.removed += cursor.rowcount
        cursor.execute(
            "INSERT INTO carriers_portednumber (phone, carrier, at)"
            " SELECT phone, carrier, now() FROM ported_last WHERE carrier <> ''"
            " ON CONFLICT (phone) DO UPDATE SET carrier = excluded.carrier, at = excluded.at"
            " WHERE carriers_portednumber.carrier <> excluded.carrier"
        )
        result.stored = cursor.rowcount
        cursor.execute("DROP TABLE ported_in, ported_last")
    if result.stored or result.removed:
        audit.record(by, "ported.import", "", count=result.stored, removed=result.removed)
        hint("directory")
    return result


@transaction.atomic
def remove_ported(*, phone: str, by: User | None) -> bool:
    """Forget one entry: the number goes by its leading digits again. Whether there was one."""
    removed, _ = PortedNumber.objects.filter(pk=phone).delete()
    if removed:
        audit.record(by, "ported.delete", phones.mask(phone))
        hint("directory")
    return bool(removed)


def find_ported(phone: str) -> CarrierName | None:
    """To whom a number was ported; None: it is not in the table.

    Args:
        phone: 11 digits, as `phones.normalise` returns them.
    """
    row = PortedNumber.objects.filter(pk=phone).first()
    return CarrierName(row.carrier) if row else None


def count_ported() -> Mapping[CarrierName, int]:
    """How many numbers of the table each carrier has."""
    rows = PortedNumber.objects.values_list("carrier").annotate(numbers=Count("phone"))
    return {CarrierName(carrier): numbers for carrier, numbers in rows.order_by("carrier")}


def _good_rows(rows: Iterator[Row], result: Imported) -> Iterator[Sequence[object]]:
    words = _words()
    for row in rows:
        number, cells, fault = row
        typed, word = _text(cells, 0), _text(cells, 1)
        try:
            phone = phones.normalise(typed)
        except phones.PhoneInvalid:
            if number == 1 and not any(letter.isdigit() for letter in typed):
                continue  # a heading
            phone = ""
        carrier = words.get(word.casefold()) if word else BACK_HOME
        result.rows += 1
        if fault or not phone or carrier is None:
            result.refused += 1
            if len(result.first_refused) < REFUSED_SHOWN:
                result.first_refused.append((number, f"{typed} {word}".strip()[:60]))
        else:
            yield phone, carrier, number


def _text(cells: Mapping[int, Cell], at: int) -> str:
    return as_text(cells[at]).strip() if at in cells else ""


def _words() -> dict[str, str]:
    """What a carrier may be called in a file: our word, its name in every language of the pages."""
    words = {str(name): str(name) for name in labels.NAMED_CARRIERS}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for name, label in labels.NAMED_CARRIERS.items():
                words[str(label).casefold()] = str(name)
                words[str(labels.SHORT_CARRIERS[name]).casefold()] = str(name)
    return words
