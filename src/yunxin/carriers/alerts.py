"""A channel that should run and has no line: told in the operators' bell, once, and its return.

A line that is gone for a moment is nothing to be told: links reconnect by themselves.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from yunxin.accounts import notices
from yunxin.carriers.channels import read_live
from yunxin.carriers.models import Channel
from yunxin.vocabulary import READY_STATES, ChannelWish, LinkState

TOLD_AFTER = timedelta(seconds=60)


@transaction.atomic
def look(now: datetime | None = None) -> int:
    """Tell of every channel that lost its line or got it back; how many were told of."""
    now = now or timezone.now()
    channels = list(Channel.objects.select_for_update(no_key=True).order_by("id"))
    live = read_live(channels, now)
    return sum(_look_at(channel, live[channel.pk].state, now) for channel in channels)


def _look_at(channel: Channel, state: LinkState, now: datetime) -> bool:
    before = (channel.down_since, channel.down_told)
    told = ""
    if channel.wish != ChannelWish.RUN or state in READY_STATES:
        if channel.down_told and channel.wish == ChannelWish.RUN:
            told = "channel.up"
        channel.down_since, channel.down_told = None, False
    elif channel.down_since is None:
        channel.down_since = now
    elif not channel.down_told and now - channel.down_since >= TOLD_AFTER:
        channel.down_told, told = True, "channel.down"
    if (channel.down_since, channel.down_told) != before:
        channel.save(update_fields=("down_since", "down_told"))
    if told:
        link = reverse("carriers:console_channel", args=(channel.pk,))
        notices.tell(None, told, channel, link=link)
    return bool(told)
