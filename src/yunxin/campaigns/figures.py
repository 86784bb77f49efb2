"""What the pages tell of campaigns in numbers. Reads the engine's counts; never counts messages.

`daily_count`, `daily_failure` and `campaign_minute` are the engine's tables; they are read by SQL
here, as the room that has models for them stands above this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from yunxin.accounts.models import Enterprise
from yunxin.campaigns.lifecycle import of_enterprise, progress_of
from yunxin.campaigns.models import Campaign, CampaignMinute
from yunxin.campaigns.states import State, rows_in
from yunxin.content.models import Signature, Template
from yunxin.vocabulary import ReviewState

BARS_MAX = 90  # in the chart by time; more would be thinner than a hair
BAR_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440)
FAILURES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How far one campaign is, in messages.

    Attributes:
        total: recipients it has.
        done: those the engine is through with: handed to a carrier, refused, failed, cancelled.
        not_delivered: failed and expired.
    """

    total: int = 0
    done: int = 0
    accepted: int = 0
    submitted: int = 0
    delivered: int = 0
    not_delivered: int = 0
    unknown: int = 0
    cancelled: int = 0
    refused: int = 0
    replies: int = 0
    segments: int = 0
    refunded_segments: int = 0

    @property
    def awaited(self) -> int:
        """Accepted, and without a final word."""
        final = self.delivered + self.not_delivered + self.unknown + self.cancelled
        return max(self.accepted - final, 0)

    @property
    def delivered_percent(self) -> float:
        """Of those that have a final word from a carrier."""
        final = self.delivered + self.not_delivered + self.unknown
        return round(100 * self.delivered / final, 2) if final else 0.0


def counts_of(campaign: Campaign) -> Counts:
    """The counts of a campaign whose progress was read along with it."""
    progress = progress_of(campaign)
    if progress is None:
        return Counts(total=campaign.valid_count)
    not_delivered = progress.failed + progress.expired
    worded = progress.delivered + not_delivered + progress.unknown
    handled = max(progress.submitted, worded) + progress.cancelled + progress.refused
    return Counts(
        total=campaign.valid_count,
        done=min(handled, campaign.valid_count),
        accepted=progress.accepted,
        submitted=progress.submitted,
        delivered=progress.delivered,
        not_delivered=not_delivered,
        unknown=progress.unknown,
        cancelled=progress.cancelled,
        refused=progress.refused,
        replies=progress.replies,
        segments=progress.segments,
        refunded_segments=progress.refunded_segments,
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """What became of messages in one stretch of time."""

    begin: datetime
    submitted: int
    delivered: int
    failed: int


_BY_MINUTE = """
SELECT date_bin(make_interval(mins => %(minutes)s), minute, timestamptz '2024-01-01 00:00+08') AS bin,
       sum(submitted)::bigint, sum(delivered)::bigint, sum(failed)::bigint
  FROM campaign_minute
 WHERE enterprise_id = %(enterprise)s AND campaign_id = %(campaign)s
 GROUP BY bin ORDER BY bin
"""  # noqa: E501


def by_time(campaign: Campaign) -> list[Bar]:
    """The campaign over time in at most BARS_MAX bars without gaps; empty before its first word."""
    rows = CampaignMinute.objects.filter(
        enterprise_id=campaign.enterprise_id, campaign_id=campaign.pk
    )
    first, last = (
        rows.order_by(order).values_list("minute", flat=True).first()
        for order in ("minute", "-minute")
    )
    if first is None or last is None:
        return []
    minutes = _bar_minutes(last - first)
    found = {
        row[0]: row[1:]
        for row in _fetch(
            _BY_MINUTE,
            {"minutes": minutes, "enterprise": campaign.enterprise_id, "campaign": campaign.pk},
        )
    }
    begin, end, step = min(found), max(found), timedelta(minutes=minutes)
    bars: list[Bar] = []
    while begin <= end and len(bars) < 2 * BARS_MAX:
        bars.append(Bar(begin, *found.get(begin, (0, 0, 0))))
        begin += step
    return bars


def _bar_minutes(span: timedelta) -> int:
    minutes = span.total_seconds() / 60 + 1
    return next((size for size in BAR_MINUTES if minutes / size <= BARS_MAX), BAR_MINUTES[-1])


@dataclass(frozen=True, slots=True)
class CarrierCounts:
    """One carrier's part of a campaign."""

    carrier: str
    accepted: int
    delivered: int
    not_delivered: int
    unknown: int


_BY_CARRIER = """
SELECT carrier, sum(accepted)::bigint, sum(delivered)::bigint, sum(failed + expired)::bigint,
       sum(unknown)::bigint
  FROM daily_count
 WHERE enterprise_id = %(enterprise)s AND campaign_id = %(campaign)s
 GROUP BY carrier ORDER BY 2 DESC
"""
_FAILURES = """
SELECT state, code, sum(messages)::bigint
  FROM daily_failure
 WHERE enterprise_id = %(enterprise)s AND campaign_id = %(campaign)s AND campaign_id <> 0
 GROUP BY state, code ORDER BY 3 DESC, code LIMIT %(limit)s
"""
_REFUSALS = """
SELECT reason, count(*)
  FROM campaign_refusal
 WHERE enterprise_id = %(enterprise)s AND campaign_id = %(campaign)s
 GROUP BY reason ORDER BY 2 DESC
"""


def by_carrier(campaign: Campaign) -> list[CarrierCounts]:
    """The campaign by carrier, the largest part first."""
    return [CarrierCounts(*row) for row in _fetch(_BY_CARRIER, _this(campaign))]


def failures(campaign: Campaign) -> list[tuple[str, str, int]]:
    """State, carrier's code and messages of what did not arrive, the commonest first."""
    return _fetch(_FAILURES, {**_this(campaign), "limit": FAILURES_SHOWN})


def refusals(campaign: Campaign) -> list[tuple[str, int]]:
    """Reason and recipients whom the engine refused when it came to them."""
    return _fetch(_REFUSALS, _this(campaign))


def _this(campaign: Campaign) -> dict[str, int]:
    return {"enterprise": campaign.enterprise_id, "campaign": campaign.pk}


def _fetch(statement: str, values: Mapping[str, int | date]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Overview:
    """The key figures over the list. Rates are in percent, None while there is nothing to rate."""

    today: int
    yesterday: int
    delivered_today: float | None
    delivered_week: float | None
    running: int
    waiting: int
    paused: int
    rejected: int

    @property
    def attention(self) -> int:
        """What waits for a person: paused campaigns and rejected applications."""
        return self.paused + self.rejected

    @property
    def change(self) -> float | None:
        """Today against the whole of yesterday, in percent."""
        if not self.yesterday:
            return None
        return round(100 * (self.today - self.yesterday) / self.yesterday, 1)


_DAYS = """
SELECT day, sum(accepted)::bigint, sum(delivered)::bigint, sum(failed + expired + unknown)::bigint
  FROM daily_count
 WHERE enterprise_id = %(enterprise)s AND kind = 'text' AND day > %(after)s
 GROUP BY day
"""


def overview(enterprise: Enterprise, today: date | None = None) -> Overview:
    """The key figures of an enterprise; four queries."""
    today = today or timezone.localdate()
    days = {
        day: (accepted, delivered, other)
        for day, accepted, delivered, other in _fetch(
            _DAYS, {"enterprise": enterprise.pk, "after": today - timedelta(days=7)}
        )
    }
    none = (0, 0, 0)
    states = of_enterprise(enterprise).aggregate(
        **{
            state.value: Count("pk", filter=rows_in(state))
            for state in (State.RUNNING, State.WAITING, State.PAUSED)
        }
    )
    rejected = Q(enterprise=enterprise, state=ReviewState.REJECTED)
    return Overview(
        today=days.get(today, none)[0],
        yesterday=days.get(today - timedelta(days=1), none)[0],
        delivered_today=_rate([days.get(today, none)]),
        delivered_week=_rate(list(days.values())),
        running=states[State.RUNNING],
        waiting=states[State.WAITING],
        paused=states[State.PAUSED],
        rejected=Signature.objects.filter(rejected).count()
        + Template.objects.filter(rejected, deleted_at__isnull=True).count(),
    )


def _rate(days: list[tuple[int, int, int]]) -> float | None:
    delivered = sum(day[1] for day in days)
    final = delivered + sum(day[2] for day in days)
    return round(100 * delivered / final, 2) if final else None
