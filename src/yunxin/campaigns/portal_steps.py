"""The steps of a new or changed campaign: content, (recipients,) time, confirmation.

Each step saves what it was given, so a draft can be left at any moment and is found in the list.
Step 2 is in portal_recipients.py. What stands beside the steps is in preview.py.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.billing.packages import read_balance
from yunxin.campaigns import hours, labels, lifecycle
from yunxin.campaigns.audience import FileProblem
from yunxin.campaigns.errors import CampaignError
from yunxin.campaigns.forms import LATER, NOW, ContentForm, TimeForm
from yunxin.campaigns.lifecycle import Content
from yunxin.campaigns.listings import Row
from yunxin.campaigns.models import Campaign, RefusedLine
from yunxin.campaigns.portal import find
from yunxin.campaigns.preparation import sample_texts
from yunxin.campaigns.preview import preview_of, preview_of_campaign
from yunxin.content.models import Template
from yunxin.vocabulary import AudienceKind, AudienceState, TemplateKind
from yunxin.web.once import once

STEPS: tuple[str | Promise, ...] = (
    gettext_lazy("Message"),
    gettext_lazy("Recipients"),
    gettext_lazy("Sending settings"),
    gettext_lazy("Confirm"),
)
TEMPLATES_SHOWN = 300  # in the list of step 1; a field above it narrows them
REFUSED_SHOWN = 5  # under the counts of step 2; the download has all


def step_context(step: int, campaign: Campaign | None) -> dict[str, Any]:
    """What every step's page knows."""
    changed = campaign is not None and campaign.confirmed_at is not None
    return {
        "title": _("Change the task") if changed else _("New task"),
        "steps": STEPS,
        "step": step,
        "campaign": campaign,
        "cancel_url": reverse("campaigns:campaigns"),
    }


def find_draft(request: PortalRequest, pk: int) -> Campaign | HttpResponse:
    """A campaign that can be edited, or where its owner is sent instead."""
    campaign = find(request, pk)
    if Row.of(campaign).is_draft:
        return campaign
    messages.info(request, _("The task has been submitted. Choose “Change” to edit it."))
    return redirect("campaigns:campaign", pk)


# 1: the message ----------------------------------------------------------------------------------


@portal_page(*SENDERS)
@once
def new(request: PortalRequest) -> HttpResponse:
    """Step 1 of a campaign that does not exist yet."""
    form = _content_form(request, None)
    if request.method == "POST" and form.is_valid():
        made = lifecycle.create_draft(
            enterprise=request.enterprise, content=_content(form), by=request.user
        )
        return redirect("campaigns:recipients", made.pk)
    return _content_page(request, form, None)


@portal_page(*SENDERS)
def content(request: PortalRequest, pk: int) -> HttpResponse:
    """Step 1 of a draft."""
    campaign = find_draft(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    form = _content_form(request, campaign)
    if request.method == "POST" and form.is_valid():
        try:
            lifecycle.edit_content(
                enterprise=request.enterprise, campaign_id=pk, content=_content(form)
            )
        except CampaignError as error:
            form.add_error(None, str(error))
        else:
            return redirect("campaigns:recipients", pk)
    return _content_page(request, form, campaign)


def _content(form: ContentForm) -> Content:
    data = form.cleaned_data
    return Content(
        name=data["name"],
        template=data["template"],
        extension_code=data["extension_code"],
        params=form.params,
    )


def _content_form(request: PortalRequest, campaign: Campaign | None) -> ContentForm:
    templates = lifecycle.usable_templates(request.enterprise)
    chosen = _chosen(request, campaign)
    initial: dict[str, Any] = {"template": chosen}
    params: list[str] = []
    if campaign is not None:
        initial |= {"name": campaign.name, "extension_code": campaign.extension_code}
        if chosen is not None and chosen.pk == campaign.template_id:
            params = campaign.shared_params
    return ContentForm(
        request.POST if request.method == "POST" else None,
        templates=templates,
        chosen=chosen,
        params=params,
        initial=initial,
    )


def _chosen(request: PortalRequest, campaign: Campaign | None) -> Template | None:
    """The template that was picked: in the form, in the address, or before."""
    asked = request.POST.get("template") or request.GET.get("template", "")
    templates = lifecycle.usable_templates(request.enterprise)
    if asked.isascii() and asked.isdigit() and len(asked) < 19:
        return templates.filter(pk=int(asked)).first()
    if campaign is not None and campaign.template_id:
        return templates.filter(pk=campaign.template_id).first()
    return None


def _content_page(
    request: PortalRequest, form: ContentForm, campaign: Campaign | None
) -> HttpResponse:
    chosen = _chosen(request, campaign)
    params = form.params if form.is_bound and form.is_valid() else _typed_params(request, form)
    templates = list(lifecycle.usable_templates(request.enterprise)[:TEMPLATES_SHOWN])
    if chosen is not None:  # what is chosen is seen first, and is there even when others are not
        templates = [chosen, *(each for each in templates if each.pk != chosen.pk)]
    context = {
        **step_context(1, campaign),
        "form": form,
        "templates": templates,
        "chosen": chosen,
        "preview": preview_of(
            request.enterprise,
            chosen,
            params,
            extension=form["extension_code"].value() or "",
            campaign=campaign,
        ),
        "submit": _("Next step"),
    }
    status = 422 if form.errors else 200
    return render(request, "campaigns/portal_step_content.html", context, status=status)


def _typed_params(request: PortalRequest, form: ContentForm) -> list[str]:
    return [form[name].value() or "" for name in form.param_fields]


@portal_page(*SENDERS)
@require_safe
def preview(request: PortalRequest) -> HttpResponse:
    """The phone for what stands in the form of step 1 right now (htmx)."""
    chosen = _chosen(request, None)
    form = ContentForm(
        request.GET, templates=lifecycle.usable_templates(request.enterprise), chosen=chosen
    )
    context = {
        "preview": preview_of(
            request.enterprise,
            chosen,
            _typed_params(request, form),
            extension=request.GET.get("extension_code", "")[:8],
        ),
        # Only another template brings other fields; what is being typed is left alone.
        "form": form if request.htmx.trigger_name == "template" else None,
    }
    return render(request, "campaigns/_step_answer.html", context)


# 2: what the recipients were found to be ---------------------------------------------------------


def audience_context(campaign: Campaign) -> dict[str, Any]:
    """What `_audience.html` shows: progress while a file is read, then what was found."""
    row = Row.of(campaign)
    refused = RefusedLine.objects.filter(
        enterprise_id=campaign.enterprise_id, campaign_id=campaign.pk
    ).order_by("line")[:REFUSED_SHOWN]
    if campaign.audience == AudienceKind.GROUPS:
        done, whole = campaign.lines_read, campaign.people_found
    else:
        done, whole = campaign.bytes_read, campaign.file.size_bytes if campaign.file else 0
    return {
        "campaign": campaign,
        "row": row,
        "is_ready": campaign.audience_state == AudienceState.READY,
        "is_failed": campaign.audience_state == AudienceState.FAILED,
        "problem": _problem(campaign),
        "done": done,
        "whole": whole,
        "is_sorting": row.is_preparing and whole > 0 and done >= whole,
        "refused": [
            (line.line, line.content, labels.refusal(line.reason, line.detail))
            for line in ([] if row.is_preparing else refused)
        ],
        "refused_count": campaign.duplicate_count + campaign.invalid_count + campaign.blocked_count,
    }


def _problem(campaign: Campaign) -> str:
    """What is wrong with the whole audience, as a sentence; empty when nothing is."""
    if campaign.audience_state != AudienceState.FAILED:
        return ""
    is_by_groups = campaign.audience == AudienceKind.GROUPS
    if campaign.audience == AudienceKind.TYPED:
        return str(labels.NO_NUMBERS)
    if campaign.audience_error == FileProblem.ONLY_BAD_LINES and is_by_groups:
        return str(labels.NO_PEOPLE)
    try:
        return str(labels.FILE_PROBLEMS[FileProblem(campaign.audience_error)])
    except ValueError:
        return str(labels.FILE_PROBLEMS[FileProblem.INTERNAL])


@portal_page(*SENDERS)
@require_safe
def status(request: PortalRequest, pk: int) -> HttpResponse:
    """How far the reading of a file or of groups is (htmx); the whole page anew once it is read."""
    campaign = find(request, pk)
    context = audience_context(campaign)
    if not context["row"].is_preparing:
        return HttpResponseClientRefresh()
    return render(request, "campaigns/_audience.html", context)


# 3: the time -------------------------------------------------------------------------------------


@portal_page(*SENDERS)
def time(request: PortalRequest, pk: int) -> HttpResponse:
    """Step 3: at once, or at a planned time."""
    campaign = find_draft(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    planned = campaign.scheduled_at
    form = TimeForm(
        request.POST if request.method == "POST" else None,
        initial={"when": LATER if planned else NOW, "scheduled_at": planned},
    )
    if request.method == "POST" and form.is_valid():
        try:
            lifecycle.set_time(
                enterprise=request.enterprise, campaign_id=pk, scheduled_at=form.moment
            )
        except CampaignError as error:
            form.add_error("scheduled_at", str(error))
        else:
            return redirect("campaigns:confirm", pk)
    context = {
        **step_context(3, campaign),
        "form": form,
        "preview": preview_of_campaign(campaign),
        "marketing_hours": _marketing_hours(campaign),
        "submit": _("Next step"),
        "back_url": reverse("campaigns:recipients", args=[pk]),
    }
    status_code = 422 if form.errors else 200
    return render(request, "campaigns/portal_step_time.html", context, status=status_code)


def _marketing_hours(campaign: Campaign) -> tuple[str, str] | None:
    """From when to when a marketing template is sent; None for others, or when always."""
    config = settings.CONFIG
    is_marketing = campaign.template and campaign.template.kind == TemplateKind.MARKETING
    if not is_marketing or config.marketing_from == config.marketing_to:
        return None
    return f"{config.marketing_from:%H:%M}", f"{config.marketing_to:%H:%M}"


# 4: confirmation ---------------------------------------------------------------------------------


@portal_page(*SENDERS)
def confirm(request: PortalRequest, pk: int) -> HttpResponse:
    """Step 4: all of it at one look, and the one button that sends."""
    if request.method == "POST":
        return _submit(request, pk)
    campaign = find_draft(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    return _confirm_page(request, campaign)


def _submit(request: PortalRequest, pk: int) -> HttpResponse:
    version = request.POST.get("version", "")
    try:
        lifecycle.confirm(
            enterprise=request.enterprise,
            campaign_id=pk,
            version=int(version) if version.isdecimal() and len(version) < 10 else -1,
        )
    except Campaign.DoesNotExist as error:
        raise Http404 from error
    except CampaignError as error:
        campaign = find_draft(request, pk)
        if isinstance(campaign, HttpResponse):
            return campaign
        return _confirm_page(request, campaign, str(error))
    messages.success(request, _("The task was submitted."))
    return redirect("campaigns:campaign", pk)


def _confirm_page(request: PortalRequest, campaign: Campaign, error: str = "") -> HttpResponse:
    balance = read_balance(request.enterprise).left
    cost = campaign.segments_expected
    others = lifecycle.expected_elsewhere(campaign)
    obstacle = error or _obstacle(campaign)
    context = {
        **step_context(4, campaign),
        "obstacle": obstacle,
        "left": balance,
        "cost": cost,
        "rest": balance - cost,
        "missing": max(cost - balance, 0),
        "others": others,
        "others_short": others > 0 and 0 <= balance - cost < others,
        "samples": list(sample_texts(campaign)),
        "audience": labels.AUDIENCES.get(campaign.audience, ""),  # type: ignore[call-overload]
        "groups": labels.group_names(campaign),
        "has_moved": lifecycle.book_has_moved(campaign),
        "waits_until": _waits_until(campaign),
        "preview": preview_of_campaign(campaign),
        "back_url": reverse("campaigns:time", args=[campaign.pk]),
    }
    code = 422 if error else 200
    return render(request, "campaigns/portal_step_confirm.html", context, status=code)


def _obstacle(campaign: Campaign) -> str:
    try:
        lifecycle.check_sendable(campaign)
    except CampaignError as error:
        return str(error)
    return ""


def _waits_until(campaign: Campaign) -> Any:
    """When marketing may really begin, where that is later than planned; else None."""
    if _marketing_hours(campaign) is None:
        return None
    config = settings.CONFIG
    planned = max(campaign.scheduled_at or timezone.now(), timezone.now())
    opening = hours.next_opening(planned, begin=config.marketing_from, end=config.marketing_to)
    return opening if opening > planned else None
