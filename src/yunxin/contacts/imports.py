"""Imports of contacts: giving a file, and what can be downloaded of one.

The work itself is done in the background: `import_runs`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from yunxin.accounts import audit
from yunxin.accounts.models import Enterprise, User
from yunxin.contacts import tasks, transfer_labels
from yunxin.contacts.groups import get_group
from yunxin.contacts.transfers import ContactImport, ImportState, RefusedContact
from yunxin.web.models import StoredFile

ROWS_AT_ONCE = 2_000


def begin_upload(
    enterprise: Enterprise, file: StoredFile, *, by: User, group_id: int | None, overwrite: bool
) -> ContactImport:
    """An import whose file is still being sent; nobody sees it before `submit`.

    Raises:
        GroupNotFound: the group was deleted meanwhile.
    """
    group = None if group_id is None else get_group(enterprise, group_id)
    return ContactImport.objects.create(
        enterprise=enterprise,
        created_by=by,
        file=file,
        file_name=file.name,
        group_id=group.pk if group else None,
        group_name=group.name if group else "",
        overwrite=overwrite,
        state=ImportState.UPLOADING,
    )


@transaction.atomic
def submit(request: HttpRequest, run: ContactImport) -> ContactImport:
    """The file is complete: let the background job have it. Done once, however often asked."""
    run = ContactImport.objects.select_for_update().get(pk=run.pk)
    if run.state != ImportState.UPLOADING:
        return run
    run.state = ImportState.WAITING
    run.save(update_fields=("state",))
    audit.record(
        request,
        "contacts.import",
        run.file_name,
        enterprise=run.enterprise,
        **({"group": run.group_name} if run.group_name else {}),
        overwrite=run.overwrite,
    )
    tasks.import_contacts.defer(run_id=run.pk)
    return run


def of_enterprise(enterprise: Enterprise) -> QuerySet[ContactImport]:
    """The imports that people see."""
    return ContactImport.objects.filter(enterprise=enterprise).exclude(state=ImportState.UPLOADING)


def keeps_refused_until(run: ContactImport) -> datetime | None:
    """Until when the refused rows can be downloaded; None while it is at work."""
    if run.finished_at is None:
        return None
    return run.finished_at + timedelta(days=settings.CONFIG.contacts_file_days)


def refused_rows(run: ContactImport) -> Iterator[tuple[int, str, str]]:
    """Line, the row as it stood, and why it was refused, in a sentence."""
    rows = RefusedContact.objects.filter(enterprise_id=run.enterprise_id, run_id=run.pk)
    for row in rows.order_by("line").iterator(chunk_size=ROWS_AT_ONCE):
        yield row.line, row.content, transfer_labels.faults(row.faults)
