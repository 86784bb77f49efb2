"""The one writer of what carriers said: answers, receipts and replies, a batch a transaction.

Links put verdicts, receipts and replies on this desk; each cycle takes all that lies there, stores
answers first and receipts second in one transaction, and only then acknowledges receipts and
replies to the carrier and gives the windows' places back. A batch that could not be stored is
kept and tried again: every query is driven by the rows that still are in the old state, so it
does no harm if the commit had happened after all.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import psycopg
import structlog

from yunxin.config import Config
from yunxin.engine.accounts.base import Conversation, PhoneNews
from yunxin.engine.inbound import Inbound, Reply, ToldPhone
from yunxin.engine.link import Link
from yunxin.engine.outcomes import Verdict
from yunxin.engine.outgoing import Group, Outgoing
from yunxin.engine.receipts import Receipts, Told, plain, refunded_states, told
from yunxin.engine.store import Backoff, Store, StoreUnavailable, Transaction
from yunxin.protocols.events import InboundArrived, ReceiptArrived
from yunxin.text.codes import Meaning
from yunxin.vocabulary import CarrierName, InDoubtPolicy, MessageEventKind, TrafficClass

log = structlog.get_logger()

BATCH_MAX = 2_000  # of each kind in one transaction: about 30 ms of the database's time
STEP_S = 0.005  # what arrives waits so long for more, and again as long as more arrives
STEPS_MAX = 3

# What says nothing against what is to be stored, though a schema that is not ours yet refuses it:
# it waits, for as long as it takes.
_OF_THE_DATABASE = (StoreUnavailable, psycopg.ProgrammingError)

Owed = tuple[Conversation, int]  # what is to be acknowledged: on which stream, which request


_THINGS = ("verdicts", "late", "receipts", "replies", "news")


class LateId(NamedTuple):
    """The id of a part that was answered after its time."""

    channel_id: int
    message: Outgoing
    part: int  # from 1
    carrier_id: str


class Batch:
    """What is stored in one transaction."""

    __slots__ = ("by_link", "done", "late", "news", "owed", "receipts", "replies", "verdicts")

    def __init__(self) -> None:
        self.done = asyncio.Event()  # it is stored, and what it owed is acknowledged
        self.by_link: Counter[Link] = Counter()
        self.verdicts: list[tuple[Outgoing, Verdict]] = []
        self.receipts: list[Told] = []
        self.replies: list[Reply] = []
        self.news: list[ToldPhone] = []
        self.late: list[LateId] = []
        self.owed: list[Owed] = []

    def __len__(self) -> int:
        return sum(len(getattr(self, name)) for name in _THINGS)

    def singles(self) -> "list[Batch]":
        """The same in batches of one thing each, to find the one that cannot be stored."""
        batches = []
        for name in _THINGS:
            for thing in getattr(self, name):
                batch = Batch()
                getattr(batch, name).append(thing)
                batches.append(batch)
        return batches


class Counts(NamedTuple):
    """What was stored since the start, for the metrics."""

    verdicts: Counter[str]
    receipts: Counter[str]
    replies: Counter[str]


class Results:
    """The desk of all links of this engine, and its one writer."""

    def __init__(
        self,
        store: Store,
        config: Config,
        engine_id: int,
        inbound: Inbound,
        *,
        another: Callable[[Outgoing, Container[int]], bool],
        withdrawn: Callable[[Outgoing], bool],
        stored: Callable[[Sequence[Outgoing]], None],
        line_changed: Callable[[], None],
        decision: Callable[[str, str], Meaning | None],
        ported_to: Callable[[str, int], CarrierName | None],
    ) -> None:
        """Args:
        another: whether a channel that did not refuse a message could carry it.
        withdrawn: whether people do not want a message to go out any more.
        stored: told of the messages whose outcome was stored.
        line_changed: told when a connection came or went.
        decision: what operators decided about a code of a protocol.
        ported_to: whose a number is now, where the code of a channel's report says so.
        """
        self._store = store
        self._engine_id = engine_id
        self._inbound = inbound
        self._receipts = Receipts(config, ported_to)
        self._refunded = refunded_states(config)
        self._policies = policies(config)
        self.another = another
        self._withdrawn = withdrawn
        self.line_changed = line_changed
        self.decision = decision
        self._stored = stored
        self._batch = Batch()
        self._in_work = Batch()  # that is being stored, or was the last
        self._arrived = asyncio.Event()
        self._pressed = asyncio.Event()  # half of a window waits for what is not stored yet
        self.counts = Counts(Counter(), Counter(), Counter())

    # The desk -----------------------------------------------------------------------------------

    def judged(self, message: Outgoing, verdict: Verdict) -> None:
        """What became of a message in this engine's hands."""
        self._batch.verdicts.append((message, verdict))
        self._notice(message.link)

    def late_id(self, link: Link, message: Outgoing, index: int, key: str) -> None:
        """A part of a message in doubt was taken after all: its receipt will be looked for."""
        self._batch.late.append(LateId(link.channel.id, message, index + 1, plain(key)))
        self._notice(link)

    def receipt(self, stream: Conversation, link: Link, event: ReceiptArrived, key: str) -> None:
        """A final receipt; it is acknowledged when it is stored."""
        self._batch.receipts.append(told(link.channel.id, key, event.receipt))
        self._batch.owed.append((stream, event.sequence))
        self._notice(link)

    def inbound(self, stream: Conversation, link: Link, event: InboundArrived) -> None:
        """A reply, or a part of one; it is acknowledged when it is stored."""
        self._batch.replies.append(self._inbound.reply(link.channel, event))
        self._batch.owed.append((stream, event.sequence))
        self._notice(link)

    def news(self, stream: Conversation, link: Link, sequence: int, news: PhoneNews) -> None:
        """What a carrier told of a phone's account; it is acknowledged when it is stored."""
        self._batch.news.append(self._inbound.told(link.channel, news))
        self._batch.owed.append((stream, sequence))
        self._notice(link)

    def policy(self, message: Outgoing) -> InDoubtPolicy:
        """What becomes of a message in doubt: by its traffic class, if it may still go out."""
        if self._withdrawn(message):
            return InDoubtPolicy.UNKNOWN
        return self._policies[message.traffic]

    def _notice(self, link: Link | None) -> None:
        self._arrived.set()
        if link is not None:
            self._batch.by_link[link] += 1
            if self._batch.by_link[link] * 2 >= link.channel.window:
                self._pressed.set()

    # The writer ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Store what arrives until cancelled; nothing in memory is dropped meanwhile."""
        while True:
            await self._arrived.wait()
            await self._gather()
            self._arrived.clear()
            batch = self._in_work = self._batch
            self._batch = Batch()
            await self._store_whatever_happens(batch)
            batch.done.set()

    async def _gather(self) -> None:
        """Let some more arrive, as a commit costs hardly more for many than for one.

        Not where a carrier may have to wait for us: half of a window is used up, or nothing comes
        any more, as its own window for receipts may be small.
        """
        for _ in range(STEPS_MAX):
            here = len(self._batch)
            with suppress(TimeoutError):
                async with asyncio.timeout(STEP_S):
                    await self._pressed.wait()
            if self._pressed.is_set() or len(self._batch) == here:
                break
        self._pressed.clear()

    async def settled(self) -> None:
        """Wait until everything that arrived so far is stored, whatever arrives meanwhile."""
        for batch in (self._in_work, self._batch):
            if batch:
                await batch.done.wait()

    async def _store_whatever_happens(self, batch: Batch) -> None:
        backoff, lost = Backoff(), False
        while True:
            try:
                await self._write(batch)
            except _OF_THE_DATABASE as error:
                if not lost:
                    log.warning("results.waiting", things=len(batch), error=str(error))
                lost = True
                await backoff.wait()
                continue
            except Exception:  # the top of a loop that must go on
                if len(batch) > 1:
                    for single in batch.singles():
                        await self._store_whatever_happens(single)
                else:
                    log.exception("results.dropped", things=_describe(batch))
                    self._release(batch)  # its claim stays: who comes after us has it in doubt
            else:
                self._finish(batch)
            self._acknowledge(batch.owed)
            return

    async def _write(self, batch: Batch) -> None:
        async with self._store.transaction() as tx:
            await self._write_verdicts(tx, batch.verdicts)
            if batch.late:
                await tx.execute("keep_late_ids", _late_params(batch.late))
            for at in range(0, len(batch.receipts), BATCH_MAX):
                await self._receipts.store(tx, batch.receipts[at : at + BATCH_MAX])
            if batch.replies:
                await self._inbound.store(tx, batch.replies)
            if batch.news:
                await self._inbound.store_news(tx, batch.news)

    async def _write_verdicts(
        self, tx: Transaction, verdicts: Sequence[tuple[Outgoing, Verdict]]
    ) -> None:
        sent: list[Outgoing] = []
        doubted: list[tuple[Outgoing, Verdict]] = []
        final: list[tuple[Outgoing, Verdict]] = []
        free: list[tuple[Outgoing, Verdict]] = []
        for message, verdict in verdicts:
            if verdict.sent:
                sent.append(message)
                if verdict.events:
                    doubted.append((message, verdict))
            else:
                (free if verdict.state is None else final).append((message, verdict))
        if doubted:
            await tx.execute("note_doubts", self._doubted_params(doubted))
        if sent:
            await tx.execute("store_sent", self._sent_params(sent))
        if final:
            await tx.execute("store_final", self._final_params(final))
        if free:
            tries = [message for message, _ in free if message.own_ids]
            if tries:
                await tx.execute("keep_tries", self._tries_params(tries))
            await tx.execute("set_free", self._free_params(free))

    def _doubted_params(self, doubted: Sequence[tuple[Outgoing, Verdict]]) -> dict[str, Any]:
        return {
            "engine_id": self._engine_id,
            "enterprise_ids": [m.enterprise_id for m, _ in doubted],
            "message_ids": [m.message_id for m, _ in doubted],
            "channel_ids": [m.channel_id for m, _ in doubted],
            "events": [",".join(v.events) for _, v in doubted],
        }

    def _tries_params(self, tries: Sequence[Outgoing]) -> dict[str, Any]:
        return {
            "engine_id": self._engine_id,
            "enterprise_ids": [m.enterprise_id for m in tries],
            "message_ids": [m.message_id for m in tries],
            "channel_ids": [m.channel_id for m in tries],
            "part_ids": [_part_ids(m) for m in tries],
            "written_ms": [m.written_ms for m in tries],
        }

    def _sent_params(self, sent: Sequence[Outgoing]) -> dict[str, Any]:
        groups: dict[Group, int] = {}
        numbers = [groups.setdefault(m.group, len(groups) + 1) for m in sent]
        columns = list(zip(*groups, strict=True))
        return {
            "engine_id": self._engine_id,
            "enterprise_ids": [m.enterprise_id for m in sent],
            "message_ids": [m.message_id for m in sent],
            "channel_ids": [m.channel_id for m in sent],
            "part_ids": [_part_ids(m) for m in sent],
            "written_ms": [m.written_ms for m in sent],
            "groups": numbers,
            "g_enterprise_ids": list(columns[0]),
            "g_days": list(columns[1]),
            "g_kinds": list(columns[2]),
            "g_sources": list(columns[3]),
            "g_campaign_ids": list(columns[4]),
            "g_template_ids": list(columns[5]),
            "g_signature_ids": list(columns[6]),
            "g_carriers": list(columns[7]),
            "g_package_ids": list(columns[8]),
        }

    def _final_params(self, final: Sequence[tuple[Outgoing, Verdict]]) -> dict[str, Any]:
        return {
            "engine_id": self._engine_id,
            "enterprise_ids": [m.enterprise_id for m, _ in final],
            "message_ids": [m.message_id for m, _ in final],
            "channel_ids": [m.channel_id or 0 for m, _ in final],
            "part_ids": [_part_ids(m) for m, _ in final],
            "written_ms": [m.written_ms for m, _ in final],
            "states": [str(v.state) for _, v in final],
            "codes": [v.code or "" for _, v in final],
            "events": [",".join(v.events) for _, v in final],
            "refunded_states": self._refunded,
        }

    def _free_params(self, free: Sequence[tuple[Outgoing, Verdict]]) -> dict[str, Any]:
        return {
            "engine_id": self._engine_id,
            "enterprise_ids": [m.enterprise_id for m, _ in free],
            "message_ids": [m.message_id for m, _ in free],
            "channel_ids": [m.channel_id or 0 for m, _ in free],
            "avoids": [(m.channel_id or 0) if v.avoid else 0 for m, v in free],
            "after_ms": [int(v.after_s * 1000) for _, v in free],
            "burns": [v.burns for _, v in free],
            "codes": [v.code or "" for _, v in free],
            "events": [",".join(v.events) for _, v in free],
        }

    def _finish(self, batch: Batch) -> None:
        """What a stored batch sets free, and what the metrics count."""
        self._release(batch)
        if batch.verdicts:
            self._stored([message for message, _ in batch.verdicts])
        for _, verdict in batch.verdicts:
            self.counts.verdicts[_name(verdict)] += 1
        for receipt in batch.receipts:
            self.counts.receipts[receipt.state] += 1
        self.counts.replies["inbound"] += len(batch.replies)

    def _release(self, batch: Batch) -> None:
        """Give the places in the windows back."""
        for message, _ in batch.verdicts:
            if message.link is not None:
                message.link.release(message)

    def _acknowledge(self, owed: Sequence[Owed]) -> None:
        by_stream: dict[Conversation, list[int]] = {}
        for stream, sequence in owed:
            by_stream.setdefault(stream, []).append(sequence)
        for stream, sequences in by_stream.items():
            stream.session.acknowledge(sequences)
            stream.flush()

    # Receipts that came too early ---------------------------------------------------------------

    async def sweep(self) -> None:
        """Store held receipts whose message is known by now."""
        await self._receipts.sweep(self._store)

    async def give_up_held(self) -> None:
        """Mark held receipts whose message does not turn up."""
        await self._receipts.give_up(self._store)


def policies(config: Config) -> dict[str, InDoubtPolicy]:
    """What becomes of a message in doubt, by traffic class."""
    return {
        TrafficClass.VERIFICATION: InDoubtPolicy(config.in_doubt_verification),
        TrafficClass.NOTICE: InDoubtPolicy(config.in_doubt_notice),
        TrafficClass.MARKETING: InDoubtPolicy(config.in_doubt_marketing),
    }


def _late_params(late: Sequence[LateId]) -> dict[str, Any]:
    return {
        "enterprise_ids": [id.message.enterprise_id for id in late],
        "message_ids": [id.message.message_id for id in late],
        "channel_ids": [id.channel_id for id in late],
        "carrier_ids": [id.carrier_id for id in late],
        "parts": [id.part for id in late],
        "totals": [len(id.message.parts) for id in late],
        "written_ms": [id.message.written_ms for id in late],
    }


def _part_ids(message: Outgoing) -> str:
    ids = message.ids
    return plain(ids[0]) if len(ids) == 1 else "\n".join(map(plain, ids))


def _name(verdict: Verdict) -> str:
    if MessageEventKind.IN_DOUBT in verdict.events:
        return "in_doubt"
    if verdict.sent:
        return "sent"
    return str(verdict.state) if verdict.state else "set_free"


def _describe(batch: Batch) -> str:
    return (
        f"{[m.message_id for m, _ in batch.verdicts]} "
        f"{[r.carrier_id for r in batch.receipts]} {len(batch.replies)} replies"
        f" {len(batch.news)} news of phones {len(batch.late)} late ids"
    )
