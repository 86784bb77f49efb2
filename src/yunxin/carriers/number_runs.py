"""The job of an import of numbers: from a stored file to a table.

    stored file ─▶ number_rows ─COPY▶ number_in, number_refused        temporary tables
    number_in ─▶ the table; refused rows; counts; state = done         one transaction

A run may be killed at any instant and begun again: before its transaction nothing has changed, and
after it there is nothing left to do. Memory stays flat: rows go to the database as they come.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from yunxin.accounts import audit, notices
from yunxin.carriers import places
from yunxin.carriers.models import NumberImport, RefusedNumber
from yunxin.carriers.number_models import AT_WORK, ImportState, NumberTable
from yunxin.carriers.number_rows import (
    Judge,
    RowFault,
    RowRefused,
    Values,
    is_heading,
    place_judge,
    ported_judge,
)
from yunxin.web import uploads
from yunxin.web.hints import hint
from yunxin.web.models import StoredFile
from yunxin.web.tables.cells import ROWS_MAX, Row, as_text
from yunxin.web.tables.opening import open_tables
from yunxin.web.tables.problems import TableRefused

PROGRESS_EVERY_S = 0.5
ROWS_AT_ONCE = 5_000
CONTENT_CHARS_MAX = 100
KEPT = timedelta(days=30)  # refused rows, and the line in the list of files
LOCK_CLASS = 0x59580004  # of the advisory locks that keep two runs of one import apart

NO_ROWS, ONLY_BAD_ROWS, TOO_MANY_ROWS, INTERNAL = (
    "no_rows", "only_bad_rows", "too_many_rows", "internal",
)  # fmt: skip

_DROP_TABLES = "DROP TABLE IF EXISTS pg_temp.number_in, pg_temp.number_refused, pg_temp.number_last"
_MAKE_REFUSED = "CREATE TEMPORARY TABLE number_refused (line integer, content text, fault text)"
_PUT_REFUSED = (
    "INSERT INTO carriers_refusednumber (run_id, line, content, fault)"
    " SELECT %s, line, content, fault FROM number_refused"
)


class FileRefused(ValueError):
    """The import ends here, and the table is as it was. `problem` is a word."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def carry_out(run_id: int) -> None:
    """Carry an import out; does nothing when it is finished."""
    with _only_one(run_id):
        runs = NumberImport.objects.select_related("created_by", "file")
        run = runs.filter(pk=run_id, state__in=AT_WORK).first()
        if run is None or run.file is None:
            return
        kind = KINDS[NumberTable(run.table)]
        try:
            _execute(_DROP_TABLES)
            _execute(f"CREATE TEMPORARY TABLE number_in (line integer, {kind.columns})")
            _execute(_MAKE_REFUSED)
            with _spooled(run.file) as file:
                _read(run, kind, file)
            _save(run, kind)
        except (FileRefused, TableRefused) as refusal:
            fail(run, refusal.problem)
        finally:
            _execute(_DROP_TABLES)


def give_up(run_id: int) -> None:
    """Say that an import could not be finished, through no fault of the file."""
    run = NumberImport.objects.filter(pk=run_id, state__in=AT_WORK).first()
    if run is not None:
        fail(run, INTERNAL)


@transaction.atomic
def fail(run: NumberImport, problem: str) -> None:
    """End an import with a word that says why; what was wrong with its rows stays to be seen."""
    found = _lock(run)
    if found is None:
        return
    refused = 0
    if problem == ONLY_BAD_ROWS:
        RefusedNumber.objects.filter(run_id=run.pk).delete()
        refused = _execute(_PUT_REFUSED, [run.pk])
    found.problem = problem
    found.rows_read, found.refused_count = run.rows_read, refused
    _finish(found, ImportState.FAILED)


# Reading -----------------------------------------------------------------------------------------


def _read(run: NumberImport, kind: "Kind", file: BinaryIO) -> None:
    """All rows into the temporary tables.

    Raises:
        FileRefused: there is nothing to take in.
        TableRefused: the file cannot be read.
    """
    _update(run, state=ImportState.READING, rows_read=0, read_permille=0)
    table = open_tables(file)[0]
    judge, width = kind.judge(), kind.width
    good: list[tuple[object, ...]] = []
    bad: list[tuple[object, ...]] = []
    read, shown_at = 0, time.monotonic()
    for row in table.rows():
        cells = _cells(row, width)
        if row.number == 1 and not row.fault and is_heading(cells):
            continue
        read += 1
        try:
            good.append((row.number, *_judged(judge, row, cells)))
        except RowRefused as refusal:
            bad.append((row.number, _content(cells), str(refusal.fault)))
        if len(good) + len(bad) >= ROWS_AT_ONCE:
            _load(kind, good, bad)
            good, bad = [], []
            if time.monotonic() - shown_at >= PROGRESS_EVERY_S:
                shown_at = time.monotonic()
                _update(run, rows_read=read, read_permille=int(table.share * 1000))
    _load(kind, good, bad)
    run.rows_read = read
    if not read:
        raise FileRefused(NO_ROWS)
    if read >= ROWS_MAX:  # the rest was not read, and would be lost without a word
        raise FileRefused(TOO_MANY_ROWS)
    if not _count("number_in"):
        raise FileRefused(ONLY_BAD_ROWS)


def _judged(judge: Judge, row: Row, cells: Sequence[str]) -> Values:
    if row.fault:
        raise RowRefused(RowFault.UNREADABLE)
    return judge(cells)


def _cells(row: Row, width: int) -> list[str]:
    cells = row.cells
    return [as_text(cells[n]).strip() if n in cells else "" for n in range(width)]


def _content(cells: Sequence[str]) -> str:
    text = ", ".join(cell for cell in cells if cell)
    return "".join(sign if sign.isprintable() else " " for sign in text)[:CONTENT_CHARS_MAX]


def _load(
    kind: "Kind", good: Sequence[tuple[object, ...]], bad: Sequence[tuple[object, ...]]
) -> None:
    """Put judged rows into the temporary tables."""
    with connection.cursor() as cursor:
        for table, rows in (("number_in", good), ("number_refused", bad)):
            if rows:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)


def _update(run: NumberImport, **values: Any) -> None:
    NumberImport.objects.filter(pk=run.pk).update(**values)
    for name, value in values.items():
        setattr(run, name, value)


# Saving ------------------------------------------------------------------------------------------


def _save(run: NumberImport, kind: "Kind") -> None:
    _update(run, state=ImportState.SAVING, read_permille=1000, rows_read=run.rows_read)
    _execute("ANALYZE number_in")
    with transaction.atomic():
        found = _lock(run)
        if found is None:
            return
        RefusedNumber.objects.filter(run_id=run.pk).delete()
        found.refused_count = _execute(_PUT_REFUSED, [run.pk])
        found.stored_count, found.removed_count = kind.merge(run.replaces)
        _finish(found, ImportState.DONE)


def _lock(run: NumberImport) -> NumberImport | None:
    runs = NumberImport.objects.select_for_update(of=("self",)).select_related("created_by", "file")
    return runs.filter(pk=run.pk, state__in=AT_WORK).first()


def _finish(run: NumberImport, state: ImportState) -> None:
    """Write down how it ended, tell operators, and delete the file."""
    run.state, run.finished_at = state, timezone.now()
    file = run.file
    run.save()
    became: dict[str, Any] = {
        "count": run.stored_count, "removed": run.removed_count, "refused": run.refused_count,
    }  # fmt: skip
    if run.problem:
        became["problem"] = run.problem
    audit.record(run.created_by, f"{run.table}.import", run.file_name, **became)
    notices.tell(
        None,
        "numbers.imported" if state == ImportState.DONE else "numbers.import_failed",
        run.file_name,
        link=reverse("carriers:console_number_import", args=[run.table, run.pk]),
    )
    if file is not None:
        uploads.discard(file)


def forget_old() -> int:
    """Delete imports that nobody asks for any more, with their refused rows; how many it were."""
    old = NumberImport.objects.filter(created_at__lt=timezone.now() - KEPT)
    with transaction.atomic():
        ids = list(old.values_list("pk", flat=True))
        RefusedNumber.objects.filter(run_id__in=ids).delete()
        NumberImport.objects.filter(pk__in=ids).delete()
    return len(ids)


def merge_ported(replaces: bool) -> tuple[int, int]:
    """Ported numbers; of two rows with the same number the last counts."""
    # Who imports waits for who imports or learns; acceptance goes on reading the old rows.
    _execute("LOCK TABLE carriers_portednumber IN SHARE ROW EXCLUSIVE MODE")
    _execute(
        "CREATE TEMPORARY TABLE number_last ON COMMIT DROP AS"
        " SELECT DISTINCT ON (phone) phone, carrier FROM number_in ORDER BY phone, line DESC"
    )
    _execute("ANALYZE number_last")
    # What reports said before this file came and nobody entered yet counts no more.
    known = "" if replaces else " WHERE phone IN (SELECT phone FROM number_last)"
    _execute(f"DELETE FROM ported_news{known}")
    removed = 0
    if replaces:
        removed = _execute(
            "DELETE FROM carriers_portednumber p WHERE NOT EXISTS"
            " (SELECT FROM number_last i WHERE i.phone = p.phone)"
        )
    removed += _execute(
        "DELETE FROM carriers_portednumber p USING number_last i"
        " WHERE i.phone = p.phone AND i.carrier = ''"
    )
    stored = _execute(
        "INSERT INTO carriers_portednumber AS p (phone, carrier, origin, code, at)"
        " SELECT phone, carrier, 'imported', '', now() FROM number_last WHERE carrier <> ''"
        " ON CONFLICT (phone) DO UPDATE SET carrier = excluded.carrier, at = excluded.at,"
        " origin = excluded.origin, code = excluded.code"
        " WHERE p.carrier <> excluded.carrier OR p.origin <> excluded.origin"
    )
    hint("directory")
    return stored, removed


def merge_places(replaces: bool) -> tuple[int, int]:
    """Places; of two rows with the same digits the last counts."""
    _execute("LOCK TABLE carriers_numberplace IN SHARE ROW EXCLUSIVE MODE")
    _execute(
        "CREATE TEMPORARY TABLE number_last ON COMMIT DROP AS"
        " SELECT DISTINCT ON (head) head, province, city, carrier FROM number_in"
        " ORDER BY head, line DESC"
    )
    _execute("ANALYZE number_last")
    removed = 0
    if replaces:
        removed = _execute(
            "DELETE FROM carriers_numberplace p WHERE NOT EXISTS"
            " (SELECT FROM number_last i WHERE i.head = p.head)"
        )
    removed += _execute(
        "DELETE FROM carriers_numberplace p USING number_last i"
        " WHERE i.head = p.head AND i.province = ''"
    )
    stored = _execute(
        "INSERT INTO carriers_numberplace AS p (head, province, city, carrier)"
        " SELECT head, province, city, carrier FROM number_last WHERE province <> ''"
        " ON CONFLICT (head) DO UPDATE SET province = excluded.province, city = excluded.city,"
        " carrier = excluded.carrier"
        " WHERE (p.province, p.city, p.carrier)"
        " <> (excluded.province, excluded.city, excluded.carrier)"
    )
    before = places.read_table()
    places.pack_table(is_made_up=bool(before and before.is_made_up) and not replaces)
    return stored, removed


@dataclass(frozen=True, slots=True)
class Kind:
    """One table: the columns of its files, how a row is judged, how rows go in.

    Args:
        judge: makes the judge of a file's rows.
        merge: from `number_in` into the table, given whether the file is the whole of it; returns
            how many entries were stored and removed.
    """

    columns: str
    width: int
    judge: Callable[[], Judge]
    merge: Callable[[bool], tuple[int, int]]


KINDS: Mapping[NumberTable, Kind] = {
    NumberTable.PORTED: Kind("phone text, carrier text", 2, ported_judge, merge_ported),
    NumberTable.PLACES: Kind(
        "head text, province text, city text, carrier text", 4, place_judge, merge_places
    ),
}


@contextmanager
def _spooled(stored: StoredFile) -> Iterator[BinaryIO]:
    """The bytes in a temporary file, as archives are read from their end."""
    with TemporaryFile() as file:
        for chunk in uploads.read(stored):
            file.write(chunk)
        yield file


@contextmanager
def _only_one(run_id: int) -> Iterator[None]:
    """Wait until no other run of this import is under way; a run that died holds nothing."""
    key = (LOCK_CLASS << 32 | run_id & 0xFFFF_FFFF) & 0x7FFF_FFFF_FFFF_FFFF
    _execute("SELECT pg_advisory_lock(%s)", [key])
    try:
        yield
    finally:
        _execute("SELECT pg_advisory_unlock(%s)", [key])


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        (count,) = cursor.fetchone()
    return int(count)


def _execute(statement: str, values: Sequence[int] | None = None) -> int:
    """Run one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount
