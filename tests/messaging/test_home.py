"""首页: figures of today, what needs attention, first steps that tick themselves."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_package, make_signature, make_template
from tests.interfaces.scene import make_batch, make_network, make_smpp_account, make_target
from tests.messaging.records_world import make_message
from yunxin.campaigns.models import Campaign, CampaignProgress
from yunxin.messaging.home import (
    chart_of,
    count_campaigns,
    first_steps,
    read_concerns,
    read_week,
    running_campaigns,
)
from yunxin.messaging.record_filters import SHANGHAI
from yunxin.vocabulary import AudienceState, CampaignHold, CampaignState, CampaignWish, ReviewState

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=SHANGHAI)


def make_campaign(enterprise, *, hold=CampaignHold.NONE, state=CampaignState.FEEDING, started=True):
    campaign = Campaign.objects.create(
        enterprise=enterprise, name="Autumn", wish=CampaignWish.RUN, confirmed_at=timezone.now(),
        audience_state=AudienceState.READY, template=make_template(enterprise), valid_count=10,
    )  # fmt: skip
    if started:
        CampaignProgress.objects.create(
            campaign=campaign, enterprise_id=enterprise.pk, state=state, hold=hold
        )
    return campaign


def test_the_week_ends_today_and_counts_by_day_of_acceptance(acme, globex):
    template = make_template(acme)
    for state in ("delivered", "delivered", "delivered", "failed", "cancelled"):
        make_message(template, NOON, state=state)
    make_message(template, NOON - timedelta(days=1), state="accepted")
    make_message(template, NOON - timedelta(days=7))
    make_message(make_template(globex), NOON)
    week = read_week(acme, NOON.date())
    assert len(week.days) == 7
    assert (week.today.accepted, week.today.delivered, week.today.rate) == (5, 3, 75.0)
    assert (week.yesterday.submitted, week.yesterday.rate) == (1, None)
    assert week.rate == 75.0
    assert not week.is_empty
    assert read_week(None, NOON.date()).today.accepted == 6
    assert chart_of(week)["delivered"] == [0, 0, 0, 0, 0, 0, 3]


def test_a_new_enterprise_has_an_empty_week(acme):
    week = read_week(acme)
    assert week.is_empty
    assert (week.rate, week.today.rate) == (None, None)


def test_the_first_steps_tick_themselves(acme, globex):
    def ticks() -> list[bool]:
        return [step.is_done for step in first_steps(acme)]

    make_message(make_template(globex))
    assert ticks() == [False] * 4
    signature = make_signature(acme, state=ReviewState.PENDING)
    assert ticks() == [False] * 4
    signature.state = ReviewState.APPROVED
    signature.save()
    assert ticks() == [True, False, False, False]
    template = make_template(acme, signature)
    make_campaign(acme)
    assert ticks() == [True, True, True, False]
    make_message(template)
    assert ticks() == [True] * 4


def test_what_needs_attention_is_named_the_worst_first(acme):
    make_package(acme, 1000, used=950, valid_to=timezone.now() + timedelta(days=3))
    make_signature(acme, state=ReviewState.REJECTED)
    make_template(acme, state=ReviewState.REJECTED)
    make_campaign(acme, hold=CampaignHold.NO_BALANCE)
    make_campaign(acme, hold=CampaignHold.QUIET_HOURS)
    make_campaign(acme, state=CampaignState.FAILED)
    concerns = read_concerns(acme)
    assert [concern.tone for concern in concerns[:2]] == ["red", "red"]
    words = " ".join(str(concern.text) for concern in concerns)
    for part in (
        "仅剩 50 条",
        "到期",
        "余量不足",
        "处理失败",
        "自动继续",
        "签名被驳回",
        "模板被驳回",
    ):
        assert part in words
    assert len(concerns) == 7


def test_an_enterprise_without_a_package_hears_of_it(acme, globex):
    make_package(globex)
    (concern,) = read_concerns(acme)
    assert concern.tone == "red"
    assert read_concerns(globex) == []


def test_running_and_waiting_tasks_are_counted(acme, globex):
    running = make_campaign(acme)
    held = make_campaign(acme, hold=CampaignHold.NO_BALANCE)
    make_campaign(acme, started=False)
    make_campaign(acme, state=CampaignState.FINISHED)
    make_campaign(globex)
    assert count_campaigns(acme) == {"running": 1, "waiting": 1}
    assert running_campaigns(acme) == [held, running]


def test_the_home_page_of_a_newcomer_leads_on(client, acme):
    client.force_login(acme.users.get())
    shown = client.get(reverse("messaging:home")).content.decode()
    for words in ("新手引导", "0 / 4", "近 7 天没有发送短信", "没有可用的套餐", "没有进行中的任务"):
        assert words in shown


def test_the_home_page_of_an_old_hand_has_figures_and_a_chart(client, acme, globex):
    make_package(acme)
    make_message(make_template(acme))
    make_campaign(acme)
    make_campaign(globex)
    client.force_login(acme.users.get())
    answer = client.get(reverse("messaging:home"))
    shown = answer.content.decode()
    assert 'id="week"' in shown
    assert "没有需要处理的事项" in shown
    assert shown.count("Autumn") == 1
    assert "新手引导" not in shown or "4 / 4" not in shown


def test_the_home_page_takes_a_fixed_number_of_queries(client, acme, django_assert_max_num_queries):
    make_package(acme)
    for _ in range(5):
        make_message(make_template(acme))
        make_campaign(acme)
    client.force_login(acme.users.get())
    client.get(reverse("messaging:home"))
    with django_assert_max_num_queries(16):
        client.get(reverse("messaging:home"))


def test_pushes_given_up_and_rejected_addresses_need_attention(client, acme):
    client.force_login(acme.users.get())
    make_batch(make_target(acme), state="dead")
    make_network(acme, state="rejected", reviewed_at=timezone.now())
    shown = client.get("/").content.decode()
    assert "1 次推送已放弃" in shown and "1 个 IP 地址被驳回" in shown
    assert "/support/networks/?state=rejected" in shown and "/support/smpp/" not in shown
    account = make_smpp_account(acme)
    make_network(acme, state="rejected", reviewed_at=timezone.now(), smpp_account=account)
    assert f'href="/support/smpp/{account.pk}/"' in client.get("/").content.decode()
