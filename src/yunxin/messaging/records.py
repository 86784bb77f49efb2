"""Sending records (发送记录): one page of them in milliseconds, of ten million.

Pages go along the id, which is the time. Where one index holds exactly what is asked, the
database walks it. Other questions may be about rare rows (the few Unicom numbers of an enterprise
in Guangdong): walking all rows for them would take seconds, so the daily counts say first on
which days there are any, and only those days are read (`_spans`). A signature is asked for
through its templates, as they are few and have an index.

What is accepted and not final shows as sending or submitted by its queue row, looked up for the
shown rows only. Portal and console begin in portal.py and console.py; export.py writes files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db import connection

from yunxin.content.models import Template
from yunxin.messaging.record_filters import ID_MAX, RARE_CARRIERS, RecordFilters, day_floor
from yunxin.vocabulary import MessageState, message_id_time

PHONE_COUNT_MAX = 1_000  # rows of one phone that are counted; beyond it is "more than"
SPANS_AT_ONCE = 31
COLUMNS = (
    "enterprise_id, id, phone, carrier, source, campaign_id, signature_id, template_id, text,"
    " segments, state, code, submitted_at, finished_at, refunded, channel_id"
)

Direction = Literal["older", "newer"]


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the records as people see it; `state` tells sending and submitted apart."""

    enterprise_id: int
    id: int
    phone: str
    carrier: str
    source: str
    campaign_id: int | None
    signature_id: int
    template_id: int
    text: str
    segments: int
    state: MessageState
    code: str | None
    submitted_at: datetime | None
    finished_at: datetime | None
    refunded: bool
    channel_id: int | None

    @property
    def accepted_at(self) -> datetime:
        return message_id_time(self.id)


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows fit; when not exact, there are more than `number`."""

    number: int
    is_exact: bool = True


def read_records(
    enterprise_id: int,
    filters: RecordFilters,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int,
) -> list[Record]:
    """Up to `limit` rows: the newest below id `before`, or the oldest above id `after`.

    Returns:
        Newest first; for `after` oldest first.
    """
    direction: Direction = "older" if after is None else "newer"
    low, high = _bounds(filters, before, after)
    if filters.has_own_index or filters.asked == {"signature_id"}:
        rows = _read(enterprise_id, filters, [(low, high)], direction, limit)
    else:
        rows = _read_by_days(enterprise_id, filters, low, high, direction, limit)
    return with_live_states([record_of(row) for row in rows])


def _bounds(filters: RecordFilters, before: int | None, after: int | None) -> tuple[int, int]:
    """The first id of the page's range, and the first behind it."""
    low = filters.low if after is None else min(max(filters.low, after + 1), ID_MAX)
    high = filters.high if before is None else min(filters.high, before)
    return low, high


def read_everywhere(
    filters: RecordFilters, *, before: int | None = None, after: int | None = None, limit: int
) -> list[Record]:
    """The rows of one phone over all enterprises, as `read_records` gives those of one.

    Every enterprise's own index is asked for a page of the phone: a millisecond for a hundred.
    """
    order = "DESC" if after is None else "ASC"
    condition, values = filters.condition()
    low, high = _bounds(filters, before, after)
    rows = _query(
        "SELECT found.* FROM accounts_enterprise AS enterprise CROSS JOIN LATERAL ("
        f"SELECT {COLUMNS} FROM message WHERE enterprise_id = enterprise.id"
        f" AND id >= %(low)s AND id < %(high)s{condition}"
        f" ORDER BY message.id {order} LIMIT %(limit)s) AS found"
        f" ORDER BY found.id {order} LIMIT %(limit)s",
        values | {"low": low, "high": high, "limit": limit},
    )
    return with_live_states([record_of(row) for row in rows])


def count_records(enterprise_id: int, filters: RecordFilters) -> Total:
    """How many rows fit, from the daily counts; of one phone, from its index up to a bound."""
    if filters.is_counted:
        return Total(_sum_counts(enterprise_id, filters))
    condition, values = filters.condition()
    values |= {"enterprise": enterprise_id, "low": filters.low, "high": filters.high}
    (number,) = _query(
        "SELECT count(*) FROM (SELECT FROM message WHERE enterprise_id = %(enterprise)s"
        f" AND id >= %(low)s AND id < %(high)s{condition} LIMIT {PHONE_COUNT_MAX + 1}) AS found",
        values,
    )[0]
    return Total(min(number, PHONE_COUNT_MAX), number <= PHONE_COUNT_MAX)


def with_live_states(records: list[Record]) -> list[Record]:
    """Tell apart what is not final: waiting (accepted), sending or submitted; one query."""
    in_flight = {
        (record.enterprise_id, record.id)
        for record in records
        if record.state == MessageState.ACCEPTED
    }
    if not in_flight:
        return records
    queued = {
        (enterprise_id, message_id): claimed
        for enterprise_id, message_id, claimed in _query(
            "SELECT enterprise_id, message_id, coalesce(claimed_by, 0) > 0 FROM message_queue"
            " WHERE enterprise_id = ANY(%s) AND message_id = ANY(%s)",
            [list({key[0] for key in in_flight}), [key[1] for key in in_flight]],
        )
    }
    return [
        replace(record, state=_live_state(queued.get((record.enterprise_id, record.id))))
        if record.state == MessageState.ACCEPTED
        else record
        for record in records
    ]


def _live_state(claimed: bool | None) -> MessageState:
    """By the queue row: none any more, there and unclaimed, or claimed."""
    if claimed is None:
        return MessageState.SUBMITTED
    return MessageState.SENDING if claimed else MessageState.ACCEPTED


# -- one query over some spans of ids ----------------------------------------------------------
def _read(
    enterprise_id: int,
    filters: RecordFilters,
    spans: Sequence[tuple[int, int]],
    direction: Direction,
    limit: int,
    template_ids: Sequence[int] | None = None,
) -> list[tuple[Any, ...]]:
    """The first rows that fit within spans of ids (from, to), in the direction's order.

    Every span, and every template where the question goes through templates, is walked along its
    own index for at most `limit` rows; what they find is merged.
    """
    condition, values = filters.condition()
    order = "DESC" if direction == "older" else "ASC"
    sources = "unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS span (low, high)"
    if template_ids is None and filters.signature_id is not None and filters.template_id is None:
        template_ids = _templates_of(enterprise_id, filters.signature_id)
    if template_ids is not None:
        sources += " CROSS JOIN unnest(%(templates)s::bigint[]) AS used (template)"
        condition += " AND template_id = template"
    if filters.signature_id is not None:
        condition += " AND signature_id = %(signature_id)s"
    return _query(
        f"SELECT found.* FROM {sources} CROSS JOIN LATERAL (SELECT {COLUMNS} FROM message"
        " WHERE enterprise_id = %(enterprise)s AND id >= low AND id < high"
        f"{condition} ORDER BY id {order} LIMIT %(limit)s) AS found"
        f" ORDER BY id {order} LIMIT %(limit)s",
        values
        | {
            "enterprise": enterprise_id,
            "signature_id": filters.signature_id,
            "templates": list(template_ids or ()),
            "lows": [low for low, _ in spans],
            "highs": [high for _, high in spans],
            "limit": limit,
        },
    )


def _templates_of(enterprise_id: int, signature_id: int) -> list[int]:
    templates = Template.objects.filter(enterprise_id=enterprise_id, signature_id=signature_id)
    return list(templates.values_list("pk", flat=True))


# -- which days have any -----------------------------------------------------------------------
def _read_by_days(
    enterprise_id: int,
    filters: RecordFilters,
    low: int,
    high: int,
    direction: Direction,
    limit: int,
) -> list[tuple[Any, ...]]:
    """Read day by day, only days that have rows that fit, until there are enough."""
    days = _days(enterprise_id, filters, low, high, direction)
    rows: list[tuple[Any, ...]] = []
    while days and len(rows) < limit:
        days, chosen = _take_enough(days, limit - len(rows))
        spans = [(max(low, day_floor(day)), min(high, day_floor(day + _DAY))) for day in chosen]
        narrow = _templates_on(enterprise_id, filters, chosen)
        rows += _read(enterprise_id, filters, spans, direction, limit - len(rows), narrow)
    return rows


_DAY = timedelta(days=1)


def _days(
    enterprise_id: int, filters: RecordFilters, low: int, high: int, direction: Direction
) -> list[tuple[date, int]]:
    """The days between two ids that have rows that fit, in order, with how many.

    A day with changes that are not folded into the counts yet may have any, and comes along.
    """
    condition, counted, values = filters.count_condition()
    order = "DESC" if direction == "older" else "ASC"
    return _query(
        "SELECT day, sum(fitting)::bigint FROM ("
        f" SELECT day, {counted} AS fitting FROM daily_count"
        "  WHERE enterprise_id = %(enterprise)s AND day BETWEEN message_day(%(low)s)"
        f"  AND message_day(%(high)s){condition}"
        "  UNION ALL SELECT DISTINCT day, 1 FROM tally_delta WHERE enterprise_id = %(enterprise)s"
        "  AND day BETWEEN message_day(%(low)s) AND message_day(%(high)s)"
        f" ) AS count GROUP BY day HAVING sum(fitting) > 0 ORDER BY day {order}",
        values | {"enterprise": enterprise_id, "low": low, "high": high},
    )


def _take_enough(
    days: list[tuple[date, int]], needed: int
) -> tuple[list[tuple[date, int]], list[date]]:
    """Cut off as many days as surely hold what is needed; the first may be used up in part."""
    found, chosen = 0, 0
    while chosen < len(days) and chosen < SPANS_AT_ONCE and found < needed:
        found += days[chosen][1] if chosen else 0
        chosen += 1
    return days[chosen:], [day for day, _ in days[:chosen]]


def _templates_on(enterprise_id: int, filters: RecordFilters, days: list[date]) -> list[int] | None:
    """The templates that have rows that fit on some days, where asking by them reads less.

    Returns:
        None where the rows that fit are so many, or lie in so many templates, that walking the
        days as they are finds them as fast.
    """
    if filters.asked & {"campaign_id", "template_id", "signature_id"}:
        return None
    if filters.carrier in RARE_CARRIERS:
        return None  # they have an index of their own
    condition, counted, values = filters.count_condition()
    rows = _query(
        "WITH used AS (SELECT template_id, sum(accepted) AS size,"
        f"  coalesce(sum({counted}) FILTER (WHERE true{condition}), 0) AS fitting"
        "  FROM daily_count WHERE enterprise_id = %(enterprise)s AND day = ANY(%(days)s)"
        "  GROUP BY template_id)"
        " SELECT template_id, size::bigint, fitting::bigint FROM used",
        values | {"enterprise": enterprise_id, "days": days},
    )
    used = [(template, size) for template, size, fitting in rows if fitting > 0]
    all_rows = sum(size for _, size, _ in rows)
    fitting_rows = sum(fitting for _, _, fitting in rows)
    if not used or fitting_rows * RARE_IN > all_rows or len(used) > TEMPLATES_MAX:
        return None
    return [template for template, _ in used]


RARE_IN = 500  # one row in so many is rare: walking the days for it costs more than asking twice
TEMPLATES_MAX = 30


def _sum_counts(enterprise_id: int, filters: RecordFilters) -> int:
    condition, counted, values = filters.count_condition()
    if filters.first_day:
        condition += " AND day >= %(first_day)s"
    if filters.last_day:
        condition += " AND day <= %(last_day)s"
    values |= {"first_day": filters.first_day, "last_day": filters.last_day}
    sql = (
        f"SELECT coalesce(sum({counted}), 0)::bigint FROM daily_count"
        f" WHERE enterprise_id = %(enterprise)s{condition}"
    )
    return int(_query(sql, values | {"enterprise": enterprise_id})[0][0])


# -- rows ----------------------------------------------------------------------------------------
def record_of(row: tuple[Any, ...]) -> Record:
    """A row of COLUMNS as people see it, but for its live state."""
    record = Record(*row)
    return replace(record, state=MessageState(record.state))


def export_query(
    enterprise_id: int, filters: RecordFilters, limit: int
) -> tuple[str, dict[str, Any]]:
    """SQL for all rows that fit, newest first, to be read through a cursor."""
    condition, values = filters.condition()
    if filters.signature_id is not None:
        condition += " AND signature_id = %(signature_id)s"
    return (
        f"SELECT {COLUMNS} FROM message WHERE enterprise_id = %(enterprise)s"
        f" AND id >= %(low)s AND id < %(high)s{condition} ORDER BY id DESC LIMIT %(limit)s",
        values
        | {
            "enterprise": enterprise_id,
            "signature_id": filters.signature_id,
            "low": filters.low,
            "high": filters.high,
            "limit": limit,
        },
    )


def _query(sql: str, values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
