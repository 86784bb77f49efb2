"""What is pushed to an enterprise's URL: receipts and replies, in the dialect's words and in v1's.

Rows come in as `Receipt` and `Reply`, bytes go out. In the dialect each part of a long message is
an entry of its own; in v1 a message is one event that lists its parts. `webhook_headers` signs as
Standard Webhooks says, so that receivers can verify with any of its libraries.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec

from yunxin.vocabulary import MessageState, PushKind

ENTRIES_MAX = 100  # of one request, in both formats
SECRET_PREFIX = "whsec_"  # Standard Webhooks §Signature scheme
SECRET_SIZE_BYTES = 32  # it asks for 24 to 64
DELIVERED = "0"  # the dialect's word; every other is the code of a failure

# What the dialect says where the carrier gave no code: the words of the carriers' own protocols.
_WORDS: dict[str, str] = {
    MessageState.FAILED: "UNDELIV",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.CANCELLED: "DELETED",
}
_SHANGHAI = timezone(timedelta(hours=8))  # without daylight saving since 1991


class PartWord(NamedTuple):
    """The carrier's word on one part of a longer message."""

    part: int  # from 1
    state: str  # of `MessageState`
    code: str
    done_at: datetime | None


class Failure(NamedTuple):
    """What the carrier's code means, by the operators' table."""

    group: str  # of `CodeGroup`
    permanent: bool
    english: str
    chinese: str


class Receipt(NamedTuple):
    """A message's final word, or a number that was refused after its request was answered."""

    event_id: int
    message_id: int  # 0: refused, there is no message
    phone: str
    state: str  # of `MessageState`, or "refused"
    code: str  # the carrier's, or the word of `Refusal`
    segments: int
    accepted_at: datetime | None
    submitted_at: datetime | None
    done_at: datetime | None  # the carrier's time
    finished_at: datetime  # ours
    task: str
    reference: str | None = None
    parts: Sequence[PartWord] = ()  # of a longer message, those that have a word of their own
    part_count: int = 0  # how many it was cut into; 0: not known, taken for its segments
    failure: Failure | None = None  # where the code's meaning is known and it did not arrive


class Reply(NamedTuple):
    """What a phone wrote."""

    event_id: int
    reply_id: int
    phone: str
    access_number: str  # the number that was replied to
    text: str
    received_at: datetime
    message_id: int | None = None  # what it most likely answers
    unsubscribed: bool = False


def entries(row: Receipt) -> int:
    """How many entries of the dialect a receipt takes: one for each part."""
    return max(1, row.part_count or row.segments)


def ronghe_receipts(rows: Iterable[Receipt]) -> bytes:
    """The dialect's array of status reports; the caller keeps to `ENTRIES_MAX`."""
    return msgspec.json.encode([entry for row in rows for entry in _ronghe_entries(row)])


def ronghe_replies(rows: Iterable[Reply]) -> bytes:
    """The dialect's array of replies."""
    return msgspec.json.encode(
        [
            {
                "mobile": row.phone,
                "fisp": row.access_number,
                "time": _ronghe_time(row.received_at),
                "msg": row.text,
            }
            for row in rows
        ]
    )


def v1_events(rows: Iterable[Receipt | Reply], kind: PushKind | None = None) -> bytes:
    """The body of a push of v1.

    Args:
        kind: `TEST` for the test of the page; else what the rows are.
    """
    rows = list(rows)
    if kind is None:
        replies = bool(rows) and isinstance(rows[0], Reply)
        kind = PushKind.REPLIES if replies else PushKind.RECEIPTS
    return msgspec.json.encode({"type": str(kind), "events": [v1_event(row) for row in rows]})


def v1_event(row: Receipt | Reply) -> dict[str, Any]:
    """One event of v1, the same when it is pushed and when it is pulled."""
    return _v1_receipt(row) if isinstance(row, Receipt) else _v1_reply(row)


def webhook_headers(id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    """The headers of Standard Webhooks that identify and sign a push.

    Args:
        id: the same at each try, so that receivers know what they have already.
        at: when this try is made.
        secret: as `mint_webhook_secret` makes it.
    Raises:
        ValueError: the secret is no such secret.
    """
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    signed = b".".join((id.encode(), stamp.encode(), body))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }


def mint_webhook_secret() -> str:
    """A new secret to sign pushes with."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_SIZE_BYTES)).decode()


def sample(kind: PushKind, now: datetime) -> Receipt | Reply:
    """What the test of the page pushes: like real ones, of a phone that nobody has."""
    if kind == PushKind.REPLIES:
        return Reply(0, 0, "13800000000", "106900000000", "测试 test", now)
    return Receipt(
        event_id=0,
        message_id=0,
        phone="13800000000",
        state=MessageState.DELIVERED,
        code="DELIVRD",
        segments=1,
        accepted_at=now,
        submitted_at=now,
        done_at=now,
        finished_at=now,
        task="TEST",
    )


def _ronghe_entries(row: Receipt) -> Iterable[dict[str, str]]:
    known = {word.part: word for word in row.parts}
    for number in range(1, entries(row) + 1):
        word = known.get(number)
        state, code, done_at = (
            (word.state, word.code, word.done_at) if word else (row.state, row.code, row.done_at)
        )
        yield {
            "mobile": row.phone,
            "state": _ronghe_state(state, code),
            "taskid": row.task,
            "sortid": str(number - 1),
            "time": _ronghe_time(done_at or row.finished_at),
        }


def _ronghe_state(state: str, code: str) -> str:
    if state == MessageState.DELIVERED:
        return DELIVERED
    # A carrier whose code of a failure is "0" must not turn it into a success.
    return code if code and code != DELIVERED else _WORDS.get(state, "UNDELIV")


def _ronghe_time(at: datetime) -> str:
    return at.astimezone(_SHANGHAI).strftime("%Y%m%d%H%M%S")


def v1_failure(failure: Failure | None) -> dict[str, Any] | None:
    """The member `failure` of a receipt or a message of v1."""
    if failure is None:
        return None
    group, permanent, english, chinese = failure
    return {"group": group, "permanent": permanent, "en": english, "zh": chinese}


def _v1_receipt(row: Receipt) -> dict[str, Any]:
    return {
        "id": str(row.event_id),
        "message": str(row.message_id) if row.message_id else None,
        "phone": row.phone,
        "state": row.state,
        "code": row.code or None,
        "failure": v1_failure(row.failure),
        "segments": row.segments,
        "parts": [
            {"part": word.part, "state": word.state, "code": word.code or None,
             "done_at": _v1_time(word.done_at)}
            for word in row.parts
        ],
        "accepted_at": _v1_time(row.accepted_at),
        "submitted_at": _v1_time(row.submitted_at),
        "done_at": _v1_time(row.done_at),
        "finished_at": _v1_time(row.finished_at),
        "task": row.task or None,
        "reference": row.reference,
    }  # fmt: skip


def _v1_reply(row: Reply) -> dict[str, Any]:
    return {
        "id": str(row.event_id),
        "reply": str(row.reply_id),
        "phone": row.phone,
        "number": row.access_number,
        "text": row.text,
        "received_at": _v1_time(row.received_at),
        "message": str(row.message_id) if row.message_id else None,
        "unsubscribed": row.unsubscribed,
    }


def _v1_time(at: datetime | None) -> str | None:
    """RFC 3339, in UTC, to the millisecond."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
