"""Operators hear once of a channel without a line, and of its return."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from yunxin.accounts.models import Notice, User
from yunxin.accounts.notices import sentence
from yunxin.carriers.alerts import look
from yunxin.carriers.models import Channel, ChannelState
from yunxin.vocabulary import ChannelWish, LinkState

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel() -> Channel:
    return factories.make_channel("北京一")


def seen(after_s: float) -> int:
    """What the job finds so many seconds from now, with the engines' words just then."""
    now = timezone.now() + timedelta(seconds=after_s)
    ChannelState.objects.update(at=now)
    return look(now)


def says(channel: Channel, state: LinkState) -> None:
    ChannelState.objects.update_or_create(
        channel=channel, engine_id=1, defaults={"state": state, "at": timezone.now()}
    )


def kinds() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.parametrize("state", [None, LinkState.DOWN, LinkState.REFUSED, LinkState.CONNECTING])
def test_a_line_that_stays_away_is_told_once(client: Client, operator, channel, state):
    if state:
        says(channel, state)
    assert [seen(at) for at in (0, 30, 59, 61, 90, 600)] == [0, 0, 0, 1, 0, 0]
    (notice,) = Notice.objects.all()
    assert (notice.enterprise, notice.kind, notice.subject) == (None, "channel.down", "北京一")
    assert "北京一" in sentence(notice)
    client.force_login(User.objects.get(username="operator"))
    assert client.get(notice.link).status_code == 200


def test_a_moment_is_nothing_to_be_told(channel):
    for at, state in enumerate((LinkState.DOWN, LinkState.BOUND) * 5):
        says(channel, state)
        assert seen(at * 40) == 0


def test_an_idle_line_is_no_lost_one(channel):
    says(channel, LinkState.IDLE)
    assert [seen(at) for at in (0, 61, 600)] == [0, 0, 0]


def test_its_return_is_told_and_so_is_the_next_loss(channel):
    for at, state in ((0, "down"), (70, "down"), (80, "bound"), (90, "down"), (160, "down")):
        says(channel, LinkState(state))
        seen(at)
    assert kinds() == ["channel.down", "channel.up", "channel.down"]


def test_a_channel_that_was_stopped_is_not_missed(channel):
    seen(0)
    seen(61)
    Channel.objects.update(wish=ChannelWish.STOP)
    assert [seen(70), seen(600)] == [0, 0]
    Channel.objects.update(wish=ChannelWish.RUN)
    says(channel, LinkState.BOUND)
    assert seen(700) == 0
    assert kinds() == ["channel.down"]
