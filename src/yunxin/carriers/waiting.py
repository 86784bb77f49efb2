"""How many of the waiting messages each channel would take: cheap enough to be asked every second.

The queue is not read through: its index of waiting messages gives the groups (class, enterprise,
carrier, province) one step each, and of every group no more than its share of COUNTED_MAX is
counted. Which group fits which channel is decided by `yunxin.routing`, as when they are sent. A
message that several channels serve counts for each of them, as nobody knows yet which will take it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

from django.db import connection

from yunxin.carriers.channels import STOPPED
from yunxin.carriers.models import Channel
from yunxin.carriers.routes import line_of
from yunxin.vocabulary import PRIORITY_OF

COUNTED_MAX = 10_000
GROUP_LEAST = 5  # of every group, however many there are
GROUPS_MAX = 2_000
SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991

_TRAFFIC = {int(priority): str(traffic) for traffic, priority in PRIORITY_OF.items()}
# The same loose scan as the engine's `who_waits`. A group's rows are asked for by a range and not
# by equality, which only the index of what waits can answer: that of the enterprises would meet all
# the other rows of a large enterprise on its way.
_GROUPS = """
WITH RECURSIVE steps AS (
    (SELECT 1 AS n, priority, enterprise_id, carrier, province FROM message_queue
     WHERE claimed_by IS NULL
     ORDER BY priority, enterprise_id, carrier, province LIMIT 1)
    UNION ALL
    SELECT s.n + 1, q.priority, q.enterprise_id, q.carrier, q.province
    FROM steps s CROSS JOIN LATERAL (
        SELECT priority, enterprise_id, carrier, province FROM message_queue
        WHERE claimed_by IS NULL
            AND (priority, enterprise_id, carrier, province)
                > (s.priority, s.enterprise_id, s.carrier, s.province)
        ORDER BY priority, enterprise_id, carrier, province LIMIT 1) q
    WHERE s.n < %(groups)s
), share AS (
    SELECT greatest(%(least)s, %(counted)s / greatest(count(*), 1)) + 1 AS most FROM steps
)
SELECT s.priority, s.enterprise_id, s.carrier, s.province, share.most, (
    SELECT count(*) FROM (
        SELECT FROM message_queue q
        WHERE q.claimed_by IS NULL
            AND (q.priority, q.enterprise_id, q.carrier, q.province)
                >= (s.priority, s.enterprise_id, s.carrier, s.province)
            AND (q.priority, q.enterprise_id, q.carrier, q.province)
                <= (s.priority, s.enterprise_id, s.carrier, s.province)
        ORDER BY q.priority, q.enterprise_id, q.carrier, q.province
        LIMIT share.most) AS counted)
FROM steps s CROSS JOIN share
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Messages alike to routing that wait: a `routing.Need`, and how many."""

    traffic: str
    enterprise_id: int
    carrier: str
    province: str
    count: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages fit a channel; not complete: there are more."""

    count: int
    is_complete: bool


def read_groups() -> list[Group]:
    """What waits, by class, enterprise, carrier and province; one query."""
    bounds = {"groups": GROUPS_MAX, "least": GROUP_LEAST, "counted": COUNTED_MAX}
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, bounds)
        return [
            Group(_TRAFFIC[n], whose, carrier, province, min(count, most - 1), count < most)
            for n, whose, carrier, province, most, count in cursor.fetchall()
        ]


def count_for(channels: Iterable[Channel], now: datetime) -> dict[int, Waiting]:
    """What each channel would take at this hour, by its id; whether it is connected or not.

    Args:
        channels: with their enterprises prefetched, or each costs a query.
    """
    groups, clock = read_groups(), now.astimezone(SHANGHAI).time()
    return {channel.pk: _fitting(channel, groups, clock) for channel in channels}


def _fitting(channel: Channel, groups: Sequence[Group], clock: time) -> Waiting:
    line = line_of(channel, clock, STOPPED)
    fitting = [group for group in groups if line.obstacle(group) is None]
    is_complete = all(group.is_complete for group in fitting) and len(groups) < GROUPS_MAX
    return Waiting(sum(group.count for group in fitting), is_complete)
