"""What all reviews share: the history that is never rewritten, and the reasons to reject with."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.urls import reverse

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.content.errors import ReasonMissing
from yunxin.content.models import RejectReason, Review, Signature, Template

REASON_LENGTH_MAX = 300  # Review.reason


class Action(StrEnum):
    """One line in the history of a signature or a template."""

    APPLIED = "applied"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    DELETED = "deleted"


class Subject(StrEnum):
    """What a reason to reject is for."""

    SIGNATURE = "signature"
    TEMPLATE = "template"


def write_history(
    subject: Signature | Template,
    action: Action,
    *,
    by: User | None,
    reason: str = "",
    snapshot: Mapping[str, Any] | None = None,
) -> Review:
    """Append a line to the history; call it in the transaction of what happened."""
    return Review.objects.create(
        enterprise_id=subject.enterprise_id,
        signature=subject if isinstance(subject, Signature) else None,
        template=subject if isinstance(subject, Template) else None,
        action=action,
        by=by,
        reason=reason,
        snapshot=dict(snapshot or {}),
    )


def address(subject: Signature | Template) -> str:
    """Where operators review it."""
    kind = "signature" if isinstance(subject, Signature) else "template"
    return reverse(f"content:console_{kind}", args=[subject.pk])


def history_of(subject: Signature | Template) -> QuerySet[Review]:
    """What happened to it, the latest first, with who did it."""
    return subject.history.select_related("by").order_by("-id")


def checked_reason(reason: str) -> str:
    """The reason without surrounding spaces, cut to what the column holds.

    Raises:
        ReasonMissing: nothing was said.
    """
    reason = " ".join(reason.split())[:REASON_LENGTH_MAX]
    if not reason:
        raise ReasonMissing
    return reason


# Ready-made reasons ------------------------------------------------------------------------------


def reasons_for(subject: Subject) -> QuerySet[RejectReason]:
    """The reasons that operators may choose from, in their order."""
    return RejectReason.objects.filter(subject=subject)


def save_reason(
    *, by: User, subject: Subject, text: str, reason: RejectReason | None = None
) -> RejectReason:
    """Add a reason at the end of its list, or change one.

    Raises:
        ReasonMissing: the text is empty.
    """
    text = checked_reason(text)
    action = "reason.edit" if reason else "reason.create"
    with transaction.atomic():
        if reason is None:
            last = reasons_for(subject).aggregate(last=Max("position"))["last"]
            reason = RejectReason(subject=subject, position=0 if last is None else last + 1)
        reason.subject, reason.text = subject, text
        reason.save()
        audit.record(by, action, text, subject_kind=subject)
    return reason


def delete_reason(*, by: User, reason: RejectReason) -> None:
    """Take a reason off its list; rejections that used it keep their text."""
    with transaction.atomic():
        audit.record(by, "reason.delete", reason.text)
        reason.delete()


def move_reason(*, by: User, reason: RejectReason, up: bool) -> None:
    """Swap a reason with its neighbour; at the end of the list nothing happens."""
    with transaction.atomic():
        rows = list(reasons_for(Subject(reason.subject)).select_for_update())
        if reorder(rows, reason, up=up):
            audit.record(by, "reason.edit", reason.text, up=up)


def reorder(rows: list[Any], row: Any, *, up: bool) -> bool:
    """Write positions 0, 1, 2 … with one row swapped with its neighbour; whether it could move."""
    at = [each.pk for each in rows].index(row.pk)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(rows):
        return False
    rows[at], rows[to] = rows[to], rows[at]
    for position, each in enumerate(rows):
        each.position = position
    type(row).objects.bulk_update(rows, ["position"])
    return True
