"""Trying to log in as a channel: asked for here, done by an engine (`engine/tries`).

The page leaves a row; the engine answers in it within seconds. What is told here is how the row
stands, also when no engine took it, or the one that did went away.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils import timezone

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers.channels import read_live
from yunxin.carriers.models import Channel, ChannelTry
from yunxin.web.hints import hint

KEPT = 20  # of a channel; older ones are dropped
TAKEN_WITHIN = timedelta(seconds=10)  # engines look every second
ANSWERED_WITHIN = timedelta(seconds=60)  # two modes of 10 s for the connection and for the log-in


class TryState(StrEnum):
    """How a row stands."""

    WAITING = "waiting"  # no engine took it yet
    NO_ENGINE = "no_engine"  # and none will
    RUNNING = "running"
    LOST = "lost"  # the engine that took it went away
    DONE = "done"


@transaction.atomic
def ask_for_try(*, channel_id: int, by: User | None) -> ChannelTry:
    """Have a log-in tried; one that is asked for and not taken yet is enough."""
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    fresh = timezone.now() - TAKEN_WITHIN
    waiting = channel.tries.filter(taken_at=None, created_at__gt=fresh).first()
    if waiting is not None:
        return waiting
    bound = read_live([channel])[channel.pk].sessions_bound
    asked = ChannelTry.objects.create(channel=channel, by=by, sessions_bound=bound)
    old = list(channel.tries.values_list("pk", flat=True)[KEPT:])
    channel.tries.filter(pk__in=old).delete()
    audit.record(by, "channel.try", f"{channel.name} #{channel.pk}")
    hint("channels")
    return asked


def state_of(asked: ChannelTry, now: datetime | None = None) -> TryState:
    """How a try stands right now."""
    age = (now or timezone.now()) - asked.created_at
    if asked.finished_at is not None:
        return TryState.DONE
    if asked.taken_at is None:
        return TryState.WAITING if age < TAKEN_WITHIN else TryState.NO_ENGINE
    return TryState.RUNNING if age < ANSWERED_WITHIN else TryState.LOST
