"""The job of an export: contacts into a stored file that expires.

The file is written to the disk first and stored whole in the last transaction, so a run that is
killed at any instant leaves nothing behind and is simply begun again.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from tempfile import TemporaryFile
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from yunxin.accounts import notices
from yunxin.contacts import export_files
from yunxin.contacts.transfers import (
    EXPORTS_AT_WORK,
    ContactExport,
    ContactImport,
    ExportState,
    FileFormat,
    ImportState,
    RefusedContact,
)
from yunxin.web import slices, uploads

PROGRESS_EVERY_S = 0.5


def carry_out(run_id: int) -> None:
    """Write an export; does nothing when it is finished."""
    run = (
        ContactExport.objects.select_related("enterprise")
        .filter(pk=run_id, state__in=EXPORTS_AT_WORK)
        .first()
    )
    if run is None:
        return
    with translation.override(run.language), TemporaryFile() as file:
        _write(run, file)
        _finish(run, file)


def give_up(run_id: int) -> None:
    """Say that an export could not be written."""
    at_work = ContactExport.objects.filter(pk=run_id, state__in=EXPORTS_AT_WORK)
    at_work.update(state=ExportState.FAILED, finished_at=timezone.now())


def _write(run: ContactExport, file: BinaryIO) -> None:
    people = _scope(run).people(run.enterprise)
    for piece in export_files.file(
        FileFormat(run.format), _counted(run, export_files.rows(people))
    ):
        file.write(piece)


def _scope(run: ContactExport) -> export_files.Scope:
    return export_files.Scope(
        group_id=run.group_id, with_subgroups=run.with_subgroups, search=run.search
    )


def _counted(
    run: ContactExport, cells: Iterator[export_files.Cells]
) -> Iterator[export_files.Cells]:
    """Hands rows on, and lets the pages see how far it is twice a second."""
    run.written, shown_at = 0, 0.0
    for row in cells:
        run.written += 1
        if run.written % 1000 == 1 and time.monotonic() - shown_at >= PROGRESS_EVERY_S:
            shown_at = time.monotonic()
            ContactExport.objects.filter(pk=run.pk, state__in=EXPORTS_AT_WORK).update(
                state=ExportState.WRITING, written=run.written
            )
        yield row


@transaction.atomic
def _finish(run: ContactExport, file: BinaryIO) -> None:
    """Store the file and say so; once, whoever comes first."""
    at_work = ContactExport.objects.select_for_update().filter(state__in=EXPORTS_AT_WORK)
    found = at_work.filter(pk=run.pk).first()
    if found is None:
        return
    size_bytes = file.tell()
    file.seek(0)
    now = timezone.now()
    form = FileFormat(run.format)
    found.file = uploads.store(
        iter(lambda: file.read(uploads.CHUNK_BYTES), b""),
        name=f"{export_files.file_name()}.{form}",
        enterprise_id=found.enterprise_id,
        by_id=found.created_by_id,
        accepts=(uploads.XLSX, uploads.ZIP, uploads.TEXT),
        size_bytes_max=size_bytes,
        restricted=True,
    )
    found.file.content_type = export_files.CONTENT_TYPES[form]
    found.file.save(update_fields=("content_type",))
    found.state, found.written, found.finished_at = ExportState.DONE, run.written, now
    found.total = run.written
    found.expires_at = now + timedelta(days=settings.CONFIG.contacts_file_days)
    found.save()
    notices.tell(
        found.enterprise,
        "contacts.exported",
        found.file.name,
        link=reverse("contacts:exports"),
    )


def forget_old() -> None:
    """Delete what can no longer be downloaded, and imports whose upload was given up."""
    now = timezone.now()
    for run in ContactExport.objects.filter(expires_at__lte=now, file__isnull=False):
        assert run.file is not None
        uploads.discard(run.file)
    old = now - timedelta(days=settings.CONFIG.contacts_file_days)
    finished = ContactImport.objects.filter(finished_at__lte=old)
    RefusedContact.objects.filter(run_id__in=finished.values("pk")).delete()
    given_up = now - slices.ABANDONED_AFTER
    ContactImport.objects.filter(state=ImportState.UPLOADING, created_at__lte=given_up).delete()
