"""How the keys were used lately, from the API's own counts (`api_usage`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Max, Q, Sum
from django.utils import timezone

from yunxin.accounts.models import Enterprise
from yunxin.interfaces.models import ApiUsage, Credential

DAYS = 7
GOOD = ("ok", "replayed")


@dataclass(frozen=True, slots=True)
class Use:
    """How one key was used."""

    last_at: datetime | None = None
    requests: int = 0  # within DAYS
    refused: int = 0


@dataclass(slots=True)
class Day:
    """What one day saw, over all keys."""

    day: date
    accepted: int = 0
    replayed: int = 0
    refused: int = 0
    by_code: list[tuple[str, int]] = field(default_factory=list)


def use_of_keys(enterprise: Enterprise, keys: Iterable[Credential]) -> dict[int, Use]:
    """The use of some keys, by their ids; one query."""
    recent = Q(day__gt=_today() - timedelta(days=DAYS))
    rows = (
        ApiUsage.objects.filter(
            enterprise_id=enterprise.pk, credential_id__in=[key.pk for key in keys]
        )
        .values("credential_id")
        .annotate(
            last=Max("last_at"),
            sum=Sum("requests", filter=recent, default=0),
            bad=Sum("requests", filter=recent & ~Q(outcome__in=GOOD), default=0),
        )
    )
    return {row["credential_id"]: Use(row["last"], row["sum"], row["bad"]) for row in rows}


def last_days(enterprise: Enterprise) -> list[Day]:
    """The last days, today first, with what was refused by code; one query."""
    today = _today()
    days = {day: Day(day) for day in (today - timedelta(days=n) for n in range(DAYS))}
    rows = (
        ApiUsage.objects.filter(enterprise_id=enterprise.pk, day__gt=today - timedelta(days=DAYS))
        .values_list("day", "outcome")
        .annotate(sum=Sum("requests"))
        .order_by("-sum")
    )
    for day, outcome, number in rows:
        if day in days:
            _add(days[day], outcome, number)
    return list(days.values())


def _add(day: Day, outcome: str, number: int) -> None:
    if outcome == "ok":
        day.accepted += number
    elif outcome == "replayed":
        day.replayed += number
    else:
        day.refused += number
        day.by_code.append((outcome, number))


def _today() -> date:
    return timezone.localdate()
