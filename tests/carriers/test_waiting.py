"""What waits for a channel: what routing would give it, and never by reading the queue through."""

from dataclasses import astuple
from datetime import UTC, datetime, time

import pytest
from django.db import connection

from tests.factories import make_channel
from yunxin.carriers import waiting
from yunxin.carriers.waiting import count_for

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 5, 4, tzinfo=UTC)  # 12:00 in Shanghai


def queue(
    count: int,
    *,
    enterprise_id=1,
    priority=1,
    carrier="mobile",
    province="",
    claimed_by=None,
    first=0,
):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO message_queue"
            " (enterprise_id, message_id, priority, carrier, province, claimed_by, claimed_at)"
            " SELECT %(e)s, %(first)s + n, %(priority)s, %(carrier)s, %(province)s, %(by)s,"
            " CASE WHEN %(by)s::bigint IS NOT NULL THEN now() END"
            " FROM generate_series(1, %(count)s) AS n",
            {
                "e": enterprise_id,
                "first": first,
                "priority": priority,
                "carrier": carrier,
                "province": province,
                "by": claimed_by,
                "count": count,
            },
        )


def figures(*channels) -> list[tuple[int, bool]]:
    found = count_for(channels, NOON)
    return [astuple(found[channel.pk]) for channel in channels]


def test_each_channel_has_what_it_would_take(acme):
    everything = make_channel()
    unicoms = make_channel(carriers=["unicom"])
    codes = make_channel(traffics=["verification"])
    nights = make_channel(open_from=time(22), open_to=time(6))
    acmes = make_channel()
    acmes.enterprises.add(acme)
    south = make_channel(provinces=["guangdong"])
    assert figures(everything, acmes) == [(0, True), (0, True)]
    queue(5)
    queue(3, carrier="unicom", first=10)
    queue(2, priority=0, first=20)
    queue(4, enterprise_id=acme.pk + 1000, claimed_by=7, first=30)  # it is being sent
    queue(6, enterprise_id=acme.pk, carrier="telecom", first=40)
    queue(7, province="guangdong", first=50)
    got = figures(everything, unicoms, codes, nights, acmes, south)
    mine = 23 if acme.pk == 1 else 6
    assert got == [(23, True), (3, True), (2, True), (0, True), (mine, True), (7, True)]


def test_no_more_than_a_bound_is_counted(monkeypatch):
    monkeypatch.setattr(waiting, "COUNTED_MAX", 10)
    queue(30)
    queue(3, carrier="unicom", first=100)
    everything, unicoms = make_channel(), make_channel(carriers=["unicom"])
    assert figures(everything, unicoms) == [(5 + 3, False), (3, True)]
    monkeypatch.setattr(waiting, "GROUPS_MAX", 1)
    assert figures(unicoms)[0][1] is False


@pytest.mark.parametrize("is_analysed", [False, True])
def test_a_long_queue_is_not_read_through(is_analysed):
    for enterprise_id in range(1, 6):
        queue(8_000, enterprise_id=enterprise_id)
    with connection.cursor() as cursor:
        if is_analysed:
            cursor.execute("ANALYZE message_queue")
        bounds = {"groups": 2000, "least": 5, "counted": 10_000}
        cursor.execute("EXPLAIN " + waiting._GROUPS, bounds)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on message_queue" not in plan, plan
    assert plan.count("message_queue_waiting") == 3
