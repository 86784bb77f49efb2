"""A request that must have its effect once, however often it comes: its answer is remembered.

A client that lost an answer asks again, with the same key. `Acceptor.accept_once` writes the answer
in the transaction that accepts the messages, so either both are there or neither; who comes again
gets the first answer. Two at the same moment, on two processes, are found out by the table's key:
one commits, the other (`Raced`) begins anew and finds the answer.

Only an answer with something accepted is kept: what was refused as a whole left nothing behind and
may be asked for again, with money this time.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from yunxin.engine.checks import Accepted, AcceptRequest, Answer, Refused
from yunxin.engine.store import Transaction
from yunxin.vocabulary import Refusal

Key = tuple[int, str, str]  # enterprise, scope, key


class KeyReused(Exception):
    """The key came with another request before; a new request needs a new key."""


class Raced(Exception):
    """Another process remembered the same request in the meantime."""


class Once(NamedTuple):
    """What a request is known by."""

    enterprise_id: int
    scope: str  # which promise: "v1", or "ronghe"
    key: str
    digest: bytes  # of everything that was asked for
    kept_s: float  # so long an answer is given again

    @property
    def id(self) -> Key:
        return (self.enterprise_id, self.scope, self.key)


class Remembered(NamedTuple):
    """What became of a request, now or the first time that it came."""

    task_id: str | None
    answers: list[Answer]
    replayed: bool = False


def write_answer(remembered: Remembered) -> bytes:
    """What is kept of an answer: a message's id and segments, or a reason with its detail."""
    return msgspec.json.encode([remembered.task_id, [list(a) for a in remembered.answers]])


def read_answer(data: bytes) -> Remembered:
    """The answer of the first time."""
    task_id, answers = msgspec.json.decode(data)
    read: list[Answer] = [
        Accepted(first, second) if isinstance(first, int) else Refused(Refusal(first), second)
        for first, second in answers
    ]
    return Remembered(task_id, read, replayed=True)


class Known(NamedTuple):
    """What an earlier request was, and what became of it."""

    digest: bytes
    answer: Remembered


async def recall(tx: Transaction, onces: Iterable[Once]) -> dict[Key, Known]:
    """The answers that are remembered of these requests."""
    # In one order, so that of two processes none waits for the other.
    asked = dict(sorted((once.id, once.kept_s) for once in onces))
    rows = await tx.fetch(
        "recall_answers",
        {
            "enterprise_ids": [enterprise_id for enterprise_id, _, _ in asked],
            "scopes": [scope for _, scope, _ in asked],
            "keys": [key for _, _, key in asked],
            "kept_s": list(map(str, asked.values())),
        },
    )
    return {
        (enterprise_id, scope, key): Known(bytes(digest), read_answer(bytes(answer)))
        for enterprise_id, scope, key, digest, answer in rows
    }


async def remember(tx: Transaction, made: Sequence[tuple[Once, Remembered]]) -> None:
    """Keep answers, in the transaction that makes them true.

    Raises:
        Raced: one of them is there already.
    """
    written = await tx.execute(
        "remember_answers",
        {
            "enterprise_ids": [o.enterprise_id for o, _ in made],
            "scopes": [o.scope for o, _ in made],
            "keys": [o.key for o, _ in made],
            "digests": [o.digest.hex() for o, _ in made],
            "answers": [write_answer(r).decode() for _, r in made],
        },
    )
    if written < len(made):
        raise Raced


async def tell_refusals(
    tx: Transaction, task_id: str | None, told: Iterable[tuple[AcceptRequest, Answer]]
) -> None:
    """Numbers that were refused beside others that were accepted: reported as receipts are."""
    refused = [(r, a) for r, a in told if isinstance(a, Refused)]
    if refused:
        await tx.fetch(
            "note_refusals",
            {
                "enterprise_id": refused[0][0].enterprise_id,
                "task_id": task_id or "",
                "phones": [r.phone for r, _ in refused],
                "reasons": [str(a.reason) for _, a in refused],
            },
        )
