"""How fast a channel may send: a token bucket in segments, slowed down by the carrier's word.

`TokenBucket` keeps to a rate exactly; `Pace` lowers that rate when the carrier says that it is too
much, and raises it again slowly. Neither reads a clock: `now` is an argument, in seconds of a
clock that never goes back. `link` asks before it writes to a socket.
"""

from math import inf

BURST_S = 0.05  # what may be sent at once after a rest: a twentieth of a second's worth
UNLIMITED_PER_S = 100_000.0  # a channel without a limit: more than any gateway takes
SLOWEST_PER_S = 1.0  # so that a throttled line notices when the carrier is well again
DECREASE = 0.7  # of the rate, when the carrier says that it is too fast
DECREASE_EVERY_S = 1.0  # all that was under way is refused together: that counts once
HOLD_S = 0.2  # silence after such a refusal
RECOVERY_PER_S = 0.1  # of the rate is regained each second


class TokenBucket:
    """At most `burst` tokens at once and `rate_per_s` tokens a second in the long run.

    In any stretch of t seconds no more than burst + rate_per_s * t tokens are taken.
    """

    __slots__ = ("_at", "_tokens", "burst", "rate_per_s")

    def __init__(self, rate_per_s: float, burst: float, now: float) -> None:
        """It starts full. Args: rate_per_s: above 0; burst: 1 or more."""
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._tokens = burst
        self._at = now

    def change(self, rate_per_s: float, burst: float, now: float) -> None:
        """Go on with another rate; what was saved up is kept as far as it fits."""
        self._refill(now)
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._tokens = min(self._tokens, burst)

    def ready(self, now: float) -> int:
        """How many whole tokens there are."""
        self._refill(now)
        return int(self._tokens)

    def take(self, tokens: int, now: float) -> None:
        """Take tokens that are `ready`.

        Raises:
            ValueError: there are not as many.
        """
        self._refill(now)
        if tokens > self._tokens:
            raise ValueError(f"{tokens} tokens were asked of {self._tokens}")
        self._tokens -= tokens

    def wait_s(self, tokens: int, now: float) -> float:
        """After how many seconds so many tokens will be there; `tokens` must fit in the burst."""
        self._refill(now)
        missing = tokens - self._tokens
        return missing / self.rate_per_s if missing > 0 else 0.0

    def _refill(self, now: float) -> None:
        passed = now - self._at
        if passed > 0:
            self._at = now
            self._tokens = min(self.burst, self._tokens + passed * self.rate_per_s)


class Pace:
    """The rate of one channel: the operator's limit, and less while the carrier wants less."""

    __slots__ = (
        "_bucket",
        "_decreased",
        "_held_until",
        "_limit",
        "_recovered",
        "_second",
        "_taken",
    )

    def __init__(self, limit_per_s: float, now: float) -> None:
        """Args: limit_per_s: segments a second; 0 means no limit."""
        self._limit = float(limit_per_s) or UNLIMITED_PER_S
        self._bucket = TokenBucket(self._limit, _burst(self._limit), now)
        self._decreased = -inf
        self._held_until = -inf
        self._recovered = now
        # Tokens taken in the second that runs, and since when: the speed that was too much.
        self._taken = 0
        self._second = now

    @property
    def allowed_per_s(self) -> float:
        """Segments a second that are allowed now; 0 means no limit."""
        rate = self._bucket.rate_per_s
        return 0.0 if rate >= UNLIMITED_PER_S else rate

    def limit(self, limit_per_s: float, now: float) -> None:
        """The operator changed the limit: it holds from now on."""
        self._limit = float(limit_per_s) or UNLIMITED_PER_S
        self._bucket.change(self._limit, _burst(self._limit), now)

    def ready(self, now: float) -> int:
        """How many segments may be sent now."""
        if now < self._held_until:
            return 0
        self._recover(now)
        return self._bucket.ready(now)

    def take(self, segments: int, now: float) -> None:
        """So many segments are sent; no more than are `ready`."""
        self._bucket.take(segments, now)
        if now - self._second >= 1.0:
            self._taken, self._second = 0, now
        self._taken += segments

    def wait_s(self, now: float) -> float:
        """After how many seconds the next segment may be sent."""
        return max(self._held_until - now, self._bucket.wait_s(1, now), 0.0)

    def within(self, seconds: float, now: float) -> int:
        """How many segments may be sent from now until so many seconds later, at least 1."""
        open_s = seconds - max(self._held_until - now, 0.0)
        return max(1, self._bucket.ready(now) + int(open_s * self._bucket.rate_per_s))

    def throttled(self, now: float) -> None:
        """The carrier refused a segment because they come too fast: hold, then go slower."""
        self._held_until = now + HOLD_S
        if now - self._decreased < DECREASE_EVERY_S:
            return
        self._decreased = self._recovered = now
        rate = min(self._bucket.rate_per_s, self._measured(now)) * DECREASE
        self._change(max(rate, SLOWEST_PER_S), now)

    def _measured(self, now: float) -> float:
        """The speed of late; without a limit it is the only thing to start from."""
        return max(self._taken / max(now - self._second, BURST_S), SLOWEST_PER_S)

    def _recover(self, now: float) -> None:
        rate, passed = self._bucket.rate_per_s, now - self._recovered
        if rate >= self._limit or passed < BURST_S:
            return
        self._recovered = now
        self._change(min(self._limit, rate + max(rate * RECOVERY_PER_S, 1.0) * passed), now)

    def _change(self, rate_per_s: float, now: float) -> None:
        self._bucket.change(rate_per_s, _burst(rate_per_s), now)


def _burst(rate_per_s: float) -> float:
    return max(1.0, rate_per_s * BURST_S)
