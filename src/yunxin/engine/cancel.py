"""Messages that are not to be sent after all: out of the queue, cancelled, refunded.

Only those in nobody's hands; what a dispatcher has claimed may be on the wire already and goes
its way. What was in doubt and waits to be sent again is not sent again, but ends as unknown: its
first try may be on the phone. `feed` ends campaigns with it; `Sweeper` follows what people
withdraw.
"""

import time
from collections.abc import Callable, Sequence

import structlog

from yunxin.engine.directory import Directory, Snapshot
from yunxin.engine.receipts import refunded_states
from yunxin.engine.store import Store, Transaction, run_forever
from yunxin.vocabulary import CampaignFailure

log = structlog.get_logger()

BATCH = 1000  # messages cancelled in one transaction, about 30 ms
SWEEP_EVERY_S = 5.0
# A process that has not heard of the decision yet may accept with what was withdrawn: sweep for
# as long as the slowest directory may take to notice.
SWEEP_FOR_S = 20.0

TERMINATED = "terminated"  # why a message was cancelled: words of message_event.code


async def cancel_messages(
    tx: Transaction,
    enterprise_id: int,
    message_ids: Sequence[int],
    why: str,
    refunded: Sequence[str],
) -> int:
    """Cancel those of an enterprise's messages that still wait; how many they were.

    Args:
        refunded: the states that are paid back (`receipts.refunded_states`).
    """
    params = {
        "enterprise_id": enterprise_id,
        "message_ids": list(message_ids),
        "code": why,
        "refunded_states": list(refunded),
    }
    row = await tx.fetch_one("cancel_messages", params)
    return int(row[0]) if row else 0


class Sweeper:
    """Cancels what waits in the queue of a suspended enterprise or with a cancelled signature."""

    def __init__(
        self, store: Store, directory: Directory, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._directory = directory
        self._refunded = refunded_states(directory.config)
        self._clock = clock
        self._sweep_until: dict[int, float] = {}  # enterprise → when it has been swept enough
        self._known: frozenset[tuple[str, int]] = frozenset()

    async def run(self) -> None:
        """Sweep until cancelled."""
        await run_forever("sweeper", self.once, pause_s=SWEEP_EVERY_S)

    async def once(self) -> int:
        """Sweep the enterprises of whom something was withdrawn lately; how many messages."""
        snapshot, now = self._directory.snapshot, self._clock()
        self._notice(snapshot, now)
        cancelled = 0
        for enterprise_id, until in list(self._sweep_until.items()):
            cancelled += await self._sweep(snapshot, enterprise_id)
            if until <= now:
                del self._sweep_until[enterprise_id]
        return cancelled

    def _notice(self, snapshot: Snapshot, now: float) -> None:
        """Whose queue has to be swept, as something of theirs is newly withdrawn."""
        enterprises = {("enterprise", id): id for id in snapshot.suspended_enterprises()}
        signatures = {
            ("signature", id): snapshot.signatures[id].enterprise_id
            for id in snapshot.cancelled_signatures()
        }
        withdrawn = enterprises | signatures
        for key in withdrawn.keys() - self._known:
            self._sweep_until[withdrawn[key]] = now + SWEEP_FOR_S
        self._known = frozenset(withdrawn)

    async def _sweep(self, snapshot: Snapshot, enterprise_id: int) -> int:
        """Go through an enterprise's queue once, a transaction a batch."""
        suspended = enterprise_id in snapshot.suspended_enterprises()
        signatures = snapshot.cancelled_signatures()
        why = CampaignFailure.ENTERPRISE if suspended else CampaignFailure.SIGNATURE
        after = cancelled = 0
        while True:
            async with self._store.transaction() as tx:
                rows = await tx.fetch(
                    "find_waiting_of_enterprise",
                    {"enterprise_id": enterprise_id, "after": after, "limit": BATCH},
                )
                ids = [id for id, signature_id in rows if suspended or signature_id in signatures]
                if ids:
                    cancelled += await cancel_messages(
                        tx, enterprise_id, ids, why.value, self._refunded
                    )
            if len(rows) < BATCH:
                break
            after = rows[-1][0]
        if cancelled:
            log.info("cancelled", enterprise=enterprise_id, why=why.value, messages=cancelled)
        return cancelled
