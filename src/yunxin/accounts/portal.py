"""账户中心 in the portal: the company's profile, its users and their roles."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from yunxin.accounts import enterprises, members
from yunxin.accounts.access import OWNERS, PortalRequest, portal_page, signed_in
from yunxin.accounts.errors import AccountError
from yunxin.accounts.forms import ContactForm, NewPersonForm, PersonForm
from yunxin.accounts.models import User
from yunxin.web.confirm import ask
from yunxin.web.listing import Choice, Column, Listing
from yunxin.web.once import already_shown, keep, once, take

ROLES = [choice for choice in User.Role.choices if choice[0] != User.Role.OPERATOR]


@portal_page()
def company(request: PortalRequest) -> HttpResponse:
    """公司资料: what the platform knows about the enterprise; the owner edits the contact."""
    is_owner = request.user.role == User.Role.OWNER
    context = {
        "enterprise": request.enterprise,
        "owners": request.enterprise.users.filter(role=User.Role.OWNER, is_active=True),
        "action_url": reverse("accounts:edit_company") if is_owner else "",
        "action_label": _("Edit contact"),
        "action_icon": "pencil",
    }
    return render(request, "accounts/portal_company.html", context)


@portal_page(*OWNERS)
def edit_company(request: PortalRequest) -> HttpResponse:
    """Whom the platform calls."""
    enterprise = request.enterprise
    form = ContactForm(
        request.POST or None,
        initial={
            "contact_name": enterprise.contact_name,
            "contact_phone": enterprise.contact_phone,
        },
    )
    if request.method == "POST" and form.is_valid():
        enterprises.edit_contact(enterprise, by=request, **form.cleaned_data)
        messages.success(request, _("The contact was saved."))
        return redirect("accounts:company")
    context = {
        "form": form, "title": _("Edit contact"), "cancel_url": reverse("accounts:company"),
    }  # fmt: skip
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


class Users(Listing):
    """The users of an enterprise."""

    columns = (
        Column("username", gettext_lazy("Account"), "title", sort="username"),
        Column("full_name", gettext_lazy("Full name")),
        Column("role", gettext_lazy("Role")),
        Column("phone", gettext_lazy("Mobile number"), "code"),
        Column("last_login", gettext_lazy("Last sign-in"), "time", sort="last_login"),
        Column("state", gettext_lazy("State"), "status"),
        Column("actions", gettext_lazy("Actions"), "actions"),
    )
    search = ("username", "full_name", "phone")
    search_label = gettext_lazy("Account, name or mobile number")
    filters = (
        Choice("role", gettext_lazy("All roles"), ROLES),
        Choice(
            "active",
            gettext_lazy("All states"),
            [("True", gettext_lazy("Active")), ("False", gettext_lazy("Disabled"))],
            "is_active",
        ),
    )
    order = ("id",)
    empty_icon = "users"


@portal_page(*OWNERS)
def users(request: PortalRequest) -> HttpResponse:
    """用户与角色."""
    context = {
        "listing": Users(request, request.enterprise.users.all()),
        "action_url": reverse("accounts:new_user"),
        "action_label": _("Add user"),
    }
    return render(request, "accounts/portal_users.html", context)


@portal_page(*OWNERS)
@once
def new_user(request: PortalRequest) -> HttpResponse:
    """Add a user; the initial password is shown on the next page and never again."""
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, password = members.add_user(request.enterprise, by=request, **form.cleaned_data)
        except AccountError as error:
            form.add_error(error.field, str(error))
        else:
            return show_password(request, user, password, reverse("accounts:users"))
    context = {
        "form": form, "title": _("Add user"), "submit": _("Add user"),
        "cancel_url": reverse("accounts:users"),
    }  # fmt: skip
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


@portal_page(*OWNERS)
def edit_user(request: PortalRequest, pk: int) -> HttpResponse:
    """Change a user's name, role and how to reach them."""
    user = get_object_or_404(request.enterprise.users, pk=pk)
    names = ("full_name", "role", "phone", "email")
    form = PersonForm(request.POST or None, initial={name: getattr(user, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            members.edit_user(user, by=request, **form.cleaned_data)
        except AccountError as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, _("The user was saved."))
            return redirect("accounts:users")
    context = {
        "form": form,
        "title": _("Edit user %(name)s") % {"name": user},
        "cancel_url": reverse("accounts:users"),
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


@portal_page(*OWNERS)
def disable_user(request: PortalRequest, pk: int) -> HttpResponse:
    """A disabled user is signed out and cannot sign in."""
    user = get_object_or_404(request.enterprise.users, pk=pk)
    back = reverse("accounts:users")
    if request.method != "POST":
        return ask_to_disable(request, user, back)
    try:
        members.disable_user(user, by=request)
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The user was disabled."))
    return redirect(back)


@portal_page(*OWNERS)
def enable_user(request: PortalRequest, pk: int) -> HttpResponse:
    """Let a disabled user in again."""
    user = get_object_or_404(request.enterprise.users, pk=pk)
    back = reverse("accounts:users")
    if request.method != "POST":
        return ask_to_enable(request, user, back)
    members.enable_user(user, by=request)
    messages.success(request, _("The user can sign in again."))
    return redirect(back)


@portal_page(*OWNERS)
@once
def reset_password(request: PortalRequest, pk: int) -> HttpResponse:
    """A new initial password for somebody who lost theirs."""
    user = get_object_or_404(request.enterprise.users, pk=pk)
    back = reverse("accounts:users")
    if request.method != "POST":
        return ask_to_reset(request, user, back)
    return show_password(request, user, members.reset_password(user, by=request), back)


# The same questions and the same answer, asked in the console too. ----------------------------


def ask_to_disable(request: PortalRequest, user: User, back: str) -> HttpResponse:
    return ask(
        request,
        title=_("Disable the user %(name)s?") % {"name": user},
        text=_("They are signed out at once and cannot sign in. What they made stays."),
        button=_("Disable"),
        back=back,
    )


def ask_to_enable(request: PortalRequest, user: User, back: str) -> HttpResponse:
    return ask(
        request,
        title=_("Enable the user %(name)s?") % {"name": user},
        text=_("They can sign in again with the password they had."),
        button=_("Enable"),
        back=back,
        tone="primary",
    )


def ask_to_reset(request: PortalRequest, user: User, back: str) -> HttpResponse:
    return ask(
        request,
        title=_("Reset the password of %(name)s?") % {"name": user},
        text=_("They are signed out everywhere; a new initial password is shown to you once."),
        button=_("Reset password"),
        back=back,
    )


def show_password(request: PortalRequest, user: User, password: str, back: str) -> HttpResponse:
    """To the page that shows an initial password, the only time."""
    ticket = keep(request, user=user.pk, password=password, back=back)
    return redirect("accounts:password_shown", ticket)


@signed_in
@require_GET
def password_shown(request: PortalRequest, ticket: str) -> HttpResponse:
    """The password itself; opened again, the page says that it was shown. No cache keeps it."""
    facts = take(request, ticket)
    if facts is None:
        is_operator = request.user.is_operator
        list_name = "accounts:console_enterprises" if is_operator else "accounts:users"
        return already_shown(request, back=reverse(list_name))
    context = {
        "member": get_object_or_404(User, pk=facts["user"]),
        "password": facts["password"],
        "back": facts["back"],
        "title": _("Initial password"),
    }
    response = render(request, "accounts/password_once.html", context)
    response["Cache-Control"] = "no-store"
    return response
