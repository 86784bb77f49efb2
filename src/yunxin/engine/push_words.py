"""What a batch of events says: their rows read, put into words, cut into requests.

`dialects.pushes` knows the formats; here is where their content comes from.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from yunxin.dialects import pushes
from yunxin.dialects.pushes import ENTRIES_MAX, Failure, PartWord, Receipt, Reply
from yunxin.engine.store import Row, Transaction
from yunxin.text.codes import CodeBook
from yunxin.vocabulary import MessageState, PushFormat, PushKind, message_id_time

# Events are looked up by day, newest first: nearly all are of today.
RECENT = timedelta(hours=26)
EVER = timedelta(days=3650)


class Told(NamedTuple):
    """An event with what is to be said of it."""

    event_id: int
    at: datetime
    row: Receipt | Reply
    channel_id: int | None = None  # whose code the receipt carries


async def read_events(
    tx: Transaction,
    kind: PushKind,
    enterprise_id: int,
    event_ids: Sequence[int],
    now: datetime,
) -> list[Told]:
    """What is to be said of events, in the order of their ids; those that are gone are left out."""
    query = "pushed_replies" if kind == PushKind.REPLIES else "pushed_receipts"
    read = _reply if kind == PushKind.REPLIES else _receipt
    told: list[Told] = []
    missing = list(event_ids)
    for age in (RECENT, EVER):
        asked = {
            "enterprise_ids": [enterprise_id] * len(missing),
            "event_ids": missing,
            "since": now - age,
        }
        told += [read(row) for row in await tx.fetch(query, asked)]
        if len(told) == len(event_ids):
            break
        found = {event.event_id for event in told}
        missing = [id for id in event_ids if id not in found]
    if kind == PushKind.RECEIPTS:
        told = await _explain(tx, told)
    return sorted(told, key=lambda event: event.event_id)


def words(format: PushFormat, told: Iterable[Told]) -> bytes:
    """The body of one request."""
    rows = [event.row for event in told]
    if format == PushFormat.V1:
        return pushes.v1_events(rows)
    receipts = [row for row in rows if isinstance(row, Receipt)]
    if receipts:
        return pushes.ronghe_receipts(receipts)
    return pushes.ronghe_replies([row for row in rows if isinstance(row, Reply)])


def in_batches(format: PushFormat, told: Iterable[Told]) -> list[list[Told]]:
    """Cut events into requests: in the dialect a long message takes an entry for each part."""
    batches: list[list[Told]] = []
    room = 0
    for event in told:
        size = 1
        if format == PushFormat.RONGHE and isinstance(event.row, Receipt):
            size = pushes.entries(event.row)
        if size > room:
            batches.append([])
            room = ENTRIES_MAX
        batches[-1].append(event)
        room -= size
    return batches


def _receipt(row: Row) -> Told:
    (
        event_id, at, message_id, phone, state, code, segments, submitted_at, done_at,
        finished_at, task_id, campaign_id, reference, refused_task, refused_phone, reason,
        total, parts, states, codes, done_ats, channel_id,
    ) = row  # fmt: skip
    if message_id is None:
        refused = Receipt(
            event_id, 0, refused_phone or "", "refused", reason or "", 1, None, None, None, at,
            refused_task or "",
        )  # fmt: skip
        return Told(event_id, at, refused)
    known = zip(parts or (), states or (), codes or (), done_ats or (), strict=True)
    receipt = Receipt(
        event_id=event_id,
        message_id=message_id,
        phone=phone,
        state=state,
        code=code or "",
        segments=segments,
        accepted_at=message_id_time(message_id),
        submitted_at=submitted_at,
        done_at=done_at,
        finished_at=finished_at or at,
        task=task_id or (str(campaign_id) if campaign_id else ""),
        reference=reference,
        parts=[PartWord(*word) for word in known if word[1] is not None],
        part_count=total or 0,
    )
    return Told(event_id, at, receipt, channel_id)


async def _explain(tx: Transaction, told: list[Told]) -> list[Told]:
    """Say what the codes mean; the table is read only where there is something to explain."""
    if not any(_is_failure(event.row) for event in told):
        return told
    book = CodeBook(await tx.fetch("directory_codes"))
    rows = await tx.fetch("directory_protocols")
    protocols: dict[int, str] = {row[0]: row[1] for row in rows}
    return [
        event._replace(row=_explained(event.row, book, protocols.get(event.channel_id or 0, "")))
        for event in told
    ]


def _is_failure(row: Receipt | Reply) -> bool:
    if not isinstance(row, Receipt) or not row.message_id:
        return False
    return bool(row.code) and row.state != MessageState.DELIVERED


def _explained(row: Receipt | Reply, book: CodeBook, protocol: str) -> Receipt | Reply:
    if not isinstance(row, Receipt) or not _is_failure(row):
        return row
    meaning = book.meaning(row.code, protocol)
    return row._replace(failure=Failure(*meaning[:4])) if meaning else row


def _reply(row: Row) -> Told:
    event_id, at, reply_id, phone, access_number, text, received_at, message_id, left = row
    reply = Reply(
        event_id, reply_id, phone, access_number, text, received_at, message_id, bool(left)
    )
    return Told(event_id, at, reply)
