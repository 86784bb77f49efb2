"""The lists of SMPP accounts: columns, filters, and what an empty one says."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yunxin.web.listing import Choice, Column, Listing


class Accounts(Listing):
    """The enterprise's own accounts."""

    columns: ClassVar[tuple[Column, ...]] = (
        Column("system_id", "system_id", "title", sort="system_id"),
        Column("state", _("State"), "status"),
        Column("sessions", _("Live sessions"), "number"),
        Column("limits", _("Limits in force")),
        Column("waiting", _("Waiting to be delivered"), "number"),
        Column("bound", _("Last bound"), "time"),
        Column("actions", _("Actions"), "actions"),
    )
    order = ("system_id",)
    empty_icon = "plug-connected"
    empty_title = _("You have no SMPP account yet.")
    empty_text = _(
        "With much traffic your gateway can bind to this platform over SMPP. Ask the operators for"
        " an account; for everything else the HTTP interface is simpler."
    )


class AllAccounts(Accounts):
    """Those of all enterprises, for operators."""

    columns: ClassVar[tuple[Column, ...]] = (
        Column("system_id", "system_id", "title", sort="system_id"),
        Column("state", _("State"), "status"),
        Column("enterprise", _("Enterprise")),
        *Accounts.columns[2:],
    )
    filters = (
        Choice(
            "enabled",
            _("Enabled or not"),
            [
                ("True", pgettext_lazy("account", "Enabled")),
                ("False", pgettext_lazy("account", "Disabled")),
            ],
        ),
    )
    search = ("system_id", "name", "enterprise__name")
    search_label = _("Account, its name or enterprise")
    order = ("-id",)
    empty_title = _("There is no SMPP account yet.")
    empty_text = _("Open an enterprise, then its interfaces, and make the first one there.")
