"""Channels (通道): our accounts at the carriers' gateways, and what an operator does to them.

The engine follows the rows: it connects what should run, and connects anew when `version` has
grown. The password is sealed with the platform's key and shown to nobody. The live state is the
engine's (`ChannelState`); `read_live` joins it for the pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from yunxin.accounts import audit
from yunxin.accounts.models import Enterprise, User
from yunxin.carriers.models import Channel, ChannelState
from yunxin.sealing import seal
from yunxin.vocabulary import READY_STATES, BreakerState, ChannelWish, LinkState
from yunxin.web.hints import hint

# What takes effect at once; every other change asks for a new connection.
LIVE_FIELDS = frozenset(
    {
        "name", "rate_per_s", "weight", "carriers", "provinces", "traffics", "open_from", "open_to",
        "enterprises",
    }
)  # fmt: skip
SETTINGS_FIELDS = (
    "name", "options", "host", "port", "system_id", "system_type", "bind_mode",
    "sessions", "window", "rate_per_s", "access_number", "carriers", "provinces", "traffics",
    "open_from", "open_to", "weight", "id_rule", "alphabet", "source_ton", "source_npi",
    "dest_ton", "dest_npi", "dest_prefix",
    "enquire_every_s", "answer_timeout_s",
)  # fmt: skip
SILENT_AFTER = timedelta(seconds=10)  # the engine writes every second; older words are history


class ChannelError(Exception):
    """What was asked of a channel cannot be."""


class ProtocolFixed(ChannelError):
    """A channel keeps its protocol: receipts of what it sent are known by its ids."""


@dataclass(frozen=True, slots=True)
class Live:
    """What the engines say of one channel right now, all of them added up.

    `state` is the best of any engine, as one bound line is enough to send, `breaker` the worst;
    `since` is when the oldest of the lines that take messages was bound; an idle one counts, as it
    closed in order and connects when there is need.
    """

    state: LinkState
    breaker: BreakerState = BreakerState.CLOSED
    sessions_bound: int = 0
    window_used: int = 0
    window_size: int = 0
    submitted_per_s: float = 0
    allowed_per_s: float = 0
    last_error: str = ""
    last_error_at: datetime | None = None
    since: datetime | None = None
    at: datetime | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it takes messages."""
        return self.state in READY_STATES

    @property
    def window_percent(self) -> int:
        return round(100 * self.window_used / self.window_size) if self.window_size else 0


STOPPED, DOWN, DRAINED = map(Live, (LinkState.STOPPED, LinkState.DOWN, LinkState.DRAINED))
_WORST_LAST = (BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN)
_BEST_FIRST = (
    LinkState.BOUND, LinkState.IDLE, LinkState.CONNECTING, LinkState.REFUSED, LinkState.DOWN,
    LinkState.DRAINING, LinkState.STOPPED, LinkState.DRAINED,
)  # fmt: skip


@transaction.atomic
def create_channel(
    *,
    values: Mapping[str, Any],
    password: str,
    deliver_password: str | None = None,
    by: User | None,
) -> Channel:
    """A new channel, stopped until somebody starts it.

    Args:
        values: by the names of SETTINGS_FIELDS, `protocol` and `enterprises`, already checked;
            absent ones keep their default.
        deliver_password: what an SGIP carrier logs in with at ours; None: the same password.
    """
    channel = Channel(
        **{name: values[name] for name in ("protocol", *SETTINGS_FIELDS) if name in values},
        password_sealed=seal(settings.SECRET_KEY, password),
    )
    _seal_deliver_password(channel, deliver_password)
    channel.save(force_insert=True)
    if "enterprises" in values:
        channel.enterprises.set(values["enterprises"])
    _tell(channel, by, "channel.create")
    return channel


@transaction.atomic
def change_channel(
    *,
    channel_id: int,
    values: Mapping[str, Any],
    password: str | None = None,
    deliver_password: str | None = None,
    by: User | None,
) -> Channel:
    """Change what is given; the connection is made anew only when it must be.

    Args:
        values: by the names of SETTINGS_FIELDS and `enterprises`, already checked.
        password: None keeps the one that is stored.
        deliver_password: the same of what an SGIP carrier logs in with; empty forgets it.
    Raises:
        ProtocolFixed: another protocol is asked for.
    """
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    if values.get("protocol", channel.protocol) != channel.protocol:
        raise ProtocolFixed
    changed = [
        name
        for name in SETTINGS_FIELDS
        if name in values and values[name] != getattr(channel, name)
    ]
    for name in changed:
        setattr(channel, name, values[name])
    if "enterprises" in values and _differs(channel, values["enterprises"]):
        channel.enterprises.set(values["enterprises"])
        changed.append("enterprises")
    if password is not None:
        channel.password_sealed = seal(settings.SECRET_KEY, password)
        changed.append("password")
    if _seal_deliver_password(channel, deliver_password):
        changed.append("deliver_password")
    if not changed:
        return channel
    channel.version += any(name not in LIVE_FIELDS for name in changed)
    channel.save()
    _tell(channel, by, "channel.edit", changed=changed)
    return channel


def _seal_deliver_password(channel: Channel, given: str | None) -> bool:
    """Put the password of the carrier's own log-in into the options; whether it is another now."""
    if given:
        sealed = seal(settings.SECRET_KEY, given)
        channel.options = {**channel.options, "deliver_password_sealed": sealed}
    elif given is not None:
        return channel.options.pop("deliver_password_sealed", None) is not None
    return bool(given)


def _differs(channel: Channel, enterprises: Iterable[Enterprise]) -> bool:
    now = set(channel.enterprises.values_list("pk", flat=True))
    return now != {enterprise.pk for enterprise in enterprises}


@transaction.atomic
def start_channel(*, channel_id: int, by: User | None) -> Channel:
    """The engine connects the channel within a second or two."""
    return _wish(channel_id, ChannelWish.RUN, by, "channel.start")


@transaction.atomic
def drain_channel(*, channel_id: int, by: User | None) -> Channel:
    """The engine finishes what the channel has, gives it nothing new, and unbinds then.

    One that is stopped has nothing to finish and stays stopped.
    """
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    if channel.wish == ChannelWish.STOP:
        return channel
    return _wish(channel_id, ChannelWish.DRAIN, by, "channel.drain")


@transaction.atomic
def stop_channel(*, channel_id: int, by: User | None) -> Channel:
    """The engine takes nothing more for the channel and unbinds; what waits goes other ways."""
    return _wish(channel_id, ChannelWish.STOP, by, "channel.stop")


def _wish(channel_id: int, wish: ChannelWish, by: User | None, action: str) -> Channel:
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    if channel.wish != wish:
        channel.wish = wish
        channel.save(update_fields=["wish"])
        _tell(channel, by, action)
    return channel


def _tell(channel: Channel, by: User | None, action: str, **detail: Any) -> None:
    audit.record(by, action, f"{channel.name} #{channel.pk}", **detail)
    hint("channels")
    hint("directory")


def read_live(channels: Iterable[Channel], now: datetime | None = None) -> dict[int, Live]:
    """The live state of each channel by its id; one query."""
    now = now or timezone.now()
    channels = list(channels)
    told: dict[int, list[ChannelState]] = {channel.pk: [] for channel in channels}
    for state in ChannelState.objects.filter(channel_id__in=told, at__gt=now - SILENT_AFTER):
        told[state.channel_id].append(state)
    return {channel.pk: _add_up(channel, told[channel.pk]) for channel in channels}


def _add_up(channel: Channel, states: list[ChannelState]) -> Live:
    """Add up what several engines say.

    Silence about a channel that should run is DOWN, about one that should drain DRAINED.
    """
    if not states:
        silent = {ChannelWish.RUN: DOWN, ChannelWish.DRAIN: DRAINED}
        return silent.get(ChannelWish(channel.wish), STOPPED)
    best = min((LinkState(state.state) for state in states), key=_BEST_FIRST.index)
    failed = max(
        (state for state in states if state.last_error_at), key=_last_error_at, default=None
    )
    return Live(
        state=LinkState.DRAINING if channel.wish == ChannelWish.DRAIN else best,
        breaker=max((BreakerState(s.breaker) for s in states), key=_WORST_LAST.index),
        sessions_bound=sum(state.sessions_bound for state in states),
        window_used=sum(state.window_used for state in states),
        window_size=sum(state.window_size for state in states),
        submitted_per_s=sum(state.submitted_per_s for state in states),
        allowed_per_s=sum(state.allowed_per_s for state in states),
        last_error=failed.last_error if failed else "",
        last_error_at=failed.last_error_at if failed else None,
        since=min((state.bound_at for state in states if state.bound_at), default=None),
        at=max(state.at for state in states),
    )


def _last_error_at(state: ChannelState) -> datetime:
    assert state.last_error_at is not None
    return state.last_error_at


def longest_access_number() -> int:
    """How many digits the longest access number of the channels in use has."""
    numbers = Channel.objects.filter(wish=ChannelWish.RUN).values_list("access_number", flat=True)
    return max(map(len, numbers), default=0)


def count_waiting(limit: int = 10_000) -> tuple[int, bool]:
    """How many messages wait in the queue of the whole platform, counted no further than `limit`.

    Returns:
        The count, and whether it is complete.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM message_queue LIMIT %s) AS q", [limit + 1]
        )
        (waiting,) = cursor.fetchone()
    return min(waiting, limit), waiting <= limit
