"""Ported numbers (携号转网): phones that kept their number and changed their carrier.

An entry goes before every table of leading digits: acceptance asks in its transaction, as long as
the table is not empty. Entries come by file (`number_runs`), by hand, and from carriers' reports
(`learning`). The latest word counts, but a report's never goes before an operator's own.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers.models import PortedNumber
from yunxin.text import phones
from yunxin.vocabulary import CarrierName, PortedOrigin
from yunxin.web.hints import hint


@transaction.atomic
def set_ported(*, phone: str, carrier: CarrierName, by: User | None) -> PortedNumber:
    """Say whose a number is now, whatever the table said.

    Args:
        phone: 11 digits, as `phones.normalise` returns them.
    """
    values = {
        "carrier": carrier, "origin": PortedOrigin.MANUAL, "code": "", "at": timezone.now(),
    }  # fmt: skip
    row, _ = PortedNumber.objects.update_or_create(phone=phone, defaults=values)
    audit.record(by, "ported.edit", phones.mask(phone), carrier=str(carrier))
    hint("directory")
    return row


@transaction.atomic
def remove_ported(*, phone: str, by: User | None) -> bool:
    """Forget one entry: the number goes by its leading digits again. Whether there was one."""
    removed, _ = PortedNumber.objects.filter(pk=phone).delete()
    if removed:
        audit.record(by, "ported.delete", phones.mask(phone))
        hint("directory")
    return bool(removed)


def find_ported(phone: str) -> CarrierName | None:
    """To whom a number was ported; None: it is not in the table.

    Args:
        phone: 11 digits, as `phones.normalise` returns them.
    """
    row = PortedNumber.objects.filter(pk=phone).first()
    return CarrierName(row.carrier) if row else None


def count_ported() -> Mapping[CarrierName, int]:
    """How many numbers of the table each carrier has."""
    rows = PortedNumber.objects.values_list("carrier").annotate(numbers=Count("phone"))
    return {CarrierName(carrier): numbers for carrier, numbers in rows.order_by("carrier")}


def learned() -> QuerySet[PortedNumber]:
    """What reports said, the latest first."""
    return PortedNumber.objects.filter(origin=PortedOrigin.LEARNED).order_by("-at")
