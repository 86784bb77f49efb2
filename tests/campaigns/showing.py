"""Campaigns in every state, for pictures of the pages: `--fill tests.campaigns.showing:fill`."""

import random
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from tests import factories
from tests.campaigns.making import make_draft, make_file, make_from_file, make_progress
from yunxin.accounts.models import Enterprise
from yunxin.campaigns import lifecycle
from yunxin.campaigns.models import Campaign, CampaignMinute, CampaignRefusal
from yunxin.content.models import Template
from yunxin.vocabulary import CampaignHold, CampaignState, CampaignWish, Refusal, TemplateKind

CARRIERS = ("mobile", "unicom", "telecom")


def fill() -> None:
    """Put a company with templates, a package and tasks in every state into the database."""
    random.seed(20261123)
    acme = Enterprise.objects.get(users__username="acme")
    factories.make_package(acme, total=200_000, used=71_594)
    signature = factories.make_signature(acme, "云启科技")
    bill = factories.make_template(
        acme,
        signature,
        name="账单提醒",
        content="尊敬的#*#，您#*#的账单为#*#元，请于25日前完成支付，详情请登录控制台查看。",
        variable_names=["客户姓名", "月份", "金额"],
    )
    parcel = factories.make_template(
        acme,
        signature,
        name="快递取件通知",
        content="您的包裹已到达#*#，取件码#*#，请及时领取。",
        variable_names=["网点", "取件码"],
    )
    sale = factories.make_template(
        acme,
        signature,
        name="双十一会员预热",
        content="亲爱的会员，双十一预售已经开启，全场低至五折",
        kind=TemplateKind.MARKETING,
    )
    for name, template in (("登录验证码", parcel), ("年度续费提醒", bill), ("门店开业", sale)):
        factories.make_template(acme, signature, name=name, content=template.content)
    _finished(acme, bill, "十月账单提醒", 2400)
    _failed(acme, sale)
    _terminated(acme, parcel)
    _held(acme, sale)
    _paused(acme, parcel)
    _scheduled(acme, sale)
    _running(acme, bill)
    _reading(acme, bill)
    _drafts(acme, bill)


def _confirmed(acme: Enterprise, template: Template, name: str, total: int, **fields) -> Campaign:
    now = timezone.now()
    fields = {"valid_count": total, "segments_expected": total, "lines_read": total, **fields}
    return Campaign.objects.create(
        enterprise=acme,
        template=template,
        name=name,
        wish=fields.pop("wish", CampaignWish.RUN),
        audience="file",
        audience_state="ready",
        confirmed_at=now,
        created_by=acme.users.first(),
        file=make_file(acme, "13800000001,甲,十月,1\n", name="名单.txt"),
        **fields,
    )


def _finished(acme: Enterprise, template: Template, name: str, total: int) -> None:
    campaign = _confirmed(
        acme, template, name, total, duplicate_count=12, invalid_count=5, blocked_count=3
    )
    began = timezone.now() - timedelta(hours=3)
    lost = total // 40
    make_progress(
        campaign,
        state=CampaignState.FINISHED,
        accepted=total - 8,
        refused=8,
        submitted=total - 8,
        delivered=total - 8 - 2 * lost,
        failed=lost,
        unknown=lost,
        segments=total - 8,
        refunded_segments=lost,
        replies=17,
        started_at=began,
        finished_at=began + timedelta(minutes=21),
    )
    _history(campaign, began, total - 8, lost)
    for position in range(8):
        CampaignRefusal.objects.create(
            enterprise_id=acme.pk,
            campaign_id=campaign.pk,
            position=position,
            phone="13800000001",
            reason=Refusal.BLOCKED_ENTERPRISE if position < 5 else Refusal.FREQUENCY,
            at=began,
        )


def _history(campaign: Campaign, began: datetime, total: int, lost: int) -> None:
    enterprise, template = campaign.enterprise_id, campaign.template
    for minute in range(21):
        part = total // 21 + random.randint(-20, 20)
        CampaignMinute.objects.create(
            enterprise_id=enterprise,
            campaign_id=campaign.pk,
            minute=began.replace(second=0, microsecond=0) + timedelta(minutes=minute),
            submitted=part,
            delivered=part - 6,
            failed=random.randint(2, 9),
        )
    shares = (total * 6 // 10, total * 2 // 10, total - total * 6 // 10 - total * 2 // 10)
    with connection.cursor() as cursor:
        for carrier, share in zip(CARRIERS, shares, strict=True):
            cursor.execute(
                "INSERT INTO daily_count (enterprise_id, day, kind, source, campaign_id,"
                " template_id, signature_id, carrier, accepted, submitted, delivered, failed,"
                " unknown, segments) VALUES (%s, %s, 'text', 'portal', %s, %s, %s, %s, %s, %s, %s,"
                " %s, %s, %s)",
                [enterprise, timezone.localdate(), campaign.pk, template.pk, template.signature_id,
                 carrier, share, share, share - share // 20, share // 40, share // 40, share],
            )  # fmt: skip
        for code, count in (("UNDELIV", lost // 2), ("MK:0012", lost // 3), ("MI:0029", 4)):
            cursor.execute(
                "INSERT INTO daily_failure (enterprise_id, day, campaign_id, state, code, messages)"
                " VALUES (%s, %s, %s, 'failed', %s, %s)",
                [enterprise, timezone.localdate(), campaign.pk, code, count],
            )


def _failed(acme: Enterprise, template: Template) -> None:
    campaign = _confirmed(acme, template, "周年庆邀约 华东区", 3600)
    make_progress(
        campaign, state=CampaignState.FAILED, failure="template", accepted=216, submitted=216,
        delivered=210, failed=6, segments=216, started_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip


def _terminated(acme: Enterprise, template: Template) -> None:
    campaign = _confirmed(acme, template, "门店开业通知", 1200, wish=CampaignWish.TERMINATE)
    make_progress(
        campaign, state=CampaignState.TERMINATED, accepted=700, submitted=500, delivered=490,
        failed=10, cancelled=200, segments=700, refunded_segments=200,
        started_at=timezone.now() - timedelta(hours=8),
    )  # fmt: skip


def _held(acme: Enterprise, template: Template) -> None:
    campaign = _confirmed(acme, template, "会员日预热", 58_642)
    make_progress(
        campaign, state=CampaignState.FEEDING, hold=CampaignHold.NO_BALANCE, accepted=24_000,
        submitted=24_000, delivered=23_400, failed=300, segments=24_000,
        started_at=timezone.now() - timedelta(hours=2),
    )  # fmt: skip


def _paused(acme: Enterprise, template: Template) -> None:
    campaign = _confirmed(acme, template, "老客户唤醒 一月", 3600, wish=CampaignWish.PAUSE)
    make_progress(
        campaign, state=CampaignState.FEEDING, accepted=1512, submitted=1512, delivered=1490,
        segments=1512, started_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip


def _scheduled(acme: Enterprise, template: Template) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    _confirmed(
        acme, template, "十二月会员活动", 204_800, scheduled_at=tomorrow, extension_code="08"
    )


def _running(acme: Enterprise, template: Template) -> None:
    campaign = _confirmed(acme, template, "十一月账单提醒", 58_642)
    began = timezone.now() - timedelta(minutes=21)
    make_progress(
        campaign, state=CampaignState.FEEDING, accepted=44_000, submitted=41_873,
        delivered=40_100, failed=301, unknown=0, segments=44_000, started_at=began,
    )  # fmt: skip
    _history(campaign, began, 41_000, 300)


def _reading(acme: Enterprise, template: Template) -> None:
    campaign = make_draft(acme, template, name="续费提醒（导入中）")
    file = make_file(acme, "13800000001,甲,十月,1\n" * 1000, name="客户名单.txt")
    Campaign.objects.filter(pk=campaign.pk).update(
        audience="file", file=file, audience_state="reading",
        bytes_read=file.size_bytes * 6 // 10, lines_read=612_000,
    )  # fmt: skip


def _drafts(acme: Enterprise, template: Template) -> None:
    good = [f"1380000{number:04},客户{number},十一月,{number}.00" for number in range(1200)]
    bad = ["13800000001,客户,十一月,1", "13800000002，客户，十一月，2", "12345,客户,十一月,3",
           "13900000009,客户"]  # fmt: skip
    make_from_file(acme, "\n".join(good + bad), template=template, name="十一月账单 第二批")
    make_from_file(acme, "姓名,金额\n", template=template, name="坏文件")
    typed = make_draft(acme, template, name="几位老客户", params=("陈思远", "十一月", "99.00"))
    lifecycle.give_numbers(
        enterprise=acme, campaign_id=typed.pk,
        typed="13800000001 13800000002 13800000001 12345", params=("陈思远", "十一月", "99.00"),
    )  # fmt: skip
