"""Operators' pages of trying to log in as a channel: a question, and the answer in words."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.carriers import channels, labels, tries
from yunxin.carriers.models import Channel, ChannelTry
from yunxin.vocabulary import CarrierProtocol, TryOutcome
from yunxin.web.confirm import ask

REFRESH_S = 1
_UNSURE = frozenset({TryOutcome.REFUSED, TryOutcome.BROKEN_OFF, TryOutcome.LOGIN_TIMEOUT})
_STATES = {
    tries.TryState.WAITING: (_("Waiting for an engine"), "cyan"),
    tries.TryState.RUNNING: (_("Logging in…"), "cyan"),
    tries.TryState.NO_ENGINE: (_("No engine took it"), "red"),
    tries.TryState.LOST: (_("No answer"), "red"),
}


@console_page
def try_channel(request: ConsoleRequest, channel_id: int) -> HttpResponse:
    """Have a log-in tried; a question comes first, as carriers count connections."""
    found = get_object_or_404(Channel, pk=channel_id)
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Test the connection of %(name)s?") % {"name": found.name},
            text=_question(found),
            button=_("Test the connection"),
            back=reverse("carriers:console_channel", args=[channel_id]),
            tone="primary",
        )
    asked = tries.ask_for_try(channel_id=channel_id, by=request.user)
    return redirect("carriers:console_channel_try", channel_id, asked.pk)


def _question(channel: Channel) -> str:
    once = gettext("An engine logs in once with the channel's stored data and says good-bye.")
    bound = channels.read_live([channel])[channel.pk].sessions_bound
    if not bound:
        return once
    beside = ngettext(
        "%(bound)s session is connected and is left alone; this is one more beside it. Where the"
        " carrier allows no more, it refuses this one, or drops another, which then reconnects.",
        "%(bound)s sessions are connected and are left alone; this is one more beside them. Where"
        " the carrier allows no more, it refuses this one, or drops another, which then"
        " reconnects.",
        bound,
    ) % {"bound": bound}
    return f"{once} {beside}"


@console_page
def channel_try(request: ConsoleRequest, channel_id: int, try_id: int) -> HttpResponse:
    """What came of it; renews itself until it is known."""
    asked = get_object_or_404(
        ChannelTry.objects.select_related("channel", "by"), pk=try_id, channel_id=channel_id
    )
    context: dict[str, Any] = {"channel": asked.channel, **_told(asked)}
    if request.htmx:
        return render(request, "carriers/_channel_try.html", context)
    earlier = asked.channel.tries.exclude(pk=try_id)[: tries.KEPT]
    context |= {
        "title": _("Connection test"),
        "lead": _where(asked.channel),
        "earlier": [_told(one) for one in earlier],
    }
    return render(request, "carriers/console_channel_try.html", context)


def _where(channel: Channel) -> str:
    place = f"{channel.host}:{channel.port}"
    return " · ".join((channel.name, labels.protocol_of(channel), place, channel.system_id))


def _told(asked: ChannelTry) -> dict[str, Any]:
    """A try in words."""
    state = tries.state_of(asked)
    told: dict[str, Any] = {"tried": asked, "refresh_s": None}
    if state is not tries.TryState.DONE:
        told["label"], told["tone"] = _STATES[state]
        told["is_over"] = state in (tries.TryState.NO_ENGINE, tries.TryState.LOST)
        told["refresh_s"] = None if told["is_over"] else REFRESH_S
        return told
    outcome = TryOutcome(asked.outcome)
    told["label"], told["tone"], sentence = labels.TRIES[outcome]
    if outcome == TryOutcome.REFUSED:
        key = asked.channel.protocol, asked.status
        sentence = labels.LOGIN_REFUSALS.get(key, asked.detail)
    return told | {
        "is_over": True,
        "sentence": sentence,
        "is_bound": outcome == TryOutcome.BOUND,
        "total_ms": (asked.connect_ms or 0) + (asked.login_ms or 0),
        "may_be_crowded": bool(asked.sessions_bound) and outcome in _UNSURE,
        "hears_elsewhere": outcome == TryOutcome.BOUND
        and asked.channel.protocol == CarrierProtocol.SGIP,
    }
