"""The bell hears once what became of a campaign by itself."""

import pytest
from django.test import Client

from tests.campaigns.making import make_confirmed, make_progress
from yunxin.accounts.models import Notice, User
from yunxin.accounts.notices import sentence
from yunxin.campaigns import lifecycle
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.notices import tell_all
from yunxin.vocabulary import CampaignHold, CampaignState

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def campaign(acme) -> Campaign:
    return make_confirmed(acme, name="十一月账单")


@pytest.mark.parametrize("state", [CampaignState.FINISHED, CampaignState.FAILED])
def test_an_end_is_told_once(client: Client, acme, globex, campaign, state):
    make_progress(campaign, state=state)
    assert (tell_all(), tell_all()) == (1, 0)
    (notice,) = Notice.objects.all()
    assert (notice.enterprise, notice.kind, notice.subject) == (
        acme,
        f"campaign.{state}",
        "十一月账单",
    )
    assert "十一月账单" in sentence(notice)
    client.force_login(User.objects.get(username="acme"))
    assert client.get(notice.link).status_code == 200


def test_what_still_goes_on_is_not_told(campaign):
    progress = make_progress(campaign, state=CampaignState.FEEDING)
    assert tell_all() == 0
    progress.state = CampaignState.FED
    progress.save()
    assert tell_all() == 0


def test_what_people_terminated_is_not_told(acme, campaign):
    progress = make_progress(campaign, state=CampaignState.FEEDING)
    lifecycle.terminate(enterprise=acme, campaign_id=campaign.pk)
    tell_all()
    progress.state = CampaignState.TERMINATED
    progress.save()
    assert tell_all() == 1  # it is never looked at again
    assert tell_all() == 0
    assert kinds() == []


def test_each_time_that_it_is_held_is_told(campaign):
    progress = make_progress(campaign, state=CampaignState.FEEDING)
    for hold in (CampaignHold.NO_BALANCE, CampaignHold.NONE, CampaignHold.NO_BALANCE):
        progress.hold = hold
        progress.save()
        assert (tell_all(), tell_all()) == (1, 0)
    progress.hold = CampaignHold.QUIET_HOURS
    progress.save()
    tell_all()
    progress.hold, progress.state = CampaignHold.NONE, CampaignState.FINISHED
    progress.save()
    tell_all()
    assert kinds() == [
        "campaign.no_balance", "campaign.no_balance", "campaign.quiet_hours", "campaign.finished",
    ]  # fmt: skip


def test_more_than_one_batch(acme, monkeypatch):
    monkeypatch.setattr("yunxin.campaigns.notices.BATCH", 2)
    for number in range(5):
        campaign = make_confirmed(acme, name=f"账单{number}")
        make_progress(campaign, state=CampaignState.FINISHED)
    assert tell_all() == 5
    assert kinds() == ["campaign.finished"] * 5


@pytest.mark.parametrize("hold", [hold for hold in CampaignHold if hold])
def test_every_hold_has_its_sentence(campaign, hold):
    make_progress(campaign, state=CampaignState.FEEDING, hold=hold)
    tell_all()
    assert "有新的动态" not in sentence(Notice.objects.get())
