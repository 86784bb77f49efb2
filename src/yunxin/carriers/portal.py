"""文本短信 → 退订名单: the enterprise's own phones that must not be sent to; to read and search."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import PortalRequest, portal_page
from yunxin.accounts.models import User
from yunxin.carriers import labels
from yunxin.carriers.models import BlockedNumber
from yunxin.text.phones import mask
from yunxin.vocabulary import BlockReason
from yunxin.web.listing import Choice, Column, Dates, Listing


class Unsubscribes(Listing):
    columns = (
        Column("phone", _("Phone"), "title"),
        Column("reason", _("Kind"), "status"),
        Column("at", _("Time"), "time", sort="at"),
    )
    search = ("phone",)
    search_label = _("The number's first digits")
    filters = (
        Choice("reason", _("All kinds"), lambda: labels.BLOCK_REASONS.items()),
        Dates("at", _("Time")),
    )
    empty_icon = "phone-off"
    empty_title = _("Nobody has unsubscribed.")
    empty_text = _("Whoever replies R, T, TD or the like to your messages appears here.")

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(phone__startswith=self.text) if self.text else rows


@portal_page()
def unsubscribes(request: PortalRequest) -> HttpResponse:
    """Phones that this enterprise must not send to; viewers see them masked."""
    rows = BlockedNumber.objects.filter(enterprise_id=request.enterprise.pk)
    listing = Unsubscribes(request, rows)
    is_masked = request.user.role == User.Role.VIEWER
    for row in listing.items:
        row.shown_phone = mask(row.phone) if is_masked else row.phone
        row.reason_label = labels.BLOCK_REASONS[BlockReason(row.reason)]
    context = {
        "listing": listing,
        "lead": _(
            "Nothing is sent to these numbers. If a holder wants your messages again,"
            " ask customer service to take the number off."
        ),
    }
    return render(request, "carriers/portal_unsubscribes.html", context)
