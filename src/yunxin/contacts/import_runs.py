"""The job of an import: from a stored file to contacts.

    stored file ─▶ rows.Reader ─COPY▶ import_person, import_refused      temporary tables
    phones that came before                                              one statement
    contact_refused, counts, state = saving                              one transaction
    import_person ─▶ contact_upsert, saved_line moves                    one transaction a batch
    state = done, the file is deleted, audit log, notice                 one transaction

A run may be killed at any instant and begun again: the file is read once more, and the saving goes
on behind `saved_line`. Batches keep the address book locked for a fraction of a second, so people
and systems can work with it meanwhile. Memory stays flat: rows go to the database as they come.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from yunxin.accounts import audit, notices
from yunxin.contacts.errors import TooManyContacts, told
from yunxin.contacts.models import ContactGroup
from yunxin.contacts.rows import (
    Bad,
    FileProblem,
    Good,
    HeadingsMissing,
    Layout,
    Reader,
    find_columns,
)
from yunxin.contacts.transfers import (
    IMPORTS_AT_WORK,
    ContactImport,
    ImportState,
    RefusedContact,
)
from yunxin.web import uploads
from yunxin.web.models import StoredFile
from yunxin.web.tables.opening import open_tables
from yunxin.web.tables.problems import TableRefused

PROGRESS_EVERY_S = 0.5
ROWS_AT_ONCE = 2_000  # to the temporary tables, and in one transaction to the book
ROWS_AT_FIRST = 100
DETAIL_CHARS_MAX = 400
HEADINGS_CHARS_MAX = 400
LOCK_CLASS = 0x59580003  # of the advisory locks that keep two runs of one import apart

_MAKE_TABLES = """
DROP TABLE IF EXISTS pg_temp.import_person, pg_temp.import_refused;
CREATE TEMPORARY TABLE import_person (line integer, phone bigint, person jsonb);
CREATE TEMPORARY TABLE import_refused (line integer, content text, faults text)
"""
_DROP_TABLES = "DROP TABLE IF EXISTS pg_temp.import_person, pg_temp.import_refused"
_REFUSE_DUPLICATES = """
WITH again AS (
    SELECT line, person, first_line
      FROM (SELECT line, person, min(line) OVER (PARTITION BY phone) AS first_line
              FROM import_person) AS numbered
     WHERE line <> first_line
), refused AS (
    INSERT INTO import_refused
    SELECT line, concat_ws(', ', person ->> 'phone', nullif(person ->> 'name', '')),
           'phone:duplicate:' || first_line
      FROM again
)
DELETE FROM import_person USING again WHERE import_person.line = again.line
"""
_PUT_REFUSED = """
INSERT INTO contact_refused (enterprise_id, run_id, line, content, faults)
SELECT %(enterprise)s, %(run)s, line, left(content, 200), faults FROM import_refused
"""
# The next rows into the book, and what became of them; no row when there are none left.
_SAVE_BATCH = """
WITH batch AS MATERIALIZED (
    SELECT jsonb_agg(person ORDER BY line) AS people, max(line) AS last_line
      FROM (SELECT line, person FROM import_person
             WHERE line > %(after)s ORDER BY line LIMIT %(limit)s) AS next
)
SELECT last_line, count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created)
  FROM batch, contact_upsert(%(enterprise)s, people, %(overwrite)s, %(groups)s::bigint[],
                             %(contacts_max)s)
 WHERE last_line IS NOT NULL
 GROUP BY last_line
"""


class FileRefused(ValueError):
    """The import ends here; what was saved stays. `problem` is a word, `detail` what it needs."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


def carry_out(run_id: int) -> None:
    """Carry an import out, or go on with it; does nothing when it is finished."""
    with _only_one(run_id):
        run = (
            ContactImport.objects.select_related("enterprise", "created_by", "file")
            .filter(pk=run_id, state__in=IMPORTS_AT_WORK)
            .first()
        )
        if run is None or run.file is None:
            return
        try:
            _execute(_MAKE_TABLES)
            with _spooled(run.file) as file:
                _read(run, file)
            _save_all(run)
        except (FileRefused, TableRefused) as refusal:
            fail(run, refusal.problem, getattr(refusal, "detail", ""))
        else:
            _finish(run, ImportState.DONE)
        finally:
            _execute(_DROP_TABLES)


def give_up(run_id: int) -> None:
    """Say that an import could not be finished, through no fault of the file."""
    run = ContactImport.objects.filter(pk=run_id, state__in=IMPORTS_AT_WORK).first()
    if run is not None:
        fail(run, FileProblem.INTERNAL)


def fail(run: ContactImport, problem: str, detail: str = "") -> None:
    """End an import with a word that says why."""
    run.problem, run.detail = problem, detail[:DETAIL_CHARS_MAX]
    _finish(run, ImportState.FAILED)


# Reading -----------------------------------------------------------------------------------------


def _read(run: ContactImport, file: BinaryIO) -> None:
    """All rows into the temporary tables; the first time, write down what was found.

    Raises:
        FileRefused: there is nothing to take in.
        TableRefused: the file cannot be read.
    """
    is_first_time = run.state != ImportState.SAVING
    if is_first_time:
        _update(run, state=ImportState.READING)
    layout = _layout_of(file)
    read = _load_all(run, layout, is_shown=is_first_time)
    if not read:
        raise FileRefused(FileProblem.NO_ROWS)
    duplicates = _execute(_REFUSE_DUPLICATES)
    _execute("CREATE INDEX ON import_person (line)")
    _execute("ANALYZE import_person")
    if is_first_time:
        _note(run, layout, read, duplicates)
    if not run.good_count:
        raise FileRefused(FileProblem.ONLY_BAD_ROWS)


def _layout_of(file: BinaryIO) -> Layout:
    try:
        return find_columns(open_tables(file))
    except HeadingsMissing as error:
        raise FileRefused(FileProblem.NO_HEADINGS, error.seen) from error


def _load_all(run: ContactImport, layout: Layout, *, is_shown: bool) -> int:
    """Judge and load every row; returns how many there were. Pages see it twice a second."""
    good: list[Good] = []
    bad: list[Bad] = []
    read, shown_at = 0, time.monotonic()
    for row in Reader(layout, today=timezone.localdate()).read():
        if isinstance(row, Good):
            good.append(row)
        else:
            bad.append(row)
        read += 1
        if len(good) + len(bad) >= ROWS_AT_ONCE:
            _load(good, bad)
            good, bad = [], []
            if is_shown and time.monotonic() - shown_at >= PROGRESS_EVERY_S:
                shown_at = time.monotonic()
                _update(run, rows_read=read, read_permille=int(layout.table.share * 1000))
    _load(good, bad)
    return read


def _load(good: Sequence[Good], bad: Sequence[Bad]) -> None:
    """Put judged rows into the temporary tables."""
    with connection.cursor() as cursor:
        if good:
            with cursor.copy("COPY import_person (line, phone, person) FROM STDIN") as copy:
                for line, person in good:
                    copy.write_row((line, person.phone, _json(person.row())))
        if bad:
            with cursor.copy("COPY import_refused (line, content, faults) FROM STDIN") as copy:
                for row in bad:
                    copy.write_row(row)


def _json(row: Mapping[str, str | None]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


@transaction.atomic
def _note(run: ContactImport, layout: Layout, read: int, duplicates: int) -> None:
    """Write down how the file was read and what is refused; from here on it is saved."""
    refused = RefusedContact.objects.filter(enterprise_id=run.enterprise_id, run_id=run.pk)
    refused.delete()
    bad = _execute(_PUT_REFUSED, {"enterprise": run.enterprise_id, "run": run.pk})
    _update(
        run,
        state=ImportState.SAVING,
        rows_read=read,
        read_permille=1000,
        good_count=read - bad,
        duplicate_count=duplicates,
        refused_count=bad - duplicates,
        sheet=layout.table.name,
        other_sheets=layout.other_tables,
        unread_headings=", ".join(layout.unread)[:HEADINGS_CHARS_MAX],
    )


def _update(run: ContactImport, **values: Any) -> None:
    ContactImport.objects.filter(pk=run.pk).update(**values)
    for name, value in values.items():
        setattr(run, name, value)


# Saving ------------------------------------------------------------------------------------------


def _save_all(run: ContactImport) -> None:
    """
    Raises:
        FileRefused: the book is full, or the group is gone; what was saved stays.
    """
    saved, analyse_at = 0, ROWS_AT_FIRST
    try:
        while more := _save_batch(run, ROWS_AT_ONCE if saved else ROWS_AT_FIRST):
            saved += more
            if saved >= analyse_at:
                _analyse(saved)
                analyse_at = 4 * saved
    except TooManyContacts as error:
        raise FileRefused(FileProblem.BOOK_FULL) from error


def _analyse(saved: int) -> None:
    """Let the planner know how large the tables have become, where it thinks them much smaller.

    Plans that were made while the book was empty cost four times the time of an import of 200,000,
    and more without what contact_tables.sql sets for its functions; autovacuum comes too late.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'contact'::regclass")
        known = cursor.fetchone()
        if known is not None and known[0] < 4 * saved:
            cursor.execute("ANALYZE contact, contact_membership")


def _save_batch(run: ContactImport, limit: int) -> int:
    """Save the next rows; the line they reach moves with them. Returns how many, 0 for none."""
    with told(), connection.cursor() as cursor:
        saved_line = (
            ContactImport.objects.select_for_update()
            .values_list("saved_line", flat=True)
            .get(pk=run.pk)
        )
        values: dict[str, Any] = {
            "after": saved_line,
            "limit": limit,
            "enterprise": run.enterprise_id,
            "overwrite": run.overwrite,
            "groups": [] if run.group_id is None else [run.group_id],
            "contacts_max": settings.CONFIG.contacts_max,
        }
        cursor.execute(_SAVE_BATCH, values)
        saved = cursor.fetchone()
        if saved is None:
            return 0
        last_line, created, known = saved
        # Behind the book's lock nobody can delete it any more.
        if run.group_id is not None and not _group_exists(run):
            raise FileRefused(FileProblem.GROUP_GONE, run.group_name)
        ContactImport.objects.filter(pk=run.pk).update(
            saved_line=last_line,
            created_count=F("created_count") + created,
            known_count=F("known_count") + known,
        )
    return int(created + known)


def _group_exists(run: ContactImport) -> bool:
    groups = ContactGroup.objects.filter(enterprise_id=run.enterprise_id)
    return groups.filter(pk=run.group_id or 0).exists()


# The end -----------------------------------------------------------------------------------------


@transaction.atomic
def _finish(run: ContactImport, state: ImportState) -> None:
    """Write down how it ended, tell people, and delete the file; once, whoever comes first."""
    at_work = ContactImport.objects.select_for_update().filter(state__in=IMPORTS_AT_WORK)
    found = at_work.filter(pk=run.pk).first()
    if found is None:
        return
    found.state, found.finished_at = state, timezone.now()
    found.problem, found.detail = run.problem, run.detail
    found.save(update_fields=("state", "finished_at", "problem", "detail"))
    audit.record(
        found.created_by,
        "contacts.imported",
        found.file_name,
        enterprise=found.enterprise,
        created=found.created_count,
        known=found.known_count,
        duplicates=found.duplicate_count,
        refused=found.refused_count,
        **({"problem": found.problem} if found.problem else {}),
    )
    notices.tell(
        found.enterprise,
        "contacts.imported" if state == ImportState.DONE else "contacts.import_failed",
        found.file_name,
        link=reverse("contacts:import_run", args=[found.pk]),
    )
    if found.file is not None:
        uploads.discard(found.file)


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
    _execute("SELECT pg_advisory_lock(%(key)s)", {"key": key})
    try:
        yield
    finally:
        _execute("SELECT pg_advisory_unlock(%(key)s)", {"key": key})


def _execute(statement: str, values: Mapping[str, int] | None = None) -> int:
    """Run one statement; returns how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount
