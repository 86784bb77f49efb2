"""Operators' pages: the queue of addresses to review, and the interfaces of one enterprise.

The keys of a review are in static/review.js, as for signatures and templates.
"""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.models import Enterprise
from yunxin.interfaces import credentials, limits, networks, push_log, targets, usage
from yunxin.interfaces.errors import InterfaceError
from yunxin.interfaces.forms import LimitsForm, NetworkReasonForm, WhyForm
from yunxin.interfaces.listings import EnterprisePushes, NetworkReviews
from yunxin.interfaces.models import AllowedNetwork, Credential, Limits
from yunxin.interfaces.portal import dress, dress_networks, form_page, withdraw_text
from yunxin.interfaces.portal_pushes import dress_pushes, in_words, target_cards
from yunxin.interfaces.portal_smpp import dress as dress_accounts
from yunxin.web.confirm import ask

QUEUE_SHOWN = 8  # of those that wait, beside the one that is being reviewed
KEYS_SHOWN = 50  # more than can be in use

# Reviews of addresses ----------------------------------------------------------------------------


@console_page
def network_list(request: ConsoleRequest) -> HttpResponse:
    waiting = networks.waiting()
    rows = AllowedNetwork.objects.select_related("enterprise", "smpp_account")
    listing = NetworkReviews(request, rows)
    dress_networks(listing.items)
    context = {"listing": listing, "waiting": waiting.count(), "first": waiting.first()}
    return render(request, "interfaces/console_networks.html", context)


@console_page
def review_network(request: ConsoleRequest, network_id: int) -> HttpResponse:
    """One address with what helps to decide; deciding leads to the next in the queue."""
    rows = AllowedNetwork.objects.select_related(
        "enterprise", "created_by", "reviewed_by", "smpp_account"
    )
    network = get_object_or_404(rows, pk=network_id)
    form = NetworkReasonForm(request.POST if request.POST.get("decision") == "reject" else None)
    if request.method == "POST" and _decided(request, network, form):
        return _to_next(request, network)
    dress_networks([network])
    own = list(network.enterprise.allowed_networks.exclude(pk=network.pk)[:10])
    dress_networks(own)
    others = AllowedNetwork.objects.filter(network=network.network, state__in=networks.ALIVE)
    context = {
        "title": str(network),
        "subject": network,
        "form": form,
        "size": networks.size_of(network.network),
        "is_public": networks.is_public(network.network),
        "own": own,
        "others": others.exclude(enterprise=network.enterprise).select_related("enterprise")[:5],
        **_queue(network),
    }
    status = 422 if form.errors else 200
    return render(request, "interfaces/console_network.html", context, status=status)


def _decided(request: ConsoleRequest, network: AllowedNetwork, form: NetworkReasonForm) -> bool:
    """Carry out the decision that was posted; whether to go on to the next address."""
    try:
        if request.POST.get("decision") == "approve":
            networks.approve(network, by=request)
            messages.success(request, _("%(name)s was approved.") % {"name": network})
        elif not form.is_valid():
            return False
        else:
            networks.reject(network, reason=form.cleaned_data["reason"], by=request)
            messages.success(request, _("%(name)s was rejected.") % {"name": network})
    except InterfaceError as error:
        messages.error(request, str(error))
    return True


def _to_next(request: ConsoleRequest, done: AllowedNetwork) -> HttpResponse:
    waiting = networks.waiting()
    later = Q(created_at__gt=done.created_at) | Q(created_at=done.created_at, pk__gt=done.pk)
    following = waiting.filter(later).first() or waiting.first()
    if following is not None:
        return redirect("interfaces:console_network", following.pk)
    messages.info(request, _("Nothing else waits for review."))
    return redirect("interfaces:console_networks")


def _queue(network: AllowedNetwork) -> dict[str, Any]:
    """The neighbours of an address among those that wait, and how many there are."""
    waiting = networks.waiting()
    ids = list(waiting.values_list("pk", flat=True)[:1000])
    at = ids.index(network.pk) if network.pk in ids else -1

    def address(place: int) -> str:
        return reverse("interfaces:console_network", args=[ids[place]])

    return {
        "is_waiting": at >= 0,
        "place": at + 1,
        "waiting_count": len(ids),
        "waiting": waiting[:QUEUE_SHOWN],
        "previous_url": address(at - 1) if at > 0 else "",
        "next_url": address(at + 1) if at + 1 < len(ids) else "",
    }


@console_page
def withdraw_network(request: ConsoleRequest, network_id: int) -> HttpResponse:
    """Take an address off its enterprise's list, allowed before or not."""
    rows = AllowedNetwork.objects.select_related("enterprise", "smpp_account")
    network = get_object_or_404(rows, pk=network_id)
    back = reverse("interfaces:console_network", args=[network_id])
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            networks.withdraw(network, by=request, reason=form.cleaned_data["reason"])
        except InterfaceError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The address was taken off the list."))
        return redirect(back)
    return ask(
        request,
        title=_("Take %(network)s off the list?") % {"network": network},
        text=withdraw_text(network),
        button=_("Take it off"),
        back=back,
        form=form,
        facts=[(_("Enterprise"), network.enterprise)],
    )


# The interfaces of one enterprise ----------------------------------------------------------------


@console_page
def enterprise_interfaces(request: ConsoleRequest, enterprise_id: int) -> HttpResponse:
    """Limits, keys, addresses and push URLs of an enterprise, with what operators may do."""
    enterprise = get_object_or_404(Enterprise, pk=enterprise_id)
    keys = list(enterprise.credentials.all()[:KEYS_SHOWN])
    dress(keys, usage.use_of_keys(enterprise, keys))
    allowed = list(networks.of_dialect(enterprise).filter(state__in=networks.ALIVE))
    dress_networks(allowed)
    accounts = list(enterprise.smpp_accounts.all())
    dress_accounts(accounts)
    context = {
        "enterprise": enterprise,
        "title": _("Interfaces of %(name)s") % {"name": enterprise},
        "limits": limits.in_force(enterprise),
        "keys": keys,
        "networks": allowed,
        "accounts": accounts,
        "cards": target_cards(enterprise),
        "waiting_max": targets.WAITING_MAX,
        "action_url": reverse("interfaces:console_push_log", args=[enterprise_id]),
        "action_label": _("Push log"),
        "action_icon": "history",
        "days": usage.last_days(enterprise),
    }
    return render(request, "interfaces/console_enterprise.html", context)


@console_page
def push_list(request: ConsoleRequest, enterprise_id: int) -> HttpResponse:
    """What was pushed to an enterprise's URLs, as its own users see it."""
    enterprise = get_object_or_404(Enterprise, pk=enterprise_id)
    listing = EnterprisePushes(request, enterprise)
    dress_pushes(enterprise, listing.items)
    context = {
        "listing": listing,
        "enterprise": enterprise,
        "title": _("Push log of %(name)s") % {"name": enterprise},
    }
    return render(request, "interfaces/console_push_log.html", context)


@console_page
def push(request: ConsoleRequest, enterprise_id: int, batch_id: int) -> HttpResponse:
    """One push of an enterprise: what was sent, every try, what was answered."""
    enterprise = get_object_or_404(Enterprise, pk=enterprise_id)
    batch = get_object_or_404(push_log.batches(enterprise), id=batch_id)
    dress_pushes(enterprise, [batch])
    context = {
        "title": _("Push %(id)s") % {"id": batch.id},
        "enterprise": enterprise,
        "batch": batch,
        "body": push_log.body_of(batch, is_masked=False),
        "attempts": in_words(push_log.attempts_of(enterprise, batch)),
    }
    return render(request, "interfaces/console_push.html", context)


@console_page
def edit_limits(request: ConsoleRequest, enterprise_id: int) -> HttpResponse:
    enterprise = get_object_or_404(Enterprise, pk=enterprise_id)
    row = Limits.objects.filter(pk=enterprise_id).first() or Limits(enterprise=enterprise)
    initial = {name: getattr(row, name) for name in LimitsForm.base_fields}
    form = LimitsForm(request.POST or None, initial=initial)
    back = reverse("interfaces:console_enterprise", args=[enterprise_id])
    if request.method == "POST" and form.is_valid():
        limits.set_limits(enterprise, by=request, **form.cleaned_data)
        messages.success(request, _("The limits were saved."))
        return redirect(back)
    title = _("Limits of %(name)s") % {"name": enterprise}
    template = "interfaces/console_limits.html"
    return form_page(request, form, title, back, template, limits=limits.in_force(enterprise))


@console_page
def disable_key(request: ConsoleRequest, credential_id: int) -> HttpResponse:
    """The kill switch of a key that leaked or floods."""
    credential = get_object_or_404(
        Credential.objects.select_related("enterprise"), pk=credential_id
    )
    back = reverse("interfaces:console_enterprise", args=[credential.enterprise_id])
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            credentials.disable(credential, by=request, reason=form.cleaned_data["reason"])
        except InterfaceError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The key was disabled."))
        return redirect(back)
    return ask(
        request,
        title=_("Disable the key “%(name)s”?") % {"name": credential},
        text=_("Requests with it are refused at once. It cannot be used again."),
        button=_("Disable"),
        back=back,
        form=form,
        facts=[(_("Enterprise"), credential.enterprise)],
    )
