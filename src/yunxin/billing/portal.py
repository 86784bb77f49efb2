"""账户中心 → 套餐: what the enterprise bought, what of it is left, until when."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import PortalRequest, portal_page
from yunxin.billing import labels
from yunxin.billing.listings import PackageListing, PackageStateFilter, dressed
from yunxin.billing.models import Package
from yunxin.billing.packages import read_balance, with_state
from yunxin.web.listing import Column


class OwnPackages(PackageListing):
    """An enterprise's own packages; nothing to do with them here."""

    columns = (
        Column("name", _("Package"), "title"),
        Column("state", _("State"), "status"),
        Column("kind", _("Kind")),
        Column("left", _("Left")),
        Column("total", _("Messages"), "number", sort="total"),
        Column("used", _("Used"), "number", sort="used"),
        Column("valid_from", _("Valid from"), "time"),
        Column("valid_to", _("Valid until"), "time", sort="valid_to"),
    )
    filters = (PackageStateFilter,)
    empty_title = _("You have no package yet.")
    empty_text = _("Please contact customer service to buy one; what is bought appears here.")


@portal_page()
def packages(request: PortalRequest) -> HttpResponse:
    """The packages of the enterprise, the ones in use first."""
    rows = with_state(Package.objects.filter(enterprise=request.enterprise))
    listing = OwnPackages(request, rows)
    context = {
        "listing": dressed(listing),
        "left": read_balance(request.enterprise),
        "kind": labels.KINDS,
        "lead": _("Messages are paid from the package that ends first; refunds go back to it."),
    }
    return render(request, "billing/portal_packages.html", context)
