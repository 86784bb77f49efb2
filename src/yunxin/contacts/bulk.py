"""Changes of many contacts at once: begun here, carried out in the background by `bulk_runs`."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from yunxin.accounts import audit
from yunxin.accounts.models import Enterprise, User
from yunxin.contacts import tasks
from yunxin.contacts.bulk_changes import AT_ONCE_MAX, BULK_AT_WORK, BulkChange, BulkKind
from yunxin.contacts.people import names_of
from yunxin.contacts.selection import Selection

BEGUN = {
    BulkKind.DELETE: "contacts.delete",
    BulkKind.JOIN: "contacts.join",
    BulkKind.LEAVE: "contacts.leave",
}
"""What the audit log says when somebody asks for it; `bulk_runs` says what came of it."""


def is_large(selection: Selection, count: int) -> bool:
    """Whether nobody should wait for it. What was ticked by hand never is: it fits into a page."""
    return count > AT_ONCE_MAX and selection.is_everything


@transaction.atomic
def begin(
    request: HttpRequest,
    selection: Selection,
    kind: BulkKind,
    *,
    by: User,
    total: int,
    groups: Sequence[int] = (),
) -> BulkChange:
    """Let the background job change all that a list showed.

    Args:
        total: how many they are, for the progress.
        groups: what they join or leave.
    """
    newest = selection.enterprise.contacts.order_by("-pk").values_list("pk", flat=True).first()
    named = ", ".join(names_of(selection.enterprise, groups))
    run = BulkChange.objects.create(
        enterprise=selection.enterprise,
        created_by=by,
        kind=kind,
        group_id=selection.group_id,
        with_subgroups=selection.with_subgroups,
        search=selection.search,
        until=min(selection.until, newest or 0),
        groups=list(groups),
        groups_named=named,
        total=total,
    )
    audit.record(request, BEGUN[kind], named, selection.enterprise, count=total)
    tasks.change_contacts.defer(run_id=run.pk)
    return run


def of_enterprise(enterprise: Enterprise) -> QuerySet[BulkChange]:
    """Its changes, newest first."""
    return BulkChange.objects.filter(enterprise=enterprise).select_related("created_by")


def at_work(enterprise: Enterprise) -> BulkChange | None:
    """The newest change that has not ended."""
    return of_enterprise(enterprise).filter(state__in=[str(one) for one in BULK_AT_WORK]).first()
