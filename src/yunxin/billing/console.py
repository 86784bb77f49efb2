"""Operators' pages: packages of all enterprises, grants, adjustments, the ledger."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.models import Enterprise
from yunxin.billing.forms import AdjustForm, GrantForm
from yunxin.billing.listings import PackageListing, PackageStateFilter, dressed
from yunxin.billing.models import LedgerEntry, Package
from yunxin.billing.packages import NotEnoughLeft, adjust_package, grant_package, with_state
from yunxin.web.listing import Choice, Column, Dates, Listing
from yunxin.web.once import once


def _enterprise_filter() -> Choice:
    """A drop-down of all enterprises, read once a request."""
    names = Enterprise.objects.order_by("name").values_list("pk", "name")
    return Choice("enterprise", _("All enterprises"), list(names))


class AllPackages(PackageListing):
    columns = (
        Column("enterprise", _("Enterprise"), "title"),
        Column("state", _("State"), "status"),
        Column("name", _("Package")),
        Column("left", _("Left")),
        Column("total", _("Messages"), "number", sort="total"),
        Column("used", _("Used"), "number", sort="used"),
        Column("valid_to", _("Validity"), "time", sort="valid_to"),
        Column("actions", _("Actions"), "actions"),
    )
    search = ("enterprise__name", "name")
    search_label = _("Enterprise or package")
    empty_title = _("No enterprise has a package yet.")
    empty_text = _("An enterprise needs a package before it can send.")


class Ledger(Listing):
    columns = (
        Column("at", _("Time"), "time"),
        Column("enterprise", _("Enterprise"), "title"),
        Column("package", _("Package")),
        Column("segments", _("Change"), "number", sort="segments"),
        Column("reason", _("Reason")),
        Column("by", _("By")),
    )
    search = ("enterprise__name", "package__name", "reason")
    search_label = _("Enterprise, package or reason")
    empty_icon = "receipt"
    empty_title = _("Nothing was granted or adjusted yet.")


@console_page
def packages(request: ConsoleRequest) -> HttpResponse:
    """Packages of all enterprises."""
    rows = with_state(Package.objects.select_related("enterprise"))
    listing = AllPackages(request, rows, filters=[_enterprise_filter(), PackageStateFilter])
    context = {
        "listing": dressed(listing),
        "action_url": reverse("billing:console_grant"),
        "action_label": _("Grant a package"),
    }
    return render(request, "billing/console_packages.html", context)


@console_page
def ledger(request: ConsoleRequest) -> HttpResponse:
    """Every grant and adjustment with its reason; nothing here can be changed."""
    entries = LedgerEntry.objects.select_related("enterprise", "package", "by")
    listing = Ledger(request, entries, filters=[_enterprise_filter(), Dates("at", _("Time"))])
    return render(request, "billing/console_ledger.html", {"listing": listing})


@console_page
@once
def grant(request: ConsoleRequest) -> HttpResponse:
    """Give an enterprise a package; `?enterprise=ID` has it chosen."""
    form = GrantForm(request.POST or None, initial=_chosen(request))
    if request.method == "POST" and form.is_valid():
        package = grant_package(by=request.user, **form.cleaned_data)
        messages.success(
            request,
            gettext("%(enterprise)s has the package %(package)s now.")
            % {"enterprise": package.enterprise.name, "package": package.name},
        )
        return redirect("billing:console_packages")
    context = {
        "form": form,
        "title": _("Grant a package"),
        "submit": _("Grant"),
        "cancel_url": reverse("billing:console_packages"),
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


def _chosen(request: HttpRequest) -> dict[str, Any]:
    asked = request.GET.get("enterprise", "")
    return {"enterprise": asked} if asked.isascii() and asked.isdigit() else {}


@console_page
@once
def adjust(request: ConsoleRequest, package_id: int) -> HttpResponse:
    """Add to a package or take away what is not used."""
    package = get_object_or_404(Package.objects.select_related("enterprise"), pk=package_id)
    form = AdjustForm(request.POST or None, package=package)
    if request.method == "POST" and form.is_valid() and _adjusted(request, package, form):
        return redirect("billing:console_packages")
    context = {
        "form": form,
        "package": package,
        "title": _("Adjust a package"),
        "submit": _("Adjust"),
        "cancel_url": reverse("billing:console_packages"),
    }
    status = 422 if form.errors else 200
    return render(request, "billing/console_adjust.html", context, status=status)


def _adjusted(request: ConsoleRequest, package: Package, form: AdjustForm) -> bool:
    """Whether it was done; if not, the form says why: meanwhile more may have been used."""
    data = form.cleaned_data
    try:
        adjust_package(
            package_id=package.pk, segments=data["change"], reason=data["reason"], by=request.user
        )
    except NotEnoughLeft as error:
        form.add_error(
            "change",
            _("Only %(left)s are left: what is used cannot be taken away.")
            % {"left": f"{error.left:,}"},
        )
        return False
    messages.success(request, gettext("%(package)s was adjusted.") % {"package": package.name})
    return True
