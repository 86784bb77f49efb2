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
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.states import State, rows_in
from yunxin.content.models import Signature, Template
from yunxin.vocabulary import ReviewState

BARS_MAX = 90  # in the chart by time; more would be thinner than a hair
BAR_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440)
TAILS = (0.05, 0.01, 0.0)  # of all that happened: what may lie after the end of the chart
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
    """What became of messages in one stretch of time; the late one is all that came after."""

    begin: datetime
    submitted: int
    delivered: int
    failed: int
    is_late: bool = False


# The first minute, and for each tail the minute by which all but the tail had happened.
_SPAN = """
SELECT tail, min(minute), min(minute) FILTER (WHERE so_far >= total * (1 - tail))
  FROM (SELECT minute,
               sum(submitted + delivered + failed) OVER (ORDER BY minute) AS so_far,
               sum(submitted + delivered + failed) OVER () AS total
          FROM campaign_minute
         WHERE enterprise_id = %(enterprise)s AND campaign_id = %(campaign)s) AS counted
       CROSS JOIN unnest(%(tails)s::float[]) AS tail
 GROUP BY tail ORDER BY tail DESC
"""
_BY_MINUTE = """
SELECT date_bin(make_interval(mins => %(minutes)s), minute, timestamptz '2024-01-01 00:00+08') AS bin,
       sum(submitted)::bigint, sum(delivered)::bigint, sum(failed)::bigint
  FROM campaign_minute
 WHERE enterprise_id = %(enterprise)s AND campaign_id = %(campaign)s
 GROUP BY bin ORDER BY bin
"""  # noqa: E501


def by_time(campaign: Campaign) -> list[Bar]:
    """The campaign over time in at most BARS_MAX bars without gaps; empty before its first word.

    Receipts may come in days after the last message went out. Where those few would make all bars
    longer, the chart ends before them and has one bar more, of everything that came later; unless
    that one were taller than all others.
    """
    bars: list[Bar] = []
    spans = _fetch(_SPAN, {**_this(campaign), "tails": list(TAILS)})
    for _tail, first, end in spans:
        last = spans[-1][2]
        minutes = _bar_minutes(end - first)
        bars = _bars(campaign, minutes, last if minutes == _bar_minutes(last - first) else end)
        if not bars[-1].is_late or _is_small(bars[-1], bars[:-1]):
            break
    return bars


def _bars(campaign: Campaign, minutes: int, end: datetime) -> list[Bar]:
    """Bars of so many minutes until one moment, and one of what came later, if anything did."""
    found = {row[0]: row[1:] for row in _fetch(_BY_MINUTE, {**_this(campaign), "minutes": minutes})}
    at, step = min(found), timedelta(minutes=minutes)
    bars: list[Bar] = []
    while at <= end and len(bars) < 2 * BARS_MAX:
        bars.append(Bar(at, *found.pop(at, (0, 0, 0))))
        at += step
    if found:
        submitted, delivered, failed = map(sum, zip(*found.values(), strict=True))
        bars.append(Bar(at, submitted, delivered, failed, is_late=True))
    return bars


def _is_small(late: Bar, bars: list[Bar]) -> bool:
    """Whether a bar is no taller than the tallest of the others."""
    final = max(bar.delivered + bar.failed for bar in bars)
    submitted = max(bar.submitted for bar in bars)
    return late.delivered + late.failed <= final and late.submitted <= submitted


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


def _fetch(statement: str, values: Mapping[str, int | date | list[float]]) -> list[Any]:
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
