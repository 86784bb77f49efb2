"""Forbidden words (敏感词): no text that holds one is accepted, however it is disguised.

Searching is `text.words`; the engine holds the whole list ready (engine/directory), the pages
here only keep it and let an operator try a text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers.models import ForbiddenWord
from yunxin.text.words import plain
from yunxin.web.hints import hint

WORD_LENGTH_MAX = 60
PLAIN_LENGTH_MIN = 2  # one letter alone would stop half of all texts
WORDS_MAX = 20_000  # at once
_SEPARATORS = re.compile(r"[\r\n\t,,;;、|]+")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the words of one entry: counts, and what cannot be a forbidden word."""

    added: int
    already: int
    refused: list[str]


def split_typed(text: str) -> list[str]:
    """Cut what was typed or pasted into words: one a line, or between commas of any kind."""
    return [piece.strip() for piece in _SEPARATORS.split(text) if piece.strip()]


@transaction.atomic
def forbid_words(*, words: Iterable[str], note: str = "", by: User | None) -> Added:
    """Add words; those that are there stay as they are, too short or long ones are handed back."""
    good, refused = _sort_out(words)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO carriers_forbiddenword (word, note, by_id, at)"
            " SELECT word, %s, %s, now() FROM unnest(%s::text[]) AS word"
            " ON CONFLICT (upper(word)) DO NOTHING",
            [note, by.pk if by else None, good],
        )
        added = cursor.rowcount
    if added:
        audit.record(by, "word.create", good[0], count=added)
        hint("directory")
    return Added(added, len(good) - added, refused)


@transaction.atomic
def allow_words(*, ids: Iterable[int], by: User | None) -> int:
    """Take words off the list again; returns how many."""
    rows = list(ForbiddenWord.objects.filter(pk__in=list(ids)).select_for_update())
    ForbiddenWord.objects.filter(pk__in=[row.pk for row in rows]).delete()
    if rows:
        audit.record(by, "word.delete", rows[0].word, count=len(rows))
        hint("directory")
    return len(rows)


def search_words(text: str) -> QuerySet[ForbiddenWord]:
    """Words that hold the typed text; all of them for an empty one."""
    rows = ForbiddenWord.objects.select_related("by")
    return rows.filter(word__icontains=text.strip()) if text.strip() else rows


def find_all(text: str) -> list[str]:
    """Every forbidden word that a text holds, as the operators wrote it.

    Acceptance stops at the first (`text.words.WordList`); who tries a text wants to see them all.
    """
    searched = plain(text)
    words = ForbiddenWord.objects.order_by("id").values_list("word", flat=True)
    return [word for word in words if plain(word) in searched]


def _sort_out(words: Iterable[str]) -> tuple[list[str], list[str]]:
    good: dict[str, str] = {}
    refused = []
    for word in words:
        if len(plain(word)) < PLAIN_LENGTH_MIN or len(word) > WORD_LENGTH_MAX:
            refused.append(word[:WORD_LENGTH_MAX])
        else:
            good.setdefault(word.upper(), word)
    return list(good.values()), refused
