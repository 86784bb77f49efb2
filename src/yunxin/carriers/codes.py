"""Carriers' codes in people's words: one table for the receipts and refusals of all protocols.

The table is shipped as data (`codes.json`) and edited here; `text.codes` finds a code's row, the
engine holds the whole table ready for its interfaces (engine/directory). What carriers really
said is counted by `engine/settle` by day and channel: codes without a row of their own are listed
for operators to enter (`list_unknown`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers.models import CarrierCode, Channel
from yunxin.text.codes import CodeBook, Meaning, plain
from yunxin.vocabulary import CodeGroup
from yunxin.web.hints import hint

SEEN_DAYS = 30  # how far back the pages count


class Explanations:
    """The table and the channels' protocols at one moment; two queries."""

    def __init__(self) -> None:
        self.book = CodeBook(
            (*row[:6], row[3] != row[6])
            for row in CarrierCode.objects.values_list(
                "protocol",
                "code",
                "group",
                "is_permanent",
                "meaning_en",
                "meaning_zh",
                "was_permanent",
            )
        )
        self.protocols: dict[int, str] = dict(Channel.objects.values_list("pk", "protocol"))

    def meaning(self, code: str | None, channel_id: int | None) -> Meaning | None:
        """What the code means that came by this channel (None: by nobody knows which)."""
        return self.book.meaning(code, self.protocols.get(channel_id or 0, ""))

    def say(self, code: str | None, channel_id: int | None) -> str:
        """The same in the reader's language; empty where the table says nothing."""
        return in_words(self.meaning(code, channel_id))


def in_words(meaning: Meaning | None) -> str:
    """A meaning in the reader's language."""
    if meaning is None:
        return ""
    return meaning.english if (get_language() or "").startswith("en") else meaning.chinese


def explain_counted(codes: Iterable[str]) -> Mapping[str, str]:
    """Codes of which only counts are known, in the reader's language; three queries.

    Whose word it was shows where only one protocol's channels said it lately.
    """
    asked = sorted({code for code in codes if code})
    explanations = Explanations()
    said_by: dict[str, set[str]] = {}
    for code, channel_id in _said_by(asked):
        said_by.setdefault(code, set()).add(explanations.protocols.get(channel_id, ""))
    told = {}
    for code in asked:
        protocols = said_by.get(code, set()) - {""}
        protocol = next(iter(protocols)) if len(protocols) == 1 else ""
        told[code] = in_words(explanations.book.meaning(code, protocol))
    return told


def _said_by(codes: list[str]) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT code, channel_id FROM daily_code WHERE day >= %s AND code = ANY(%s)",
            [_first_day(), codes],
        )
        return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Seen:
    """A code as carriers said it in the last days, and what it is read as."""

    code: str
    protocol: str
    channels: list[str]
    messages: int
    first: date
    last: date
    read_as: str  # the meaning of its first word; empty: nothing is known of it
    is_known: bool  # it has a row of its own


def list_seen() -> list[Seen]:
    """Every code of the last days with its count, the commonest first; three queries.

    Our own words, which no channel said, are not among them.
    """
    explanations = Explanations()
    names = dict(Channel.objects.values_list("pk", "name"))
    sums: dict[tuple[str, str], Seen] = {}
    for code, channel_id, messages, first, last in _sums():
        protocol = explanations.protocols.get(channel_id, "")
        found = explanations.book.find(code, protocol)
        before = sums.get((code, protocol))
        channels = [*(before.channels if before else ()), names.get(channel_id, "")]
        sums[code, protocol] = Seen(
            code=code,
            protocol=protocol,
            channels=[name for name in channels if name],
            messages=messages + (before.messages if before else 0),
            first=min(first, before.first) if before else first,
            last=max(last, before.last) if before else last,
            read_as=in_words(found.meaning) if found else "",
            is_known=bool(found and found.is_exact),
        )
    return sorted(sums.values(), key=lambda seen: (-seen.messages, seen.code))


def list_unknown() -> list[Seen]:
    """The codes among them that have no row of their own."""
    return [seen for seen in list_seen() if not seen.is_known]


def _sums() -> list[tuple[str, int, int, date, date]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, channel_id, sum(messages)::bigint, min(day), max(day) FROM daily_code"
            " WHERE day >= %s AND channel_id <> 0 GROUP BY code, channel_id"
            " ORDER BY code, channel_id",
            [_first_day()],
        )
        return cursor.fetchall()


def _first_day() -> date:
    return timezone.localdate() - timedelta(days=SEEN_DAYS - 1)


@transaction.atomic
def write_code(
    *,
    row_id: int | None,
    protocol: str,
    code: str,
    group: CodeGroup,
    is_permanent: bool,
    meaning_en: str,
    meaning_zh: str,
    by: User | None,
) -> CarrierCode:
    """Enter what a code means, or change the row `row_id`.

    Raises:
        CarrierCode.DoesNotExist: there is no such row (any more).
        IntegrityError: another row has this code; the form asks before.
    """
    row = CarrierCode.objects.select_for_update().get(pk=row_id) if row_id else CarrierCode()
    row.protocol, row.code = protocol, plain(code)
    row.group, row.is_permanent = group, is_permanent
    row.meaning_en, row.meaning_zh = meaning_en.strip(), meaning_zh.strip()
    row.by, row.changed_at = by, timezone.now()
    row.save()
    audit.record(by, "code.edit" if row_id else "code.create", str(row), group=str(group))
    hint("directory")
    return row


@transaction.atomic
def remove_code(*, row_id: int, by: User | None) -> None:
    """Forget what a code means; nothing happens if nobody knew."""
    row = CarrierCode.objects.select_for_update().filter(pk=row_id).first()
    if row is not None:
        row.delete()
        audit.record(by, "code.delete", str(row))
        hint("directory")
