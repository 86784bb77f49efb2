"""Campaigns for tests, in any state."""

from typing import Any

from django.db import connection

from tests import factories
from yunxin.accounts.models import Enterprise
from yunxin.campaigns import lifecycle, preparation
from yunxin.campaigns.lifecycle import Content
from yunxin.campaigns.models import Campaign, CampaignProgress
from yunxin.content.models import Template
from yunxin.web import uploads
from yunxin.web.models import StoredFile

ENGINE_BEGINS = """
WITH due AS (
    SELECT id, enterprise_id FROM campaigns_campaign
     WHERE id = %s AND wish = 'run' AND deleted_at IS NULL AND audience_state = 'ready'
       FOR SHARE)
INSERT INTO campaign_progress (campaign_id, enterprise_id, state, hold, failure, cursor_position,
    accepted, refused, submitted, delivered, failed, expired, unknown, cancelled, segments,
    refunded_segments, replies, started_at)
SELECT id, enterprise_id, 'feeding', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, now() FROM due
"""


def make_file(enterprise: Enterprise, content: str | bytes, name: str = "a.txt") -> StoredFile:
    data = content.encode() if isinstance(content, str) else content
    return uploads.store(
        [data],
        name=name,
        enterprise_id=enterprise.pk,
        by_id=0,
        accepts=(uploads.sniff(data),),
        size_bytes_max=len(data),
    )


def make_draft(
    enterprise: Enterprise,
    template: Template | None = None,
    *,
    name: str = "十一月账单",
    **fields: Any,
) -> Campaign:
    template = template or factories.make_template(enterprise)
    user = enterprise.users.first() or factories.make_user(enterprise)
    content = Content(name=name, template=template, **fields)
    return lifecycle.create_draft(enterprise=enterprise, content=content, by=user)


def make_ready(enterprise: Enterprise, numbers: int = 3, **fields: Any) -> Campaign:
    """A draft with typed numbers that can be confirmed as soon as there is a balance."""
    campaign = make_draft(enterprise, **fields)
    typed = "\n".join(f"138000{number:05}" for number in range(1, numbers + 1))
    return lifecycle.give_numbers(
        enterprise=enterprise, campaign_id=campaign.pk, typed=typed, params=("SF100",)
    )


def make_confirmed(enterprise: Enterprise, numbers: int = 3, **fields: Any) -> Campaign:
    factories.make_package(enterprise)
    campaign = make_ready(enterprise, numbers, **fields)
    return lifecycle.confirm(
        enterprise=enterprise, campaign_id=campaign.pk, version=campaign.audience_version
    )


def make_from_file(enterprise: Enterprise, content: str | bytes, **fields: Any) -> Campaign:
    """A draft whose file has been read."""
    campaign = make_draft(enterprise, **fields)
    lifecycle.give_file(
        enterprise=enterprise, campaign_id=campaign.pk, file=make_file(enterprise, content)
    )
    campaign.refresh_from_db()
    preparation.prepare(campaign_id=campaign.pk, version=campaign.audience_version)
    campaign.refresh_from_db()
    return campaign


def make_progress(campaign: Campaign, **fields: Any) -> CampaignProgress:
    return CampaignProgress.objects.create(
        campaign=campaign, enterprise_id=campaign.enterprise_id, **fields
    )


def engine_begins(campaign: Campaign) -> bool:
    """Begin as engine/feed does, with the campaign's row locked; whether it could."""
    with connection.cursor() as cursor:
        cursor.execute(ENGINE_BEGINS, [campaign.pk])
        return cursor.rowcount == 1
