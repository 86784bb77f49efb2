"""Prepaid packages: grant one, adjust one, and say what is left.

`used` is the engine's column: nothing here writes it. An adjustment locks the row first, so it
sees what acceptance has taken and never goes below it. Pages begin in portal.py and console.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from yunxin.accounts import audit, notices
from yunxin.accounts.models import Enterprise, User
from yunxin.billing.models import LedgerEntry, Package
from yunxin.vocabulary import MessageKind
from yunxin.web.hints import hint

SEGMENTS_MAX = 10_000_000_000  # a guess: more in one package is a slip of the finger


class BillingError(Exception):
    """What was asked for cannot be done with this package."""


class NotEnoughLeft(BillingError):
    """Fewer messages are left in the package than should be taken away."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class PackageState(StrEnum):
    """What a package is good for at a moment; derived, never stored."""

    UPCOMING = "upcoming"
    ACTIVE = "active"
    USED_UP = "used_up"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Balance:
    """What an enterprise can send now, of one kind.

    Attributes:
        left, total: segments over all packages that are valid now.
        valid_to: when the first of them ends; None when there is none.
    """

    kind: MessageKind
    left: int
    total: int
    valid_to: datetime | None

    @property
    def used_percent(self) -> int:
        return round(100 * (self.total - self.left) / self.total) if self.total else 0

    @property
    def left_percent(self) -> int:
        return 100 - self.used_percent if self.total else 0


@transaction.atomic
def grant_package(
    *,
    enterprise: Enterprise,
    name: str,
    segments: int,
    valid_from: datetime,
    valid_to: datetime,
    reason: str,
    by: User | None,
    kind: MessageKind = MessageKind.TEXT,
) -> Package:
    """Give an enterprise a package of so many segments, with the reason in the ledger."""
    package = Package.objects.create(
        enterprise=enterprise,
        name=name,
        kind=kind,
        total=segments,
        valid_from=valid_from,
        valid_to=valid_to,
        created_by=by,
    )
    _write_ledger(package, segments, reason, by, action="package.grant")
    _tell(package, "package.granted")
    return package


@transaction.atomic
def adjust_package(*, package_id: int, segments: int, reason: str, by: User | None) -> Package:
    """Add segments to a package, or take some away (negative) as far as they are not used.

    Raises:
        NotEnoughLeft: fewer are left than should be taken away; nothing was changed.
    """
    package = (Package.objects.select_for_update(of=("self",)).select_related("enterprise")).get(
        pk=package_id
    )
    if package.left + segments < 0:
        raise NotEnoughLeft(package.left)
    package.total += segments
    package.save(update_fields=["total"])
    _write_ledger(package, segments, reason, by, action="package.adjust")
    _tell(package, "package.adjusted")
    return package


def _write_ledger(
    package: Package, segments: int, reason: str, by: User | None, *, action: str
) -> None:
    LedgerEntry.objects.create(
        enterprise=package.enterprise, package=package, segments=segments, reason=reason, by=by
    )
    audit.record(
        by,
        action,
        f"{package.name} #{package.pk}",
        enterprise=package.enterprise,
        segments=segments,
        reason=reason,
    )


def _tell(package: Package, kind: str) -> None:
    """The enterprise reads it in its bell, the engine may pay from it at once."""
    notices.tell(package.enterprise, kind, package.name, link=reverse("billing:packages"))
    hint("directory")


def valid_packages(enterprise: Enterprise, now: datetime | None = None) -> QuerySet[Package]:
    """The packages that can be drawn from now, the earliest-ending first: the order of paying."""
    now = now or timezone.now()
    return Package.objects.filter(
        enterprise=enterprise, valid_from__lte=now, valid_to__gt=now
    ).order_by("valid_to", "id")


def read_balance(enterprise: Enterprise, kind: MessageKind = MessageKind.TEXT) -> Balance:
    """What is left for one kind of message; one query."""
    packages = valid_packages(enterprise).filter(kind=kind).values_list("total", "used", "valid_to")
    with_rest = [(total, used, end) for total, used, end in packages if used < total]
    return Balance(
        kind=kind,
        left=sum(total - used for total, used, _ in with_rest),
        total=sum(total for total, _, _ in with_rest),
        valid_to=with_rest[0][2] if with_rest else None,
    )


def with_state(packages: QuerySet[Package], now: datetime | None = None) -> QuerySet[Package]:
    """The same packages, each with its `state` (a PackageState) at a moment."""
    now = now or timezone.now()
    return packages.annotate(
        state=Case(
            When(valid_to__lte=now, then=Value(PackageState.EXPIRED.value)),
            When(valid_from__gt=now, then=Value(PackageState.UPCOMING.value)),
            When(used__gte=F("total"), then=Value(PackageState.USED_UP.value)),
            default=Value(PackageState.ACTIVE.value),
        )
    )
