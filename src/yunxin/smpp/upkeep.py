"""What the SMPP server does beside its sessions: what became ownerless, overdue or old.

Each loop may run in every program; what two find at once is done once.
"""

from datetime import UTC, datetime, timedelta

import structlog

from yunxin.config import Config
from yunxin.engine.cancel import cancel_messages
from yunxin.engine.instance import ENGINE_LOCK
from yunxin.engine.receipts import refunded_states
from yunxin.engine.store import Store, run_forever
from yunxin.smpp.parts import Key, keys_as_columns
from yunxin.smpp.reading import SCHEDULE_MAX
from yunxin.smpp.statuses import OVERDUE

log = structlog.get_logger()

RESCUE_EVERY_S = 2.0
TIDY_EVERY_S = 600.0
PARTS_WAIT = timedelta(minutes=5)  # for the next part of a long message
BATCH = 500


class Upkeep:
    """The slow loops of one program."""

    def __init__(
        self, store: Store, config: Config, instance_id: int, *, parts_wait: timedelta = PARTS_WAIT
    ) -> None:
        self._store = store
        self._config = config
        self._instance_id = instance_id
        self._parts_wait = parts_wait
        self._refunded = refunded_states(config)

    async def rescue(self) -> None:
        """Every two seconds, until cancelled."""
        await run_forever("smpp_rescue", self.look, pause_s=RESCUE_EVERY_S)

    async def tidy(self) -> None:
        """Every ten minutes, until cancelled."""
        await run_forever("smpp_tidy", self.clean, pause_s=TIDY_EVERY_S)

    async def look(self) -> None:
        """What dead programs left; messages whose validity is over; parts that wait in vain."""
        mine = {"instance_id": self._instance_id}
        await self._store.execute("forget_dead_smpp_sessions", mine)
        freed = await self._store.execute("free_dead_smpp_delivers", mine | {"lock": ENGINE_LOCK})
        if freed:
            log.warning("upkeep.delivers_freed", delivers=freed)
        await self._withdraw_overdue()
        await self._give_up_parts()

    async def clean(self) -> None:
        """Make the days that come, drop those that are over."""
        now = datetime.now(UTC)
        await self._store.fetch("ensure_smpp_partitions", {"now": now})
        await self._store.fetch("drop_smpp_messages", {"before": now - self._kept})
        kept = f"{self._config.smpp_deliver_days} days"
        await self._store.execute("give_up_smpp_delivers", {"kept": kept})
        await self._store.execute("drop_smpp_parts", {"kept": f"{self._kept.days} days"})

    @property
    def _kept(self) -> timedelta:
        """As long as anything may still be told of a message."""
        wait = timedelta(seconds=self._config.receipt_wait_s)
        return SCHEDULE_MAX + wait + timedelta(days=self._config.smpp_deliver_days + 1)

    async def _withdraw_overdue(self) -> None:
        """Messages that still wait though their validity period is over: they end as expired."""
        while True:
            async with self._store.transaction() as tx:
                rows = await tx.fetch("overdue_smpp_messages", {"most": BATCH})
                waiting: dict[int, list[int]] = {}
                for enterprise_id, message_id, is_waiting in rows:
                    if is_waiting:
                        waiting.setdefault(enterprise_id, []).append(message_id)
                for enterprise_id, ids in waiting.items():
                    await cancel_messages(tx, enterprise_id, ids, OVERDUE, self._refunded)
                if rows:
                    columns = map(list, zip(*((row[0], row[1]) for row in rows), strict=True))
                    names = ("enterprise_ids", "message_ids")
                    await tx.execute(
                        "settle_overdue_smpp_messages", dict(zip(names, columns, strict=True))
                    )
            if len(rows) < BATCH:
                return

    async def _give_up_parts(self) -> None:
        wait = f"{self._parts_wait.total_seconds()} seconds"
        rows = await self._store.fetch("stale_smpp_parts", {"wait": wait})
        if rows:
            keys = keys_as_columns(Key(*row) for row in rows)
            await self._store.execute("give_up_smpp_parts", keys | {"spared": []})
