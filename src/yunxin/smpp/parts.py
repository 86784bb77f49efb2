"""Parts of long messages: each stored and answered, the whole accepted with the last.

A system may wait for the answer to a part before it sends the next, and the next may come by
another session to another program. So parts lie in the database; what arrives together shares one
transaction, and a text that becomes whole is accepted in it. If it is refused, parts that come
together with the last one are answered with the reason; those that were answered before get a
receipt that says so. The rest of a message whose parts do not come is given up after a while.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from yunxin.engine.accept import Acceptor
from yunxin.engine.checks import Accepted, AcceptRequest, SmppOrigin
from yunxin.engine.store import Backoff, Store, StoreUnavailable, Transaction
from yunxin.protocols.concat import Part
from yunxin.protocols.events import Alphabet
from yunxin.protocols.smpp.status import Code
from yunxin.smpp.accounts import Account
from yunxin.smpp.reading import Submission, decode
from yunxin.smpp.statuses import OF_REFUSAL
from yunxin.vocabulary import Refusal

log = structlog.get_logger()

BATCH_MAX = 500  # parts in one transaction: some 30 ms
DOUBT_TRIES = 6  # with Backoff's waits a few seconds: a database's restart

Answer = Callable[[int, int], None]  # told id, status
Ask = Callable[[Account, str, Submission, SmppOrigin], AcceptRequest | Refusal]


class Key(NamedTuple):
    """What the parts of one message have in common."""

    account_id: int
    phone: str
    sender: str
    reference: int
    total: int


class Arrived(NamedTuple):
    """A part as it came, with the id that its system is to be told."""

    id: int
    account: Account
    submission: Submission
    answer: Answer

    @property
    def part(self) -> Part:
        assert self.submission.part is not None, "only parts are brought here"
        return self.submission.part

    @property
    def key(self) -> Key:
        said = self.submission
        return Key(self.account.id, said.phone, said.sender, self.part.reference, self.part.total)


class Stored(NamedTuple):
    """A part as it lies in the database."""

    key: Key
    enterprise_id: int
    number: int
    id: int
    alphabet: Alphabet
    data: bytes
    wanted: int
    back: bytes
    not_before: datetime | None
    expires_at: datetime | None


class Parts:
    """Takes the parts of one program; what waits while a transaction runs goes with the next."""

    def __init__(self, store: Store, acceptor: Acceptor, ask: Ask) -> None:
        """Args: ask: makes a whole text into a request, or says why that cannot be."""
        self._store = store
        self._acceptor = acceptor
        self._ask = ask
        self._waiting: list[Arrived] = []  # bounded by the windows of the sessions
        self._worker: asyncio.Task[None] | None = None

    def take(self, account: Account, submission: Submission, answer: Answer) -> None:
        """Store a part; `answer` is called after the commit."""
        self._waiting.append(Arrived(self._acceptor.ids.next(), account, submission, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Wait until nothing waits."""
        if self._worker is not None:
            await asyncio.wait({self._worker})

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            await self._answer_together(batch)

    async def _answer_together(self, batch: Sequence[Arrived]) -> None:
        round_ = _Round(self._ask, batch)
        try:
            try:
                async with self._store.transaction() as tx:
                    await round_.run(tx, self._acceptor)
            except StoreUnavailable:
                if not (round_.is_written and await self._was_committed(round_)):
                    raise
        except StoreUnavailable as error:
            log.warning("parts.not_stored", parts=len(batch), error=str(error))
            _refuse(batch)
        except Exception:  # a mistake of ours with one part must not fail the others'
            log.exception("parts.failed", parts=len(batch))
            if len(batch) == 1:
                _refuse(batch)
                return
            for one in batch:
                await self._answer_together([one])
        else:
            for one, (told_id, status) in zip(batch, round_.answers(), strict=True):
                one.answer(told_id, status)

    async def _was_committed(self, round_: "_Round") -> bool:
        """After a connection was lost in the commit: look whether its first part is there.

        The database may still be at that commit, and holds its locks as long: they are waited for.
        """
        backoff = Backoff()
        first = round_.batch[0]
        for _ in range(DOUBT_TRIES):
            await backoff.wait()
            try:
                async with self._store.transaction() as tx:
                    await tx.fetch("wait_briefly_for_locks")
                    await tx.fetch("lock_smpp_parts", {"texts": round_.lock_texts()})
                    key = {"enterprise_id": first.account.enterprise_id, "id": first.id}
                    row = await tx.fetch_one("smpp_part_exists", key)
            except StoreUnavailable:
                continue
            return row is not None and bool(row[0])
        return False


def _refuse(batch: Iterable[Arrived]) -> None:
    for one in batch:
        one.answer(0, Code.RSYSERR)


class _Round:
    """The parts of one transaction, and what became of each."""

    def __init__(self, ask: Ask, batch: Sequence[Arrived]) -> None:
        self.batch = batch
        self.is_written = False  # all but the commit
        self._ask = ask
        self._told: dict[int, tuple[int, int]] = {}  # by the id of an arrived part
        self._whole: list[tuple[list[Stored], AcceptRequest | Refusal]] = []

    def answers(self) -> list[tuple[int, int]]:
        """Told id and status of each, in their order."""
        return [self._told[one.id] for one in self.batch]

    def lock_texts(self) -> list[str]:
        """What one program at a time works at, as words."""
        return sorted({repr(tuple(one.key)) for one in self.batch})

    async def run(self, tx: Transaction, acceptor: Acceptor) -> None:
        """Store the parts; accept what is whole by now."""
        await tx.fetch("lock_smpp_parts", {"texts": self.lock_texts()})
        stored = await self._store_parts(tx)
        by_key: dict[Key, list[Stored]] = {}
        for one in stored:
            by_key.setdefault(one.key, []).append(one)
        for key, parts in by_key.items():
            if len(parts) == key.total:
                self._whole.append((parts, self._request(parts)))
        requests = [said for _, said in self._whole if isinstance(said, AcceptRequest)]
        answers = iter(await acceptor.accept_in(tx, requests) if requests else ())
        ended: list[_Ended] = []
        for parts, said in self._whole:
            answer = said if isinstance(said, Refusal) else next(answers)
            if isinstance(answer, Accepted):
                ended += self._accepted(parts, answer.message_id)
            else:
                reason = answer if isinstance(answer, Refusal) else answer.reason
                ended += self._refused(parts, reason)
        if ended:
            columns = map(list, zip(*ended, strict=True))
            await tx.execute("end_smpp_parts", dict(zip(_Ended._fields, columns, strict=True)))
        self.is_written = True

    # Storing ------------------------------------------------------------------------------------

    async def _store_parts(self, tx: Transaction) -> list[Stored]:
        """Store what came; gives all parts that wait for each other, in order."""
        await tx.execute("store_smpp_parts", _columns(self.batch))
        stored = await self._waiting(tx)
        outdated = self._note_told(stored)
        if outdated:
            # The reference counts round: these belong to a message that was never whole.
            new = {"spared": [one.id for one in self.batch]}
            await tx.execute("give_up_smpp_parts", keys_as_columns(outdated) | new)
            again = [one for one in self.batch if self._told[one.id][0] != one.id]
            await tx.execute("store_smpp_parts", _columns(again))
            stored = await self._waiting(tx)
            self._note_told(stored)
        return stored

    async def _waiting(self, tx: Transaction) -> list[Stored]:
        rows = await tx.fetch(
            "waiting_smpp_parts", keys_as_columns({one.key for one in self.batch})
        )
        return [_stored(row) for row in rows]

    def _note_told(self, stored: Iterable[Stored]) -> set[Key]:
        """What each is told so far; gives the keys under which something else was stored."""
        there = {(one.key, one.number): one for one in stored}
        outdated = set()
        for one in self.batch:
            found = there[one.key, one.part.number]
            if (found.data, found.alphabet) == (one.submission.data, one.submission.alphabet):
                self._told[one.id] = found.id, 0
            else:  # where two such come at once, the second is to come again
                outdated.add(one.key)
                self._told[one.id] = 0, Code.RMSGQFUL
        return outdated

    # Joining ------------------------------------------------------------------------------------

    def _request(self, parts: list[Stored]) -> AcceptRequest | Refusal:
        """What is asked for with a whole text; the first part's fields hold."""
        one = next(one for one in self.batch if one.key == parts[0].key)
        first = parts[0]
        own = self._completing(parts)
        origin = SmppOrigin(
            account_id=one.account.id,
            told=tuple(0 if part.id == own else part.id for part in parts),
            wanted=tuple(part.wanted for part in parts),
            back=first.back,
            expires_at=first.expires_at,
        )
        said = one.submission._replace(
            back=first.back, not_before=first.not_before, expires_at=first.expires_at
        )
        return self._ask(one.account, _joined(parts), said, origin)

    def _completing(self, parts: Iterable[Stored]) -> int:
        """The part that is told the message's own id: the last of those that have no answer yet."""
        fresh = {told for told, _ in self._told.values()}
        return [part.id for part in parts if part.id in fresh][-1]

    def _accepted(self, parts: list[Stored], message_id: int) -> list["_Ended"]:
        own = self._completing(parts)
        for at, (told_id, _) in list(self._told.items()):
            if told_id == own:
                self._told[at] = message_id, 0
        return [_Ended(part.enterprise_id, part.id, "joined", message_id, "") for part in parts]

    def _refused(self, parts: list[Stored], reason: Refusal) -> list["_Ended"]:
        """Who waits for an answer hears it; who has one gets a receipt (`end_smpp_parts`)."""
        status = OF_REFUSAL[reason]
        ids = {part.id for part in parts}
        fresh = {told for told, _ in self._told.values()} & ids
        for at, (told_id, _) in list(self._told.items()):
            if told_id in fresh:
                self._told[at] = 0, status
        return [
            _Ended(
                part.enterprise_id,
                part.id,
                "refused" if part.id in fresh else "rejected",
                0,
                reason.value,
            )
            for part in parts
        ]


class _Ended(NamedTuple):
    """A part whose message was whole; the names are those of `end_smpp_parts`."""

    enterprise_ids: int
    ids: int
    outcomes: str
    message_ids: int
    reasons: str


def _joined(parts: Sequence[Stored]) -> str:
    """The text of the parts; a character may begin in one part and end in the next."""
    if len({part.alphabet for part in parts}) == 1:
        return decode(b"".join(part.data for part in parts), parts[0].alphabet)
    return "".join(decode(part.data, part.alphabet) for part in parts)


def _stored(row: tuple[Any, ...]) -> Stored:
    *key, enterprise_id, number, id, alphabet, data, wanted, back, not_before, expires_at = row
    return Stored(
        Key(*key),
        enterprise_id,
        number,
        id,
        Alphabet(alphabet),
        bytes(data),
        wanted,
        bytes(back),
        not_before,
        expires_at,
    )


def keys_as_columns(keys: Iterable[Key]) -> dict[str, list[Any]]:
    """Keys as the queries take them, at least one."""
    columns = zip(*sorted(keys), strict=True)
    names = ("account_ids", "phones", "senders", "part_references", "totals")
    return dict(zip(names, map(list, columns), strict=True))


def _columns(batch: Sequence[Arrived]) -> dict[str, list[Any]]:
    """Parts as columns, in the order of their keys, so that no two programs wait for each other."""
    ordered = sorted(batch, key=lambda one: (one.key, one.part.number))
    said = [one.submission for one in ordered]
    return {
        "enterprise_ids": [one.account.enterprise_id for one in ordered],
        "ids": [one.id for one in ordered],
        "account_ids": [one.account.id for one in ordered],
        "senders": [one.sender for one in said],
        "phones": [one.phone for one in said],
        "part_references": [one.part.reference for one in ordered],
        "totals": [one.part.total for one in ordered],
        "numbers": [one.part.number for one in ordered],
        "alphabets": [one.alphabet.value for one in said],
        "data": [one.data.hex() for one in said],
        "wanted": [one.wanted for one in said],
        "backs": [one.back.hex() for one in said],
        "scheduled_ats": [one.not_before for one in said],
        "expires_ats": [one.expires_at for one in said],
    }
