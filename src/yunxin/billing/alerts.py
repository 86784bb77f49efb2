"""Little is left: told in the bell once each time that it comes to that.

What is left is what all packages that are valid now hold together, of one kind of message. A row of
`LowBalance` says that it was told; it is written in the transaction that tells, and taken away
when there is clearly enough again, so that refunds which go to and fro tell nothing.
"""

from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from yunxin.accounts import notices
from yunxin.accounts.models import Enterprise
from yunxin.billing.models import LowBalance

ENOUGH_AGAIN = 1.2  # times the share below which it is told

# Whoever has had a package, with what the valid ones hold; nothing where all of them have ended.
_LEFT = """
SELECT p.enterprise_id, p.kind,
    coalesce(sum(p.total - p.used) FILTER (WHERE p.valid_to > now()), 0)::bigint,
    coalesce(sum(p.total) FILTER (WHERE p.valid_to > now()), 0)::bigint, b.id IS NOT NULL
FROM billing_package p
LEFT JOIN billing_lowbalance b ON b.enterprise_id = p.enterprise_id AND b.kind = p.kind
WHERE p.valid_from <= now()
GROUP BY p.enterprise_id, p.kind, b.id
"""


class _Left(NamedTuple):
    """What an enterprise has left of one kind, in segments."""

    enterprise_id: int
    kind: str
    left: int
    total: int
    is_told: bool

    def is_below(self, percent: float) -> bool:
        return self.left * 100 <= self.total * percent


def look() -> int:
    """Tell every enterprise of which it became true; how many were told."""
    percent = settings.CONFIG.balance_low_percent
    if not percent:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_LEFT)
        rows = [_Left(*row) for row in cursor.fetchall()]
    for row in rows:
        if row.is_told and not row.is_below(percent * ENOUGH_AGAIN):
            LowBalance.objects.filter(enterprise=row.enterprise_id, kind=row.kind).delete()
    return sum(_tell(row) for row in rows if not row.is_told and row.is_below(percent))


@transaction.atomic
def _tell(row: _Left) -> bool:
    _told, is_new = LowBalance.objects.get_or_create(enterprise_id=row.enterprise_id, kind=row.kind)
    if is_new:
        enterprise = Enterprise.objects.get(pk=row.enterprise_id)
        link = reverse("billing:packages")
        notices.tell(enterprise, "package.low", f"{row.left:,}", link=link)
    return is_new
