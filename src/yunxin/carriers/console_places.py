"""Operators' page of places: how much is known, where one number is from, and a file taken in."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.carriers import labels, number_labels, places
from yunxin.carriers.console_imports import table_page
from yunxin.carriers.number_models import NumberTable
from yunxin.text import phones
from yunxin.vocabulary import CarrierName, Province


@console_page
def number_places(request: ConsoleRequest) -> HttpResponse:
    """The table as figures, one number tried, and a file taken in."""
    counts = places.count_places()
    context = {
        "counts": [(number_labels.PROVINCES[province], n) for province, n in counts.items()],
        "whole": places.read_table(),
        **_tried(request.GET.get("try", "").strip()[:20]),
    }
    return table_page(request, NumberTable.PLACES, "carriers/console_places.html", context)


def _tried(typed: str) -> dict[str, Any]:
    if not typed:
        return {}
    try:
        phone = phones.normalise(typed)
    except phones.PhoneInvalid:
        return {"tried": typed, "problem": _("This is not a mainland mobile number.")}
    found = places.find_place(phone)
    if found is None:
        return {"tried": typed, "problem": _("Its seven leading digits are not in the table.")}
    return {
        "tried": typed,
        "place": found,
        "province": number_labels.PROVINCES[Province(found.province)],
        "carrier": labels.CARRIERS[CarrierName(found.carrier)] if found.carrier else "",
    }
