"""How the platform is (系统概况): engines, queue, receipts that wait, channels, work for people.

Read by the console's first page, which renews itself; every count stops at a bound, so that it
stays quick with millions of queued messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from yunxin.carriers.channels import Live, read_live
from yunxin.carriers.models import Channel, EngineInstance
from yunxin.content.models import Signature, Template
from yunxin.interfaces import networks
from yunxin.messaging.labels import STATES
from yunxin.vocabulary import ChannelWish, MessageState, Priority, ReviewState

COUNT_MAX = 100_000
ALIVE_WITHIN = timedelta(seconds=10)  # engines tell that they live every two seconds
UNFOLDED_WORRYING = 20_000  # a second's work at full speed leaves far fewer


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine as it registered itself."""

    instance: EngineInstance
    is_alive: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """One traffic class in the queue: what waits (counted to COUNT_MAX) and what is being sent."""

    priority: Priority
    waiting: int
    sending: int

    @property
    def is_complete(self) -> bool:
        return self.waiting <= COUNT_MAX


@dataclass(frozen=True, slots=True)
class Receipts:
    """Receipts that no message is known for (yet)."""

    waiting: int
    unmatched: int


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that the page shows, read at one moment."""

    engines: Sequence[Engine]
    queues: Sequence[Queue]
    receipts: Receipts
    unfolded: int  # changes that are not in the daily counts yet
    channels: Sequence[tuple[Channel, Live]]
    pending_signatures: int
    pending_templates: int
    pending_networks: int
    database_bytes: int

    @property
    def pending(self) -> int:
        """What waits for a reviewer."""
        return self.pending_signatures + self.pending_templates + self.pending_networks

    @property
    def alive(self) -> int:
        return sum(engine.is_alive for engine in self.engines)

    @property
    def running_channels(self) -> int:
        return sum(channel.wish == ChannelWish.RUN for channel, _live in self.channels)

    @property
    def bound_channels(self) -> int:
        return sum(live.is_ready for _channel, live in self.channels)

    @property
    def is_folding(self) -> bool:
        return self.unfolded < UNFOLDED_WORRYING


def read_health(now: datetime | None = None) -> Health:
    """The state of the whole platform."""
    now = now or timezone.now()
    channels = list(Channel.objects.all())
    live = read_live(channels, now)
    return Health(
        engines=_engines(now),
        queues=_queues(),
        receipts=_receipts(),
        unfolded=_bounded("tally_delta"),
        channels=[(channel, live[channel.pk]) for channel in channels],
        pending_signatures=Signature.objects.filter(state=ReviewState.PENDING).count(),
        pending_templates=Template.objects.filter(
            state=ReviewState.PENDING, deleted_at__isnull=True
        ).count(),
        pending_networks=networks.waiting().count(),
        database_bytes=_scalar("SELECT pg_database_size(current_database())"),
    )


def _engines(now: datetime) -> list[Engine]:
    instances = EngineInstance.objects.filter(role="engine").order_by("-heartbeat_at")[:20]
    return [Engine(one, now - one.heartbeat_at < ALIVE_WITHIN) for one in instances]


def _queues() -> list[Queue]:
    return [
        Queue(
            priority,
            _bounded("message_queue", "claimed_by IS NULL AND priority = %s", int(priority)),
            _bounded("message_queue", "claimed_by IS NOT NULL AND priority = %s", int(priority)),
        )
        for priority in Priority
    ]


def _receipts() -> Receipts:
    return Receipts(
        waiting=_bounded("held_receipt", "NOT unmatched"),
        unmatched=_bounded("held_receipt", "unmatched"),
    )


def _bounded(table: str, condition: str = "true", *values: Any) -> int:
    """How many rows fit, counted no further than one over COUNT_MAX."""
    return _scalar(
        f"SELECT count(*) FROM (SELECT FROM {table} WHERE {condition} LIMIT {COUNT_MAX + 1})"
        " AS found",
        *values,
    )


def _scalar(sql: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """A receipt of a carrier whose message is not known: its answer has not come, or never will."""

    id: int
    channel: str | None
    carrier_message_id: str
    phone: str
    state: str
    code: str | None
    received_at: datetime
    unmatched: bool

    @property
    def state_label(self) -> Any:
        return STATES[MessageState(self.state)]


def read_held_receipts(
    *,
    unmatched: bool | None = None,
    before: int | None = None,
    after: int | None = None,
    limit: int,
) -> list[HeldReceipt]:
    """Held receipts by id: the newest below `before`, or the oldest above `after`."""
    order = "DESC" if after is None else "ASC"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT held.id, channel.name, carrier_message_id, phone, state, code, received_at,"
            " unmatched FROM held_receipt AS held"
            " LEFT JOIN carriers_channel AS channel ON channel.id = held.channel_id"
            " WHERE (%(before)s::bigint IS NULL OR held.id < %(before)s)"
            " AND (%(after)s::bigint IS NULL OR held.id > %(after)s)"
            " AND (%(unmatched)s::boolean IS NULL OR unmatched = %(unmatched)s)"
            f" ORDER BY held.id {order} LIMIT %(limit)s",
            {"before": before, "after": after, "unmatched": unmatched, "limit": limit},
        )
        return [HeldReceipt(*row) for row in cursor.fetchall()]
