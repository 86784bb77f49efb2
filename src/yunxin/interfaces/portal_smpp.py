"""Portal pages of the enterprise's SMPP accounts: how to connect, who is bound, what waits.

Operators make and change accounts (`console_smpp`); owners ask for addresses and passwords here.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from yunxin.accounts.access import OWNERS, PortalRequest, portal_page
from yunxin.interfaces import labels, networks, smpp_accounts, smpp_labels, smpp_live
from yunxin.interfaces.document_smpp import address
from yunxin.interfaces.errors import InterfaceError
from yunxin.interfaces.forms import NetworkForm
from yunxin.interfaces.portal import dress_networks, form_page, is_owner
from yunxin.interfaces.smpp_listings import Accounts
from yunxin.interfaces.smpp_models import SmppAccount, SmppSession
from yunxin.vocabulary import (
    SmppAlphabet,
    SmppBindRefusal,
    SmppReplies,
    SmppSessionMode,
    SmppSourceRule,
    SmppTextMode,
    TrafficClass,
)
from yunxin.web.confirm import ask
from yunxin.web.once import already_shown, keep, once, take

REFRESH_S = 5
ASKED_SHOWN = 20  # addresses that were asked for one account, the latest


@portal_page()
def accounts(request: PortalRequest) -> HttpResponse:
    """The enterprise's accounts with how they are doing; renews itself while there are any."""
    listing = Accounts(request, request.enterprise.smpp_accounts.all())
    dress(listing.items)
    if listing.items:
        listing.refresh_s = REFRESH_S
    host, port = address()
    context = {
        "listing": listing,
        "host": host,
        "port": port,
        "lead": _("For systems that speak SMPP 3.4: they bind to this platform as to a gateway."),
    }
    return render(request, "interfaces/portal_smpp.html", context)


def dress(shown: Iterable[SmppAccount]) -> None:
    """Give each account its words and how it is doing."""
    rows = list(shown)
    live = smpp_live.read_live(rows)
    for account in rows:
        row: Any = account
        row.live = live[account.pk]
        row.text_mode_label = smpp_labels.TEXT_MODES[SmppTextMode(account.text_mode)]
        row.traffic_label = labels.TRAFFIC[TrafficClass(account.traffic)]
        row.source_rule_label = smpp_labels.SOURCE_RULES[SmppSourceRule(account.source_rule)]
        row.replies_label = smpp_labels.REPLIES[SmppReplies(account.replies)]
        row.alphabet_label = smpp_labels.ALPHABETS[SmppAlphabet(account.default_alphabet)]
        row.is_free = account.text_mode == SmppTextMode.FREE
        row.refusal_label = _refusal(live[account.pk])
        for session in live[account.pk].sessions:
            dress_session(session)


def dress_session(session: SmppSession) -> None:
    row: Any = session
    known = session.mode in set(SmppSessionMode)
    row.mode_label = (
        smpp_labels.SESSION_MODES[SmppSessionMode(session.mode)] if known else session.mode
    )


def _refusal(live: smpp_live.Live) -> labels.Text:
    word = live.state.last_refusal if live.state else ""
    known = word in set(SmppBindRefusal)
    return smpp_labels.BIND_REFUSALS[SmppBindRefusal(word)] if known else word


@portal_page()
def account(request: PortalRequest, account_id: int) -> HttpResponse:
    """One account: limits, sessions, addresses. The part with live figures renews itself."""
    found = get_object_or_404(request.enterprise.smpp_accounts, pk=account_id)
    dress([found])
    asked = list(found.asked_networks.all()[:ASKED_SHOWN])
    dress_networks(asked)
    host, port = address()
    context = {
        "account": found,
        "asked": asked,
        "title": str(found),
        "host": host,
        "port": port,
        "may_change": is_owner(request),
        "waiting_max": smpp_live.WAITING_MAX,
        "refresh_s": REFRESH_S,
    }
    return render(request, "interfaces/portal_smpp_account.html", context)


@portal_page(*OWNERS)
@once
def new_network(request: PortalRequest, account_id: int) -> HttpResponse:
    """Ask for an address from which an account may bind."""
    found = get_object_or_404(request.enterprise.smpp_accounts, pk=account_id)
    form = NetworkForm(request.POST or None)
    back = reverse("interfaces:smpp_account", args=[account_id])
    if request.method == "POST" and form.is_valid():
        try:
            networks.apply(request.enterprise, account=found, by=request, **form.cleaned_data)
        except InterfaceError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("The address waits for review."))
            return redirect(back)
    title = _("Add an address for %(account)s") % {"account": found}
    return form_page(request, form, title, back, submit=_("Submit for review"))


@portal_page(*OWNERS)
@once
def renew_password(request: PortalRequest, account_id: int) -> HttpResponse:
    found = get_object_or_404(request.enterprise.smpp_accounts, pk=account_id)
    if request.method != "POST":
        return ask_for_password(request, found, reverse("interfaces:smpp_account", args=[found.pk]))
    password = smpp_accounts.renew_password(found, by=request)
    ticket = keep(request, account=found.pk, password=password)
    return redirect("interfaces:smpp_shown", ticket)


def ask_for_password(request: Any, account: SmppAccount, back: str) -> HttpResponse:
    """The question before another password, of operators and of owners."""
    return ask(
        request,
        title=_("Make a new password for %(account)s?") % {"account": account},
        text=_(
            "The new password is shown once. Sessions that are bound are closed within a second and"
            " the old password lets nobody in, so put the new one into the system's settings at"
            " once."
        ),
        button=_("Make the new password"),
        back=back,
        tone="primary",
    )


@portal_page(*OWNERS)
@require_GET
def password_shown(request: PortalRequest, ticket: str) -> HttpResponse:
    """The password itself; opened again, the page says that it was shown. No cache keeps it."""
    facts = take(request, ticket)
    if facts is None:
        return already_shown(request, back=reverse("interfaces:smpp"))
    found = get_object_or_404(request.enterprise.smpp_accounts, pk=facts["account"])
    return show_password(
        request, found, facts["password"], reverse("interfaces:smpp_account", args=[found.pk])
    )


def show_password(request: Any, account: SmppAccount, password: str, back: str) -> HttpResponse:
    """The page that shows a password, the only time."""
    host, port = address()
    context = {
        "account": account,
        "password": password,
        "host": host,
        "port": port,
        "back": back,
        "title": _("The new password"),
    }
    response = render(request, "interfaces/smpp_once.html", context)
    response["Cache-Control"] = "no-store"
    return response
