"""The console's pages of enterprises, their users, operators, and the audit log."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yunxin.accounts import audit, enterprises, extensions, members
from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.errors import AccountError
from yunxin.accounts.forms import (
    EnterpriseForm,
    NewEnterpriseForm,
    NewPersonForm,
    OperatorForm,
    ReasonForm,
)
from yunxin.accounts.models import AuditEntry, Enterprise, User
from yunxin.accounts.portal import (
    Users,
    ask_to_disable,
    ask_to_enable,
    ask_to_reset,
    show_password,
)
from yunxin.web.confirm import ask
from yunxin.web.listing import Choice, Column, Dates, Listing
from yunxin.web.once import once

INVALID = 422


class Enterprises(Listing):
    """All tenants."""

    columns = (
        Column("name", gettext_lazy("Enterprise"), "title", sort="name"),
        Column("cpcode", gettext_lazy("Merchant code"), "code", sort="cpcode"),
        Column("access_number", gettext_lazy("Access number"), "code"),
        Column("weight", gettext_lazy("Share"), "number", sort="weight"),
        Column("users", gettext_lazy("Users"), "number"),
        Column("created", gettext_lazy("Created"), "time", sort="created_at"),
        Column("state", gettext_lazy("State"), "status"),
        Column("actions", gettext_lazy("Actions"), "actions"),
    )
    search = ("name", "cpcode", "access_number", "contact_name", "contact_phone")
    search_label = gettext_lazy("Name, merchant code, number or contact")
    filters = (
        Choice(
            "state",
            gettext_lazy("All states"),
            [("True", gettext_lazy("Active")), ("False", gettext_lazy("Suspended"))],
            "suspended_at__isnull",
        ),
    )
    empty_icon = "building"
    empty_title = gettext_lazy("There is no enterprise yet.")
    empty_text = gettext_lazy("Create the first one with the user who will run it.")


@console_page
def list_enterprises(request: ConsoleRequest) -> HttpResponse:
    rows = Enterprise.objects.annotate(user_count=Count("users", filter=Q(users__is_active=True)))
    context = {
        "listing": Enterprises(request, rows),
        "action_url": reverse("accounts:console_new_enterprise"),
        "action_label": _("New enterprise"),
    }
    return render(request, "accounts/console_enterprises.html", context)


@console_page
@once
def new_enterprise(request: ConsoleRequest) -> HttpResponse:
    """Create an enterprise with its first user, whose initial password is shown once."""
    proposed = {"extension_code": extensions.propose_for_enterprise()}
    form = NewEnterpriseForm(request.POST or None, initial=proposed)
    if request.method == "POST" and form.is_valid():
        try:
            enterprise, owner, password = enterprises.create_enterprise(
                by=request, **form.cleaned_data
            )
        except AccountError as error:
            form.add_error(error.field, str(error))
        else:
            back = reverse("accounts:console_enterprise", args=[enterprise.pk])
            return show_password(request, owner, password, back)  # type: ignore[arg-type]
    return _form(request, form, _("New enterprise"), reverse("accounts:console_enterprises"))


class EnterpriseUsers(Users):
    """The users of one enterprise, as operators see them."""

    empty_title = gettext_lazy("This enterprise has no user yet.")


@console_page
def show_enterprise(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One enterprise with its users."""
    enterprise = get_object_or_404(Enterprise, pk=pk)
    context = {
        "enterprise": enterprise,
        "title": enterprise.name,
        "listing": EnterpriseUsers(request, enterprise.users.all()),
        "latest": AuditEntry.objects.filter(enterprise=enterprise).select_related("actor")[:8],
    }
    return render(request, "accounts/console_enterprise.html", context)


@console_page
def edit_enterprise(request: ConsoleRequest, pk: int) -> HttpResponse:
    enterprise = get_object_or_404(Enterprise, pk=pk)
    back = reverse("accounts:console_enterprise", args=[pk])
    initial = {name: getattr(enterprise, name) for name in EnterpriseForm.base_fields}
    form = EnterpriseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            enterprises.edit_enterprise(enterprise, by=request, **form.cleaned_data)
        except AccountError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("The enterprise was saved."))
            return redirect(back)
    return _form(request, form, _("Edit %(name)s") % {"name": enterprise}, back)


@console_page
def suspend_enterprise(request: ConsoleRequest, pk: int) -> HttpResponse:
    enterprise = get_object_or_404(Enterprise, pk=pk)
    back = reverse("accounts:console_enterprise", args=[pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        enterprises.suspend_enterprise(enterprise, by=request, reason=form.cleaned_data["reason"])
        messages.success(request, _("The enterprise was suspended."))
        return redirect(back)
    return ask(
        request,
        title=_("Suspend %(name)s?") % {"name": enterprise},
        text=_("It sends nothing from now on. Its users can still sign in and read."),
        button=_("Suspend"),
        back=back,
        form=form,
    )


@console_page
def resume_enterprise(request: ConsoleRequest, pk: int) -> HttpResponse:
    enterprise = get_object_or_404(Enterprise, pk=pk)
    back = reverse("accounts:console_enterprise", args=[pk])
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        enterprises.resume_enterprise(enterprise, by=request, reason=form.cleaned_data["reason"])
        messages.success(request, _("The enterprise may send again."))
        return redirect(back)
    return ask(
        request,
        title=_("Resume %(name)s?") % {"name": enterprise},
        text=_("It may send again at once; waiting tasks go on."),
        button=_("Resume"),
        back=back,
        tone="primary",
        form=form,
        facts=[(_("Suspended because"), enterprise.suspended_reason)],
    )


# -- users of an enterprise ---------------------------------------------------------------------


@console_page
@once
def new_user(request: ConsoleRequest, pk: int) -> HttpResponse:
    enterprise = get_object_or_404(Enterprise, pk=pk)
    back = reverse("accounts:console_enterprise", args=[pk])
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, password = members.add_user(enterprise, by=request, **form.cleaned_data)
        except AccountError as error:
            form.add_error(error.field, str(error))
        else:
            return show_password(request, user, password, back)  # type: ignore[arg-type]
    return _form(request, form, _("Add user"), back)


def _user_and_back(pk: int) -> tuple[User, str]:
    """Any user but oneself may be meant; the page they are listed on."""
    user = get_object_or_404(User, pk=pk)
    if user.enterprise_id is None:
        return user, reverse("accounts:console_operators")
    return user, reverse("accounts:console_enterprise", args=[user.enterprise_id])


@console_page
def disable_user(request: Any, pk: int) -> HttpResponse:
    user, back = _user_and_back(pk)
    if request.method != "POST":
        return ask_to_disable(request, user, back)
    try:
        members.disable_user(user, by=request)
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The user was disabled."))
    return redirect(back)


@console_page
def enable_user(request: Any, pk: int) -> HttpResponse:
    user, back = _user_and_back(pk)
    if request.method != "POST":
        return ask_to_enable(request, user, back)
    members.enable_user(user, by=request)
    messages.success(request, _("The user can sign in again."))
    return redirect(back)


@console_page
@once
def reset_password(request: Any, pk: int) -> HttpResponse:
    user, back = _user_and_back(pk)
    if request.method != "POST":
        return ask_to_reset(request, user, back)
    if user == request.user:
        return redirect("accounts:password")
    return show_password(request, user, members.reset_password(user, by=request), back)


# -- operators ----------------------------------------------------------------------------------


class Operators(Listing):
    """Who may use the console."""

    columns = (
        Column("username", gettext_lazy("Account"), "title", sort="username"),
        Column("full_name", gettext_lazy("Full name")),
        Column("last_login", gettext_lazy("Last sign-in"), "time", sort="last_login"),
        Column("state", gettext_lazy("State"), "status"),
        Column("actions", gettext_lazy("Actions"), "actions"),
    )
    order = ("id",)


@console_page
def list_operators(request: ConsoleRequest) -> HttpResponse:
    context = {
        "listing": Operators(request, User.objects.filter(role=User.Role.OPERATOR)),
        "action_url": reverse("accounts:console_new_operator"),
        "action_label": _("Add operator"),
    }
    return render(request, "accounts/console_operators.html", context)


@console_page
@once
def new_operator(request: ConsoleRequest) -> HttpResponse:
    back = reverse("accounts:console_operators")
    form = OperatorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, password = members.add_user(
                None, by=request, role=User.Role.OPERATOR, **form.cleaned_data
            )
        except AccountError as error:
            form.add_error(error.field, str(error))
        else:
            return show_password(request, user, password, back)  # type: ignore[arg-type]
    return _form(request, form, _("Add operator"), back)


# -- audit log ----------------------------------------------------------------------------------


class Entries(Listing):
    """What operators and owners did."""

    columns = (
        Column("action", gettext_lazy("Action"), "title"),
        Column("at", gettext_lazy("Time"), "time", sort="at"),
        Column("actor", gettext_lazy("By")),
        Column("enterprise", gettext_lazy("Enterprise")),
        Column("subject", gettext_lazy("Subject")),
        Column("detail", gettext_lazy("Details")),
        Column("address", gettext_lazy("IP address"), "code"),
    )
    search = ("subject", "enterprise__name", "actor__username")
    search_label = gettext_lazy("Subject, enterprise or account")
    filters = (
        Choice("action", gettext_lazy("All actions"), lambda: list(audit.ACTIONS.items())),
        Dates("at", gettext_lazy("Time")),
    )
    empty_icon = "history"
    empty_title = gettext_lazy("Nothing has been done yet.")


@console_page
def audit_log(request: ConsoleRequest) -> HttpResponse:
    rows = AuditEntry.objects.select_related("actor", "enterprise")
    return render(request, "accounts/console_audit.html", {"listing": Entries(request, rows)})


def _form(request: ConsoleRequest, form: Any, title: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": back}
    return render(request, "web/form.html", context, status=INVALID if form.errors else 200)
