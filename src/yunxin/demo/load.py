"""Load the demo once: logins, signatures and templates in every state, a month of history.

The one place that writes other rooms' tables: what it makes is a past, and the rooms' functions
only make a present. The figures are counted from the messages, so that all accounts agree.
"""

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from yunxin.accounts.models import Enterprise, Notice, User
from yunxin.billing.models import LedgerEntry, Package
from yunxin.campaigns.models import TOLD_END, Campaign, CampaignRecipient
from yunxin.carriers.models import Channel, ForbiddenWord
from yunxin.content.models import Review, Signature, Template
from yunxin.demo import address_book
from yunxin.demo.cast import (
    ENTERPRISES,
    FORBIDDEN_WORDS,
    OPERATOR,
    PASSWORD,
    REPLIES,
    DemoEnterprise,
    DemoSignature,
    DemoTemplate,
)
from yunxin.demo.channels import CarrierPorts, make_channels
from yunxin.demo.credentials import api_entry, make_credentials, smpp_entry
from yunxin.demo.places import make_places
from yunxin.text.placeholders import compose, fill
from yunxin.text.segments import count
from yunxin.vocabulary import (
    AudienceKind,
    AudienceState,
    CampaignWish,
    ReviewState,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
    message_id_floor,
)

HISTORY = Path(__file__).with_name("history.sql")
SAMPLES = {
    "验证码": "620418", "称呼": "王女士", "客户名称": "明澜信息科技", "到期日": "2026年12月31日",
    "客户经理": "陈思远", "订单号": "20260418001", "日期": "12月18日", "活动名称": "秋季新品会",
    "驿站": "云栖路驿站", "取件码": "8-2-3041", "姓名": "吴师傅", "签收人": "前台",
}  # fmt: skip


@transaction.atomic
def load(*, ports: CarrierPorts) -> bool:
    """Make the demo where there is none; in any case point its channels to the carrier's ports.

    Returns:
        Whether it was made now.
    """
    is_new = not User.objects.filter(username=OPERATOR).exists()
    channel = make_channels(ports)
    if is_new:
        _users(None, ((OPERATOR, "运营值班", User.Role.OPERATOR),))
        ForbiddenWord.objects.bulk_create(
            [ForbiddenWord(word=word) for word in FORBIDDEN_WORDS], ignore_conflicts=True
        )
        make_places()
        for cast in ENTERPRISES:
            _enterprise(cast, channel)
    if enterprise := _first_enterprise():
        make_credentials(enterprise)
    return is_new


def logins() -> list[dict[str, str]]:
    """Every demo login: who it is, its account and its password."""
    people = [("运营", OPERATOR)] + [
        (e.name, one.username) for e in ENTERPRISES for one in e.logins
    ]
    return [{"who": who, "username": username, "password": PASSWORD} for who, username in people]


def api() -> dict[str, str]:
    """How a program reaches the API as the first demo enterprise; empty where there is none."""
    enterprise = _first_enterprise()
    return api_entry(enterprise) if enterprise else {}


def smpp() -> dict[str, str]:
    """How a system binds as the first demo enterprise; empty where there is none."""
    enterprise = _first_enterprise()
    return smpp_entry(enterprise) if enterprise else {}


def _first_enterprise() -> Enterprise | None:
    return Enterprise.objects.filter(cpcode=ENTERPRISES[0].cpcode).first()


def _users(enterprise: Enterprise | None, logins: Any) -> None:
    for username, full_name, role in logins:
        user = User(username=username, full_name=full_name, role=role, enterprise=enterprise)
        user.set_password(PASSWORD)
        user.save()


def _enterprise(cast: DemoEnterprise, channel: Channel) -> None:
    enterprise = Enterprise.objects.create(
        name=cast.name,
        cpcode=cast.cpcode,
        access_number=cast.access_number,
        extension_code=cast.extension_code,
        contact_name=cast.logins[0].full_name,
    )
    _users(enterprise, cast.logins)
    address_book.fill(enterprise)
    packages = _packages(enterprise, cast)
    signatures = {s.name: _signature(enterprise, s) for s in cast.signatures}
    templates = [_template(enterprise, signatures[t.signature], t) for t in cast.templates]
    _history(enterprise, packages[0], channel, cast, templates)
    _waiting_campaigns(enterprise, templates)
    _replies(enterprise, channel)
    Notice.objects.create(
        enterprise=enterprise, kind="signature.approved", subject=f"【{cast.signatures[0].name}】"
    )


def _packages(enterprise: Enterprise, cast: DemoEnterprise) -> list[Package]:
    now = timezone.now()
    made = []
    for package in cast.packages:
        row = Package.objects.create(
            enterprise=enterprise,
            name=package.name,
            total=package.total,
            valid_from=now + timedelta(days=package.from_days),
            valid_to=now + timedelta(days=package.to_days),
        )
        LedgerEntry.objects.create(
            enterprise=enterprise, package=row, segments=package.total, reason="演示开通"
        )
        made.append(row)
    return made


def _signature(enterprise: Enterprise, cast: DemoSignature) -> Signature:
    row = Signature.objects.create(
        enterprise=enterprise,
        name=cast.name,
        kind=cast.kind,
        purpose=cast.purpose,
        state=cast.state,
        reject_reason=cast.reason,
        reviewed_at=None if cast.state == ReviewState.PENDING else timezone.now(),
    )
    _review_history(enterprise, cast.state, cast.reason, signature=row)
    return row


def _template(enterprise: Enterprise, signature: Signature, cast: DemoTemplate) -> Template:
    row = Template.objects.create(
        enterprise=enterprise,
        name=cast.name,
        signature=signature,
        kind=cast.kind,
        traffic=cast.traffic,
        position=cast.position,
        content=cast.content,
        variable_names=list(cast.variable_names),
        carriers=list(cast.carriers),
        state=cast.state,
        reject_reason=cast.reason,
        reviewed_at=None if cast.state == ReviewState.PENDING else timezone.now(),
    )
    _review_history(enterprise, cast.state, cast.reason, template=row)
    return row


def _review_history(
    enterprise: Enterprise, state: ReviewState, reason: str, **subject: Any
) -> None:
    steps = [("applied", "")]
    if state == ReviewState.CANCELLED:
        steps += [("approved", ""), ("cancelled", "")]
    elif state != ReviewState.PENDING:
        steps.append((str(state), reason))
    for action, why in steps:
        Review.objects.create(enterprise=enterprise, action=action, reason=why, **subject)


def _texts(template: Template) -> tuple[str, int]:
    """A sample of what the template's messages say, and its segments."""
    values = [SAMPLES[name] for name in template.variable_names]
    text = compose(
        fill(template.content, values),
        signature=template.signature.name,
        position=SignaturePosition(template.position),
        kind=TemplateKind(template.kind),
    )
    return text, count(text)


def _history(
    enterprise: Enterprise,
    package: Package,
    channel: Channel,
    cast: DemoEnterprise,
    templates: list[Template],
) -> None:
    usable = [t for t in templates if t.state == ReviewState.APPROVED]
    parameters = {
        "enterprise": enterprise.pk,
        "package": package.pk,
        "channel": channel.pk,
        "a_day": cast.messages_a_day,
    }
    with connection.cursor() as cursor:
        _ensure_partitions(cursor)
        cursor.execute(
            "CREATE TEMP TABLE demo_template (position int, id bigint, signature_id bigint,"
            " traffic text, demo_text text, demo_segments int) ON COMMIT DROP"
        )
        cursor.execute(
            "CREATE TEMP TABLE demo_campaign (day int, template_id bigint, id bigint)"
            " ON COMMIT DROP"
        )
        for position, template in enumerate(usable):
            cursor.execute(
                "INSERT INTO demo_template VALUES (%s, %s, %s, %s, %s, %s)",
                (position, template.pk, template.signature_id, template.traffic, *_texts(template)),
            )
        for day, campaign in _past_campaigns(enterprise, usable):
            cursor.execute(
                "INSERT INTO demo_campaign VALUES (%s, %s, %s)",
                (day, campaign.template_id, campaign.pk),
            )
        for name, statement in _statements():
            wanted = set(re.findall(r"%\((\w+)\)s", statement))
            cursor.execute(statement, {k: v for k, v in parameters.items() if k in wanted})
            assert name
        cursor.execute("DROP TABLE demo_template, demo_campaign")


def _statements() -> list[tuple[str, str]]:
    _, *pieces = re.split(r"^-- name: (\w+)\n", HISTORY.read_text(encoding="utf-8"), flags=re.M)
    return list(zip(pieces[::2], pieces[1::2], strict=True))


def _ensure_partitions(cursor: Any) -> None:
    cursor.execute("SELECT ensure_message_partitions(now() - interval '40 days', now())")


def _past_campaigns(
    enterprise: Enterprise, templates: list[Template]
) -> list[tuple[int, Campaign]]:
    """One finished task for each second day and template that is not a verification code."""
    owner = enterprise.users.order_by("pk").first()
    senders = [t for t in templates if t.traffic != TrafficClass.VERIFICATION]
    past = []
    for number, day in enumerate(range(29, 0, -2)):
        template = senders[number % len(senders)]
        at = _local(-day, time(9, 0))
        campaign = _campaign(
            enterprise,
            template,
            f"{template.name} {at:%m月%d日}",
            owner,
            confirmed_at=at,
            told=TOLD_END,
        )
        Campaign.objects.filter(pk=campaign.pk).update(created_at=at - timedelta(minutes=12))
        past.append((day, campaign))
    return past


def _waiting_campaigns(enterprise: Enterprise, templates: list[Template]) -> None:
    """One task for tomorrow, one that somebody paused before it began."""
    owner = enterprise.users.order_by("pk").first()
    template = next(
        t
        for t in templates
        if t.state == ReviewState.APPROVED and t.traffic != TrafficClass.VERIFICATION
    )
    for number, (name, wish) in enumerate(
        [("年终续费提醒（定时）", CampaignWish.RUN), ("老客户通知（暂停）", CampaignWish.PAUSE)]
    ):
        campaign = _campaign(
            enterprise,
            template,
            name,
            owner,
            wish=wish,
            scheduled_at=_local(1, time(10, 30)),
            confirmed_at=timezone.now(),
        )
        values = [SAMPLES[name] for name in template.variable_names]
        CampaignRecipient.objects.bulk_create(
            CampaignRecipient(
                enterprise_id=enterprise.pk,
                campaign_id=campaign.pk,
                position=line,
                phone=str(13_000_020_000 + 1000 * number + line),
                params=values,
            )
            for line in range(100, 340)
        )
        Campaign.objects.filter(pk=campaign.pk).update(
            lines_read=240, valid_count=240, segments_expected=240 * _texts(template)[1]
        )


def _campaign(
    enterprise: Enterprise, template: Template, name: str, owner: User | None, **fields: Any
) -> Campaign:
    fields.setdefault("wish", CampaignWish.RUN)
    return Campaign.objects.create(
        enterprise=enterprise,
        name=name,
        template=template,
        created_by=owner,
        audience=AudienceKind.FILE,
        audience_state=AudienceState.READY,
        audience_version=1,
        **fields,
    )


def _replies(enterprise: Enterprise, channel: Channel) -> None:
    """A few answers of phone holders to the latest messages."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, phone, campaign_id FROM message WHERE enterprise_id = %s"
            " ORDER BY id DESC LIMIT %s",
            (enterprise.pk, len(REPLIES)),
        )
        for number, (text, row) in enumerate(zip(REPLIES, cursor.fetchall(), strict=False)):
            at = timezone.now() - timedelta(hours=number + 1)
            cursor.execute(
                "INSERT INTO inbound_message (id, enterprise_id, phone, access_number, text,"
                " channel_id, message_id, campaign_id, unsubscribed, received_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    message_id_floor(at) + enterprise.pk, enterprise.pk, row[1],
                    enterprise.access_number, text, channel.pk, row[0], row[2],
                    text in ("R", "TD"), at,
                ),
            )  # fmt: skip


def _local(days: int, clock: time) -> datetime:
    """A time of day in Shanghai, so many days from today."""
    today = timezone.localtime(timezone.now(), timezone.get_default_timezone()).date()
    return timezone.make_aware(
        datetime.combine(today + timedelta(days=days), clock), timezone.get_default_timezone()
    )
