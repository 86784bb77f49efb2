"""Operators' page of routes: where would this number go, and why?"""

from datetime import timedelta, timezone
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone as clock
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.models import Enterprise
from yunxin.carriers import labels, number_labels, routes
from yunxin.text import phones
from yunxin.vocabulary import PhoneCondition, TrafficClass
from yunxin.web.forms import Form

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991


class RouteForm(Form):
    """A message that somebody might send."""

    phone = forms.CharField(
        label=_("Phone number"), max_length=20, widget=forms.TextInput({"inputmode": "tel"})
    )
    traffic = forms.ChoiceField(label=_("Traffic class"), choices=labels.TRAFFIC.items())
    enterprise = forms.ModelChoiceField(
        Enterprise.objects.order_by("name"),
        label=_("Enterprise"),
        required=False,
        empty_label=_("Any without a channel of its own"),
    )
    at = forms.TimeField(
        label=_("Time of day"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"placeholder": "HH:MM"}),
        help_text=_("Empty: now."),
    )

    def clean_phone(self) -> str:
        try:
            return phones.normalise(self.cleaned_data["phone"])
        except phones.PhoneInvalid:
            raise forms.ValidationError(_("Enter 11 digits of a mainland mobile number.")) from None


@console_page
def routing(request: ConsoleRequest) -> HttpResponse:
    """Ask, and see all channels with their part in the answer. Nothing is written or sent."""
    form = RouteForm(request.GET if "phone" in request.GET else None)
    context: dict[str, Any] = {"form": form, "title": _("Routes")}
    if form.is_bound and form.is_valid():
        context |= _answer(form.cleaned_data)
    status = 422 if form.errors else 200
    return render(request, "carriers/console_routes.html", context, status=status)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    whose = routes.find_whose(asked["phone"])
    enterprise = asked["enterprise"]
    question = routes.Question(
        whose.carrier,
        TrafficClass(asked["traffic"]),
        enterprise.pk if enterprise else routes.NO_ENTERPRISE,
        whose.province or "",
    )
    news = routes.find_news(asked["phone"])
    moment = asked["at"] or clock.now().astimezone(SHANGHAI).time()
    found = routes.find_routes(question, moment)
    return {
        "whose": whose,
        "news": news,
        "condition": labels.PHONE_CONDITIONS[PhoneCondition(news.condition)] if news else "",
        "carrier": labels.CARRIERS[whose.carrier],
        "province": number_labels.PROVINCES[whose.province] if whose.province else "",
        "is_served": any(route.place for route in found),
        "routes": [
            (route, labels.LINK_STATES[route.live.state], labels.LINK_TONES[route.live.state])
            for route in found
        ],
    }
