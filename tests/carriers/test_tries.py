"""Asking for a log-in, and how the answer is told: done, under way, or with nobody to do it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from tests.factories import make_channel
from yunxin.accounts.models import AuditEntry
from yunxin.carriers import labels
from yunxin.carriers.models import ChannelState, ChannelTry
from yunxin.carriers.tries import (
    ANSWERED_WITHIN,
    KEPT,
    TAKEN_WITHIN,
    TryState,
    ask_for_try,
    state_of,
)
from yunxin.protocols.cmpp.status import ConnectStatus
from yunxin.protocols.sgip.status import Code as Sgip
from yunxin.protocols.smgp.status import Code as Smgp
from yunxin.protocols.smpp.status import Code as Smpp
from yunxin.vocabulary import LinkState, TryOutcome

pytestmark = pytest.mark.django_db
NAMES = {"cmpp": ConnectStatus, "sgip": Sgip, "smgp": Smgp, "smpp": Smpp}


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


def answered(asked: ChannelTry, outcome: TryOutcome, **fields) -> ChannelTry:
    now = timezone.now()
    values = {"outcome": outcome, "taken_at": now, "finished_at": now, **fields}
    ChannelTry.objects.filter(pk=asked.pk).update(**values)
    asked.refresh_from_db()
    return asked


def page_of(client, asked: ChannelTry, **headers) -> str:
    url = reverse("carriers:console_channel_try", args=[asked.channel_id, asked.pk])
    return client.get(url, headers=headers).content.decode()


def test_one_that_waits_is_enough_and_all_are_in_the_audit_log(operator):
    channel = make_channel()
    first = ask_for_try(channel_id=channel.pk, by=operator)
    assert ask_for_try(channel_id=channel.pk, by=operator) == first
    assert AuditEntry.objects.filter(action="channel.try").count() == 1
    answered(first, TryOutcome.BOUND)
    assert ask_for_try(channel_id=channel.pk, by=operator) != first


def test_the_last_ones_of_a_channel_are_kept(operator):
    channel, other = make_channel(), make_channel()
    kept = ask_for_try(channel_id=other.pk, by=operator)
    for _ in range(KEPT + 3):
        last = answered(ask_for_try(channel_id=channel.pk, by=operator), TryOutcome.BOUND)
    assert channel.tries.count() == KEPT
    assert channel.tries.first() == last
    assert ChannelTry.objects.filter(pk=kept.pk).exists()


def test_how_it_stands_is_told_also_when_nobody_does_it(operator):
    asked = ask_for_try(channel_id=make_channel().pk, by=operator)
    soon, late = asked.created_at + TAKEN_WITHIN / 2, asked.created_at + ANSWERED_WITHIN
    assert state_of(asked, soon) is TryState.WAITING
    assert state_of(asked, late) is TryState.NO_ENGINE
    asked.taken_at = soon
    assert state_of(asked, late - timedelta(seconds=1)) is TryState.RUNNING
    assert state_of(asked, late) is TryState.LOST
    asked.finished_at = late
    assert state_of(asked, late) is TryState.DONE


@pytest.mark.parametrize("outcome", [word for word in TryOutcome if word])
def test_every_outcome_has_its_words(client, operator, outcome):
    client.force_login(operator)
    asked = ask_for_try(channel_id=make_channel().pk, by=operator)
    assert "hx-trigger" in page_of(client, asked)
    answered(asked, outcome, connect_ms=3, login_ms=12, status="RINVPASWD", detail="As it was.")
    page = page_of(client, asked)
    label, _, sentence = labels.TRIES[outcome]
    for words in (label, sentence or "The password is wrong.", "15 ms"):
        assert str(escape(words)) in page
    assert 'id="try"' in page
    assert "hx-trigger" not in page, "it is over"
    part = page_of(client, asked, **{"HX-Request": "true"})
    assert "<html" not in part


def test_a_refusal_beside_sessions_that_are_bound_may_be_no_fault(client, operator):
    client.force_login(operator)
    channel = make_channel()
    ChannelState.objects.create(
        channel=channel, engine_id=1, state=LinkState.BOUND, sessions_bound=2, at=timezone.now()
    )
    question = client.get(reverse("carriers:console_try_channel", args=[channel.pk]))
    assert "2 sessions are connected" in question.content.decode()
    asked = ask_for_try(channel_id=channel.pk, by=operator)
    assert asked.sessions_bound == 2
    answered(asked, TryOutcome.REFUSED, status="RALYBND")
    assert "2 sessions of the channel" in page_of(client, asked)
    answered(asked, TryOutcome.BOUND)
    assert "2 sessions of the channel" not in page_of(client, asked)


def test_only_statuses_that_exist_have_words():
    unknown = [key for key in labels.LOGIN_REFUSALS if key[1] not in NAMES[key[0]].__members__]
    assert unknown == []


def test_a_test_of_another_channel_is_404(client, operator):
    client.force_login(operator)
    asked = ask_for_try(channel_id=make_channel().pk, by=operator)
    other = make_channel()
    url = reverse("carriers:console_channel_try", args=[other.pk, asked.pk])
    assert client.get(url).status_code == 404


def test_an_enterprise_may_not_try(client, acme):
    channel = make_channel()
    client.force_login(acme.users.get())
    url = reverse("carriers:console_try_channel", args=[channel.pk])
    assert client.post(url).status_code == 403
    assert not channel.tries.exists()
