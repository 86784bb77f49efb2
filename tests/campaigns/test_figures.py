"""What the pages tell in numbers: one campaign, the company's days, charts without gaps."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from tests import factories
from tests.campaigns.making import make_confirmed, make_draft, make_progress
from yunxin.campaigns import figures
from yunxin.campaigns.models import Campaign, CampaignMinute
from yunxin.vocabulary import CampaignState, CampaignWish, ReviewState

TODAY = date(2026, 11, 23)
BEGAN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def count(campaign_id: int, enterprise_id: int, **values) -> None:
    row = {
        "enterprise_id": enterprise_id, "day": TODAY, "kind": "text", "source": "portal",
        "campaign_id": campaign_id, "template_id": 1, "signature_id": 1, "carrier": "mobile",
        **values,
    }  # fmt: skip
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(row))
        cursor.execute(
            f"INSERT INTO daily_count ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )


@pytest.mark.parametrize(
    ("progress", "done", "awaited"),
    [
        ({"accepted": 5, "submitted": 3}, 3, 5),
        ({"accepted": 5, "submitted": 3, "delivered": 2}, 3, 3),
        ({"accepted": 5, "submitted": 1, "failed": 4, "delivered": 1}, 5, 0),
        ({"accepted": 4, "refused": 6, "submitted": 4, "delivered": 4}, 10, 0),
        ({"accepted": 9, "submitted": 2, "cancelled": 7, "unknown": 1}, 9, 1),
        ({"accepted": 99, "submitted": 99}, 10, 99),
    ],
)
def test_how_far_a_campaign_is(acme, progress, done, awaited):
    campaign = make_draft(acme)
    campaign.valid_count = 10
    make_progress(campaign, **progress)
    counts = figures.counts_of(campaign)
    assert (counts.done, counts.awaited, counts.total) == (done, awaited, 10)


def test_before_the_start_nothing_is_done(acme):
    assert figures.counts_of(make_confirmed(acme)).done == 0


def minute(campaign: Campaign, after_minutes: int, delivered: int = 1, **fields: int) -> None:
    CampaignMinute.objects.create(
        enterprise_id=campaign.enterprise_id,
        campaign_id=campaign.pk,
        minute=BEGAN + timedelta(minutes=after_minutes),
        delivered=delivered,
        **fields,
    )


@pytest.mark.parametrize(
    ("minutes", "bars"), [((), 0), ((0,), 1), ((0, 10), 11), ((0, 200), 41), ((0, 20_000), 57)]
)
def test_the_chart_has_no_gaps_and_never_too_many_bars(acme, minutes, bars):
    campaign = make_draft(acme)
    for after in minutes:
        minute(campaign, after)
    found = figures.by_time(campaign)
    assert len(found) == bars
    assert sum(bar.delivered for bar in found) == len(minutes)
    assert len({later.begin - bar.begin for bar, later in zip(found, found[1:], strict=False)}) < 2


def test_late_receipts_do_not_squeeze_the_peak(acme):
    """What comes in days after the rest is one bar at the end, and the rest is told by minutes."""
    campaign = make_draft(acme)
    for after in range(20):
        minute(campaign, after, 500, submitted=500)
    minute(campaign, 240, 40)
    minute(campaign, 2_880, 0, failed=7)
    *bars, late = figures.by_time(campaign)
    assert [bar.delivered for bar in bars] == [500] * 20
    assert not any(bar.is_late for bar in bars)
    assert (late.is_late, late.delivered, late.failed) == (True, 40, 7)
    assert late.begin == BEGAN + timedelta(minutes=20)


def test_what_went_on_after_a_pause_is_no_late_receipt(acme):
    campaign = make_draft(acme)
    for after in (0, 1, 1_500, 1_501):
        minute(campaign, after, 500, submitted=500)
    bars = figures.by_time(campaign)
    assert not any(bar.is_late for bar in bars)
    assert sum(bar.delivered for bar in bars) == 2_000


def test_a_late_bar_taller_than_all_others_is_none(acme):
    """4 in a hundred, later, would tower over minutes with 1 in a hundred each."""
    campaign = make_draft(acme)
    for after in range(89):
        minute(campaign, after, 10)
    minute(campaign, 300, 40)
    bars = figures.by_time(campaign)
    assert not any(bar.is_late for bar in bars) and len(bars) == 61


def test_a_tail_that_changes_no_bar_is_left_in_its_place(acme):
    campaign = make_draft(acme)
    minute(campaign, 0, 1_000)
    minute(campaign, 60, 1)
    bars = figures.by_time(campaign)
    assert len(bars) == 61 and not any(bar.is_late for bar in bars)


def test_globex_minutes_are_not_acmes(acme, globex):
    campaign = make_draft(acme)
    CampaignMinute.objects.create(
        enterprise_id=globex.pk, campaign_id=campaign.pk, minute=BEGAN, delivered=1
    )
    assert figures.by_time(campaign) == []


def test_carriers_and_failures_of_one_campaign(acme, globex):
    campaign = make_draft(acme)
    count(campaign.pk, acme.pk, accepted=9, delivered=7, failed=1, expired=1)
    count(campaign.pk, acme.pk, carrier="unicom", accepted=2, delivered=1, unknown=1)
    count(campaign.pk, globex.pk, accepted=99)
    count(0, acme.pk, accepted=99)
    assert figures.by_carrier(campaign) == [
        figures.CarrierCounts("mobile", 9, 7, 2, 0),
        figures.CarrierCounts("unicom", 2, 1, 0, 1),
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO daily_failure VALUES (%s, %s, %s, 'failed', %s, %s)",
            [
                (acme.pk, TODAY, campaign.pk, "UNDELIV", 1),
                (acme.pk, TODAY - timedelta(days=1), campaign.pk, "UNDELIV", 2),
                (acme.pk, TODAY, campaign.pk, "MK:0012", 1),
                (globex.pk, TODAY, campaign.pk, "XX", 9),
            ],
        )
    assert figures.failures(campaign) == [("failed", "UNDELIV", 3), ("failed", "MK:0012", 1)]


def test_the_key_figures_over_the_list(acme, globex, django_assert_num_queries):
    count(0, acme.pk, accepted=110, delivered=90, failed=10)
    count(0, acme.pk, day=TODAY - timedelta(days=1), accepted=100, delivered=50, unknown=50)
    count(0, acme.pk, day=TODAY - timedelta(days=7), accepted=999, failed=999)
    count(0, globex.pk, accepted=5000)
    factories.make_signature(acme, state=ReviewState.REJECTED)
    template = factories.make_template(acme)
    running = Campaign.objects.create(enterprise=acme, template=template, wish=CampaignWish.RUN)
    make_progress(running, state=CampaignState.FEEDING)
    Campaign.objects.create(enterprise=acme, template=template, wish=CampaignWish.RUN)
    Campaign.objects.create(enterprise=acme, template=template, wish=CampaignWish.PAUSE)
    with django_assert_num_queries(4):
        found = figures.overview(acme, TODAY)
    assert (found.today, found.yesterday, found.change) == (110, 100, 10.0)
    assert (found.delivered_today, found.delivered_week) == (90.0, 70.0)
    assert (found.running, found.waiting, found.paused, found.rejected) == (1, 1, 1, 1)
    assert found.attention == 2


def test_of_nothing_no_rate_is_invented(acme):
    found = figures.overview(acme, TODAY)
    assert (found.delivered_today, found.delivered_week, found.change) == (None, None, None)
