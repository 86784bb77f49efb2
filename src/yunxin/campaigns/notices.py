"""What becomes of a campaign is told in the bell: it ended, or it waits by itself.

The engine leaves its word in `campaign_progress`; a job collects it here. `Campaign.told` keeps
what was told last and changes in the transaction that tells it, so each thing is told once,
however often the job runs or dies. What people did themselves, terminating, is not told.
"""

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from yunxin.accounts import notices
from yunxin.campaigns.models import TOLD_END, Campaign
from yunxin.vocabulary import CampaignHold, CampaignState, CampaignWish

BATCH = 200  # campaigns told of in one transaction

_ENDED = Q(progress__state__in=(CampaignState.FINISHED, CampaignState.FAILED))
_WITHDRAWN = Q(progress__state=CampaignState.TERMINATED)
_HOLD_CHANGED = Q(wish=CampaignWish.RUN, progress__state=CampaignState.FEEDING) & ~Q(
    told=F("progress__hold")
)


def tell_all() -> int:
    """Tell everything that nobody was told yet; how many campaigns had news."""
    told = 0
    while batch := _tell_batch():
        told += batch
    return told


@transaction.atomic
def _tell_batch() -> int:
    news = (
        Campaign.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("progress", "enterprise")
        .filter(_ENDED | _WITHDRAWN | _HOLD_CHANGED, deleted_at__isnull=True)
        .exclude(wish=CampaignWish.DRAFT)
        .exclude(told=TOLD_END)
        .order_by("id")[:BATCH]
    )
    campaigns = list(news)
    for campaign in campaigns:
        _tell(campaign)
    Campaign.objects.bulk_update(campaigns, ["told"])
    return len(campaigns)


def _tell(campaign: Campaign) -> None:
    progress = campaign.progress
    if progress.state == CampaignState.FEEDING:
        kind = campaign.told = progress.hold
    else:
        kind, campaign.told = progress.state, TOLD_END
    if kind in (CampaignHold.NONE, CampaignState.TERMINATED):
        return
    link = reverse("campaigns:campaign", args=(campaign.pk,))
    notices.tell(campaign.enterprise, f"campaign.{kind}", campaign, link=link)
