"""Pages of 群发助手: the list, one campaign with its figures, decisions, downloads.

The steps of a new campaign are in portal_steps.py, its recipients in portal_recipients.py.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.campaigns import exports, figures, labels, lifecycle
from yunxin.campaigns.errors import CampaignError
from yunxin.campaigns.listings import Campaigns, Row
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.states import Action, State
from yunxin.carriers.codes import explain_counted
from yunxin.content.models import Template
from yunxin.vocabulary import MessageState
from yunxin.web import csv_files
from yunxin.web.confirm import ask
from yunxin.web.once import once
from yunxin.web.templatetags.yunxin import thousands

LIST = "campaigns:campaigns"


def find(request: PortalRequest, pk: int) -> Campaign:
    """A campaign of the enterprise that asks; a stranger's does not exist."""
    return get_object_or_404(lifecycle.of_enterprise(request.enterprise), pk=pk)


@portal_page()
@require_safe
def campaigns(request: PortalRequest) -> HttpResponse:
    """The list with its key figures."""
    context: dict[str, object] = {
        "listing": Campaigns(request, lifecycle.of_enterprise(request.enterprise)),
        "lead": _("Send one template to many people, at once or at a planned time."),
        "may_send": request.user.may_send,
    }
    if not request.htmx:
        context["overview"] = figures.overview(request.enterprise)
    if request.user.may_send:
        context["action_url"] = reverse("campaigns:new")
        context["action_label"] = _("New task")
    return render(request, "campaigns/portal_campaigns.html", context)


@portal_page()
@require_safe
def campaign(request: PortalRequest, pk: int) -> HttpResponse:
    """One campaign: how far it is, what became of it, what may be done."""
    found = find(request, pk)
    row = Row.of(found)
    carriers = figures.by_carrier(found)
    progress = lifecycle.progress_of(found)
    context = {
        "title": found.name,
        "row": row,
        "campaign": found,
        "groups": labels.group_names(found),
        "counts": row.counts,
        "began": progress.started_at if progress else None,
        "ended": progress.finished_at if progress else None,
        "may_send": request.user.may_send,
        "reason": labels.reason(row.seen, found.scheduled_at),
        "carriers": [(labels.CARRIERS.get(each.carrier, each.carrier), each) for each in carriers],
        "failures": _failures(found),
        "refusals": [
            (labels.refusal_kind(reason), count) for reason, count in figures.refusals(found)
        ],
        "chart": _chart(found, carriers),
        "refresh_s": 3 if row.seen.is_live else 0,
        "left_out": found.duplicate_count + found.invalid_count + found.blocked_count,
        "step_url": reverse(f"campaigns:{_next_step(found)}", args=[pk]),
    }
    return render(request, "campaigns/portal_campaign.html", context)


def _failures(found: Campaign) -> list[tuple[Any, str, str, int]]:
    """What did not arrive: result, code, what it means, how many."""
    failures = figures.failures(found)
    meanings = explain_counted(code for _, code, _ in failures)
    return [
        (labels.OUTCOMES.get(MessageState(state), state), code, meanings.get(code, ""), count)
        for state, code, count in failures
    ]


def _next_step(found: Campaign) -> str:
    """Where a draft is taken up again: at the first step that is not done."""
    return "confirm" if found.valid_count else "recipients"


def _chart(found: Campaign, carriers: list[figures.CarrierCounts]) -> dict[str, object]:
    """What campaign-chart.js draws."""
    bars = figures.by_time(found)
    days = {timezone.localtime(bar.begin).date() for bar in bars if not bar.is_late}
    shape = "%H:%M" if len(days) < 2 else "%m-%d %H:%M"
    return {
        "time": [
            _("Later") if bar.is_late else f"{timezone.localtime(bar.begin):{shape}}"
            for bar in bars
        ],
        "delivered": [bar.delivered for bar in bars],
        "failed": [bar.failed for bar in bars],
        "submitted": [bar.submitted for bar in bars],
        "carriers": [str(labels.CARRIERS.get(each.carrier, each.carrier)) for each in carriers],
        "byCarrier": {
            "delivered": [each.delivered for each in carriers],
            "failed": [each.not_delivered for each in carriers],
            "unknown": [each.unknown for each in carriers],
            "awaited": [
                max(each.accepted - each.delivered - each.not_delivered - each.unknown, 0)
                for each in carriers
            ],
        },
        "words": {
            "submitted": _("Handed to carriers"),
            "delivered": _("Delivered"),
            "failed": _("Not delivered"),
            "unknown": _("Result unknown"),
            "awaited": _("On its way"),
        },
    }


# Decisions ---------------------------------------------------------------------------------------


def _decide(
    request: PortalRequest, pk: int, decide: Callable[..., Campaign], done: str
) -> HttpResponse:
    """Carry a decision out, and say what came of it where the person stood."""
    try:
        decide(enterprise=request.enterprise, campaign_id=pk)
    except Campaign.DoesNotExist as error:
        raise Http404 from error
    except CampaignError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(_back(request, pk))


def _back(request: PortalRequest, pk: int) -> str:
    """The campaign's own page when the decision was made there, else the list."""
    own = reverse("campaigns:campaign", args=[pk])
    return own if request.GET.get("from") == "campaign" else reverse(LIST)


@portal_page(*SENDERS)
@require_POST
def pause(request: PortalRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, lifecycle.pause, _("The task is paused. Resume it at any time."))


@portal_page(*SENDERS)
@require_POST
def resume(request: PortalRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, lifecycle.resume, _("The task goes on where it stood."))


@portal_page(*SENDERS)
def change(request: PortalRequest, pk: int) -> HttpResponse:
    """Make a submitted campaign a draft again; a draft is simply opened."""
    found = find(request, pk)
    row = Row.of(found)
    if row.is_draft:
        return redirect("campaigns:content", pk)
    if request.method == "GET" and Action.EDIT in row.seen.actions:
        return ask(
            request,
            title=_("Change the task “%(name)s”?") % {"name": found.name},
            text=_(
                "It becomes a draft again and is not sent, not even at its planned time, until you "
                "submit it anew."
            ),
            button=_("Change it"),
            back=_back(request, pk),
            tone="primary",
        )
    try:
        lifecycle.reopen(enterprise=request.enterprise, campaign_id=pk)
    except CampaignError as error:
        messages.error(request, str(error))
        return redirect(_back(request, pk))
    return redirect("campaigns:content", pk)


@portal_page(*SENDERS)
def terminate(request: PortalRequest, pk: int) -> HttpResponse:
    found = find(request, pk)
    if request.method == "POST":
        done = _("The task is stopped. What has not been sent is refunded.")
        return _decide(request, pk, lifecycle.terminate, done)
    counts = figures.counts_of(found)
    return ask(
        request,
        title=_("Stop the task “%(name)s” for good?") % {"name": found.name},
        text=_(
            "What has not been sent is cancelled and refunded; what the carriers have cannot be "
            "called back. A stopped task cannot be resumed. To hold it only for now, pause it."
        ),
        button=_("Stop it"),
        back=_back(request, pk),
        facts=[
            (_("Recipients"), thousands(counts.total)),
            (_("Not sent yet, about"), thousands(max(counts.total - counts.done, 0))),
        ],
    )


@portal_page(*SENDERS)
def delete(request: PortalRequest, pk: int) -> HttpResponse:
    found = find(request, pk)
    if request.method == "POST":
        return _decide(request, pk, lifecycle.delete, _("The task was deleted."))
    text = ngettext(
        "It is removed with its %(count)s recipient; nothing is sent. This cannot be undone.",
        "It is removed with its %(count)s recipients; nothing is sent. This cannot be undone.",
        found.valid_count,
    )
    return ask(
        request,
        title=_("Delete the task “%(name)s”?") % {"name": found.name},
        text=text % {"count": thousands(found.valid_count)},
        button=_("Delete it"),
        back=reverse(LIST),
    )


@portal_page(*SENDERS)
@once
@require_POST
def copy(request: PortalRequest, pk: int) -> HttpResponse:
    """A new draft with the same content and recipients."""
    try:
        made = lifecycle.copy(enterprise=request.enterprise, campaign_id=pk, by=request.user)
    except Campaign.DoesNotExist as error:
        raise Http404 from error
    except CampaignError as error:
        messages.error(request, str(error))
        return redirect(_back(request, pk))
    messages.success(request, _("This is the copy. Look through it and submit it."))
    return redirect("campaigns:content", made.pk)


# Downloads ---------------------------------------------------------------------------------------


@portal_page()
@require_safe
def sample(request: PortalRequest, pk: int) -> HttpResponse:
    """A sample file of recipients for one template."""
    template = get_object_or_404(Template, pk=pk, enterprise=request.enterprise)
    answer = HttpResponse(exports.sample_file(template), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="sample-{template.pk}.txt"'
    return answer


@portal_page(*SENDERS)
@require_safe
def refused(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The lines of the audience that were refused, with the reason."""
    found = find(request, pk)
    header = (_("Line"), _("Content"), _("Reason"))
    return csv_files.response(f"refused-{pk}.csv", header, exports.refused_lines(found))


@portal_page()
@require_safe
def outcomes(request: PortalRequest, pk: int) -> HttpResponseBase:
    """What became of each recipient."""
    found = find(request, pk)
    if Row.of(found).seen.state in (State.DRAFT, State.PREPARING):
        raise Http404
    rows = exports.outcomes(found, is_masked=not request.user.may_send)
    return csv_files.response(f"task-{pk}.csv", exports.outcome_header(), rows)
