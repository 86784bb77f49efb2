"""Receipts and replies to customers' URLs: at least once, and nobody waits for another's server.

    push_queue ──▶ take ──▶ push_batch, in our hands for a while ──▶ post ──▶ acked
                    ▲                                                  │
                    └── due again: 10 s, 1, 5, 15, 60 min, hourly ◀────┘ … dead after 72 h

A batch is what is retried: its bytes are made once and sent again as they are. Whoever takes it
holds a lease; when an engine dies another takes the batch as soon as the death is found out
(`take_over`) or at the latest when the lease runs out, so an event may come twice but is never
lost. How a URL behaves is kept in its row: after five failures in a row
one request at a time probes it, at growing intervals. `push_words` puts events into words,
`push_http` makes the requests, `push_wishes` does what people ask for.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import random, shuffle
from typing import Any, NamedTuple

import structlog

from yunxin.config import Config
from yunxin.dialects.pushes import webhook_headers
from yunxin.engine.push_http import PER_TARGET, Sender, Tried
from yunxin.engine.push_words import in_batches, read_events, words
from yunxin.engine.store import (
    Backoff,
    Listener,
    Row,
    Store,
    StoreUnavailable,
    Transaction,
    run_forever,
)
from yunxin.sealing import SealBroken, unseal
from yunxin.vocabulary import PushBatchState, PushError, PushFormat, PushKind

log = structlog.get_logger()

EVERY_S = 1.0
LINGER_S = 0.05  # what arrives within it goes in one request
WELL_FILLED = 50  # events of a request; an answer to fewer is no reason to hurry
LEASE = timedelta(seconds=60)  # a request takes 15 s at most, storing what came of it a moment
RETRIES_S = (10, 60, 300, 900, 3600)  # then hourly
GIVEN_UP_AFTER = timedelta(hours=72)
TOLERATED = 5  # failures in a row before the breaker opens
PAUSE_S, PAUSE_S_MAX = 30.0, 600.0  # of the breaker: doubled each time
# Requests at a time from this engine: with bodies, answers and buffers about 150 kB each. URLs that
# failed last may hold half of them; beyond half each of the others has one instead of four.
IN_FLIGHT_MAX = 256
# Connections to the database that pushing may hold at a time, of the pool's eight.
STORE_AT_A_TIME = 2
STOP_S = 5.0  # so long requests may end by themselves when we stop; then the lease is left


class Target(NamedTuple):
    """A URL as it was when we looked last."""

    id: int
    enterprise_id: int
    kind: PushKind
    url: str
    format: PushFormat
    sealed_secret: str


class Job(NamedTuple):
    """A batch in our hands."""

    id: int
    kind: PushKind
    format: PushFormat
    attempt: int
    created_at: datetime
    events: int
    body: bytes


class Lane:
    """What this engine has on its way to one URL."""

    __slots__ = ("failing", "lock", "running")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.running = 0
        self.failing = False


class Push:
    """Pushes; several engines may run one beside one another."""

    def __init__(
        self,
        store: Store,
        config: Config,
        listener: Listener | None = None,
        *,
        engine_id: int = 0,
        sender: Sender | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Args: engine_id: of the engine's instance, by which others know what it held."""
        self.store = store
        self.engine_id = engine_id
        self.now = now
        self.counts: Counter[str] = Counter()  # requests by outcome, for the metrics
        self.events = 0  # that were acknowledged
        self.wake = asyncio.Event()
        self._secret_key = config.secret_key
        self._sender = sender or Sender(config.push_network)
        self._lanes: dict[int, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._failing = 0
        self._storing = asyncio.Semaphore(STORE_AT_A_TIME)
        self._stopping = False
        if listener is not None:
            listener.on("push", lambda _: self.wake.set())

    @property
    def in_flight(self) -> int:
        """How many requests are on their way."""
        return len(self._tasks)

    async def run(self) -> None:
        """Push until cancelled."""
        await run_forever("push", self._look, pause_s=EVERY_S, wake=self.wake)

    async def stop(self, within_s: float = STOP_S) -> None:
        """Take no more, let requests end, then hand the rest to whoever comes next."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        unfinished = list(self._tasks)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        if unfinished:
            with suppress(StoreUnavailable):  # then their leases run out
                await self.take_over(self.engine_id)
        await self._sender.aclose()

    async def once(self) -> None:
        """Take what is due, of every URL; the requests go on by themselves."""
        await self._sender.close_idle()
        rows = await self.store.fetch("push_targets_due", {"now": self.now()})
        shuffle(rows)  # so that none is the last each time when there is no room for all
        for target_id, enterprise_id, failures in rows:
            lane = self._lanes.setdefault(target_id, Lane())
            lane.failing = failures > 0
            await self._try_to_fill(target_id, enterprise_id)

    async def take_over(self, engine_id: int) -> int:
        """Make due what an engine had in its hands that is gone for certain; how many batches.

        Whether its requests arrived nobody knows: they come again under the same id.
        """
        key = {"engine_id": engine_id, "now": self.now()}
        row = await self.store.fetch_one("release_pushes", key)
        released = int(row[0]) if row else 0
        if released:
            log.info("push.taken_over", engine=engine_id, batches=released)
            self.wake.set()
        return released

    async def idle(self) -> None:
        """Wait until no request is on its way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def start(self, target: Target, job: Job) -> None:
        """Make a request for a batch that we hold."""
        lane = self._lanes.setdefault(target.id, Lane())
        lane.running += 1
        self._failing += lane.failing
        task = asyncio.create_task(self._carry(lane, lane.failing, target, job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self) -> None:
        await asyncio.sleep(LINGER_S)
        self.wake.clear()
        await self.once()

    # Taking -------------------------------------------------------------------------------------

    async def _try_to_fill(self, target_id: int, enterprise_id: int) -> None:
        """Take for one URL; what is wrong with it is not the others' business."""
        try:
            await self._fill(target_id, enterprise_id)
        except StoreUnavailable:
            raise
        except Exception:  # the top of what is done for one URL
            log.exception("push.not_taken", target=target_id)

    async def _fill(self, target_id: int, enterprise_id: int) -> None:
        """Take as many batches of a URL as there is room for, and start them."""
        lane = self._lanes.setdefault(target_id, Lane())
        async with lane.lock:
            room = self._room(lane)
            if room > 0 and not self._stopping:
                async with self._storing, self.store.transaction() as tx:
                    target, jobs = await self._take(tx, lane, target_id, enterprise_id, room)
                if target is not None:
                    for job in jobs:
                        self.start(target, job)
        if not lane.running:
            self._lanes.pop(target_id, None)

    def _room(self, lane: Lane) -> int:
        """How many requests more a URL may have."""
        total = len(self._tasks)
        if lane.failing:
            return 1 - lane.running if self._failing < IN_FLIGHT_MAX // 2 else 0
        share = PER_TARGET if total < IN_FLIGHT_MAX // 2 else 1
        return min(share - lane.running, IN_FLIGHT_MAX - total)

    async def _take(
        self, tx: Transaction, lane: Lane, target_id: int, enterprise_id: int, room: int
    ) -> tuple[Target | None, list[Job]]:
        now = self.now()
        key = {"target_id": target_id, "enterprise_id": enterprise_id}
        row = await lock_target(tx, key)
        if row is None:
            return None, []
        failures, open_until, enabled, kind, url, format, sealed = row
        lane.failing = failures > 0
        if not enabled or (open_until is not None and open_until > now):
            return None, []
        target = Target(target_id, enterprise_id, PushKind(kind), url, PushFormat(format), sealed)
        lease = {**key, "now": now, "until": now + LEASE, "engine_id": self.engine_id}
        probing = failures >= TOLERATED
        if lane.failing:
            room = min(room, 1)
        flying = await tx.fetch_one("count_pushes_in_flight", lease)
        room = min(room, (1 if lane.failing else PER_TARGET) - (flying[0] if flying else 0))
        if room <= 0:
            return target, []
        jobs = await self._claim_and_make(tx, target, lease, room)
        if jobs and probing:
            await tx.execute("hold_push_target", lease)
        return target, jobs

    async def _claim_and_make(
        self, tx: Transaction, target: Target, lease: dict[str, Any], room: int
    ) -> list[Job]:
        """Batches that are due again, and new ones: each kind gets its turn, whatever waits."""
        takes = [self._claim, self._make]
        if random() < 0.5:
            takes.reverse()
        first, second = takes
        jobs = await first(tx, target, lease, max(1, room - 1))
        jobs += await second(tx, target, lease, room - len(jobs))
        return jobs + await first(tx, target, lease, room - len(jobs))

    async def _claim(
        self, tx: Transaction, target: Target, lease: dict[str, Any], most: int
    ) -> list[Job]:
        if most <= 0:
            return []
        jobs = []
        for row in sorted(await tx.fetch("claim_push_batches", {**lease, "most": most})):
            id, kind, format, attempt, created_at, event_ids, body = row
            if body is None:
                body = await self._say(tx, target.enterprise_id, id, kind, format, event_ids)
            if body is not None:
                jobs.append(
                    Job(
                        id,
                        PushKind(kind),
                        PushFormat(format),
                        attempt,
                        created_at,
                        len(event_ids),
                        bytes(body),
                    )
                )
        return jobs

    async def _say(
        self,
        tx: Transaction,
        enterprise_id: int,
        batch_id: int,
        kind: str,
        format: str,
        event_ids: Sequence[int],
    ) -> bytes | None:
        """Put a batch into words at its first try; None if there is nothing to say any more."""
        told = await read_events(tx, PushKind(kind), enterprise_id, event_ids, self.now())
        key = {"enterprise_id": enterprise_id, "id": batch_id}
        if not told:
            await tx.execute("finish_empty_push", {**key, "now": self.now()})
            return None
        body = words(PushFormat(format), told)
        await tx.execute("store_push_body", {**key, "body": body})
        return body

    async def _make(
        self, tx: Transaction, target: Target, lease: dict[str, Any], most: int
    ) -> list[Job]:
        """New batches of what waits in a URL's queue, in our hands from the beginning."""
        if most <= 0:
            return []
        made = await make_batches(tx, target, lease, most, PushBatchState.WAITING)
        return [
            Job(id, target.kind, target.format, 1, lease["now"], events, body)
            for id, events, body in made
        ]

    # Carrying -----------------------------------------------------------------------------------

    async def _carry(self, lane: Lane, failing: bool, target: Target, job: Job) -> None:
        try:
            at, started = self.now(), asyncio.get_running_loop().time()
            tried = await self._post(target, job, at)
            duration_ms = round((asyncio.get_running_loop().time() - started) * 1000)
            await self._store_whatever_happens(target, job, tried, at, duration_ms)
            self.counts[str(tried.error) or "acked"] += 1
            if tried.acked and job.kind != PushKind.TEST:
                self.events += job.events
            if tried.acked or job.kind != PushKind.TEST:
                lane.failing = not tried.acked
        except Exception:  # the top of a task; the lease brings the batch back
            log.exception("push.failed", batch=job.id, target=target.id)
        finally:
            lane.running -= 1
            self._failing -= failing
        await self._go_on(target, job)

    async def _post(self, target: Target, job: Job, at: datetime) -> Tried:
        try:
            headers = self._headers(target, job, at)
        except (SealBroken, ValueError):
            log.error("push.secret_broken", target=target.id)
            return Tried(None, "", PushError.BAD_URL)
        return await self._sender.post(target.id, target.url, job.body, headers, job.format)

    def _headers(self, target: Target, job: Job, at: datetime) -> dict[str, str]:
        if job.format == PushFormat.RONGHE:
            return {"Content-Type": "text/plain"}
        secret = unseal(self._secret_key, target.sealed_secret)
        signed = webhook_headers(f"push_{job.id}", at, job.body, secret)
        return {"Content-Type": "application/json", **signed}

    async def _store_whatever_happens(
        self, target: Target, job: Job, tried: Tried, at: datetime, duration_ms: int
    ) -> None:
        """Store what came of a try; when the lease is over it is another's business."""
        backoff = Backoff()
        while True:
            try:
                async with self._storing, self.store.transaction() as tx:
                    await self._store_try(tx, target, job, tried, at, duration_ms)
                return
            except StoreUnavailable:
                if self.now() > at + LEASE:
                    return
                await backoff.wait()

    async def _store_try(
        self,
        tx: Transaction,
        target: Target,
        job: Job,
        tried: Tried,
        at: datetime,
        duration_ms: int,
    ) -> None:
        now = self.now()
        state, next_at = fate(job, tried, now)
        await tx.execute(
            "store_push_attempt",
            {
                "enterprise_id": target.enterprise_id,
                "id": job.id,
                "attempt": job.attempt,
                "at": at,
                "duration_ms": duration_ms,
                "url": target.url,
                "status": tried.status,
                "answer": tried.answer,
                "error": str(tried.error),
                "state": str(state),
                "next_at": next_at,
                "now": now,
            },
        )
        if tried.acked:
            await tx.execute("push_succeeded", {"target_id": target.id, "now": now})
        elif job.kind != PushKind.TEST:
            await tx.execute(
                "push_failed",
                {
                    "target_id": target.id,
                    "now": now,
                    "error": str(tried.error),
                    "tolerated": TOLERATED,
                    "pause_s": PAUSE_S,
                    "pause_s_max": PAUSE_S_MAX,
                    "jitter": 1 + random() / 10,
                },
            )

    async def _go_on(self, target: Target, job: Job) -> None:
        """A place is free: take what else there is for this URL.

        At once behind a request that was well filled, as then more is waiting; else with the next
        look, so that what trickles in is gathered and not sent one by one.
        """
        if job.events < WELL_FILLED:
            self.wake.set()
            return
        with suppress(StoreUnavailable):  # the loop looks again
            await self._try_to_fill(target.id, target.enterprise_id)


def fate(job: Job, tried: Tried, now: datetime) -> tuple[PushBatchState, datetime | None]:
    """What becomes of a batch after a try, and when it is tried again.

    A test is never tried again. Others are after each delay of the schedule, with up to a tenth
    more, as long as they are not older than 72 hours then.
    """
    if tried.acked:
        return PushBatchState.ACKED, None
    delay_s = RETRIES_S[min(job.attempt, len(RETRIES_S)) - 1] * (1 + random() / 10)
    next_at = now + timedelta(seconds=delay_s)
    if job.kind == PushKind.TEST or next_at > job.created_at + GIVEN_UP_AFTER:
        return PushBatchState.DEAD, None
    return PushBatchState.WAITING, next_at


async def make_batches(
    tx: Transaction,
    target: Target,
    lease: dict[str, Any],
    most: int,
    state: PushBatchState,
    *,
    older_than: datetime | None = None,
) -> list[tuple[int, int, bytes]]:
    """Turn the oldest events of a URL's queue into batches: id, events and body of each.

    Args:
        most: batches.
        state: what they are at once: in somebody's hands, or dead.
        older_than: only events from before.
    """
    asked = {**lease, "most": most * 100}
    ids = [id for (id,) in await tx.fetch("peek_push_queue", asked)]
    if not ids:
        return []
    told = await read_events(tx, target.kind, target.enterprise_id, ids, lease["now"])
    gone = set(ids).difference(event.event_id for event in told)
    if older_than is not None:
        told = [event for event in told if event.at < older_than]
    batches = in_batches(target.format, told)[:most]
    if not batches and not gone:
        return []
    bodies = [words(target.format, batch) for batch in batches]
    numbered = [(event.event_id, n) for n, batch in enumerate(batches, 1) for event in batch]
    numbered += [(id, 0) for id in sorted(gone)]
    rows = await tx.fetch(
        "make_push_batches",
        {
            **lease,
            "kind": str(target.kind),
            "format": str(target.format),
            "state": str(state),
            "event_ids": [id for id, _ in numbered],
            "batches": [n for _, n in numbered],
            "bodies": [body.decode() for body in bodies],
        },
    )
    by_first = {b[0].event_id: (len(b), body) for b, body in zip(batches, bodies, strict=True)}
    return [(id, *by_first[first]) for id, first in rows]


async def lock_target(tx: Transaction, key: dict[str, Any]) -> Row | None:
    """The row of a URL and how it behaved, locked; None if it is gone or another has the lock."""
    row = await tx.fetch_one("lock_push_target", key)
    if row is None:
        await tx.execute("open_push_target", key)
        row = await tx.fetch_one("lock_push_target", key)
    return row
