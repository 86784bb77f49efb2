"""Files of contacts as people upload them, and imports of them."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from tests.web.tables.making import workbook
from yunxin.accounts.models import Enterprise
from yunxin.contacts import import_runs
from yunxin.contacts.transfers import ContactImport, ImportState
from yunxin.web import uploads
from yunxin.web.models import StoredFile

HEADINGS = ("手机号", "姓名", "性别", "生日", "行业", "职位", "单位", "备注")


def sheet(*rows: Sequence[Any], headings: Sequence[str] = HEADINGS) -> bytes:
    """A workbook with these rows under the headings."""
    return workbook(headings, *rows)


def store(enterprise: Enterprise, data: bytes, name: str = "名单.xlsx") -> StoredFile:
    """The file as it lies in the database when it has been uploaded."""
    return uploads.store(
        [data], name=name, enterprise_id=enterprise.pk, by_id=enterprise.users.get().pk,
        accepts=(uploads.sniff(data),), size_bytes_max=len(data), restricted=True,
    )  # fmt: skip


def waiting(enterprise: Enterprise, data: bytes, **fields: Any) -> ContactImport:
    """An import that its job has not seen yet."""
    return ContactImport.objects.create(
        enterprise=enterprise, created_by=enterprise.users.get(), file_name="名单.xlsx",
        file=store(enterprise, data), **fields,
    )  # fmt: skip


def imported(enterprise: Enterprise, data: bytes, **fields: Any) -> ContactImport:
    """An import that its job has carried out."""
    run = waiting(enterprise, data, **fields)
    import_runs.carry_out(run.pk)
    run.refresh_from_db()
    return run


def finished(enterprise: Enterprise, **fields: Any) -> ContactImport:
    """An import that ended some time ago, without a file."""
    fields.setdefault("finished_at", timezone.now())
    fields.setdefault("state", ImportState.DONE)
    return ContactImport.objects.create(
        enterprise=enterprise, created_by=enterprise.users.get(), file_name="名单.xlsx", **fields
    )
