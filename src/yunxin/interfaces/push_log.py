"""The push log: what was pushed, what came back, and pushing it again.

The rows are the engine's (`engine.push`); what people want again is a `PushWish`.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.accounts import audit
from yunxin.accounts.audit import Actor, user_of
from yunxin.accounts.models import Enterprise
from yunxin.interfaces.errors import InterfaceError, TargetOff
from yunxin.interfaces.models import PushAttempt, PushBatch, PushTarget, PushWish
from yunxin.text.phones import mask
from yunxin.vocabulary import PushBatchState, PushKind, PushWishKind
from yunxin.web.hints import hint

RANGE_MAX = timedelta(days=7)
EVENTS_MAX = 1_000_000  # counted before people decide; beyond it is "more than"
# Ids are given in the order of creation but for transactions that overlap.
ID_SLACK = 10_000

_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def batches(enterprise: Enterprise) -> QuerySet[PushBatch]:
    return PushBatch.objects.filter(enterprise_id=enterprise.pk)


def waiting_of(enterprise: Enterprise, rows: QuerySet[PushBatch]) -> QuerySet[PushBatch]:
    """Those that wait, by the index that the engine takes them with."""
    targets = list(enterprise.push_targets.values_list("pk", flat=True))
    return rows.filter(state=PushBatchState.WAITING, target_id__in=targets)


def since(rows: QuerySet[PushBatch], begin: datetime) -> QuerySet[PushBatch]:
    """Those of a day and later, without walking through all that are older."""
    first = _first_id(begin)
    if first is not None:
        rows = rows.filter(id__gte=first - ID_SLACK)
    return rows.filter(created_at__gte=begin)


def until(rows: QuerySet[PushBatch], end: datetime) -> QuerySet[PushBatch]:
    """Those before a moment, without walking through all that are newer."""
    first = _first_id(end)
    if first is not None:
        rows = rows.filter(id__lt=first + ID_SLACK)
    return rows.filter(created_at__lt=end)


def _first_id(moment: datetime) -> int | None:
    later = PushBatch.objects.filter(created_at__gte=moment).order_by("created_at")
    return later.values_list("id", flat=True).first()


def last_attempts(enterprise: Enterprise, shown: Iterable[PushBatch]) -> dict[int, PushAttempt]:
    """The last try of each batch, by its id; one query."""
    rows = PushAttempt.objects.filter(
        enterprise_id=enterprise.pk, batch_id__in=[batch.id for batch in shown]
    )
    latest = rows.order_by("batch_id", "-attempt").distinct("batch_id")
    return {attempt.batch_id: attempt for attempt in latest}


def attempts_of(enterprise: Enterprise, batch: PushBatch) -> list[PushAttempt]:
    """All tries of a batch, the last one first."""
    rows = PushAttempt.objects.filter(enterprise_id=enterprise.pk, batch_id=batch.id)
    return list(rows.order_by("-attempt"))


def body_of(batch: PushBatch, *, is_masked: bool) -> str:
    """The body as it was sent; empty before the first try. Viewers see no whole phone numbers."""
    text = bytes(batch.body or b"").decode("utf-8", "replace")
    return _PHONE.sub(lambda found: mask(found.group()), text) if is_masked else text


def wish_batches(enterprise: Enterprise, wish: PushWish, limit: int) -> list[PushBatch]:
    """The batches that the engine made of a wish, the first ones first."""
    return list(batches(enterprise).filter(wish_id=wish.pk).order_by("id")[:limit])


def wish_states(enterprise: Enterprise, wish: PushWish) -> dict[str, int]:
    """How many batches of a wish are in which state; one query."""
    counts = dict.fromkeys(map(str, PushBatchState), 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, count(*) FROM push_batch WHERE wish_id = %s AND enterprise_id = %s"
            " GROUP BY state",
            [wish.pk, enterprise.pk],
        )
        counts.update(cursor.fetchall())
    return counts


# Again -------------------------------------------------------------------------------------------


def replay_batch(enterprise: Enterprise, batch: PushBatch, *, by: Actor) -> PushWish:
    """Push the events of a batch once more.

    Raises:
        TargetOff: the URL is switched off, or gone.
        InterfaceError: it was a test.
    """
    if batch.kind == PushKind.TEST:
        raise InterfaceError(_("A test is not pushed again. Make a new one in the push settings."))
    target = enterprise.push_targets.filter(pk=batch.target_id).first()
    with transaction.atomic():
        wish = _wish(target, PushWishKind.BATCH, by, batch_id=batch.id)
        audit.record(by, "push.replay", f"#{batch.id}", enterprise, events=batch.events)
        hint("push")
    return wish


def replay_range(
    target: PushTarget, *, from_at: datetime, to_at: datetime, events: int, by: Actor
) -> PushWish:
    """Push everything of a time once more: from a moment until before another.

    Raises:
        TargetOff: the URL is switched off.
        InterfaceError: the range is empty, too long, or too old.
    """
    check_range(from_at, to_at)
    with transaction.atomic():
        wish = _wish(target, PushWishKind.RANGE, by, from_at=from_at, to_at=to_at)
        audit.record(
            by,
            "push.replay",
            target,
            target.enterprise,
            kind=target.kind,
            **{"from": from_at.isoformat(), "to": to_at.isoformat(), "events": events},
        )
        hint("push")
    return wish


def check_range(from_at: datetime, to_at: datetime, now: datetime | None = None) -> None:
    """Whether a time can be pushed again.

    Raises:
        InterfaceError: it ends before it begins, is too long, or too long ago.
    """
    now = now or timezone.now()
    if from_at >= to_at:
        raise InterfaceError(_("The end must be after the beginning."), "to_at")
    if to_at - from_at > RANGE_MAX:
        raise InterfaceError(_("Choose at most 7 days at once."), "to_at")
    days = settings.CONFIG.event_days
    if to_at < now - timedelta(days=days):
        raise InterfaceError(
            _("Receipts and replies are kept for %(days)s days; nothing is left of this time.")
            % {"days": days},
            "from_at",
        )


def count_events(target: PushTarget, from_at: datetime, to_at: datetime) -> int:
    """How many events a range replay would push, counted to one over EVENTS_MAX."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM interface_event WHERE enterprise_id = %(enterprise)s"
            " AND kind = %(kind)s AND at >= %(from)s AND at < %(to)s"
            " AND (source = 'api' OR %(portal_too)s) LIMIT %(most)s) AS found",
            {
                "enterprise": target.enterprise_id, "kind": target.kind, "from": from_at,
                "to": to_at, "portal_too": target.portal_too, "most": EVENTS_MAX + 1,
            },
        )  # fmt: skip
        return int(cursor.fetchone()[0])


def _wish(target: PushTarget | None, kind: PushWishKind, by: Actor, **what: Any) -> PushWish:
    if target is None or not target.enabled:
        raise TargetOff
    return PushWish.objects.create(
        enterprise_id=target.enterprise_id,
        target=target,
        kind=kind,
        created_by=user_of(by),
        **what,
    )
