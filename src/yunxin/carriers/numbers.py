"""Whose number it is: the table of leading digits, shipped with the first migration, edited here.

Acceptance takes the longest prefix that matches (`text.phones.carrier_of`), after `ported` and the
seven digits of `places`.
"""

import re
from collections.abc import Mapping

from django.db import transaction

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers import places, ported
from yunxin.carriers.models import NumberPrefix
from yunxin.text import phones
from yunxin.vocabulary import CarrierName
from yunxin.web.hints import hint

PREFIX = re.compile(r"1[3-9]\d{1,2}", re.ASCII)  # 3 or 4 digits of a mainland mobile


@transaction.atomic
def set_prefix(*, prefix: str, carrier: CarrierName, by: User | None) -> NumberPrefix:
    """Say whose numbers begin with these 3 or 4 digits; an existing entry is changed."""
    row, _ = NumberPrefix.objects.update_or_create(prefix=prefix, defaults={"carrier": carrier})
    audit.record(by, "prefix.edit", prefix, carrier=carrier)
    hint("directory")
    return row


@transaction.atomic
def remove_prefix(*, prefix: str, by: User | None) -> None:
    """Forget an entry: its numbers then go by a shorter prefix, or the default route."""
    if NumberPrefix.objects.filter(prefix=prefix).delete()[0]:
        audit.record(by, "prefix.delete", prefix)
        hint("directory")


def read_table() -> Mapping[str, CarrierName]:
    """The whole table, as `text.phones.carrier_of` wants it."""
    rows = NumberPrefix.objects.values_list("prefix", "carrier")
    return {prefix: CarrierName(carrier) for prefix, carrier in rows}


def find_carrier(phone: str) -> CarrierName:
    """Whose number this is by today's tables: ported numbers, then leading digits, seven first.

    Raises:
        phones.PhoneInvalid: not a mainland mobile.
    """
    phone = phones.normalise(phone)
    found = ported.find_ported(phone)
    if found is not None:
        return found
    place = places.find_place(phone)
    if place and place.carrier:
        return CarrierName(place.carrier)
    return phones.carrier_of(phone, read_table())
