"""How often each credential is used, by outcome: counted in memory, added up every two seconds.

The page 技术支持 shows it. What a process counted in its last two seconds is lost when it is
killed.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

from yunxin.engine.store import Store, StoreUnavailable, run_forever

FLUSH_S = 2.0
TIDY_S = 60.0
ANSWERS_KEPT = timedelta(hours=24)  # the longest promise: of idempotency keys
ANSWERS_AT_ONCE = 10_000

Counted = tuple[int, int, str]  # enterprise, credential, outcome


class Usage:
    """Counts of one process."""

    def __init__(self, store: Store) -> None:
        self._store = store
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
        before = datetime.now(UTC) - ANSWERS_KEPT
        params = {"before": before, "most": ANSWERS_AT_ONCE}
        while await self._store.execute("forget_answers", params) == ANSWERS_AT_ONCE:
            pass
