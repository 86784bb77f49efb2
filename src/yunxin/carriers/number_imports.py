"""Files of ported numbers and of places: giving one, and what can be looked at of it.

The work itself is done in the background: `number_runs`.
"""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers import number_labels, tasks
from yunxin.carriers.models import NumberImport, RefusedNumber
from yunxin.carriers.number_models import ImportState, NumberTable
from yunxin.web.models import StoredFile

FILE_BYTES_MAX = 64 * 1024 * 1024  # 1,048,576 rows of a number and names take 45 MiB at most
ROWS_AT_ONCE = 2_000


def begin_upload(table: NumberTable, file: StoredFile, *, replaces: bool, by: User) -> NumberImport:
    """An import whose file is still being sent; nobody sees it before `submit`."""
    return NumberImport.objects.create(
        table=table,
        created_by=by,
        file=file,
        file_name=file.name,
        replaces=replaces,
        state=ImportState.UPLOADING,
    )


@transaction.atomic
def submit(request: HttpRequest, run: NumberImport) -> NumberImport:
    """The file is complete: let the background job have it. Done once, however often asked."""
    run = NumberImport.objects.select_for_update().get(pk=run.pk)
    if run.state != ImportState.UPLOADING:
        return run
    run.state = ImportState.WAITING
    run.save(update_fields=("state",))
    audit.record(request, f"{run.table}.upload", run.file_name, whole=run.replaces)
    tasks.import_numbers.defer(run_id=run.pk)
    return run


def of_table(table: NumberTable) -> QuerySet[NumberImport]:
    """The imports of a table that people see, newest first."""
    runs = NumberImport.objects.filter(table=table).exclude(state=ImportState.UPLOADING)
    return runs.select_related("created_by")


def refused_rows(run: NumberImport) -> Iterator[tuple[int, str, str]]:
    """Line, the row as it stood, and why it was refused, in a sentence."""
    rows = RefusedNumber.objects.filter(run_id=run.pk).order_by("line")
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield row.line, row.content, number_labels.row_fault(row.fault)
