"""What happened is counted and paid back: deltas into daily counts, campaigns and packages.

Whoever changes a message's state leaves a `tally_delta` in the same transaction; here they are
taken away and added up in one transaction as well, so that each counts exactly once however often
a process dies. One settler works at a time, whichever engine it is in. It also closes messages
whose receipt never came, finishes campaigns, and keeps partitions ready.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from yunxin.config import Config
from yunxin.engine.store import Store, Transaction, run_forever
from yunxin.vocabulary import message_id_floor

log = structlog.get_logger()

EVERY_S = 1.0
FOLD_MAX = 20_000  # deltas in one transaction
OVERDUE_EVERY = timedelta(minutes=1)
OVERDUE_BATCH = 1000
OVERDUE_BATCHES_MAX = 20  # an enterprise and minute, as old messages may still be queued
UPKEEP_EVERY = timedelta(hours=1)
CODES_KEPT = timedelta(days=90)
SUBMISSIONS_KEPT = timedelta(days=2)  # longer than a receipt is waited for: late ones find theirs


class Settle:
    """Settles every second; several engines may run one beside one another."""

    def __init__(
        self,
        store: Store,
        config: Config,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._wait = timedelta(seconds=config.receipt_wait_s)
        self._refund_unknown = config.refund_unknown
        self._events_kept = timedelta(days=config.event_days)
        self._now = now
        self._overdue_at = self._upkeep_at = datetime.min.replace(tzinfo=UTC)
        self._looked_at: dict[int, int] = {}  # enterprise → the last id looked at for overdue

    async def run(self) -> None:
        """Settle until cancelled."""
        await run_forever("settle", self.once, pause_s=EVERY_S)

    async def once(self) -> int:
        """Settle all there is; how many deltas. Now and then the slower duties too."""
        now = self._now()
        if now >= self._upkeep_at:
            self._upkeep_at = now + UPKEEP_EVERY
            await self.keep_partitions()
        if now >= self._overdue_at:
            self._overdue_at = now + OVERDUE_EVERY
            await self.close_overdue()
        return await self.fold()

    async def fold(self) -> int:
        """Fold all deltas and finish the campaigns that are at their end; how many deltas."""
        folded = 0
        while True:
            async with self._store.transaction() as tx:
                if not await _alone(tx):
                    return folded
                batch = await _fold_batch(tx)
                await tx.execute("fold_codes", {"limit": FOLD_MAX, "now": self._now()})
            folded += batch
            if batch < FOLD_MAX:
                return folded

    async def close_overdue(self) -> int:
        """Messages whose receipt did not come in time become unknown; how many."""
        closed = 0
        for (enterprise_id,) in await self._store.fetch("list_enterprises"):
            for _ in range(OVERDUE_BATCHES_MAX):
                found, batch = await self._close_batch(enterprise_id)
                closed += batch
                if found < OVERDUE_BATCH:
                    break
        if closed:
            log.info("settle.overdue", messages=closed)
        return closed

    async def keep_partitions(self) -> None:
        """Make the coming partitions; drop the submissions that nobody will ask for."""
        now = self._now()
        await self.make_partitions()
        before = now - self._wait - SUBMISSIONS_KEPT
        await self._store.execute("drop_submissions", {"before": before})
        await self._store.execute("drop_events", {"before": now - self._events_kept})
        await self._store.execute("drop_codes", {"before": now - CODES_KEPT})

    async def make_partitions(self) -> None:
        """Make the partitions of the coming days that are not there yet.

        Raises:
            StoreUnavailable: also if somebody reads a whole table just now; others must not wait.
        """
        for table in ("message", "submission", "event"):  # one at a time, to hold one lock each
            await self._store.execute(f"ensure_{table}_partitions", {"now": self._now()})

    async def _close_batch(self, enterprise_id: int) -> tuple[int, int]:
        """Look at the next old messages of an enterprise: how many there were, were closed."""
        since = self._now() - self._wait
        async with self._store.transaction() as tx:
            rows = await tx.fetch(
                "find_overdue",
                {
                    "enterprise_id": enterprise_id,
                    "since": since,
                    "after": self._looked_at.get(enterprise_id, 0),
                    "floor": message_id_floor(since),
                    "limit": OVERDUE_BATCH,
                },
            )
            overdue = [id for id, may_still_come in rows if not may_still_come]
            closed = await self._close(tx, enterprise_id, overdue) if overdue else 0
        # Those that still wait are passed over until all were looked at; then from the first.
        self._looked_at[enterprise_id] = rows[-1][0] if len(rows) == OVERDUE_BATCH else 0
        return len(rows), closed

    async def _close(self, tx: Transaction, enterprise_id: int, message_ids: list[int]) -> int:
        params = {
            "enterprise_id": enterprise_id,
            "message_ids": message_ids,
            "refund": self._refund_unknown,
        }
        row = await tx.fetch_one("expire_messages", params)
        return int(row[0]) if row else 0


async def _alone(tx: Transaction) -> bool:
    row = await tx.fetch_one("try_to_settle")
    return row is not None and bool(row[0])


async def _fold_batch(tx: Transaction) -> int:
    """One batch of deltas; how many. Packages come last, as acceptance waits for them."""
    rows = await tx.fetch("fold_deltas", {"limit": FOLD_MAX})
    await tx.execute("finish_campaigns")
    refunds = [(package_id, segments) for package_id, segments, _ in rows if segments]
    if refunds:
        package_ids, segments = map(list, zip(*refunds, strict=True))
        await tx.execute("refund_packages", {"package_ids": package_ids, "segments": segments})
    return sum(count for _, _, count in rows)
