"""The job of a change of many contacts: slice after slice along the contacts' ids.

A slice and the cursor that it moves are one transaction, so a run may be killed at any instant and
begun again, by two workers at once too. Each slice holds the address book for a fraction of a
second: people and systems work with it meanwhile.
"""

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from yunxin.accounts import audit, notices
from yunxin.contacts import people
from yunxin.contacts.bulk_changes import BULK_AT_WORK, BulkChange, BulkKind, BulkState

SLICE = 2_000  # contacts in one transaction
ACTIONS = {
    BulkKind.DELETE: "contact.delete",
    BulkKind.JOIN: "contact_group.join",
    BulkKind.LEAVE: "contact_group.leave",
}
"""What the audit log says of each when it has ended."""
NOTICES = {
    BulkKind.DELETE: "contacts.deleted",
    BulkKind.JOIN: "contacts.joined",
    BulkKind.LEAVE: "contacts.left",
}


def carry_out(run_id: int) -> None:
    """Carry a change out, or go on with it; does nothing when it is finished."""
    while _change_slice(run_id):
        pass
    _finish(run_id, BulkState.DONE)


def give_up(run_id: int) -> None:
    """Say that a change could not be finished; what was changed stays so."""
    _finish(run_id, BulkState.FAILED)


def _locked(run_id: int) -> BulkChange | None:
    """The run, held until the transaction ends; None when it has ended."""
    runs = BulkChange.objects.select_for_update(of=("self",))
    runs = runs.select_related("enterprise", "created_by")
    return runs.filter(pk=run_id, state__in=BULK_AT_WORK).first()


@transaction.atomic
def _change_slice(run_id: int) -> bool:
    """Change the next contacts; False when there are none left."""
    run = _locked(run_id)
    if run is None:
        return False
    found = people.find_people(
        run.enterprise,
        group_id=run.group_id,
        with_subgroups=run.with_subgroups,
        search=run.search,
    )
    after = found.filter(pk__gt=run.cursor, pk__lte=run.until).order_by("pk")
    ids = list(after.values_list("pk", flat=True)[:SLICE])
    if not ids:
        return False
    BulkChange.objects.filter(pk=run.pk).update(
        state=BulkState.WORKING,
        cursor=ids[-1],
        done=F("done") + len(ids),
        changed=F("changed") + _change(run, ids),
    )
    return True


def _change(run: BulkChange, ids: list[int]) -> int:
    if run.kind == BulkKind.DELETE:
        return people.drop(run.enterprise, ids)
    if run.kind == BulkKind.JOIN:
        return people.join(run.enterprise, run.groups, ids)
    return people.leave(run.enterprise, run.groups, ids)


@transaction.atomic
def _finish(run_id: int, state: BulkState) -> None:
    """Write down how it ended and tell people; once, whoever comes first."""
    run = _locked(run_id)
    if run is None:
        return
    run.state, run.finished_at = state, timezone.now()
    run.save(update_fields=("state", "finished_at"))
    kind = BulkKind(run.kind)
    if run.changed:
        audit.record(
            run.created_by, ACTIONS[kind], run.groups_named, run.enterprise, count=run.changed
        )
    notices.tell(
        run.enterprise,
        NOTICES[kind] if state == BulkState.DONE else "contacts.change_failed",
        f"{run.done:,}",
        link=reverse("contacts:change", args=[run.pk]),
    )
