"""What became ownerless: the claims of dead engines, receipts without a message, parked messages.

Slow loops that make sure that nothing stays where it lies. Who finds a dead engine judges what it
had in its hands by the in-doubt policy of its traffic class; the verdicts go the way of all others.
"""

import structlog

from yunxin.engine.dispatch import Dispatcher
from yunxin.engine.inbound import Inbound
from yunxin.engine.instance import SILENT_S, Instance
from yunxin.engine.push import Push
from yunxin.engine.results import Results
from yunxin.engine.store import Store, run_forever

log = structlog.get_logger()

DEAD_EVERY_S = 2.0
SWEEP_EVERY_S = 1.0
TIDY_EVERY_S = 60.0


class Rescue:
    """The slow loops of one engine."""

    def __init__(
        self,
        store: Store,
        instance: Instance,
        dispatcher: Dispatcher,
        results: Results,
        inbound: Inbound,
        push: Push,
    ) -> None:
        self._store = store
        self._instance = instance
        self._dispatcher = dispatcher
        self._results = results
        self._inbound = inbound
        self._push = push
        self.rescued = 0

    async def find_the_dead(self) -> None:
        """Take over from engines that are gone, until cancelled."""
        await run_forever("rescue", self.bury, pause_s=DEAD_EVERY_S)

    async def sweep(self) -> None:
        """Early receipts and campaigns that go on, every second, until cancelled."""
        await run_forever("sweep", self._sweep, pause_s=SWEEP_EVERY_S)

    async def tidy(self) -> None:
        """What is given up after a while, every minute, until cancelled."""
        await run_forever("tidy", self._tidy, pause_s=TIDY_EVERY_S)

    async def bury(self) -> None:
        """Judge the claims of every engine that is gone."""
        if not self._instance.may_judge_others:
            return
        silence = {"engine_id": self._instance.id, "silence": f"{SILENT_S} seconds"}
        ids = {dead_id for (dead_id,) in await self._store.fetch("silent_engines", silence)}
        ids |= {dead_id for (dead_id,) in await self._store.fetch("orphaned_claims")}
        for dead_id in ids - {self._instance.id}:
            if await self._instance.try_lock(dead_id):
                try:
                    await self._inherit(dead_id)
                finally:
                    await self._instance.unlock(dead_id)

    async def _inherit(self, dead_id: int) -> None:
        inherited = 0
        await self._push.take_over(dead_id)
        while adopted := await self._dispatcher.adopt(dead_id, self._results.policy):
            inherited += adopted
            await self._results.settled()
        await self._store.execute("forget_channel_states", {"engine_id": dead_id})
        await self._store.execute("forget_engine", {"engine_id": dead_id})
        self.rescued += inherited
        log.warning("rescue.engine_gone", engine=dead_id, in_doubt=inherited)

    async def _sweep(self) -> None:
        await self._results.sweep()
        await self._dispatcher.unpark()

    async def _tidy(self) -> None:
        await self._results.give_up_held()
        await self._inbound.sweep(self._store)
