"""Portal pages of 技术支持: the keys of an enterprise's systems and the addresses they call from.

Pushes and their log are in portal_pushes.py.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from yunxin.accounts.access import OWNERS, PortalRequest, portal_page
from yunxin.accounts.models import User
from yunxin.interfaces import credentials, labels, limits, networks, usage
from yunxin.interfaces.errors import InterfaceError
from yunxin.interfaces.forms import AccessKeyForm, KeyForm, NetworkForm, RotateForm
from yunxin.interfaces.listings import Keys, Networks
from yunxin.interfaces.models import AllowedNetwork, Credential
from yunxin.vocabulary import CredentialKind, ReviewState
from yunxin.web.confirm import ask
from yunxin.web.once import already_shown, keep, once, take

INVALID = 422


def is_owner(request: PortalRequest) -> bool:
    return request.user.role == User.Role.OWNER


def form_page(
    request: Any, form: Any, title: str, back: str, template: str = "web/form.html", **more: Any
) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": back, **more}
    return render(request, template, context, status=INVALID if form.errors else 200)


# Keys --------------------------------------------------------------------------------------------


@portal_page()
def keys(request: PortalRequest) -> HttpResponse:
    """接口密钥, with the limits in force and the use of the last days."""
    enterprise = request.enterprise
    rows = enterprise.credentials.select_related("created_by")
    listing = Keys(request, rows)
    dress(listing.items, usage.use_of_keys(enterprise, listing.items))
    context: dict[str, Any] = {
        "listing": listing,
        "enterprise": enterprise,
        "may_change": is_owner(request),
        "limits": limits.in_force(enterprise),
        "api_url": settings.CONFIG.api_url or settings.CONFIG.base_url,
        "lead": _("What your systems connect with: over the Ronghe dialect, or over v1."),
    }
    if not request.htmx:
        context["days"] = usage.last_days(enterprise)
    if is_owner(request):
        context["action_url"] = reverse("interfaces:key_new")
        context["action_label"] = _("New API key")
    return render(request, "interfaces/portal_keys.html", context)


def dress(shown: list[Credential], uses: dict[int, usage.Use]) -> None:
    """Give each key its words, its use and whether it works."""
    for credential in shown:
        row: Any = credential
        row.is_live = credentials.is_live(credential)
        row.is_v1 = credential.kind == CredentialKind.V1
        row.scope_labels = labels.scopes(credential.scopes)
        row.kind_label = labels.KINDS[CredentialKind(credential.kind)]
        row.use = uses.get(credential.pk, usage.Use())


def _to_showing(request: PortalRequest, credential: Credential, key: str) -> HttpResponse:
    """To the page that shows a new key, the only time."""
    return redirect("interfaces:key_shown", keep(request, credential=credential.pk, key=key))


@portal_page(*OWNERS)
@require_GET
def key_shown(request: PortalRequest, ticket: str) -> HttpResponse:
    """The key itself; opened again, the page says that it was shown. No cache keeps it."""
    facts = take(request, ticket)
    if facts is None:
        return already_shown(request, back=reverse("interfaces:keys"))
    credential = get_object_or_404(request.enterprise.credentials, pk=facts["credential"])
    context = {
        "credential": credential,
        "key": facts["key"],
        "is_v1": credential.kind == CredentialKind.V1,
        "kind_label": labels.KINDS[CredentialKind(credential.kind)],
        "enterprise": request.enterprise,
        "title": _("The new key"),
    }
    response = render(request, "interfaces/portal_key_once.html", context)
    response["Cache-Control"] = "no-store"
    return response


@portal_page(*OWNERS)
@once
def new_access_key(request: PortalRequest) -> HttpResponse:
    form = AccessKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = credentials.create_access_key(
                request.enterprise, by=request, **form.cleaned_data
            )
        except InterfaceError as error:
            form.add_error(None, str(error))
        else:
            return _to_showing(request, *made)
    title, back = _("New AccessKey"), reverse("interfaces:keys")
    return form_page(request, form, title, back, submit=_("Make the key"))


@portal_page(*OWNERS)
@once
def new_key(request: PortalRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = credentials.create_key(request.enterprise, by=request, **form.cleaned_data)
        except InterfaceError as error:
            form.add_error(None, str(error))
        else:
            return _to_showing(request, *made)
    title, back = _("New API key"), reverse("interfaces:keys")
    return form_page(request, form, title, back, submit=_("Make the key"))


@portal_page(*OWNERS)
@once
def rotate_key(request: PortalRequest, credential_id: int) -> HttpResponse:
    credential = get_object_or_404(request.enterprise.credentials, pk=credential_id)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = credentials.rotate(credential, overlap=form.cleaned_data["overlap"], by=request)
        except InterfaceError as error:
            messages.error(request, str(error))
            return redirect("interfaces:keys")
        return _to_showing(request, *made)
    return ask(
        request,
        title=_("Replace the key “%(name)s”?") % {"name": credential},
        text=_("A new key is made and shown once. Both work until the old one stops."),
        button=_("Make the new key"),
        back=reverse("interfaces:keys"),
        tone="primary",
        form=form,
    )


@portal_page(*OWNERS)
def disable_key(request: PortalRequest, credential_id: int) -> HttpResponse:
    credential = get_object_or_404(request.enterprise.credentials, pk=credential_id)
    if request.method != "POST":
        return ask(
            request,
            title=_("Disable the key “%(name)s”?") % {"name": credential},
            text=_("Requests with it are refused at once. It cannot be used again."),
            button=_("Disable"),
            back=reverse("interfaces:keys"),
        )
    try:
        credentials.disable(credential, by=request)
    except InterfaceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The key was disabled."))
    return redirect("interfaces:keys")


# Addresses ---------------------------------------------------------------------------------------


@portal_page()
def network_list(request: PortalRequest) -> HttpResponse:
    """IP 白名单."""
    rows = networks.of_dialect(request.enterprise).select_related("created_by")
    listing = Networks(request, rows)
    dress_networks(listing.items)
    context: dict[str, Any] = {
        "listing": listing,
        "may_change": is_owner(request),
        "lead": _(
            "Requests of the Ronghe dialect are only answered to these addresses."
            " Keys of v1 have lists of their own."
        ),
    }
    if is_owner(request):
        context["action_url"] = reverse("interfaces:network_new")
        context["action_label"] = _("Add an address")
    return render(request, "interfaces/portal_networks.html", context)


def dress_networks(shown: list[AllowedNetwork]) -> None:
    """Give each address the words of its state."""
    for network in shown:
        row: Any = network
        row.state_label = labels.REVIEW_STATES[ReviewState(network.state)]
        row.tone = labels.REVIEW_TONES[ReviewState(network.state)]
        row.is_alive = network.state in networks.ALIVE


@portal_page(*OWNERS)
@once
def new_network(request: PortalRequest) -> HttpResponse:
    form = NetworkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            networks.apply(request.enterprise, by=request, **form.cleaned_data)
        except InterfaceError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("The address waits for review."))
            return redirect("interfaces:networks")
    title, back = _("Add an address"), reverse("interfaces:networks")
    return form_page(request, form, title, back, submit=_("Submit for review"))


@portal_page(*OWNERS)
def withdraw_network(request: PortalRequest, network_id: int) -> HttpResponse:
    rows = request.enterprise.allowed_networks.select_related("smpp_account")
    network = get_object_or_404(rows, pk=network_id)
    back = reverse("interfaces:networks")
    if network.smpp_account_id is not None:
        back = reverse("interfaces:smpp_account", args=[network.smpp_account_id])
    if request.method != "POST":
        return ask(
            request,
            title=_("Take %(network)s off the list?") % {"network": network},
            text=withdraw_text(network),
            button=_("Take it off"),
            back=back,
        )
    try:
        networks.withdraw(network, by=request)
    except InterfaceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The address was taken off the list."))
    return redirect(back)


def withdraw_text(network: AllowedNetwork) -> str:
    """What taking an address off its list does."""
    if network.smpp_account is None:
        return _("Requests of the Ronghe dialect from there are refused at once.")
    return _("Nobody can bind with the account %(account)s from there any more.") % {
        "account": network.smpp_account
    }
