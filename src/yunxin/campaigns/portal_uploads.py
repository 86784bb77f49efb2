"""Step 2 of a campaign: typed numbers, or a file of any size.

With scripts a file comes in slices (static/upload.js): `begin` opens it, `piece` takes one slice
a request and closes the file with the last one. Without scripts it comes as an ordinary form.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.campaigns import labels, lifecycle
from yunxin.campaigns.audience import problem_of_head
from yunxin.campaigns.errors import CampaignError
from yunxin.campaigns.forms import FileForm, NumbersForm
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.portal_steps import audience_context, find_draft, step_context
from yunxin.campaigns.preview import preview_of_campaign
from yunxin.vocabulary import AudienceKind
from yunxin.web import slices, uploads
from yunxin.web.models import StoredFile

FORM_OVERHEAD_BYTES = 64 * 1024  # what a form adds to the file in it
Form = NumbersForm | FileForm


def _body_at_most(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse a body that is larger than any file may be before a byte of it is read."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        length = request.headers.get("Content-Length", "")
        limit = settings.CONFIG.audience_bytes_max + FORM_OVERHEAD_BYTES
        if length.isdecimal() and int(length) > limit:
            form = FileForm()
            request.method = "GET"  # the body is left alone from here on
            return _page(request, find_draft(request, pk), form, str(_too_large()))  # type: ignore[arg-type]
        return view(request, pk)

    return guarded


def _too_large() -> str:
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
            return redirect(_here(campaign))
    return _page(request, campaign, form)


def _here(campaign: Campaign) -> str:
    campaign.refresh_from_db(fields=("audience",))
    return f"{reverse('campaigns:recipients', args=[campaign.pk])}?by={campaign.audience}"


def _kind(request: HttpRequest, campaign: Campaign) -> str:
    """Which of the two ways the page shows: as asked for, or as before."""
    asked = request.GET.get("by", "")
    return asked if asked in (AudienceKind.TYPED, AudienceKind.FILE) else campaign.audience


def _form(request: PortalRequest, campaign: Campaign) -> Form:
    is_sent = request.method == "POST"
    if _kind(request, campaign) == AudienceKind.FILE:
        return FileForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    return NumbersForm(
        request.POST if is_sent else None,
        template=campaign.template,
        params=campaign.shared_params,
        initial={"typed": campaign.typed_phones},
    )


def _keep(request: PortalRequest, campaign: Campaign, form: Form) -> None:
    if isinstance(form, NumbersForm):
        lifecycle.give_numbers(
            enterprise=request.enterprise,
            campaign_id=campaign.pk,
            typed=form.cleaned_data["typed"],
            params=form.params,
        )
        return
    upload = form.cleaned_data["file"]
    _check_head(upload.read(uploads.CHUNK_BYTES))
    upload.seek(0)
    file = uploads.store(
        upload.chunks(),
        name=upload.name or "",
        enterprise_id=request.enterprise.pk,
        by_id=request.user.pk,
        accepts=(uploads.TEXT, uploads.UNKNOWN),  # `_check_head` has said what it is not
        size_bytes_max=settings.CONFIG.audience_bytes_max,
    )
    lifecycle.give_file(enterprise=request.enterprise, campaign_id=campaign.pk, file=file)


def _check_head(head: bytes) -> None:
    problem = problem_of_head(head)
    if problem is not None:
        raise uploads.UploadError(str(labels.FILE_PROBLEMS[problem]))


def _page(
    request: PortalRequest, campaign: Campaign | HttpResponse, form: Form, error: str = ""
) -> HttpResponse:
    if isinstance(campaign, HttpResponse):
        return campaign
    kind = _kind(request, campaign)
    context: dict[str, Any] = {
        **step_context(2, campaign),
        **audience_context(campaign),
        "form": form,
        "kind": kind,
        "is_file": kind == AudienceKind.FILE,
        "is_given_this_way": kind == campaign.audience
        and bool(campaign.typed_phones if kind == AudienceKind.TYPED else campaign.file_id),
        "error": error,
        "limit_mb": settings.CONFIG.audience_bytes_max // (1024 * 1024),
        "preview": preview_of_campaign(campaign),
        "back_url": reverse("campaigns:content", args=[campaign.pk]),
        "next_url": reverse("campaigns:time", args=[campaign.pk]),
    }
    status = 422 if form.errors or error else 200
    return render(request, "campaigns/portal_step_recipients.html", context, status=status)


# In slices ---------------------------------------------------------------------------------------


def _refuse(error: object, status: int = 422) -> JsonResponse:
    return JsonResponse({"error": str(error)}, status=status)


def _find_draft_for_script(request: PortalRequest, pk: int) -> Campaign | JsonResponse:
    campaign = find_draft(request, pk)
    if isinstance(campaign, HttpResponse):
        return _refuse(_("The task has been submitted meanwhile."), 409)
    return campaign


@portal_page(*SENDERS)
@require_POST
def begin(request: PortalRequest, pk: int) -> HttpResponse:
    """Open a file: its name and size are known, its bytes follow."""
    campaign = _find_draft_for_script(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    size = request.POST.get("size", "")
    try:
        file = slices.begin(
            name=request.POST.get("name", ""),
            size_bytes=int(size) if size.isdecimal() and len(size) < 16 else 0,
            enterprise_id=request.enterprise.pk,
            by_id=request.user.pk,
            size_bytes_max=settings.CONFIG.audience_bytes_max,
        )
    except uploads.FileTooLarge:
        return _refuse(_too_large())
    except uploads.UploadError as error:
        return _refuse(error)
    url = reverse("campaigns:piece", args=[pk, file.pk])
    return JsonResponse({"url": url, "slice": uploads.CHUNK_BYTES, "there": 0})


@portal_page(*SENDERS)
@require_http_methods(["GET", "POST"])
def piece(request: PortalRequest, pk: int, file_pk: int) -> HttpResponse:
    """GET: how many bytes are there. POST: the slice that begins at `?start=`; the last closes."""
    campaign = _find_draft_for_script(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    file = get_object_or_404(StoredFile, pk=file_pk, enterprise_id=request.enterprise.pk)
    if file.complete:
        return JsonResponse({"there": file.size_bytes, "done": _here(campaign)})
    if request.method == "GET":
        return JsonResponse({"there": slices.bytes_there(file)})
    start = request.GET.get("start", "")
    try:
        return _take(campaign, file, int(start) if start.isdecimal() else -1, request.body)
    except slices.SliceOutOfOrder as error:
        return JsonResponse({"there": error.wanted}, status=409)
    except (CampaignError, uploads.UploadError) as error:
        uploads.discard(file)
        return _refuse(error)


def _take(campaign: Campaign, file: StoredFile, start: int, data: bytes) -> JsonResponse:
    if start == 0:
        _check_head(data)
    there = slices.append(file, start=start, data=data)
    if there < file.size_bytes:
        return JsonResponse({"there": there})
    lifecycle.give_file(
        enterprise=campaign.enterprise, campaign_id=campaign.pk, file=slices.complete(file)
    )
    return JsonResponse({"there": there, "done": _here(campaign)})
