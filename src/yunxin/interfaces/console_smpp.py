"""Operators' pages of the SMPP server: accounts of all enterprises, sessions, what waits."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.models import Enterprise
from yunxin.interfaces import smpp_accounts, smpp_live
from yunxin.interfaces.errors import InterfaceError
from yunxin.interfaces.forms import WhyForm
from yunxin.interfaces.portal import form_page
from yunxin.interfaces.portal_smpp import (
    REFRESH_S,
    ask_for_password,
    dress,
    dress_session,
    show_password,
)
from yunxin.interfaces.smpp_forms import AccountForm, NewAccountForm
from yunxin.interfaces.smpp_listings import AllAccounts
from yunxin.interfaces.smpp_models import SmppAccount
from yunxin.web.confirm import ask
from yunxin.web.once import already_shown, keep, once, take

FORM = "interfaces/console_smpp_form.html"


@console_page
def accounts(request: ConsoleRequest) -> HttpResponse:
    """All accounts with how they are doing; renews itself while there are any."""
    listing = AllAccounts(request, SmppAccount.objects.select_related("enterprise"))
    dress(listing.items)
    if listing.items:
        listing.refresh_s = REFRESH_S
    return render(request, "interfaces/console_smpp.html", {"listing": listing})


@console_page
def account(request: ConsoleRequest, account_id: int) -> HttpResponse:
    """One account: sessions, what waits, settings. The part with live figures renews itself."""
    found = _account(account_id)
    dress([found])
    context = {
        "account": found,
        "enterprise": found.enterprise,
        "title": str(found),
        "waiting_max": smpp_live.WAITING_MAX,
        "refresh_s": REFRESH_S,
    }
    return render(request, "interfaces/console_smpp_account.html", context)


def _account(account_id: int) -> SmppAccount:
    rows = SmppAccount.objects.select_related("enterprise", "created_by")
    return get_object_or_404(rows, pk=account_id)


def _page_of(account: SmppAccount) -> str:
    return reverse("interfaces:console_smpp_account", args=[account.pk])


@console_page
@once
def new_account(request: ConsoleRequest, enterprise_id: int) -> HttpResponse:
    """Make an account; its password is shown on the next page, the only time."""
    enterprise = get_object_or_404(Enterprise, pk=enterprise_id)
    proposed = {"system_id": smpp_accounts.propose_system_id(enterprise)}
    form = NewAccountForm(request.POST or None, initial=proposed)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            made = smpp_accounts.create_account(
                enterprise, system_id=values.pop("system_id"), values=values, by=request
            )
        except InterfaceError as error:
            form.add_error(error.field or None, str(error))
        else:
            return _to_showing(request, *made)
    title = _("New SMPP account of %(name)s") % {"name": enterprise}
    back = reverse("interfaces:console_enterprise", args=[enterprise_id])
    return form_page(request, form, title, back, FORM, submit=_("Make the account"))


@console_page
@once
def edit_account(request: ConsoleRequest, account_id: int) -> HttpResponse:
    found = _account(account_id)
    title, back = _("Edit %(account)s") % {"account": found}, _page_of(found)
    form = AccountForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            smpp_accounts.change_account(found, values=form.cleaned_data, by=request)
        except InterfaceError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("The account was changed."))
            return redirect(back)
    return form_page(request, form, title, back, FORM, account=found)


@console_page
@once
def renew_password(request: ConsoleRequest, account_id: int) -> HttpResponse:
    found = _account(account_id)
    if request.method != "POST":
        return ask_for_password(request, found, _page_of(found))
    return _to_showing(request, found, smpp_accounts.renew_password(found, by=request))


def _to_showing(request: ConsoleRequest, account: SmppAccount, password: str) -> HttpResponse:
    ticket = keep(request, account=account.pk, password=password)
    return redirect("interfaces:console_smpp_shown", ticket)


@console_page
@require_GET
def password_shown(request: ConsoleRequest, ticket: str) -> HttpResponse:
    """The password itself; opened again, the page says that it was shown. No cache keeps it."""
    facts = take(request, ticket)
    if facts is None:
        return already_shown(request, back=reverse("interfaces:console_smpp"))
    found = _account(facts["account"])
    return show_password(request, found, facts["password"], _page_of(found))


@console_page
@once
def disable_account(request: ConsoleRequest, account_id: int) -> HttpResponse:
    found = _account(account_id)
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            smpp_accounts.disable_account(found, by=request, reason=form.cleaned_data["reason"])
        except InterfaceError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The account was disabled."))
        return redirect(_page_of(found))
    return ask(
        request,
        title=_("Disable the account %(account)s?") % {"account": found},
        text=_(
            "Its sessions are closed at once and nobody can bind. Receipts and replies wait until"
            " it is enabled again."
        ),
        button=_("Disable"),
        back=_page_of(found),
        form=form,
        facts=[(_("Enterprise"), found.enterprise)],
    )


@console_page
@once
def enable_account(request: ConsoleRequest, account_id: int) -> HttpResponse:
    found = _account(account_id)
    if request.method != "POST":
        return ask(
            request,
            title=_("Enable the account %(account)s?") % {"account": found},
            text=_("Its systems can bind again at once."),
            button=_("Enable"),
            back=_page_of(found),
            tone="primary",
            facts=[(_("Enterprise"), found.enterprise)],
        )
    try:
        smpp_accounts.enable_account(found, by=request)
    except InterfaceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The account was enabled."))
    return redirect(_page_of(found))


@console_page
@once
def close_session(request: ConsoleRequest, account_id: int, session_id: int) -> HttpResponse:
    """Have a session closed, after a question."""
    found = _account(account_id)
    session: Any = smpp_live.live_sessions().filter(account_id=found.pk, pk=session_id).first()
    if session is None:
        messages.info(request, _("This session is over already."))
        return redirect(_page_of(found))
    dress_session(session)
    if request.method != "POST":
        return ask(
            request,
            title=_("Close this session of %(account)s?") % {"account": found},
            text=_(
                "The server says good-bye to it within a few seconds. The system may bind again at"
                " once; disable the account if it shall not."
            ),
            button=_("Close the session"),
            back=_page_of(found),
            facts=[
                (_("Address"), session.address),
                (_("Bound as"), session.mode_label),
                (_("Enterprise"), found.enterprise),
            ],
        )
    try:
        smpp_accounts.ask_to_close(session, by=request)
    except InterfaceError as error:
        messages.info(request, str(error))
    else:
        messages.success(request, _("The session is being closed."))
    return redirect(_page_of(found))
