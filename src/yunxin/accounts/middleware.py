"""Whoever signs in with an initial password chooses one of their own before anything else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

ALLOWED = ("accounts:first_password", "accounts:logout", "accounts:login", "web:language")


class FirstPassword:
    """Leads every page to the one where the first password is changed, while that is due."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if getattr(request.user, "must_change_password", False) and not self._is_allowed(request):
            return redirect("accounts:first_password")
        return self.get_response(request)

    @staticmethod
    def _is_allowed(request: HttpRequest) -> bool:
        return request.path in [reverse(name) for name in ALLOWED]
