"""Changes of the address book: one transaction each, which a request's key makes count once.

The functions of contacts/migrations/contact_tables.sql do the writing. What became of a request is
remembered in the transaction that does it, so that who lost an answer asks again and hears the
same. Remembered are ids and counts; names and phones stand in the request, which comes again.
What really changed is in the audit log, by the same transaction, with the key that did it.
"""

import hashlib
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any, NamedTuple, TypeVar

import msgspec

from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused
from yunxin.api.requests import Request
from yunxin.api.sending import KEPT_S, idempotency
from yunxin.dialects.problems import PROBLEMS
from yunxin.engine.once import Raced
from yunxin.engine.store import FunctionRefused, Transaction

T = TypeVar("T")

SCOPE = "contacts"  # of idempotency keys
LOCK_WAIT = "3s"  # for who changes the same book at this moment, such as an import


class Note(NamedTuple):
    """A line of the audit log, as `accounts.audit` has them."""

    action: str  # a key of its ACTIONS
    subject: str = ""
    detail: dict[str, Any] = {}


class Once(NamedTuple):
    """What a request is known by."""

    key: str
    digest: bytes


async def change(
    request: Request,
    key: Key,
    parts: Parts,
    do: Callable[[Transaction], Awaitable[T]],
    kind: type[T],
    note: Callable[[T], Note],
) -> tuple[T, bool]:
    """Do something to the enterprise's book; what became of it, and whether that was before.

    Args:
        do: in a transaction that holds the book: nobody else changes it meanwhile.
        kind: what `do` gives, which is what is remembered.
        note: what the audit log says of it, if it changed the book.
    Raises:
        Refused: nothing was done.
        StoreUnavailable: as far as could be found out nothing was done; the same request with
            the same key may come again.
    """
    once = _once(request)
    async with parts.turns.take(key.enterprise_id):
        try:
            return await _change(request, key, once, parts, do, kind, note)
        except FunctionRefused as refused:
            raise _problem(refused) from refused


async def _change(
    request: Request,
    key: Key,
    once: Once | None,
    parts: Parts,
    do: Callable[[Transaction], Awaitable[T]],
    kind: type[T],
    note: Callable[[T], Note],
) -> tuple[T, bool]:
    enterprise_id = key.enterprise_id
    async with parts.store.transaction() as tx:
        known = await _recall(tx, enterprise_id, once)
        if known is None:
            await tx.fetch("limit_lock_wait", {"time": LOCK_WAIT})
            await tx.fetch("hold_book", {"enterprise_id": enterprise_id})
            # Who held it until now may have been the same request, on another process.
            known = await _recall(tx, enterprise_id, once)
        if known is not None:
            return msgspec.json.decode(known, type=kind), True
        before = await tx.fetch_one("book_version", {"enterprise_id": enterprise_id})
        assert before is not None  # `hold_book` makes it
        done = await do(tx)
        await _write_down(tx, request, key, note(done), before[0])
        if once is not None:
            await _remember(tx, enterprise_id, once, msgspec.json.encode(done))
        return done, False


async def _write_down(tx: Transaction, request: Request, key: Key, note: Note, before: int) -> None:
    """Put a note into the audit log if the book's version has moved."""
    await tx.fetch(
        "note_change",
        {
            "enterprise_id": key.enterprise_id, "credential_id": key.credential_id,
            "action": note.action, "subject": note.subject,
            "detail": msgspec.json.encode(note.detail).decode(),
            "address": _inet(request.address), "before": before,
        },
    )  # fmt: skip


def _inet(address: str) -> str | None:
    """An address as the database takes it; None for what is none, which a proxy may say."""
    try:
        return str(ip_address(address))
    except ValueError:
        return None


async def _recall(tx: Transaction, enterprise_id: int, once: Once | None) -> bytes | None:
    if once is None:
        return None
    row = await tx.fetch_one(
        "recall_answers",
        {
            "enterprise_ids": [enterprise_id], "scopes": [SCOPE], "keys": [once.key],
            "kept_s": [str(KEPT_S)],
        },
    )  # fmt: skip
    if row is None:
        return None
    if bytes(row[3]) != once.digest:
        raise Refused("idempotency_key_reused", "", "Idempotency-Key")
    return bytes(row[4])


async def _remember(tx: Transaction, enterprise_id: int, once: Once, answer: bytes) -> None:
    written = await tx.execute(
        "remember_answers",
        {
            "enterprise_ids": [enterprise_id], "scopes": [SCOPE], "keys": [once.key],
            "digests": [once.digest.hex()], "answers": [answer.decode()],
        },
    )  # fmt: skip
    if not written:
        raise Raced


def _once(request: Request) -> Once | None:
    found = idempotency(request)
    if found is None:
        return None
    text, digest = found
    return Once(text, hashlib.sha256(request.method.encode() + digest).digest())


def _problem(refused: FunctionRefused) -> Exception:
    """The functions' words are the codes of v1's problems; another one is a mistake of ours."""
    return Refused(refused.word) if refused.word in PROBLEMS else refused
