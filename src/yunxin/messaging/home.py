"""首页: how today goes, what runs, what needs attention, and the first steps of a newcomer.

Everything comes from small tables: daily counts, campaigns, signatures, templates, packages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from yunxin.accounts.models import Enterprise
from yunxin.billing.packages import Balance, read_balance
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.states import State, rows_in
from yunxin.content.models import Signature, Template
from yunxin.interfaces import push_log
from yunxin.messaging.models import DailyCount
from yunxin.vocabulary import CampaignHold, CampaignWish, PushBatchState, PushKind, ReviewState

DAYS = 7
LOW_PERCENT = 10  # less than this of all packages left is worth a word
ENDING_SOON = timedelta(days=14)
RECENT = timedelta(days=7)
RUNNING_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Messages accepted on one day, and what became of them so far."""

    day: date
    accepted: int = 0
    submitted: int = 0
    delivered: int = 0
    finished: int = 0  # with a result: delivered, failed, expired or unknown

    @property
    def rate(self) -> float | None:
        """Delivered of those with a result, in percent; None while there is none."""
        return 100 * self.delivered / self.finished if self.finished else None


@dataclass(frozen=True, slots=True)
class Week:
    """The last seven days, the last of them today."""

    days: Sequence[DayFigures]

    @property
    def today(self) -> DayFigures:
        return self.days[-1]

    @property
    def yesterday(self) -> DayFigures:
        return self.days[-2]

    @property
    def rate(self) -> float | None:
        finished = sum(day.finished for day in self.days)
        return 100 * sum(day.delivered for day in self.days) / finished if finished else None

    @property
    def is_empty(self) -> bool:
        return not any(day.accepted for day in self.days)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that a person should look at: what, how bad, and where."""

    text: str | Promise
    url: str
    tone: str = "orange"
    icon: str = "alert-triangle"


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps, ticked by what exists."""

    title: str | Promise
    text: str | Promise
    url: str
    is_done: bool


def read_week(enterprise: Enterprise | None, today: date | None = None) -> Week:
    """The figures of the last seven days, of one enterprise or (None) of all; one query."""
    today = today or timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    counts = DailyCount.objects.filter(day__gte=first, day__lte=today)
    if enterprise is not None:
        counts = counts.filter(enterprise_id=enterprise.pk)
    sums = counts.values("day").annotate(
        all_accepted=Sum("accepted"),
        all_submitted=Sum("submitted"),
        all_delivered=Sum("delivered"),
        finished=Sum(F("delivered") + F("failed") + F("expired") + F("unknown")),
    )
    found = {
        row["day"]: DayFigures(
            row["day"], row["all_accepted"], row["all_submitted"], row["all_delivered"],
            row["finished"],
        )
        for row in sums
    }  # fmt: skip
    days = (first + timedelta(days=n) for n in range(DAYS))
    return Week([found.get(day, DayFigures(day)) for day in days])


def running_campaigns(enterprise: Enterprise) -> list[Campaign]:
    """The campaigns that are being sent or wait by themselves, newest first."""
    rows = Campaign.objects.filter(enterprise=enterprise, deleted_at__isnull=True)
    rows = rows.filter(rows_in(State.RUNNING) | rows_in(State.PAUSED))
    return list(rows.select_related("progress", "template").order_by("-id")[:RUNNING_SHOWN])


def count_campaigns(enterprise: Enterprise) -> dict[str, int]:
    """How many campaigns are running, and how many wait for their time; one query."""
    rows = Campaign.objects.filter(enterprise=enterprise, deleted_at__isnull=True)
    return rows.aggregate(
        running=Count("pk", filter=rows_in(State.RUNNING)),
        waiting=Count("pk", filter=rows_in(State.WAITING)),
    )


def first_steps(enterprise: Enterprise) -> list[Step]:
    """签名 → 模板 → 任务 → 记录: each ticked as soon as it is so; one query."""
    signatures = Signature.objects.filter(enterprise=enterprise, state=ReviewState.APPROVED)
    templates = Template.objects.filter(
        enterprise=enterprise, state=ReviewState.APPROVED, deleted_at__isnull=True
    )
    campaigns = Campaign.objects.filter(enterprise=enterprise, confirmed_at__isnull=False)
    counts = DailyCount.objects.filter(enterprise_id=enterprise.pk, delivered__gt=0)
    done = Enterprise.objects.filter(pk=enterprise.pk).values_list(
        Exists(signatures), Exists(templates), Exists(campaigns), Exists(counts)
    )[0]
    words = (
        (
            _("A signature is approved"),
            _("The name in 【】 that people know you by"),
            reverse("content:signatures"),
        ),
        (
            _("A template is approved"),
            _("Your own text, or one from the library that needs no review"),
            reverse("content:templates"),
        ),
        (
            _("A task is submitted"),
            _("Typed numbers or a file of a million lines"),
            reverse("campaigns:campaigns"),
        ),
        (
            _("A message has arrived"),
            _("Follow every message in the sending records"),
            reverse("messaging:records"),
        ),
    )
    return [Step(*step, is_done) for step, is_done in zip(words, done, strict=True)]


def read_concerns(enterprise: Enterprise) -> list[Concern]:
    """What needs attention, the worst first; six queries."""
    found = [
        *_about_balance(read_balance(enterprise)),
        *_about_campaigns(enterprise),
        *_about_rejections(enterprise),
        *_about_interfaces(enterprise),
    ]
    return sorted(found, key=lambda concern: concern.tone != "red")


def _about_balance(balance: Balance) -> Iterator[Concern]:
    url = reverse("billing:packages")
    if balance.left == 0:
        yield Concern(_("No package is in use: nothing can be sent."), url, "red", "wallet")
    elif balance.left_percent < LOW_PERCENT:
        text = _("Only %(left)s messages are left in your packages.")
        yield Concern(text % {"left": f"{balance.left:,}"}, url, "orange", "wallet")
    if balance.valid_to and balance.valid_to < timezone.now() + ENDING_SOON:
        day = f"{timezone.localtime(balance.valid_to):%Y-%m-%d}"
        text = _("A package ends on %(day)s; what is left in it then is lost.")
        yield Concern(text % {"day": day}, url, "orange", "calendar-due")


def _about_campaigns(enterprise: Enterprise) -> Iterator[Concern]:
    rows = Campaign.objects.filter(
        enterprise=enterprise, deleted_at__isnull=True, wish=CampaignWish.RUN
    )
    recent = timezone.now() - RECENT
    counts = rows.aggregate(
        unpaid=Count("pk", filter=Q(progress__hold=CampaignHold.NO_BALANCE)),
        resting=Count("pk", filter=Q(progress__hold=CampaignHold.QUIET_HOURS)),
        failed=Count("pk", filter=rows_in(State.FAILED) & Q(created_at__gt=recent)),
    )
    url = reverse("campaigns:campaigns")
    if n := counts["unpaid"]:
        text = ngettext(
            "%(n)s task waits because the balance is used up.",
            "%(n)s tasks wait because the balance is used up.",
            n,
        )
        yield Concern(text % {"n": n}, url, "red", "player-pause")
    if n := counts["failed"]:
        text = ngettext(
            "%(n)s task of this week could not be carried out.",
            "%(n)s tasks of this week could not be carried out.",
            n,
        )
        yield Concern(text % {"n": n}, f"{url}?state={State.FAILED}", "red", "circle-x")
    if n := counts["resting"]:
        text = ngettext(
            "%(n)s marketing task rests until sending is allowed again.",
            "%(n)s marketing tasks rest until sending is allowed again.",
            n,
        )
        yield Concern(text % {"n": n}, url, "blue", "moon")


def _about_rejections(enterprise: Enterprise) -> Iterator[Concern]:
    rejected = f"?state={ReviewState.REJECTED}"
    signatures = Signature.objects.filter(enterprise=enterprise, state=ReviewState.REJECTED)
    if n := signatures.count():
        text = ngettext(
            "%(n)s signature was rejected; mend it and apply again.",
            "%(n)s signatures were rejected; mend them and apply again.",
            n,
        )
        yield Concern(text % {"n": n}, reverse("content:signatures") + rejected, icon="signature")
    templates = Template.objects.filter(
        enterprise=enterprise, state=ReviewState.REJECTED, deleted_at__isnull=True
    )
    if n := templates.count():
        text = ngettext(
            "%(n)s template was rejected; mend it and apply again.",
            "%(n)s templates were rejected; mend them and apply again.",
            n,
        )
        yield Concern(text % {"n": n}, reverse("content:templates") + rejected, icon="template")


def _about_interfaces(enterprise: Enterprise) -> Iterator[Concern]:
    dead = push_log.batches(enterprise).filter(
        state=PushBatchState.DEAD, finished_at__gt=timezone.now() - RECENT
    )
    if n := dead.exclude(kind=PushKind.TEST).count():
        text = ngettext(
            "%(n)s push of this week was given up; mend the URL and push it again.",
            "%(n)s pushes of this week were given up; mend the URL and push them again.",
            n,
        )
        url = f"{reverse('interfaces:push_log')}?state={PushBatchState.DEAD}"
        yield Concern(text % {"n": n}, url, "red", "webhook")
    rejected = enterprise.allowed_networks.filter(
        state=ReviewState.REJECTED, reviewed_at__gt=timezone.now() - RECENT
    )
    for account_id, n in rejected.values_list("smpp_account").annotate(Count("pk")).order_by():
        text = ngettext(
            "%(n)s IP address was rejected; see the reason.",
            "%(n)s IP addresses were rejected; see the reasons.",
            n,
        )
        url = f"{reverse('interfaces:networks')}?state={ReviewState.REJECTED}"
        if account_id is not None:
            url = reverse("interfaces:smpp_account", args=[account_id])
        yield Concern(text % {"n": n}, url, icon="network")


def chart_of(week: Week) -> dict[str, Any]:
    """What static/home.js draws: two rows of figures by day."""
    return {
        "days": [f"{figures.day:%m-%d}" for figures in week.days],
        "submitted": [figures.submitted for figures in week.days],
        "delivered": [figures.delivered for figures in week.days],
        "labels": {"submitted": str(_("Submitted")), "delivered": str(_("Delivered"))},
    }
