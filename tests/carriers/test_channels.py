"""Channels: stored with a sealed password, connected anew only when they must be."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.factories import make_channel
from yunxin.accounts.models import AuditEntry
from yunxin.carriers.channels import (
    STOPPED,
    change_channel,
    count_waiting,
    create_channel,
    read_live,
    start_channel,
    stop_channel,
)
from yunxin.carriers.models import Channel, ChannelState
from yunxin.sealing import unseal
from yunxin.vocabulary import ChannelWish, LinkState

pytestmark = pytest.mark.django_db
ACCOUNT = {"name": "North", "host": "127.0.0.1", "port": 2775, "system_id": "yx",
           "access_number": "1069"}  # fmt: skip


def tell(channel: Channel, engine_id: int = 1, **fields) -> None:
    fields = {"state": LinkState.BOUND, "at": timezone.now(), **fields}
    ChannelState.objects.create(channel=channel, engine_id=engine_id, **fields)


def test_a_new_channel_is_stopped_and_its_password_sealed(operator):
    channel = create_channel(values=ACCOUNT, password="secret", by=operator)
    assert channel.wish == ChannelWish.STOP
    assert "secret" not in channel.password_sealed
    assert unseal(settings.SECRET_KEY, channel.password_sealed) == "secret"
    entry = AuditEntry.objects.get()
    assert entry.action == "channel.create"
    assert "secret" not in f"{entry.subject}{entry.detail}"


@pytest.mark.parametrize(
    ("values", "asks_for_a_new_line"),
    [
        ({"host": "localhost"}, True), ({"port": 2776}, True), ({"window": 7}, True),
        ({"bind_mode": "pair"}, True), ({"alphabet": "gsm7_or_ucs2"}, True),
        ({"rate_per_s": 9}, False), ({"weight": 2}, False), ({"carriers": ["mobile"]}, False),
        ({"provinces": ["hainan"]}, False),
        ({"name": "South"}, False), ({"name": "North"}, False),
    ],
)  # fmt: skip
def test_only_changes_that_need_a_new_line_raise_the_version(operator, values, asks_for_a_new_line):
    channel = create_channel(values=ACCOUNT, password="", by=operator)
    changed = change_channel(channel_id=channel.pk, values=values, by=operator)
    assert changed.version - channel.version == int(asks_for_a_new_line)


def test_a_new_password_needs_a_new_line_and_none_keeps_the_old(operator):
    channel = create_channel(values=ACCOUNT, password="old", by=operator)
    kept = change_channel(channel_id=channel.pk, values={"weight": 3}, by=operator)
    assert unseal(settings.SECRET_KEY, kept.password_sealed) == "old"
    renewed = change_channel(channel_id=channel.pk, values={}, password="new", by=operator)
    assert unseal(settings.SECRET_KEY, renewed.password_sealed) == "new"
    assert renewed.version == 2
    assert AuditEntry.objects.first().detail == {"changed": ["password"]}


def test_a_change_that_changes_nothing_leaves_no_trace(operator):
    channel = create_channel(values=ACCOUNT, password="", by=operator)
    change_channel(channel_id=channel.pk, values=ACCOUNT, by=operator)
    assert AuditEntry.objects.count() == 1


def test_starting_and_stopping_are_wishes_recorded_once(operator):
    channel = create_channel(values=ACCOUNT, password="", by=operator)
    start_channel(channel_id=channel.pk, by=operator)
    assert start_channel(channel_id=channel.pk, by=operator).wish == ChannelWish.RUN
    assert stop_channel(channel_id=channel.pk, by=operator).wish == ChannelWish.STOP
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions == ["channel.stop", "channel.start", "channel.create"]


def test_the_words_of_several_engines_add_up():
    channel = make_channel()
    tell(channel, 1, sessions_bound=1, window_used=10, window_size=100, submitted_per_s=5.5)
    tell(channel, 2, state=LinkState.DOWN, last_error="refused", last_error_at=timezone.now(),
         window_size=100)  # fmt: skip
    live = read_live([channel])[channel.pk]
    assert live.state == LinkState.BOUND
    assert (live.sessions_bound, live.window_used, live.window_size) == (1, 10, 200)
    assert (live.submitted_per_s, live.window_percent) == (5.5, 5)
    assert live.last_error == "refused"


def test_silence_about_a_channel_that_should_run_means_down():
    channel = make_channel()
    tell(channel, at=timezone.now() - timedelta(minutes=1))
    assert read_live([channel])[channel.pk].state == LinkState.DOWN


def test_silence_about_a_stopped_channel_means_stopped():
    channel = make_channel(wish=ChannelWish.STOP)
    assert read_live([channel])[channel.pk] is STOPPED


def test_what_waits_is_counted_up_to_a_bound():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO message_queue (enterprise_id, message_id, priority, carrier)"
            " SELECT 1, n, 1, 'mobile' FROM generate_series(1, 5) AS n"
        )
    assert count_waiting() == (5, True)
    assert count_waiting(limit=3) == (3, False)
