"""The lists of this room: columns, filters, and what an empty one says."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.interfaces import labels
from yunxin.web.listing import Choice, Column, Listing

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
