"""What v1 tells: messages with their time lines, receipts and replies by cursor, balance, content.

Every query names the enterprise of the key; what belongs to another one is not there.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused
from yunxin.api.requests import Answer, Request
from yunxin.api.sending import invalid
from yunxin.dialects import v1
from yunxin.dialects.pushes import v1_event
from yunxin.engine.push_words import read_events
from yunxin.engine.store import Row
from yunxin.text.phones import PhoneInvalid, normalise
from yunxin.vocabulary import (
    FINAL_STATES,
    MessageState,
    PushKind,
    message_id_floor,
    message_id_time,
)

ID_MAX = (1 << 63) - 1
ID_DIGITS_MAX = 19
_MOMENTS = frozenset({"from", "to"})
_PLUS_LOST = re.compile(r" (?=\d\d:\d\d$)")  # of a time zone whose "+" was not escaped

Query = TypeVar("Query", bound=msgspec.Struct)
_encode = msgspec.json.encode


async def get_message(request: Request, key: Key, parts: Parts) -> Answer:
    """One message with its time line."""
    message_id = read_id(request.path.rpartition("/")[2])
    own = {"enterprise_id": key.enterprise_id, "message_id": message_id}
    row = await parts.store.fetch_one("read_message", own)
    if row is None:
        raise Refused("not_found")
    events = await parts.store.fetch("read_message_events", own)
    submissions = await parts.store.fetch("read_submissions", own)
    lines = sorted(_lines(row, events, submissions), key=lambda line: line.at)
    return _told(v1.MessageWithTimeline(**_message(row, parts), timeline=lines))


async def list_messages(request: Request, key: Key, parts: Parts) -> Answer:
    """Messages, newest first."""
    query = read_query(request, v1.MessagesQuery)
    params: dict[str, Any] = {
        "enterprise_id": key.enterprise_id,
        "first": _floor(query.since, 0),
        "below": min(_floor(query.until, ID_MAX), read_id_cursor(query.cursor)),
        "state": str(query.state or ""),
        "most": query.limit + 1,
        "phone": read_phone(query.phone),
        "reference": query.reference,
    }
    name = "list_messages"
    if query.phone:
        name = "list_messages_to"
    elif query.reference:
        name = "list_messages_referenced"
    elif query.state is not None and query.state != v1.StateAsked.DELIVERED:
        name = "list_messages_undelivered"
    rows = await parts.store.fetch(name, params)
    page = rows[: query.limit]
    messages = [v1.Message(**_message(row, parts)) for row in page]
    return _told(v1.Messages(messages, next_cursor(rows, page)))


async def pull_receipts(request: Request, key: Key, parts: Parts) -> Answer:
    """Receipts since a cursor."""
    return await _pull(PushKind.RECEIPTS, request, key, parts)


async def pull_inbound(request: Request, key: Key, parts: Parts) -> Answer:
    """Replies since a cursor."""
    return await _pull(PushKind.REPLIES, request, key, parts)


async def _pull(kind: PushKind, request: Request, key: Key, parts: Parts) -> Answer:
    query = read_query(request, v1.PageQuery)
    tx, last = _read_event_cursor(query.cursor)
    asked = {
        "enterprise_id": key.enterprise_id, "kind": kind.value, "tx": tx, "id": last,
        "most": query.limit,
    }  # fmt: skip
    rows = await parts.store.fetch("pull_events", asked)
    data: list[dict[str, Any]] = []
    if not rows and query.cursor:
        ahead = await parts.store.fetch_one("is_cursor_of_another_database", {"tx": tx})
        if ahead is not None and ahead[0]:
            detail = "The platform's database is another one now; begin again without a cursor."
            raise Refused("invalid_parameter", detail, "cursor")
    if rows:
        tx, last, _ = rows[-1]
        async with parts.store.transaction() as reader:
            told = await read_events(
                reader, kind, key.enterprise_id, [row[1] for row in rows], datetime.now(UTC)
            )
        by_id = {event.event_id: event.row for event in told}
        data = [v1_event(by_id[row[1]]) for row in rows if row[1] in by_id]
    return Answer(200, _encode({"data": data, "next": _write_cursor(f"{tx}.{last}")}))


async def get_balance(request: Request, key: Key, parts: Parts) -> Answer:
    """What is left in the packages."""
    asked = {"enterprise_id": key.enterprise_id, "now": datetime.now(UTC)}
    rows = await parts.store.fetch("read_balance", asked)
    packages = [v1.Package(*row) for row in rows]
    return _told(v1.Balance(sum(package.left for package in packages), packages))


async def list_signatures(request: Request, key: Key, parts: Parts) -> Answer:
    """The enterprise's signatures, newest first."""
    rows, page = await _content("list_signatures", request, key, parts)
    return _told(v1.Signatures(list(map(_signature, page)), next_cursor(rows, page)))


async def list_templates(request: Request, key: Key, parts: Parts) -> Answer:
    """The enterprise's templates, newest first."""
    rows, page = await _content("list_templates", request, key, parts)
    return _told(v1.Templates(list(map(_template, page)), next_cursor(rows, page)))


async def read_signature(id: int, key: Key, parts: Parts) -> v1.Signature | None:
    """One signature of the enterprise."""
    row = await _one("list_signatures", id, key, parts)
    return None if row is None else _signature(row)


async def read_template(id: int, key: Key, parts: Parts) -> v1.Template | None:
    """One template of the enterprise."""
    row = await _one("list_templates", id, key, parts)
    return None if row is None else _template(row)


async def _one(name: str, id: int, key: Key, parts: Parts) -> Row | None:
    asked = {"enterprise_id": key.enterprise_id, "below": id + 1, "most": 1}
    row = await parts.store.fetch_one(name, asked)
    return row if row is not None and row[0] == id else None


def _signature(row: Row) -> v1.Signature:
    id, name, state, reason, created_at = row
    return v1.Signature(str(id), name, state, reason or None, created_at)


def _template(row: Row) -> v1.Template:
    id, name, content, state, kind, signature, position, variables, reason, created_at = row
    return v1.Template(
        str(id), name, content, state, kind, signature, position, variables, reason or None,
        created_at,
    )  # fmt: skip


async def _content(
    name: str, request: Request, key: Key, parts: Parts
) -> tuple[list[Row], list[Row]]:
    """What was read, one row more than the page has, and the page."""
    query = read_query(request, v1.PageQuery)
    asked = {
        "enterprise_id": key.enterprise_id,
        "below": read_id_cursor(query.cursor),
        "most": query.limit + 1,
    }
    rows = await parts.store.fetch(name, asked)
    return rows, rows[: query.limit]


# Words of messages -----------------------------------------------------------------------------


def _message(row: Row, parts: Parts) -> dict[str, Any]:
    """A row of `read_message` and its like as members of `v1.Message`."""
    (
        id, phone, state, code, text, template_id, segments, source, task, reference,
        submitted_at, done_at, finished_at, _, is_queued, claimed_at, _, channel_id,
    ) = row  # fmt: skip
    is_failure = state in FINAL_STATES and state != MessageState.DELIVERED
    meaning = parts.directory.snapshot.explain(code, channel_id) if is_failure else None
    return {
        "id": str(id), "phone": phone, "state": _state(state, is_queued, claimed_at),
        "code": code or None, "failure": v1.Failure(*meaning[:4]) if meaning else None,
        "text": text, "template": str(template_id), "segments": segments,
        "source": source, "task": task, "reference": reference,
        "accepted_at": message_id_time(id), "submitted_at": submitted_at, "done_at": done_at,
        "finished_at": finished_at,
    }  # fmt: skip


def _state(state: str, is_queued: bool, claimed_at: datetime | None) -> str:
    if MessageState(state) in FINAL_STATES:
        return state
    if not is_queued:
        return MessageState.SUBMITTED.value
    return (MessageState.SENDING if claimed_at is not None else MessageState.ACCEPTED).value


def _lines(row: Row, events: list[Row], submissions: list[Row]) -> list[v1.TimelineEntry]:
    """The time line's entries in the order in which things of one moment happen."""
    id, _, state, code, *_ = row
    submitted_at, _, finished_at, refunded, _, claimed_at, not_before = row[10:17]
    line = v1.TimelineEntry
    lines = [line("accepted", message_id_time(id))]
    if not submissions and submitted_at:
        lines.append(line("submitted", submitted_at))
    for taken_at, part, parts, *_ in submissions:
        lines.append(line("submitted", taken_at, detail=f"{part}/{parts}" if parts > 1 else None))
    for at, kind, its_code, part in events:
        lines.append(line(kind, at, its_code or None, str(part) if part else None))
    if claimed_at:
        lines.append(line("sending", claimed_at))
    elif not_before:
        lines.append(line("retry_from", not_before))
    for _, part, parts, its_state, its_code, done_at in submissions:
        if parts > 1 and its_state and done_at:
            detail = f"{part}/{parts} {its_state}"
            lines.append(line("part_receipt", done_at, its_code or None, detail))
    if finished_at:
        lines.append(line(state, finished_at, code or None))
        if refunded:
            lines.append(line("refunded", finished_at))
    return lines


# Parameters and cursors ------------------------------------------------------------------------


def read_query(request: Request, kind: type[Query]) -> Query:
    """The parameters of an address, checked against their struct."""
    try:
        pairs = parse_qsl(
            request.query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=50,
        )
        given = dict(pairs)
        if len(given) < len(pairs):
            raise Refused("invalid_parameter", "A parameter stands there twice.")
        if any("\x00" in value for value in given.values()):
            raise Refused("invalid_parameter", "A parameter holds a NUL.")
        for name in given.keys() & _MOMENTS:
            given[name] = _PLUS_LOST.sub("+", given[name])
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid("invalid_parameter", error) from None
    except ValueError:
        raise Refused("invalid_parameter", "It is not percent-encoded UTF-8.") from None


def read_phone(given: str) -> str:
    """A phone to look for, normalised; empty where none is given."""
    if not given:
        return ""
    try:
        return normalise(given)
    except PhoneInvalid:
        raise Refused("invalid_parameter", "It is no mainland mobile number.", "phone") from None


def _floor(moment: datetime | None, otherwise: int) -> int:
    if moment is None:
        return otherwise
    return max(0, min(ID_MAX, message_id_floor(moment.astimezone(UTC))))


def read_id(text: str) -> int:
    """An id as it stands in an address.

    Raises:
        Refused: nothing can have it.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > ID_DIGITS_MAX or int(text) > ID_MAX:
        raise Refused("not_found")
    return int(text)


def next_cursor(rows: list[Row], page: list[Row]) -> str | None:
    """The cursor of what comes after a page; None where nothing does."""
    return _write_cursor(str(page[-1][0])) if len(rows) > len(page) else None


def _write_cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, read: Callable[[str], Any]) -> Any:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return read(base64.b64decode(padded, b"-_", validate=True).decode("ascii"))
    except (ValueError, binascii.Error):
        detail = "It is not a cursor that an earlier page gave."
        raise Refused("invalid_parameter", detail, "cursor") from None


def read_id_cursor(cursor: str, first: int = ID_MAX) -> int:
    """The id after which a page begins; `first` where no cursor is given."""
    return int(_read_cursor(cursor, _digits)) if cursor else first


def _read_event_cursor(cursor: str) -> tuple[str, int]:
    """The last event's transaction and id."""
    if not cursor:
        return "0", 0

    def read(text: str) -> tuple[str, int]:
        tx, _, last = text.partition(".")
        return str(_digits(tx)), _digits(last)

    found: tuple[str, int] = _read_cursor(cursor, read)
    return found


def _digits(text: str) -> int:
    if not text.isdigit() or int(text) > ID_MAX:
        raise ValueError
    return int(text)


def _told(answer: msgspec.Struct) -> Answer:
    return Answer(200, _encode(answer))
