"""What may be done with a campaign, by whom, and who wins when two come at the same moment."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from tests import factories
from tests.campaigns.making import (
    ENGINE_BEGINS,
    engine_begins,
    make_confirmed,
    make_draft,
    make_file,
    make_from_file,
    make_progress,
    make_ready,
)
from yunxin.campaigns import lifecycle
from yunxin.campaigns.errors import (
    AlreadyOver,
    AlreadyStarted,
    AudienceChanged,
    AudienceMissing,
    AudienceNotReady,
    BalanceTooLow,
    CampaignError,
    EnterpriseSuspended,
    NotADraft,
    TemplateUnusable,
    TimeHasPassed,
)
from yunxin.campaigns.lifecycle import Content
from yunxin.campaigns.models import Campaign, CampaignProgress, CampaignRecipient
from yunxin.campaigns.states import State
from yunxin.vocabulary import AudienceState, CampaignState, CampaignWish, ReviewState
from yunxin.web.models import StoredFile


def act(action: str, campaign: Campaign) -> Campaign:
    return getattr(lifecycle, action)(enterprise=campaign.enterprise, campaign_id=campaign.pk)


def confirm(campaign: Campaign) -> Campaign:
    return lifecycle.confirm(
        enterprise=campaign.enterprise,
        campaign_id=campaign.pk,
        version=campaign.audience_version,
    )


def state_of(campaign: Campaign) -> State:
    return lifecycle.shown(lifecycle.of_enterprise(campaign.enterprise).get(pk=campaign.pk)).state


def test_a_confirmed_campaign_is_the_engines_to_begin(acme):
    campaign = make_confirmed(acme)
    assert campaign.wish == CampaignWish.RUN
    assert campaign.confirmed_at
    assert state_of(campaign) == State.WAITING


def test_a_confirmed_campaign_is_not_edited(acme):
    campaign = make_confirmed(acme)
    with pytest.raises(NotADraft):
        lifecycle.set_time(enterprise=acme, campaign_id=campaign.pk, scheduled_at=None)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda c: None, BalanceTooLow),
        (lambda c: type(c.template).objects.update(state=ReviewState.CANCELLED), TemplateUnusable),
        (lambda c: type(c.template).objects.update(deleted_at=timezone.now()), TemplateUnusable),
        (
            lambda c: type(c.template.signature).objects.update(state=ReviewState.CANCELLED),
            TemplateUnusable,
        ),
        (lambda c: Campaign.objects.update(valid_count=0), AudienceMissing),
        (
            lambda c: Campaign.objects.update(audience_state=AudienceState.WAITING),
            AudienceMissing,
        ),
        (
            lambda c: Campaign.objects.update(scheduled_at=timezone.now() - timedelta(hours=1)),
            TimeHasPassed,
        ),
        (
            lambda c: type(c.enterprise).objects.update(suspended_at=timezone.now()),
            EnterpriseSuspended,
        ),
        (lambda c: Campaign.objects.update(audience_version=99), AudienceChanged),
    ],
)
def test_what_cannot_be_confirmed_says_why(acme, spoil, error):
    campaign = make_ready(acme)
    if error is not BalanceTooLow:
        factories.make_package(acme)
    spoil(campaign)
    with pytest.raises(error) as caught:
        confirm(campaign)
    assert str(caught.value).endswith(".") or "。" in str(caught.value)
    campaign.refresh_from_db()
    assert campaign.wish == CampaignWish.DRAFT


def test_the_missing_balance_is_named(acme):
    factories.make_package(acme, total=2)
    with pytest.raises(BalanceTooLow) as caught:
        confirm(make_ready(acme, numbers=5))
    assert caught.value.missing == 3


def test_a_file_that_is_still_read_is_waited_for(acme):
    factories.make_package(acme)
    campaign = make_draft(acme)
    file = make_file(acme, "13800000001,a\n")
    campaign = lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    with pytest.raises(AudienceNotReady):
        confirm(campaign)


def test_pause_and_resume_before_the_start(acme):
    campaign = make_confirmed(acme)
    act("pause", campaign)
    assert state_of(campaign) == State.PAUSED
    assert not engine_begins(campaign)
    act("resume", campaign)
    assert state_of(campaign) == State.WAITING


def test_what_is_asked_twice_is_done_once(acme):
    campaign = make_confirmed(acme)
    act("pause", campaign)
    act("pause", campaign)
    act("resume", campaign)
    act("resume", campaign)
    assert state_of(campaign) == State.WAITING


def test_a_reopened_campaign_is_a_draft_again(acme):
    campaign = make_confirmed(acme)
    act("reopen", campaign)
    assert state_of(campaign) == State.DRAFT
    assert not engine_begins(campaign)
    confirm(Campaign.objects.get(pk=campaign.pk))
    assert engine_begins(campaign)


@pytest.mark.parametrize("action", ["reopen", "delete"])
def test_a_campaign_that_began_is_neither_changed_nor_deleted(acme, action):
    campaign = make_confirmed(acme)
    assert engine_begins(campaign)
    with pytest.raises(AlreadyStarted):
        act(action, campaign)
    campaign.refresh_from_db()
    assert (campaign.wish, campaign.deleted_at) == (CampaignWish.RUN, None)


def test_only_what_began_is_terminated(acme):
    campaign = make_confirmed(acme)
    with pytest.raises(CampaignError):
        act("terminate", campaign)
    engine_begins(campaign)
    act("terminate", campaign)
    assert state_of(campaign) == State.TERMINATED


@pytest.mark.parametrize("action", ["pause", "resume", "terminate", "reopen", "delete"])
def test_what_is_over_stays_as_it_is(acme, action):
    campaign = make_confirmed(acme)
    make_progress(campaign, state=CampaignState.FINISHED)
    if action == "resume":
        Campaign.objects.update(wish=CampaignWish.PAUSE)
    with pytest.raises(AlreadyOver):
        act(action, campaign)


def test_a_deleted_draft_is_gone_and_its_file_is_not_read(acme):
    campaign = make_from_file(acme, "13800000001,a\n")
    act("delete", campaign)
    assert not lifecycle.of_enterprise(acme).exists()
    with pytest.raises(Campaign.DoesNotExist):
        act("pause", campaign)


@pytest.mark.parametrize("action", ["pause", "resume", "terminate", "reopen", "delete"])
def test_globex_cannot_touch_what_is_acmes(acme, globex, action):
    campaign = make_confirmed(acme)
    with pytest.raises(Campaign.DoesNotExist):
        getattr(lifecycle, action)(enterprise=globex, campaign_id=campaign.pk)


def test_a_copy_is_a_draft_with_the_same_recipients(acme):
    campaign = make_confirmed(acme, numbers=4)
    copied = lifecycle.copy(enterprise=acme, campaign_id=campaign.pk, by=acme.users.get())
    copied.refresh_from_db()
    assert copied.wish == CampaignWish.DRAFT
    assert copied.valid_count == 4
    assert copied.name != campaign.name
    assert copied.shared_params == campaign.shared_params


def test_another_template_has_the_recipients_checked_anew(acme):
    campaign = make_ready(acme)
    template = factories.make_template(acme, content="没有变量的通知")
    lifecycle.edit_content(
        enterprise=acme,
        campaign_id=campaign.pk,
        content=Content(name="改名", template=template, params=()),
    )
    fresh = Campaign.objects.get(pk=campaign.pk)
    assert fresh.audience_version > campaign.audience_version
    assert fresh.valid_count == 3
    assert CampaignRecipient.objects.filter(params=[]).count() == 3


def test_a_new_file_takes_the_place_of_the_former_one(acme):
    campaign = make_from_file(acme, "13800000001,a\n")
    former = campaign.file
    copied = lifecycle.copy(enterprise=acme, campaign_id=campaign.pk, by=acme.users.get())
    for number in range(2):
        file = make_file(acme, f"1380000000{number},a\n")
        lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    copied.refresh_from_db()
    assert copied.file == former  # a copy keeps it
    assert set(StoredFile.objects.all()) == {former, file}


def test_another_name_leaves_the_recipients_alone(acme):
    campaign = make_ready(acme)
    content = Content(name="改名", template=campaign.template, params=campaign.shared_params)
    edited = lifecycle.edit_content(enterprise=acme, campaign_id=campaign.pk, content=content)
    assert edited.audience_version == campaign.audience_version


def test_a_time_that_has_passed_is_refused(acme):
    campaign = make_draft(acme)
    past = timezone.now() - timedelta(minutes=1)
    with pytest.raises(TimeHasPassed):
        lifecycle.set_time(enterprise=acme, campaign_id=campaign.pk, scheduled_at=past)


@pytest.mark.parametrize("action", ["pause", "reopen", "delete"])
@pytest.mark.parametrize("first", ["people", "engine"])
def test_of_two_at_the_same_moment_one_wins_and_the_other_is_told(committed, action, first):
    """One side holds its transaction open while the other comes: it has to wait, then sees."""
    campaign = make_confirmed(factories.make_enterprise("Acme", cpcode="ACMEAA"))
    told: list[object] = []

    def people():
        try:
            act(action, campaign)
            told.append("done")
        except CampaignError as error:
            told.append(error)
        finally:
            connections.close_all()

    def engine():
        with transaction.atomic():
            told.append(engine_begins(campaign))
        connections.close_all()

    with transaction.atomic():
        if first == "engine":
            assert engine_begins(campaign)
        else:
            act(action, campaign)
        other = threading.Thread(target=people if first == "engine" else engine)
        other.start()
        other.join(0.3)
        assert other.is_alive(), "the second one must wait for the first"
    other.join(10)
    assert not other.is_alive()

    began = CampaignProgress.objects.filter(pk=campaign.pk).exists()
    if first == "people":
        assert told == [False]
        assert not began
    elif action == "pause":
        assert told == ["done"]  # a running campaign may be paused as well
        assert began
    else:
        assert isinstance(told[0], AlreadyStarted)
        assert began


def test_the_engines_statement_is_one_statement(acme):
    campaign = make_confirmed(acme)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + ENGINE_BEGINS, [campaign.pk])
        assert "LockRows" in str(cursor.fetchall())
