"""Operators' pages: how the platform is, records across enterprises, receipts that wait."""

from functools import cached_property
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.models import Enterprise
from yunxin.carriers.labels import LINK_STATES, LINK_TONES
from yunxin.messaging import home as home_figures
from yunxin.messaging import labels
from yunxin.messaging.details import detail_context
from yunxin.messaging.health import COUNT_MAX, read_health, read_held_receipts
from yunxin.messaging.listings import RecordListing, dress, read_filters
from yunxin.messaging.models import Message
from yunxin.messaging.record_filters import RecordFilters
from yunxin.messaging.records import Record, Total, count_records, read_everywhere
from yunxin.messaging.timeline import read_story
from yunxin.web.listing import Choice, Column, Filter, KeysetListing

REFRESH_S = 5


@console_page
def home(request: ConsoleRequest) -> HttpResponse:
    """系统概况; renews itself."""
    health = read_health()
    week = home_figures.read_week(None)
    context = {
        "title": _("System overview"),
        "health": health,
        "week": week,
        "queues": [(labels.PRIORITIES[queue.priority], queue) for queue in health.queues],
        "channels": [
            (channel, live, LINK_STATES[live.state], LINK_TONES[live.state])
            for channel, live in health.channels
        ],
        "count_max": COUNT_MAX,
        "refresh_s": REFRESH_S,
    }
    return render(request, "messaging/console_home.html", context)


class AllRecords(RecordListing):
    """Records of one enterprise, or of one phone over all enterprises.

    Nothing is shown before one of the two is said: the records of everybody together are in no
    order that an index knows.
    """

    columns = (
        Column("phone", _("Phone"), "title"),
        Column("state", _("State"), "status"),
        Column("enterprise", _("Enterprise")),
        Column("text", _("Text")),
        Column("template", _("Template")),
        Column("carrier", _("Carrier")),
        Column("segments", _("Billed messages"), "number"),
        Column("accepted", _("Accepted"), "time"),
        Column("actions", _("Actions"), "actions"),
    )
    empty_title = _("Choose an enterprise or enter a phone number.")
    empty_text = _("A phone number alone is looked for in all enterprises.")

    def __init__(self, request: ConsoleRequest) -> None:
        enterprises = list(Enterprise.objects.order_by("name").values_list("pk", "name"))
        chosen = request.GET.get("enterprise", "")
        found = next((pk for pk, _name in enterprises if str(pk) == chosen), 0)
        super().__init__(request, found, is_masked=False)
        self.all_filters = self.filters
        own: list[Filter] = [Choice("enterprise", _("All enterprises"), enterprises)]
        self.filters = own + [f for f in self.filters if found or f.name in ("phone", "accepted")]
        self.enterprises = dict(enterprises)

    @cached_property
    def asked(self) -> RecordFilters:
        asked = read_filters(self.query, self.all_filters)
        if self.enterprise_id:
            return asked
        return RecordFilters(first_day=asked.first_day, last_day=asked.last_day, phone=asked.phone)

    @cached_property
    def items(self) -> list[Any]:
        return dress(self._page[0], is_masked=False, enterprises=self.enterprises)

    def window(self, *, before: int | None, after: int | None, limit: int) -> list[Record]:
        if self.enterprise_id:
            return super().window(before=before, after=after, limit=limit)
        if self.asked.phone is None:
            return []
        return read_everywhere(self.asked, before=before, after=after, limit=limit)

    @cached_property
    def counted(self) -> Total:
        if self.enterprise_id:
            return count_records(self.enterprise_id, self.asked)
        return Total(0, is_exact=False)

    @property
    def more_than(self) -> int | None:
        return super().more_than if self.enterprise_id else None

    @property
    def is_filtered(self) -> bool:
        return bool(self.enterprise_id or self.asked.phone)


@console_page
def records(request: ConsoleRequest) -> HttpResponse:
    """Sending records across enterprises."""
    context = {"listing": AllRecords(request)}
    return render(request, "messaging/console_records.html", context)


@console_page
def record(request: ConsoleRequest, enterprise_id: int, message_id: int) -> HttpResponse:
    """One message with its time line, channels named."""
    try:
        story = read_story(enterprise_id, message_id)
    except Message.DoesNotExist:
        raise Http404 from None
    context = detail_context(story, is_masked=False, with_channels=True)
    context["enterprise"] = Enterprise.objects.filter(pk=enterprise_id).first()
    return render(request, "messaging/console_record.html", context)


class Receipts(KeysetListing):
    columns = (
        Column("code", _("Message id of the carrier"), "title"),
        Column("kind", _("Kind"), "status"),
        Column("channel", _("Channel")),
        Column("phone", _("Phone")),
        Column("state", _("State")),
        Column("received", _("Received"), "time"),
    )
    filters = (
        Choice("kind", _("All kinds"), [("waiting", _("Waiting")), ("unmatched", _("No message"))]),
    )
    empty_icon = "mail-check"
    empty_title = _("Every receipt has found its message.")

    def window(self, *, before: int | None, after: int | None, limit: int) -> list[Any]:
        unmatched = {"waiting": False, "unmatched": True}.get(self.query.get("kind", ""))
        return read_held_receipts(unmatched=unmatched, before=before, after=after, limit=limit)


@console_page
def receipts(request: ConsoleRequest) -> HttpResponse:
    """Receipts whose message is not known: early ones, and those that match nothing."""
    context = {
        "listing": Receipts(request, Message.objects.none()),
        "lead": _(
            "A receipt may come before the carrier's answer and waits a while for it;"
            " what then matches nothing stays here."
        ),
    }
    return render(request, "messaging/console_receipts.html", context)
