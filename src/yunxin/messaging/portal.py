"""Portal pages: 首页, and 业务统计 → 发送记录查询 with detail and export, 回复记录 with export."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts import audit
from yunxin.accounts.access import PortalRequest, portal_page
from yunxin.accounts.models import User
from yunxin.campaigns import labels as campaign_labels
from yunxin.campaigns.lifecycle import progress_of, shown
from yunxin.campaigns.models import Campaign
from yunxin.messaging import export
from yunxin.messaging import home as home_figures
from yunxin.messaging import replies as reply_files
from yunxin.messaging.details import detail_context
from yunxin.messaging.listings import RecordListing
from yunxin.messaging.models import Message
from yunxin.messaging.replies import Replies
from yunxin.messaging.timeline import read_story
from yunxin.web import csv_files


@portal_page()
def home(request: PortalRequest) -> HttpResponse:
    """首页."""
    week = home_figures.read_week(request.enterprise)
    steps = home_figures.first_steps(request.enterprise)
    context = {
        "title": _("Home"),
        "week": week,
        "chart": home_figures.chart_of(week),
        "steps": steps,
        "steps_done": sum(step.is_done for step in steps),
        "running": list(map(_in_words, home_figures.running_campaigns(request.enterprise))),
        "counts": home_figures.count_campaigns(request.enterprise),
        "concerns": home_figures.read_concerns(request.enterprise),
        "now": timezone.now(),
    }
    return render(request, "messaging/portal_home.html", context)


def _in_words(campaign: Campaign) -> dict[str, Any]:
    """A running campaign as the home page shows it."""
    state, progress = shown(campaign), progress_of(campaign)
    return {
        "campaign": campaign,
        "state_label": campaign_labels.STATES[state.state],
        "tone": campaign_labels.TONES[state.state],
        "reason": campaign_labels.REASONS[state.reason],
        "done": progress.accepted + progress.refused if progress else 0,
    }


def _listing(request: PortalRequest) -> RecordListing:
    is_masked = request.user.role == User.Role.VIEWER
    return RecordListing(request, request.enterprise.pk, is_masked=is_masked)


@portal_page()
def records(request: PortalRequest) -> HttpResponse:
    """发送记录查询 of the enterprise."""
    context = {
        "listing": _listing(request),
        "export_url": reverse("messaging:records_export"),
        "lead": _("Every text message with its way to the phone; newest first."),
    }
    return render(request, "messaging/portal_records.html", context)


@portal_page()
def record(request: PortalRequest, message_id: int) -> HttpResponse:
    """One message with its whole time line."""
    try:
        story = read_story(request.enterprise.pk, message_id)
    except Message.DoesNotExist:
        raise Http404 from None
    context = detail_context(story, is_masked=request.user.role == User.Role.VIEWER)
    return render(request, "messaging/portal_record.html", context)


@portal_page()
def records_export(request: PortalRequest) -> HttpResponseBase:
    """The records that the filters leave, as a CSV file, while it is being read."""
    listing = _listing(request)
    if listing.counted.number > export.ROWS_MAX:
        messages.error(
            request,
            gettext(
                "A file holds at most %(most)s records; these are %(count)s. Choose fewer days."
            )
            % {"most": f"{export.ROWS_MAX:,}", "count": f"{listing.counted.number:,}"},
        )
        return redirect(f"{reverse('messaging:records')}?{request.GET.urlencode()}")
    audit.record(
        request,
        "records.export",
        request.GET.urlencode() or "*",
        enterprise=request.enterprise,
        records=listing.counted.number,
    )
    rows = export.file_rows(request.enterprise.pk, listing.asked, is_masked=listing.is_masked)
    name = f"records-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
    return csv_files.response(name, export.file_headings(), rows)


def _replies(request: PortalRequest) -> Replies:
    is_masked = request.user.role == User.Role.VIEWER
    return Replies(request, request.enterprise, is_masked=is_masked)


@portal_page()
def replies(request: PortalRequest) -> HttpResponse:
    """回复记录 of the enterprise."""
    context = {
        "listing": _replies(request),
        "export_url": reverse("messaging:replies_export"),
        "lead": _("What people replied, with the message that it most likely answers."),
    }
    return render(request, "messaging/portal_replies.html", context)


@portal_page()
def replies_export(request: PortalRequest) -> HttpResponseBase:
    """The replies that the filters leave, as a CSV file, while they are being read."""
    listing = _replies(request)
    found = str(listing.counted) if listing.total is not None else f"> {listing.more_than}"
    audit.record(
        request,
        "replies.export",
        request.GET.urlencode() or "*",
        enterprise=request.enterprise,
        replies=found,
    )
    name = f"replies-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
    return csv_files.response(name, reply_files.file_headings(), reply_files.file_rows(listing))
