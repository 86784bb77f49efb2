"""Step 2 of a campaign: typed numbers, groups of the address book, or a file of any size.

Each way is a form of its own; the page shows the one in `?by=`. A file in slices is
portal_uploads.py, picking contacts for the typed numbers portal_picker.py.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.campaigns import labels, lifecycle, members, preparation
from yunxin.campaigns.audience import Member, problem_of_head
from yunxin.campaigns.errors import CampaignError
from yunxin.campaigns.forms import FileForm, NumbersForm, param_names
from yunxin.campaigns.group_forms import GroupsForm
from yunxin.campaigns.group_tree import group_tree
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.portal_steps import audience_context, find_draft, step_context
from yunxin.campaigns.preview import preview_of_campaign
from yunxin.campaigns.sources import known_source
from yunxin.contacts.models import ContactGroup
from yunxin.vocabulary import AudienceKind
from yunxin.web import uploads

FORM_OVERHEAD_BYTES = 64 * 1024  # what a form adds to the file in it
FIRST_SHOWN = 3  # messages, of the people in the groups
RecipientsForm = NumbersForm | GroupsForm | FileForm


def _body_at_most(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse a body that is larger than any file may be before a byte of it is read."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        length = request.headers.get("Content-Length", "")
        limit = settings.CONFIG.audience_bytes_max + FORM_OVERHEAD_BYTES
        if length.isdecimal() and int(length) > limit:
            form = FileForm()
            request.method = "GET"  # the body is left alone from here on
            return recipients_page(request, find_draft(request, pk), form, too_large())  # type: ignore[arg-type]
        return view(request, pk)

    return guarded


def too_large() -> str:
    """That a file is larger than any may be."""
    limit = settings.CONFIG.audience_bytes_max // (1024 * 1024)
    return _("The file is larger than %(limit)s MB. Split it into several tasks.") % {
        "limit": limit
    }


# The check of the form's token reads the body. Who sends it is known first, and how long it is.
@csrf_exempt
@portal_page(*SENDERS)
@_body_at_most
@csrf_protect
def recipients(request: PortalRequest, pk: int) -> HttpResponse:
    """Step 2: who gets it."""
    campaign = find_draft(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    form = _form(request, campaign)
    if request.method == "POST" and form.is_valid():
        try:
            _keep(request, campaign, form)
        except (CampaignError, uploads.UploadError) as error:
            form.add_error(None, str(error))
        else:
            return redirect(address_of(campaign))
    return recipients_page(request, campaign, form)


def address_of(campaign: Campaign) -> str:
    """Where step 2 shows what the recipients were found to be."""
    campaign.refresh_from_db(fields=("audience",))
    return f"{reverse('campaigns:recipients', args=[campaign.pk])}?by={campaign.audience}"


def _kind(request: HttpRequest, campaign: Campaign) -> str:
    """Which of the three ways the page shows: as asked for, or as before."""
    asked = request.GET.get("by", "")
    return asked if asked in set(AudienceKind) else campaign.audience


def _form(request: PortalRequest, campaign: Campaign) -> RecipientsForm:
    data = request.POST if request.method == "POST" else None
    kind = _kind(request, campaign)
    if kind == AudienceKind.FILE:
        return FileForm(data, None if data is None else request.FILES)
    if kind == AudienceKind.GROUPS:
        return groups_form(campaign, data)
    return numbers_form(campaign, data, typed=campaign.typed_phones)


def numbers_form(
    campaign: Campaign,
    data: Any = None,
    *,
    typed: str,
    params: Sequence[str] | None = None,
) -> NumbersForm:
    """The form of typed numbers, with what was typed before."""
    return NumbersForm(
        data,
        template=campaign.template,
        params=campaign.shared_params if params is None else params,
        initial={"typed": typed},
    )


def groups_form(campaign: Campaign, data: Any = None) -> GroupsForm:
    """The form of groups, with what was chosen before."""
    there = ContactGroup.objects.filter(enterprise=campaign.enterprise)
    chosen = list(campaign.groups.values_list("group_id", flat=True))
    return GroupsForm(
        data,
        group_ids=list(there.values_list("pk", flat=True)),
        template=campaign.template,
        sources=campaign.sources,
        params=campaign.shared_params,
        initial={"groups": chosen, "with_subgroups": campaign.with_subgroups},
    )


def _keep(request: PortalRequest, campaign: Campaign, form: RecipientsForm) -> None:
    this: dict[str, Any] = {"enterprise": request.enterprise, "campaign_id": campaign.pk}
    if isinstance(form, NumbersForm):
        lifecycle.give_numbers(**this, typed=form.cleaned_data["typed"], params=form.params)
    elif isinstance(form, GroupsForm):
        lifecycle.give_groups(
            **this,
            group_ids=form.cleaned_data["groups"],
            with_subgroups=form.cleaned_data["with_subgroups"],
            sources=form.sources,
            texts=form.params,
        )
    else:
        _keep_file(request, campaign, form)


def _keep_file(request: PortalRequest, campaign: Campaign, form: FileForm) -> None:
    upload = form.cleaned_data["file"]
    check_head(upload.read(uploads.CHUNK_BYTES))
    upload.seek(0)
    file = uploads.store(
        upload.chunks(),
        name=upload.name or "",
        enterprise_id=request.enterprise.pk,
        by_id=request.user.pk,
        accepts=(uploads.TEXT, uploads.UNKNOWN),  # `check_head` has said what it is not
        size_bytes_max=settings.CONFIG.audience_bytes_max,
        restricted=True,
    )
    lifecycle.give_file(enterprise=request.enterprise, campaign_id=campaign.pk, file=file)


def check_head(head: bytes) -> None:
    """Whether a file that begins so may be a list of recipients.

    Raises:
        UploadError: it is something else; the sentence says what.
    """
    problem = problem_of_head(head)
    if problem is not None:
        raise uploads.UploadError(str(labels.FILE_PROBLEMS[problem]))


def recipients_page(
    request: PortalRequest,
    campaign: Campaign | HttpResponse,
    form: RecipientsForm,
    error: str = "",
) -> HttpResponse:
    """The page of step 2 with this form on it."""
    if isinstance(campaign, HttpResponse):
        return campaign
    kind = _kind_of(form)
    step_url = reverse("campaigns:recipients", args=[campaign.pk])
    context: dict[str, Any] = {
        **step_context(2, campaign),
        **audience_context(campaign),
        "form": form,
        "kind": kind,
        "step_url": step_url,
        "form_url": f"{step_url}?by={kind}",
        "is_given_this_way": kind == campaign.audience and _is_given(campaign),
        "error": error,
        "limit_mb": settings.CONFIG.audience_bytes_max // (1024 * 1024),
        "preview": preview_of_campaign(campaign),
        "back_url": reverse("campaigns:content", args=[campaign.pk]),
        "next_url": reverse("campaigns:time", args=[campaign.pk]),
    }
    if isinstance(form, GroupsForm):
        context |= _groups_context(campaign, form)
    status = 422 if form.errors or error else 200
    return render(request, "campaigns/portal_step_recipients.html", context, status=status)


def _kind_of(form: RecipientsForm) -> AudienceKind:
    if isinstance(form, FileForm):
        return AudienceKind.FILE
    return AudienceKind.GROUPS if isinstance(form, GroupsForm) else AudienceKind.TYPED


def _is_given(campaign: Campaign) -> bool:
    if campaign.audience == AudienceKind.GROUPS:
        return campaign.groups.exists()
    given = campaign.file_id if campaign.audience == AudienceKind.FILE else campaign.typed_phones
    return bool(given)


# Groups ------------------------------------------------------------------------------------------


def _groups_context(campaign: Campaign, form: GroupsForm) -> dict[str, Any]:
    kept = {group.group_id: group.name for group in campaign.groups.all()}
    tree = group_tree(campaign.enterprise)
    there = {group.pk for group in tree}
    return {
        "tree": tree,
        "chosen": form.chosen,
        "gone": [name for pk, name in kept.items() if pk not in there],
        "first": _first(campaign, form),
        "has_moved": lifecycle.book_has_moved(campaign),
    }


def _first(campaign: Campaign, form: GroupsForm) -> list[tuple[str, str, str, str]]:
    """Phone, name and text of the first people in the groups that are ticked right now.

    The last of the four says why somebody is left out; empty for the others.
    """
    if campaign.template is None or not form.chosen:
        return []
    rules = preparation.rules_of(campaign.template)
    choice = members.Choice(
        enterprise_id=campaign.enterprise_id,
        group_ids=sorted(form.chosen),
        below=bool(form["with_subgroups"].value()),
        sources=[known_source(source.value()) for source, _text in form.variables],
        texts=[(text.value() or "").replace("\0", "") for _source, text in form.variables],
    )
    return [
        (each.phone, each.name, rules.text(each.params), _why_left_out(campaign, each))
        for each in members.first(choice, FIRST_SHOWN)
    ]


def _why_left_out(campaign: Campaign, member: Member) -> str:
    if "" not in member.params:
        return ""
    name = param_names(campaign.template)[member.params.index("")]
    return _("Left out: “%(name)s” is empty.") % {"name": name}


@portal_page(*SENDERS)
@require_POST
def first_messages(request: PortalRequest, pk: int) -> HttpResponse:
    """The first messages for what stands in the form of groups right now (htmx); keeps nothing."""
    campaign = find_draft(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    form = groups_form(campaign, request.POST)
    return render(request, "campaigns/_first_messages.html", {"first": _first(campaign, form)})


@portal_page(*SENDERS)
@require_POST
def read_again(request: PortalRequest, pk: int) -> HttpResponse:
    """Find the people of the groups anew: the address book was changed since."""
    try:
        campaign = lifecycle.read_again(enterprise=request.enterprise, campaign_id=pk)
    except Campaign.DoesNotExist as error:
        raise Http404 from error
    except CampaignError as error:
        messages.error(request, str(error))
        return redirect("campaigns:campaign", pk)
    return redirect(address_of(campaign))
