"""Pages of everybody's own account: sign-in, passwords, login history, notices."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as start_session
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from yunxin.accounts import login as logins
from yunxin.accounts import notices, passwords
from yunxin.accounts.access import signed_in
from yunxin.accounts.forms import ChangePasswordForm, LoginForm, NewPasswordForm
from yunxin.accounts.models import LoginEvent, User
from yunxin.web.listing import Choice, Column, Dates, Listing
from yunxin.web.views import remember_language, safe_next

INVALID = 422  # a form that came back with errors


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The login page. What is wrong is never said more exactly than "account or password"."""
    if request.user.is_authenticated:
        return redirect(home_of(request.user))
    form = LoginForm(request.POST or None)
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    if request.method != "POST" or not form.is_valid():
        status = INVALID if form.errors else 200
        return render(request, "accounts/login.html", context, status=status)
    result = logins.attempt(
        request,
        form.cleaned_data["username"],
        form.cleaned_data["password"],
        now=timezone.now(),
    )
    if result.user is None:
        context["wrong"] = result.retry_at is None
        context["retry_at"] = result.retry_at
        return render(request, "accounts/login.html", context, status=INVALID)
    start_session(request, result.user)
    response = redirect(safe_next(request, home_of(result.user)))
    if result.user.language:
        remember_language(response, result.user.language)
    return response


def home_of(user: User) -> str:
    return "/console/" if user.is_operator else "/"


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session; the cookie with the language stays."""
    end_session(request)
    return redirect(settings.LOGIN_URL)


@never_cache
@sensitive_post_parameters()
@signed_in
def first_password(request: HttpRequest) -> HttpResponse:
    """In place of the initial password, one's own: asked before any other page."""
    user = cast(User, request.user)
    if not user.must_change_password:
        return redirect(home_of(user))
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        passwords.change_password(user, form.cleaned_data["new_password"])
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password has been set. Welcome!"))
        return redirect(home_of(user))
    status = INVALID if form.errors else 200
    return render(request, "accounts/first_password.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters()
@signed_in
def change_password(request: HttpRequest) -> HttpResponse:
    """修改密码: the present one and a new one; other sessions end."""
    user = cast(User, request.user)
    form = ChangePasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        passwords.change_password(user, form.cleaned_data["new_password"])
        update_session_auth_hash(request, user)
        messages.success(
            request, _("Your password has been changed; you are signed out elsewhere.")
        )
        return redirect("accounts:password")
    status = INVALID if form.errors else 200
    context = {"form": form, "rules": form.rules(), "submit": _("Change password")}
    return render(request, "accounts/password.html", context, status=status)


class Logins(Listing):
    """Attempts to sign in with one's account."""

    columns = (
        Column("at", gettext_lazy("Time"), "title", sort="at"),
        Column("succeeded", gettext_lazy("Result"), "status"),
        Column("address", gettext_lazy("IP address"), "code"),
        Column("agent", gettext_lazy("Browser")),
    )
    filters = (
        Choice(
            "result",
            gettext_lazy("All results"),
            [("True", gettext_lazy("Signed in")), ("False", gettext_lazy("Refused"))],
            "succeeded",
        ),
        Dates("at", gettext_lazy("Time")),
    )
    empty_icon = "history"
    empty_title = gettext_lazy("Nobody has signed in with this account yet.")


@signed_in
def login_history(request: HttpRequest) -> HttpResponse:
    """登录历史: if something in it was not you, change the password."""
    rows = LoginEvent.objects.filter(user=cast(User, request.user))
    context = {
        "listing": Logins(request, rows),
        "lead": _("If one of these was not you, change your password."),
    }
    return render(request, "accounts/logins.html", context)


class Notices(Listing):
    """What is in the bell."""

    columns = (
        Column("sentence", gettext_lazy("Notice"), "title"),
        Column("at", gettext_lazy("Time"), "time", sort="at"),
        Column("state", gettext_lazy("State"), "status"),
    )
    filters = (
        Choice(
            "unread",
            gettext_lazy("All notices"),
            [("True", gettext_lazy("Unread")), ("False", gettext_lazy("Read"))],
            "read_at__isnull",
        ),
    )
    empty_icon = "bell"
    empty_title = gettext_lazy("There are no notices.")
    empty_text = gettext_lazy("Results of reviews and finished tasks are told here.")


@signed_in
def bell(request: HttpRequest) -> HttpResponse:
    """All notices, the newest first."""
    rows = notices.notices_of(cast(User, request.user))
    return render(request, "accounts/notices.html", {"listing": Notices(request, rows)})


@require_POST
@signed_in
def mark_notices_read(request: HttpRequest) -> HttpResponse:
    """Everything in the bell has been seen."""
    notices.mark_read(cast(User, request.user))
    return redirect("accounts:notices")
