"""The lists of this room: columns, filters, and what an empty one says."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.accounts.models import Enterprise
from yunxin.interfaces import labels, push_log
from yunxin.vocabulary import PushBatchState
from yunxin.web.listing import Choice, Column, Dates, KeysetListing, Listing

STATE = Choice("state", _("All states"), labels.choices(labels.REVIEW_STATES))


class Keys(Listing):
    """接口密钥."""

    columns: ClassVar = (
        Column("name", pgettext_lazy("key", "Name"), "title", sort="name"),
        Column("state", _("State"), "status"),
        Column("key", pgettext_lazy("credential", "Key"), "code"),
        Column("scopes", _("What it may do")),
        Column("used", _("Last used"), "time"),
        Column("requests", _("Requests in 7 days"), "number"),
        Column("created", _("Created"), "time", sort="created_at"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (
        Choice("kind", _("All kinds"), labels.choices(labels.KINDS)),
        Choice(
            "live",
            _("In use or not"),
            [("True", _("Not disabled")), ("False", _("Disabled"))],
            "disabled_at__isnull",
        ),
    )
    search = ("name", "key_id", "hint")
    search_label = _("Name or the last characters")
    empty_icon = "key"
    empty_title = _("There is no key yet.")
    empty_text = _("Your systems prove with a key who they are. Make one for each of them.")


class Networks(Listing):
    """IP 白名单."""

    columns: ClassVar = (
        Column("network", _("IP address or network"), "title", sort="network"),
        Column("state", _("State"), "status"),
        Column("note", pgettext_lazy("network", "Note")),
        Column("by", _("Applied by")),
        Column("created", _("Applied at"), "time", sort="created_at"),
        Column("reviewed", _("Reviewed at"), "time"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (STATE,)
    search = ("network", "note")
    search_label = _("Address or note")
    empty_icon = "network"
    empty_title = _("There is no address yet.")
    empty_text = _(
        "The Ronghe dialect is only answered to addresses on this list. Add those of your servers;"
        " they count once an operator has approved them."
    )


class NetworkReviews(Listing):
    """All addresses that were asked for, for operators."""

    columns: ClassVar = (
        Column("network", _("IP address or network"), "title"),
        Column("enterprise", _("Enterprise")),
        Column("note", pgettext_lazy("network", "Note")),
        Column("created", _("Applied at"), "time", sort="created_at"),
        Column("state", _("State"), "status"),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (STATE,)
    search = ("network", "note", "enterprise__name")
    search_label = _("Address, note or enterprise")
    empty_icon = "shield-check"
    empty_title = _("Nothing has been applied for yet.")
    empty_text = _("New applications appear here by themselves.")


DAYS = Dates("created", _("Pushed between"), "created_at")


class Pushes(KeysetListing):
    """推送记录, newest first: nothing is counted, as there may be millions."""

    columns: ClassVar = (
        Column("kind", _("Kind"), "title"),
        Column("state", _("State"), "status"),
        Column("url", _("URL")),
        Column("events", _("Events"), "number"),
        Column("attempts", _("Tries"), "number"),
        Column("created", _("Created"), "time"),
        Column("answer", _("Last answer")),
        Column("actions", _("Actions"), "actions"),
    )
    filters = (
        Choice("kind", _("All kinds"), labels.choices(labels.PUSH_KINDS)),
        Choice("state", _("All states"), labels.choices(labels.BATCH_STATES)),
        DAYS,
    )
    empty_icon = "webhook"
    empty_title = _("Nothing has been pushed yet.")
    empty_text = _("Enter in the push settings where status reports and replies shall go.")

    def __init__(self, request: HttpRequest, enterprise: Enterprise) -> None:
        super().__init__(request, push_log.batches(enterprise))
        self.enterprise = enterprise

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Days and waiting ones go by indexes of their own."""
        if self.query.get("state") == PushBatchState.WAITING:
            rows = push_log.waiting_of(self.enterprise, rows)
        try:
            begin, end = DAYS.span(self.query)
        except ValueError:
            return rows
        rows = push_log.since(rows, begin) if begin else rows
        return push_log.until(rows, end) if end else rows


class EnterprisePushes(Pushes):
    """The same for operators, of one enterprise."""

    empty_text = _("Once the enterprise has entered a URL, what is pushed to it appears here.")
