"""How often each credential is used, by outcome: counted in memory, added up every two seconds.

The page 技术支持 shows it. What a process counted in its last two seconds is lost when it is
killed.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from yunxin.config import Config
from yunxin.engine.store import Store, StoreUnavailable, run_forever

FLUSH_S = 2.0
TIDY_S = 60.0
ANSWERS_KEPT = timedelta(hours=24)  # the longest promise: of idempotency keys
ANSWERS_AT_ONCE = 10_000
# Nonces are good for ten minutes at the most, and the dialect's promise is shorter still: of them
# what is older than this is dropped, as one of many requests a second leaves many a day. What a
# worker misses goes with the others.
PASSING_KEPT = timedelta(minutes=15)
PASSING_SEARCHED = timedelta(minutes=5)

Counted = tuple[int, int, str]  # enterprise, credential, outcome


class Usage:
    """Counts of one process."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._ronghe_kept = timedelta(seconds=config.ronghe_replay_window_s)
        self._counts: Counter[Counted] = Counter()
        self._addresses: dict[Counted, str] = {}

    def count(self, enterprise_id: int, credential_id: int, outcome: str, address: str) -> None:
        """One request more."""
        counted = (enterprise_id, credential_id, outcome)
        self._counts[counted] += 1
        self._addresses[counted] = address

    async def run(self) -> None:
        """Write what was counted, every two seconds, until cancelled."""
        await run_forever("usage", self.flush, pause_s=FLUSH_S)

    async def flush(self) -> None:
        """Write what was counted; if that fails it is counted still."""
        counts, addresses = self._counts, self._addresses
        if not counts:
            return
        self._counts, self._addresses = Counter(), {}
        try:
            await self._store.execute(
                "count_usage",
                {
                    "enterprise_ids": [enterprise_id for enterprise_id, _, _ in counts],
                    "credential_ids": [credential_id for _, credential_id, _ in counts],
                    "outcomes": [outcome for _, _, outcome in counts],
                    "requests": list(counts.values()),
                    "addresses": [addresses[counted] for counted in counts],
                },
            )
        except StoreUnavailable:
            self._counts.update(counts)
            self._addresses = addresses | self._addresses
            raise

    async def tidy(self) -> None:
        """Drop remembered answers that nobody can ask for any more, until cancelled."""
        await run_forever("answers", self._forget_answers, pause_s=TIDY_S)

    async def _forget_answers(self) -> None:
        now = datetime.now(UTC)
        await self._until_done("forget_answers", {"before": now - ANSWERS_KEPT})
        passing = now - max(PASSING_KEPT, self._ronghe_kept * 2)
        times = {"before": passing, "after": passing - PASSING_SEARCHED}
        await self._until_done("forget_passing_answers", times)

    async def _until_done(self, query: str, params: dict[str, Any]) -> None:
        params = {**params, "most": ANSWERS_AT_ONCE}
        while await self._store.execute(query, params) == ANSWERS_AT_ONCE:
            pass
