"""A file of recipients in slices, as static/upload.js sends it.

`begin` opens the file, `piece` takes one slice a request and closes the file with the last one.
Without scripts it comes as an ordinary form: portal_recipients.py.
"""

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.campaigns import lifecycle
from yunxin.campaigns.errors import CampaignError
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.portal_recipients import address_of, check_head, too_large
from yunxin.campaigns.portal_steps import find_draft
from yunxin.web import slices, uploads
from yunxin.web.models import StoredFile


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
        return _refuse(too_large())
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
        return JsonResponse({"there": file.size_bytes, "done": address_of(campaign)})
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
        check_head(data)
    there = slices.append(file, start=start, data=data)
    if there < file.size_bytes:
        return JsonResponse({"there": there})
    lifecycle.give_file(
        enterprise=campaign.enterprise, campaign_id=campaign.pk, file=slices.complete(file)
    )
    return JsonResponse({"there": there, "done": address_of(campaign)})
