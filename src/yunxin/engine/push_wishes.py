"""What people ask of the push: a test, a batch again, all of a time again; and its upkeep.

A wish is a row of the pages'; the batches that come of it, and the word that it was taken, are
written in one transaction. A test goes out at once, past breaker and queue, and is never retried;
the others wait in line as what failed before does.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from yunxin.config import Config
from yunxin.dialects import pushes
from yunxin.engine.push import (
    GIVEN_UP_AFTER,
    IN_FLIGHT_MAX,
    LEASE,
    Job,
    Push,
    Target,
    lock_target,
    make_batches,
)
from yunxin.engine.push_words import Told, words
from yunxin.engine.store import Listener, Store, Transaction, run_forever
from yunxin.vocabulary import PushBatchState, PushFormat, PushKind, PushWishKind

log = structlog.get_logger()

EVERY_S = 1.0
UPKEEP_EVERY_S = 600.0
UPKEEP_BATCH = 1_000  # rows in one transaction
ANSWERS_KEPT = timedelta(hours=25)  # an hour longer than v1 promises
LONG_AGO, LONG_AHEAD = (datetime(year, 1, 1, tzinfo=UTC) for year in (2000, 2200))
LAST_TRY_LATE = timedelta(hours=1)  # after its end, until a batch that nobody tries is buried


class PushWishes:
    """Takes wishes; several engines may run one beside one another."""

    def __init__(self, push: Push, listener: Listener | None = None) -> None:
        self._push = push
        self._store = push.store
        self._wake = asyncio.Event()
        if listener is not None:
            listener.on("push", lambda _: self._wake.set())

    async def run(self) -> None:
        """Take wishes until cancelled."""
        await run_forever("push_wishes", self.once, pause_s=EVERY_S, wake=self._wake)

    async def once(self) -> int:
        """Take all wishes there are; how many."""
        taken = 0
        while self._push.in_flight < IN_FLIGHT_MAX and await self._take_one():
            taken += 1
        if taken:
            self._push.wake.set()
        return taken

    async def _take_one(self) -> bool:
        test: tuple[Target, Job] | None = None
        async with self._store.transaction() as tx:
            row = await tx.fetch_one("take_push_wish")
            if row is None:
                return False
            wish_id, enterprise_id, kind, batch_id, from_at, to_at, *rest = row
            target = _target(enterprise_id, rest)
            asked = {
                "wish_id": wish_id,
                "enterprise_id": enterprise_id,
                "target_id": target.id,
                "format": str(target.format),
                "now": self._push.now(),
            }
            if kind == PushWishKind.TEST:
                test = target, await self._test(tx, target, asked)
                events = 1
            elif kind == PushWishKind.BATCH:
                events = await _value(tx, "push_batch_again", {**asked, "batch_id": batch_id})
            else:
                times = {"from_at": from_at or LONG_AGO, "to_at": to_at or LONG_AHEAD}
                asked |= {"kind": str(target.kind)}
                events = await _value(tx, "push_range_again", {**asked, **times})
            await tx.execute("finish_push_wish", {**asked, "events": events})
        log.info("push.wish", wish=wish_id, kind=kind, target=target.id, events=events)
        if test is not None:
            self._push.start(*test)
        return True

    async def _test(self, tx: Transaction, target: Target, asked: dict[str, Any]) -> Job:
        now = asked["now"]
        body = test_body(target, now)
        lease = {**asked, "body": body, "until": now + LEASE, "engine_id": self._push.engine_id}
        batch_id = await _value(tx, "make_test_push", lease)
        return Job(batch_id, PushKind.TEST, target.format, 1, now, 1, body)


class PushUpkeep:
    """Buries what nobody tries any more and drops what nobody asks for any more."""

    def __init__(self, store: Store, config: Config, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._kept = timedelta(days=config.event_days)
        self._now = now

    async def run(self) -> None:
        """Keep up until cancelled."""
        await run_forever("push_upkeep", self.once, pause_s=UPKEEP_EVERY_S)

    async def once(self) -> None:
        """All duties once, a bounded number of rows in each transaction."""
        now = self._now()
        buried = {"now": now, "before": now - GIVEN_UP_AFTER - LAST_TRY_LATE}
        await self._until_done("bury_pushes", buried)
        for target_id, enterprise_id in await self._store.fetch("push_targets_with_queue"):
            while await self._bury_queue(target_id, enterprise_id, now):
                pass
        await self._until_done("drop_push_orphans", {})
        await self._until_done("drop_pushes", {"before": now - self._kept})
        await self._until_done("forget_answers", {"before": now - ANSWERS_KEPT})

    async def _until_done(self, query: str, params: dict[str, Any]) -> None:
        while await self._store.execute(query, {**params, "most": UPKEEP_BATCH}) == UPKEEP_BATCH:
            pass

    async def _bury_queue(self, target_id: int, enterprise_id: int, now: datetime) -> int:
        """Make dead batches, which people can ask for again, of events that waited too long."""
        key = {
            "target_id": target_id, "enterprise_id": enterprise_id, "now": now, "until": now,
            "engine_id": None,
        }  # fmt: skip
        async with self._store.transaction() as tx:
            row = await lock_target(tx, key)
            if row is None:
                return 0
            _, _, _, kind, url, format, sealed = row
            target = Target(
                target_id, enterprise_id, PushKind(kind), url, PushFormat(format), sealed
            )
            before = now - min(GIVEN_UP_AFTER, self._kept)
            made = await make_batches(tx, target, key, 4, PushBatchState.DEAD, older_than=before)
        return len(made)


def test_body(target: Target, now: datetime) -> bytes:
    """What the test of a URL says."""
    row = pushes.sample(target.kind, now)
    if target.format == PushFormat.V1:
        return pushes.v1_events([row], PushKind.TEST)
    return words(target.format, [Told(0, now, row)])


def _target(enterprise_id: int, row: Sequence[Any]) -> Target:
    id, kind, url, format, sealed = row
    return Target(id, enterprise_id, PushKind(kind), url, PushFormat(format), sealed)


async def _value(tx: Transaction, query: str, params: dict[str, Any]) -> int:
    row = await tx.fetch_one(query, params)
    return int(row[0]) if row else 0
