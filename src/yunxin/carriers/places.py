"""Where numbers are from (号码归属地): seven leading digits, their province, city and carrier.

A head's carrier, where the table names one, goes before shorter leading digits, as the longest
match does. Tables come by file (`number_runs`). The engine takes the whole table packed, by its
version (`text.places`); pages look a single head up.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from yunxin.carriers.models import NumberPlace, PlaceTable
from yunxin.text.places import HEAD_DIGITS, PlaceMap, pack
from yunxin.vocabulary import Province
from yunxin.web.hints import hint

ROWS_AT_ONCE = 10_000


@transaction.atomic
def pack_table(*, is_made_up: bool = False) -> PlaceTable:
    """Make the engine's copy anew: in the transaction that changed the rows."""
    rows = NumberPlace.objects.values_list("head", "province", "carrier").order_by()
    cells = pack(rows.iterator(chunk_size=ROWS_AT_ONCE))
    version = PlaceTable.objects.aggregate(last=Max("version"))["last"] or 0
    table, _ = PlaceTable.objects.update_or_create(
        id=1,
        defaults={
            "version": version + 1,
            "cells": cells,
            "rows": NumberPlace.objects.count(),
            "is_made_up": is_made_up,
            "changed_at": timezone.now(),
        },
    )
    hint("directory")
    return table


def read_table() -> PlaceTable | None:
    """What the table is as a whole, without its bytes; None: nobody ever took one in."""
    return PlaceTable.objects.defer("cells").first()


def read_map() -> PlaceMap:
    """The whole table, to ask for many numbers."""
    cells = PlaceTable.objects.values_list("cells", flat=True).first()
    return PlaceMap(bytes(cells)) if cells else PlaceMap()


def find_place(phone: str) -> NumberPlace | None:
    """Where a number is from; None: nobody knows.

    Args:
        phone: 11 digits, as `phones.normalise` returns them.
    """
    return NumberPlace.objects.filter(pk=phone[:HEAD_DIGITS]).first()


def count_places() -> Mapping[Province, int]:
    """How many heads of the table each province has."""
    rows = NumberPlace.objects.values_list("province").annotate(heads=Count("head")).order_by()
    heads = dict(rows)
    return {province: heads[province] for province in Province if province in heads}
