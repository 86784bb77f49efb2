"""Who may see which page: the decorators of every portal and console view.

`portal_page` lets users of an enterprise in and gives the view `request.enterprise`; everything
a view looks up must hang on it, so that another's object is 404. `console_page` lets operators in.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from yunxin.accounts.models import Enterprise, User

View = Callable[..., HttpResponseBase]

EVERYBODY = (User.Role.OWNER, User.Role.SENDER, User.Role.VIEWER)
SENDERS = (User.Role.OWNER, User.Role.SENDER)
OWNERS = (User.Role.OWNER,)


class PortalRequest(HttpRequest):
    """A request of a signed-in user of an enterprise, for annotations of portal views."""

    user: User
    enterprise: Enterprise
    htmx: HtmxDetails


class ConsoleRequest(HttpRequest):
    """A request of a signed-in operator, for annotations of console views."""

    user: User
    htmx: HtmxDetails


def portal_page(*roles: str, when_suspended: bool = False) -> Callable[[View], View]:
    """Let users of an enterprise in: all roles, or those named (`SENDERS`, `OWNERS`).

    Nobody of a suspended enterprise may send a form, unless `when_suspended`.
    """
    allowed = roles or EVERYBODY

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if request.user.is_operator:
                return _refuse_operator(request)
            request.enterprise = request.user.enterprise
            if request.user.role not in allowed:
                raise PermissionDenied(
                    _("Your role does not allow this. Ask the owner of your enterprise's account.")
                )
            if request.method == "POST" and not when_suspended:
                _check_not_suspended(request.enterprise)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def console_page(view: View) -> View:
    """Let operators in. To everybody else the console does not exist for more than a sentence."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_login(request)
        if not request.user.is_operator:
            raise PermissionDenied(_("These pages are for the operators of the platform."))
        return view(request, *args, **kwargs)

    return guarded


def signed_in(view: View) -> View:
    """Let everybody in who is signed in: pages that portal and console share."""

    @wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_login(request)
        request.enterprise = request.user.enterprise
        return view(request, *args, **kwargs)

    return guarded


def _to_login(request: Any) -> HttpResponse:
    """To the login page and back again; a piece of a page takes the whole page along."""
    answer = redirect_to_login(request.get_full_path())
    if request.htmx:
        return HttpResponseClientRedirect(answer["Location"])
    return answer


def _refuse_operator(request: HttpRequest) -> HttpResponse:
    if request.path == "/":
        return redirect("/console/")
    raise PermissionDenied(_("These pages are for users of an enterprise."))


def _check_not_suspended(enterprise: Enterprise) -> None:
    if not enterprise.is_active:
        raise PermissionDenied(
            _("Your enterprise has been suspended; nothing can be changed until it is resumed.")
        )
