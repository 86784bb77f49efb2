"""How many requests a key may make and to how many recipients an enterprise may send, per second.

Token buckets lie in the database, one for all processes; each process leases some tokens at a time,
about 100 ms' worth, and spends them without asking. The database never hands out more than
rate · t + burst, so that all processes together keep the limit, however many they are; a process
holds back at most one lease. A bucket that is empty is not asked again before it can have filled.
"""

import asyncio
import math
import time
from dataclasses import dataclass
from random import uniform

from yunxin.engine.store import Store

LEASE_S = 0.1
BURST_S = 1.0
RETRY_S_MAX = 60.0
# A refusal is answered so much later, now sooner, now later: callers who ask again as soon as they
# are answered are slowed, and do not come back all at once.
SLOW_DOWN_S, SLOW_DOWN_S_MAX = 0.3, 0.9
SLOWED_MAX = 500  # refusals that wait at one time; more are answered at once, as waiting costs too
RECIPIENTS_MAX = 1_000.0  # of one request; a bucket that is smaller would never let it pass
REQUESTS, RECIPIENTS = "requests", "recipients"


@dataclass(frozen=True, slots=True)
class Limited:
    """A refusal: which rule, how long its window is, and when to try again."""

    rule: str  # REQUESTS of a key, RECIPIENTS of an enterprise
    per_s: int
    retry_after_s: float

    @property
    def retry_after(self) -> int:
        """Whole seconds, as the header Retry-After has them."""
        return max(1, math.ceil(self.retry_after_s))

    @property
    def limit(self) -> str:
        """The rule's figure, "200/second"."""
        return f"{self.per_s}/second"


class Bucket:
    """What this process holds of one bucket."""

    __slots__ = ("credential_id", "enterprise_id", "lock", "refused_until", "tokens")

    def __init__(self, enterprise_id: int, credential_id: int) -> None:
        self.enterprise_id = enterprise_id
        self.credential_id = credential_id
        self.tokens = 0.0
        self.refused_until = 0.0
        self.lock = asyncio.Lock()


class Limits:
    """The buckets that this process draws from."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._buckets: dict[tuple[int, int], Bucket] = {}
        self._slowed = 0

    async def take_request(
        self, enterprise_id: int, credential_id: int, per_s: int
    ) -> Limited | None:
        """One request of a key; None if it may go on."""
        return await self._take((enterprise_id, credential_id), 1, per_s, 1.0, REQUESTS)

    async def take_recipients(self, enterprise_id: int, count: int, per_s: int) -> Limited | None:
        """Recipients of an enterprise; the bucket holds as many as the largest request has."""
        return await self._take((enterprise_id, 0), count, per_s, RECIPIENTS_MAX, RECIPIENTS)

    async def slow_down(self) -> None:
        """Let who was refused wait a little, as long as not too many do."""
        if self._slowed >= SLOWED_MAX:
            return
        self._slowed += 1
        try:
            await asyncio.sleep(uniform(SLOW_DOWN_S, SLOW_DOWN_S_MAX))
        finally:
            self._slowed -= 1

    async def _take(
        self, key: tuple[int, int], count: int, per_s: int, burst: float, rule: str
    ) -> Limited | None:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(*key)
        if bucket.tokens >= count:
            bucket.tokens -= count
            return None
        if per_s <= 0:
            return Limited(rule, per_s, RETRY_S_MAX)
        burst = max(burst, per_s * BURST_S)
        async with bucket.lock:
            return await self._lease(bucket, count, per_s, burst, rule)

    async def _lease(
        self, bucket: Bucket, count: int, per_s: int, burst: float, rule: str
    ) -> Limited | None:
        if bucket.tokens < count:
            wait_s = bucket.refused_until - time.monotonic()
            if wait_s > 0:
                return Limited(rule, per_s, wait_s)
            granted, left = await self._ask(bucket, count - bucket.tokens, per_s, burst)
            bucket.tokens += granted
            if bucket.tokens < count:
                missing = count - bucket.tokens - left
                wait_s = min(max(missing / per_s, 0.001), RETRY_S_MAX)
                if count <= per_s * LEASE_S or count == 1:  # a large one must not stop small ones
                    bucket.refused_until = time.monotonic() + wait_s
                return Limited(rule, per_s, wait_s)
        bucket.tokens -= count
        return None

    async def _ask(
        self, bucket: Bucket, needed: float, per_s: int, burst: float
    ) -> tuple[float, float]:
        """What the database grants, and what is left there."""
        params = {
            "enterprise_id": bucket.enterprise_id,
            "credential_id": bucket.credential_id,
            "needed": needed,
            "wanted": max(needed, per_s * LEASE_S),
            "rate": float(per_s),
            "burst": burst,
        }
        while True:
            row = await self._store.fetch_one("lease_tokens", params)
            if row is not None:
                return float(row[0]), float(row[1])
            await self._store.execute("open_bucket", params)
