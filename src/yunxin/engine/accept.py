"""The one way in: check, price, pay, write, queue; many requests share one commit.

`accept` is for whoever waits for an answer (the HTTP API): what arrives while a commit runs goes
with the next one, with no added wait. `accept_once` does so for a request that must have its effect
once, however often it comes (`once.py`). `accept_in` is the same inside a transaction of the
caller's (`feed`, whose cursor moves with it). Either way a batch is one transaction: packages are
charged, messages written and queued, all or nothing. `settle` folds the counts; `dispatch` finds
the queue rows.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from yunxin.config import Config
from yunxin.engine.caps import Caps, History
from yunxin.engine.checks import (
    NOBODY,
    Accepted,
    AcceptRequest,
    Answer,
    Checker,
    Draft,
    Refused,
    SmppOrigin,
    phones_of,
)
from yunxin.engine.directory import Directory
from yunxin.engine.ids import IdMaker, day_of
from yunxin.engine.once import KeyReused, Once, Raced, Remembered, recall, remember, tell_refusals
from yunxin.engine.purse import Purse
from yunxin.engine.store import Backoff, Store, StoreUnavailable, Transaction
from yunxin.vocabulary import CarrierName, MessageKind, Refusal

__all__ = ["AcceptRequest", "Accepted", "Acceptor", "Answer", "Refused"]

log = structlog.get_logger()

BATCH_MAX = 1000  # requests in one commit: 20 ms of writing, so that nobody waits long for others
RACE_TRIES = 5  # a second time all that raced is remembered; more is a mistake of a client
DOUBT_TRIES = 6  # with Backoff's waits a few seconds: a database's restart

_KIND = MessageKind.TEXT.value

_MESSAGE_TYPES = (
    "int8", "int8", "text", "text", "text", "text", "text", "int8", "int8",
    "int8", "int8", "text", "text", "text", "text", "int2",
)  # fmt: skip
_QUEUE_TYPES = ("int8", "int8", "int2", "text", "text", "int8")
_PARKED_TYPES = (*_QUEUE_TYPES, "timestamptz", "int8", "timestamptz")
_SMPP_TYPES = ("int8", "int8", "int8", "int8[]", "int2[]", "bytea", "timestamptz")
PARKED = 0  # claimed by nobody, so that no dispatcher meets it before its time


class Paid(NamedTuple):
    """A draft that a package paid for, with its id."""

    message_id: int
    package_id: int
    draft: Draft


class Acceptor:
    """Accepts messages for one process."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        node: int,
        config: Config,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Args: node: this process's number in message ids, 0 to 1023, its own."""
        self._store = store
        self.directory = directory
        self.ids = IdMaker(node)  # of messages, and of what is told of like one
        self._config = config
        self._now = now
        self._caps = Caps(config)
        self._waiting: list[_Call] = []
        self._worker: asyncio.Task[None] | None = None

    async def accept(self, requests: Sequence[AcceptRequest]) -> list[Answer]:
        """Accept or refuse each of the requests; the answer comes after the commit.

        Raises:
            StoreUnavailable: the database is away. None of them was accepted, as far as could be
                found out.
        """
        return (await self.accept_once(requests)).answers

    async def accept_once(
        self,
        requests: Sequence[AcceptRequest],
        *,
        once: Once | None = None,
        tells_refusals: bool = False,
    ) -> Remembered:
        """The same for a request that may come several times and counts once.

        Args:
            requests: of one enterprise and, if they have one, one task.
            once: what it is known by; None: each time is a new one.
            tells_refusals: where something was accepted, what was refused is told as an event.

        Raises:
            KeyReused: the key came with another request before.
            StoreUnavailable: as above.
        """
        loop = asyncio.get_running_loop()
        call = _Call(requests, loop.create_future(), once, tells_refusals)
        self._waiting.append(call)  # bounded by the callers, who wait
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await call.answer

    async def accept_in(
        self,
        tx: Transaction,
        requests: Sequence[AcceptRequest],
        *,
        in_order: bool = False,
        writes: bool = True,
    ) -> list[Answer]:
        """The same within a transaction; nothing of it counts until that commits.

        Args:
            in_order: once a message cannot be paid, none of the later ones is, though smaller:
                for who goes on from there when there is money again.
            writes: False only finds out what would become of them; the ids are nobody's then.
        """
        now = self._now()
        snapshot = self.directory.snapshot
        ported = await _find_ported(tx, requests) if snapshot.has_ported else NOBODY
        batch = _Batch(requests, Checker(snapshot, self._config, now, ported))
        if batch.drafts:
            await batch.refuse_blocked(tx)
        if batch.drafts:
            purse = await Purse.lock(tx, {d.request.enterprise_id for d in batch.drafts}, now)
            history = await self._caps.read_history(tx, batch.drafts, now)
            paid = batch.pay(purse, history, self.ids, in_order=in_order)
            if paid and writes:
                await purse.charge(tx)
                await _write(tx, paid, now)
        return batch.answers()

    async def _work(self) -> None:
        """Commit what waits, batch after batch, until nothing waits."""
        while self._waiting:
            calls = self._take_batch()
            try:
                await self._answer_together(calls)
            except asyncio.CancelledError:
                _fail(calls + self._waiting, StoreUnavailable("the acceptor was stopped"))
                self._waiting = []
                raise

    def _take_batch(self) -> "list[_Call]":
        """The calls that waited longest, with up to BATCH_MAX requests; one at the least."""
        size = taken = 0
        for call in self._waiting:
            size += len(call.requests)
            if taken and size > BATCH_MAX:
                break
            taken += 1
        calls, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return calls

    async def _answer_together(self, calls: "list[_Call]") -> None:
        try:
            told = await self._commit(calls)
        except StoreUnavailable as error:
            _fail(calls, error)
        except Exception as error:
            # A mistake of ours with one request must not fail the others'.
            log.exception("accept.failed", calls=len(calls))
            if len(calls) == 1:
                _fail(calls, error)
                return
            for call in calls:
                await self._answer_together([call])
        else:
            for call, answer in zip(calls, told, strict=True):
                call.settle(answer)

    async def _commit(self, calls: "Sequence[_Call]") -> "list[Remembered | KeyReused]":
        """What became of each call, after the commit of them all."""
        for _ in range(RACE_TRIES):
            together = _Together(calls)
            try:
                async with self._store.transaction() as tx:
                    await together.accept(tx, self)
            except Raced:
                continue
            except StoreUnavailable:
                if not (together.is_written and await self._was_committed(together)):
                    raise
            return together.told()
        raise StoreUnavailable("others were faster each time with the same request")

    async def _was_committed(self, together: "_Together") -> bool:
        """After a connection was lost in the commit: look whether its first message is there."""
        first = together.first_accepted()
        if first is None:
            return True  # nothing was to be written
        return await self._exists(*first)

    async def _exists(self, enterprise_id: int, message_id: int) -> bool:
        """Whether a message of a commit whose answer was lost is there.

        The database may still be at that commit: it holds the enterprise's packages as long, so
        they are locked first, and what is seen after that is the last word.
        """
        backoff = Backoff()
        for _ in range(DOUBT_TRIES):
            await backoff.wait()
            try:
                async with self._store.transaction() as tx:
                    await tx.fetch("wait_briefly_for_locks")
                    await Purse.lock(tx, [enterprise_id], self._now())
                    row = await tx.fetch_one(
                        "message_exists",
                        {"enterprise_id": enterprise_id, "message_id": message_id},
                    )
            except StoreUnavailable:
                continue
            return row is not None and bool(row[0])
        return False


class _Call:
    """One call of `accept_once` that waits for its answer."""

    __slots__ = ("answer", "once", "requests", "tells_refusals")

    def __init__(
        self,
        requests: Sequence[AcceptRequest],
        answer: "asyncio.Future[Remembered]",
        once: Once | None,
        tells_refusals: bool,
    ) -> None:
        self.requests = requests
        self.answer = answer
        self.once = once
        self.tells_refusals = tells_refusals

    @property
    def task_id(self) -> str | None:
        return self.requests[0].task_id if self.requests else None

    def settle(self, told: Remembered | KeyReused) -> None:
        if self.answer.done():  # its caller may have gone
            return
        if isinstance(told, KeyReused):
            self.answer.set_exception(told)
        else:
            self.answer.set_result(told)


class _Together:
    """The calls of one transaction: which of them are new, and what became of each."""

    def __init__(self, calls: Sequence[_Call]) -> None:
        self._calls = calls
        self._told: list[Remembered | KeyReused | None] = [None] * len(calls)
        self._first: tuple[int, int] | None = None
        self.is_written = False  # all but the commit

    async def accept(self, tx: Transaction, acceptor: Acceptor) -> None:
        """Accept what is new; what came before gets its first answer."""
        fresh = await self._fresh(tx)
        requests = [r for at in fresh for r in self._calls[at].requests]
        rest = iter(await acceptor.accept_in(tx, requests))
        made = []
        for at in fresh:
            call = self._calls[at]
            answers = [next(rest) for _ in call.requests]
            told = self._told[at] = Remembered(call.task_id, answers)
            accepted = next((a for a in answers if isinstance(a, Accepted)), None)
            if accepted is None:
                continue
            if self._first is None:
                self._first = (call.requests[0].enterprise_id, accepted.message_id)
            if call.tells_refusals:
                await tell_refusals(tx, call.task_id, zip(call.requests, answers, strict=True))
            if call.once is not None:
                made.append((call.once, told))
        if made:
            await remember(tx, made)
        await self._look_again(tx, fresh)
        self.is_written = True

    async def _look_again(self, tx: Transaction, fresh: Sequence[int]) -> None:
        """Of two processes at once, the slower one may have been refused only because the faster
        one took the money, or the place under a cap, for the same request."""
        refused = [
            at
            for at in fresh
            if self._calls[at].once is not None
            and not any(isinstance(a, Accepted) for a in self._answers(at))
        ]
        if refused:
            await self._recall(tx, refused)

    async def _recall(self, tx: Transaction, places: Sequence[int]) -> None:
        """Give these calls the answers that are remembered of their requests."""
        onces = [once for at in places if (once := self._calls[at].once) is not None]
        known = await recall(tx, onces) if onces else {}
        for at in places:
            once = self._calls[at].once
            if once is not None and once.id in known:
                earlier = known[once.id]
                self._told[at] = earlier.answer if earlier.digest == once.digest else KeyReused()

    def _answers(self, at: int) -> Sequence[Answer]:
        told = self._told[at]
        return told.answers if isinstance(told, Remembered) else ()

    async def _fresh(self, tx: Transaction) -> list[int]:
        """The places of the calls that were not answered before; others have their answer."""
        await self._recall(tx, range(len(self._calls)))
        fresh: list[int] = []
        seen: set[object] = set()
        for at, call in enumerate(self._calls):
            if self._told[at] is not None:
                continue
            if call.once is None:
                fresh.append(at)
            elif call.once.id not in seen:
                seen.add(call.once.id)
                fresh.append(at)
        return fresh

    def first_accepted(self) -> tuple[int, int] | None:
        """Enterprise and id of the first message that was written."""
        return self._first

    def told(self) -> list[Remembered | KeyReused]:
        """What became of each call, in their order; of two the same in one batch, the second gets
        the first one's answer."""
        firsts: dict[object, tuple[Once, Remembered]] = {}
        answers: list[Remembered | KeyReused] = []
        for call, told in zip(self._calls, self._told, strict=True):
            if told is None:
                assert call.once is not None
                once, first = firsts[call.once.id]
                same = once.digest == call.once.digest
                told = first._replace(replayed=True) if same else KeyReused()
            elif call.once is not None and isinstance(told, Remembered):
                firsts.setdefault(call.once.id, (call.once, told))
            answers.append(told)
        return answers


def _fail(calls: Iterable[_Call], error: Exception) -> None:
    for call in calls:
        if not call.answer.done():
            call.answer.set_exception(error)


class _Batch:
    """The requests of one transaction: some are still drafts, the others have their answer."""

    def __init__(self, requests: Sequence[AcceptRequest], checker: Checker) -> None:
        self._answers: list[Answer | None] = [None] * len(requests)
        self.drafts: list[Draft] = []
        for at, request in enumerate(requests):
            checked = checker.check(at, request)
            if isinstance(checked, Draft):
                self.drafts.append(checked)
            else:
                self._answers[at] = checked

    def answers(self) -> list[Answer]:
        """What became of each request, in their order."""
        return [answer for answer in self._answers if answer is not None]

    async def refuse_blocked(self, tx: Transaction) -> None:
        """Refuse whatever goes to a phone of the blocklists."""
        rows = await tx.fetch(
            "find_blocked",
            {
                "enterprise_ids": [d.request.enterprise_id for d in self.drafts],
                "phones": [d.phone for d in self.drafts],
            },
        )
        if not rows:
            return
        everybodys = {(enterprise_id, phone): for_all for enterprise_id, phone, for_all in rows}
        kept = []
        for draft in self.drafts:
            for_all = everybodys.get((draft.request.enterprise_id, draft.phone))
            if for_all is None:
                kept.append(draft)
            else:
                reason = Refusal.BLOCKED_GLOBAL if for_all else Refusal.BLOCKED_ENTERPRISE
                self._answers[draft.at] = Refused(reason)
        self.drafts = kept

    def pay(self, purse: Purse, history: History, ids: IdMaker, *, in_order: bool) -> list[Paid]:
        """Refuse what is too frequent or cannot be paid; the rest gets a package and an id."""
        paid: list[Paid] = []
        money_ran_out = False
        for draft in self.drafts:
            cap = history.reached_cap(draft)
            if cap is not None:
                self._answers[draft.at] = Refused(Refusal.FREQUENCY, cap)
                continue
            segments = draft.wording.segments
            package_id = None
            if not money_ran_out:
                package_id = purse.take(draft.request.enterprise_id, segments)
            if package_id is None:
                money_ran_out = in_order
                self._answers[draft.at] = Refused(Refusal.NO_BALANCE, str(segments))
                continue
            history.add(draft)
            message_id = ids.next()
            self._answers[draft.at] = Accepted(message_id, segments)
            paid.append(Paid(message_id, package_id, draft))
        return paid


async def _find_ported(
    tx: Transaction, requests: Sequence[AcceptRequest]
) -> Mapping[str, CarrierName]:
    """Which phones of these requests changed their carrier, and to whom they went."""
    rows = await tx.fetch("find_ported", {"phones": phones_of(requests)})
    return {phone: CarrierName(carrier) for phone, carrier in rows}


async def _write(tx: Transaction, paid: Sequence[Paid], now: datetime) -> None:
    await tx.copy("copy_messages", _MESSAGE_TYPES, map(_message_row, paid))
    at_once = [one for one in paid if one.draft.request.not_before is None]
    await tx.copy("copy_queue", _QUEUE_TYPES, map(_queue_row, at_once))
    if len(at_once) < len(paid):
        parked = [_parked_row(one, now) for one in paid if one.draft.request.not_before]
        await tx.copy("copy_parked", _PARKED_TYPES, parked)
    by_smpp = [_smpp_row(one, one.draft.request.smpp) for one in paid if one.draft.request.smpp]
    if by_smpp:
        await tx.copy("copy_smpp_messages", _SMPP_TYPES, by_smpp)
    await tx.execute("tally_accepted", _tally(paid))


def _message_row(paid: Paid) -> tuple[object, ...]:
    message_id, package_id, draft = paid
    _, request, enterprise, template, phone, carrier, _, wording = draft
    signature = template.signature
    return (
        request.enterprise_id,
        message_id,
        phone,
        carrier.value,
        _KIND,
        template.traffic.value,
        request.source.value,
        request.campaign_id,
        signature.id,
        template.id,
        package_id,
        enterprise.extension_code + signature.extension_code + request.extension,
        request.task_id,
        request.reference,
        wording.text,
        wording.segments,
    )


def _queue_row(paid: Paid) -> tuple[object, ...]:
    message_id, _, draft = paid
    request = draft.request
    return (
        request.enterprise_id,
        message_id,
        draft.template.priority,
        draft.carrier.value,
        draft.province,
        request.campaign_id,
    )


def _parked_row(paid: Paid, now: datetime) -> tuple[object, ...]:
    return (*_queue_row(paid), paid.draft.request.not_before, PARKED, now)


def _smpp_row(paid: Paid, origin: SmppOrigin | None) -> tuple[object, ...]:
    assert origin is not None, "only what came by SMPP is asked for"
    return (
        paid.draft.request.enterprise_id,
        paid.message_id,
        origin.account_id,
        [told or paid.message_id for told in origin.told],
        list(origin.wanted),
        origin.back,
        origin.expires_at,
    )


def _tally(paid: Sequence[Paid]) -> dict[str, list[object]]:
    """The counts of a batch, a row for each group, as columns."""
    messages: Counter[tuple[object, ...]] = Counter()
    segments: Counter[tuple[object, ...]] = Counter()
    for message_id, package_id, draft in paid:
        request, template = draft.request, draft.template
        key = (
            request.enterprise_id,
            day_of(message_id),
            request.source.value,
            request.campaign_id or 0,
            template.id,
            template.signature.id,
            draft.carrier.value,
            package_id,
        )
        messages[key] += 1
        segments[key] += draft.wording.segments
    rows = [(*key, messages[key], segments[key]) for key in messages]
    columns = map(list, zip(*rows, strict=True))
    return dict(zip(_TALLY_COLUMNS, columns, strict=True))


_TALLY_COLUMNS = (
    "enterprise_ids", "days", "sources", "campaign_ids", "template_ids", "signature_ids",
    "carriers", "package_ids", "messages", "segments",
)  # fmt: skip
