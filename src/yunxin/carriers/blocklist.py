"""Phones that must not be sent to: by anybody (enterprise 0), or by one enterprise.

Operators' entries come in here; unsubscribes are written by the engine when a reply asks for it.
Acceptance and the dispatcher both look the rows up, so an entry counts from the next message on.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet

from yunxin.accounts import audit
from yunxin.accounts.models import Enterprise, User
from yunxin.carriers.models import BlockedNumber
from yunxin.text import phones
from yunxin.vocabulary import BlockReason
from yunxin.web.hints import hint

EVERYBODY = 0  # the enterprise_id of the list that holds for all
PHONES_MAX = 50_000  # at once; what fits in one form
_SEPARATORS = re.compile(r"[\r\n\t,,;;、|]+")


@dataclass(frozen=True, slots=True)
class Blocked:
    """What became of the numbers of one entry: counts, and what was no number as it was typed."""

    added: int
    already: int
    invalid: Sequence[str]


def split_typed(text: str) -> list[str]:
    """Cut what was typed or pasted into numbers: one a line, or between commas of any kind."""
    return [piece.strip() for piece in _SEPARATORS.split(text) if piece.strip()]


@transaction.atomic
def block_phones(
    *,
    typed: Iterable[str],
    enterprise: Enterprise | None = None,
    reason: BlockReason = BlockReason.OPERATOR,
    note: str = "",
    by: User | None,
) -> Blocked:
    """Put numbers on a list; those that are on it stay as they are, bad ones are handed back.

    Args:
        enterprise: whose list; None for the one that holds for everybody.
    """
    good, invalid = _sort_out(typed)
    added = _insert(good, enterprise.pk if enterprise else EVERYBODY, reason, note, by)
    if added:
        audit.record(
            by, "block.create", _subject(good), enterprise=enterprise, count=added, reason=reason
        )
        hint("directory")
    return Blocked(added, len(good) - added, invalid)


@transaction.atomic
def unblock_phones(*, ids: Iterable[int], enterprise_id: int | None, by: User | None) -> int:
    """Take entries off again; with an enterprise only its own.

    Args:
        enterprise_id: None for an operator, who may take any.
    Returns:
        How many were taken off.
    """
    rows = BlockedNumber.objects.filter(pk__in=list(ids))
    if enterprise_id is not None:
        rows = rows.filter(enterprise_id=enterprise_id)
    taken = list(rows.select_for_update())
    BlockedNumber.objects.filter(pk__in=[row.pk for row in taken]).delete()
    owners = Enterprise.objects.in_bulk({row.enterprise_id for row in taken} - {EVERYBODY})
    for owner in {row.enterprise_id for row in taken}:
        numbers = [row.phone for row in taken if row.enterprise_id == owner]
        audit.record(
            by, "block.delete", _subject(numbers), enterprise=owners.get(owner), count=len(numbers)
        )
    if taken:
        hint("directory")
    return len(taken)


def search_blocked(text: str, enterprise_id: int | None = None) -> QuerySet[BlockedNumber]:
    """Entries whose number begins with the typed digits; all of them for an empty text."""
    rows = BlockedNumber.objects.select_related("by")
    if enterprise_id is not None:
        rows = rows.filter(enterprise_id=enterprise_id)
    return rows.filter(phone__startswith=text.strip()) if text.strip() else rows


def _sort_out(typed: Iterable[str]) -> tuple[list[str], list[str]]:
    good: dict[str, None] = {}
    invalid = []
    for raw in typed:
        try:
            good[phones.normalise(raw)] = None
        except phones.PhoneInvalid:
            invalid.append(raw[:40])
    return list(good), invalid


def _insert(
    numbers: list[str], enterprise_id: int, reason: BlockReason, note: str, by: User | None
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO carriers_blockednumber (enterprise_id, phone, reason, note, by_id, at)"
            " SELECT %s, phone, %s, %s, %s, now() FROM unnest(%s::text[]) AS phone"
            " ON CONFLICT (phone, enterprise_id) DO NOTHING",
            [enterprise_id, str(reason), note, by.pk if by else None, numbers],
        )
        return cursor.rowcount


def _subject(numbers: Sequence[str]) -> str:
    """What the audit log calls them: the first, masked, and how many more."""
    rest = f" +{len(numbers) - 1}" if len(numbers) > 1 else ""
    return phones.mask(numbers[0]) + rest
