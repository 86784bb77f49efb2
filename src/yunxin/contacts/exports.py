"""Exports of contacts: what is asked for, and when it is written down.

`export_files` makes the files; larger ones are written in the background by `export_runs`.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import get_language

from yunxin.accounts import audit
from yunxin.accounts.models import Enterprise, User
from yunxin.contacts import tasks
from yunxin.contacts.export_files import Scope
from yunxin.contacts.transfers import ContactExport, FileFormat
from yunxin.text.phones import mask_all


@transaction.atomic
def begin(
    request: HttpRequest,
    enterprise: Enterprise,
    scope: Scope,
    form: FileFormat,
    *,
    by: User,
    group_name: str,
    total: int,
) -> ContactExport:
    """Let the background job write an export that is too large to be sent at once."""
    run = ContactExport.objects.create(
        enterprise=enterprise,
        created_by=by,
        format=form,
        language=get_language() or settings.LANGUAGE_CODE,
        group_id=scope.group_id,
        group_name=group_name,
        with_subgroups=scope.with_subgroups,
        search=scope.search,
        total=total,
    )
    record(request, enterprise, form, total=total, group_name=group_name, search=scope.search)
    tasks.export_contacts.defer(run_id=run.pk)
    return run


def record(
    request: HttpRequest,
    enterprise: Enterprise,
    form: FileFormat,
    *,
    total: int,
    group_name: str,
    search: str,
) -> None:
    """Write into the audit log that somebody takes contacts out of the book."""
    detail: dict[str, Any] = {"format": form, "records": total}
    if group_name:
        detail["group"] = group_name
    if search:
        detail["search"] = mask_all(search)
    audit.record(request, "contacts.export", enterprise.name, enterprise=enterprise, **detail)


def record_download(request: HttpRequest, run: ContactExport) -> None:
    """Write into the audit log that somebody took a file that had been written."""
    audit.record(
        request,
        "contacts.download",
        run.file.name if run.file else "",
        enterprise=run.enterprise,
        records=run.written,
    )


def of_enterprise(enterprise: Enterprise) -> QuerySet[ContactExport]:
    """Its exports, newest first."""
    return ContactExport.objects.filter(enterprise=enterprise).select_related("file", "created_by")
