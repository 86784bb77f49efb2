"""The circuit breaker of a channel: a line that mostly refuses is left alone for a while.

Closed, it counts answers. When within half a minute most of them are refusals or are missing, it
opens: the channel gets nothing, and what waits goes by others. After a rest it is half open: one
message tries, and its answer closes the breaker or opens it for twice as long. It reads no clock:
`now` is an argument, in seconds of a clock that never goes back. `link` keeps one.
"""

from yunxin.vocabulary import BreakerState

BUCKET_S = 15.0  # answers of this stretch and the one before are looked at
ANSWERS_LEAST = 50  # fewer say nothing about a line
BAD_SHARE = 0.5
REST_FIRST_S = 10.0
REST_LONGEST_S = 300.0


class Breaker:
    """Of one channel."""

    __slots__ = ("_bad", "_began", "_good", "_last_bad", "_last_good", "_opened_at", "_rest_s")

    def __init__(self, now: float) -> None:
        self._opened_at: float | None = None
        self._rest_s = REST_FIRST_S
        self._began = now
        self._good = self._bad = self._last_good = self._last_bad = 0

    def state(self, now: float) -> BreakerState:
        """What it is at this moment."""
        if self._opened_at is None:
            return BreakerState.CLOSED
        rested = now - self._opened_at >= self._rest_s
        return BreakerState.HALF_OPEN if rested else BreakerState.OPEN

    def note(self, good: bool, now: float) -> None:
        """An answer came, or none in time.

        Args:
            good: the carrier took the message, or refused only that one (a wrong number).
        """
        if self._opened_at is not None:
            self._note_probe(good, now)
            return
        if now - self._began >= BUCKET_S:
            stale = now - self._began >= 2 * BUCKET_S
            self._last_good = 0 if stale else self._good
            self._last_bad = 0 if stale else self._bad
            self._good = self._bad = 0
            self._began = now
        if good:
            self._good += 1
            return
        self._bad += 1
        bad = self._bad + self._last_bad
        answers = bad + self._good + self._last_good
        if answers >= ANSWERS_LEAST and bad >= BAD_SHARE * answers:
            self._opened_at = now

    def _note_probe(self, good: bool, now: float) -> None:
        if self.state(now) is BreakerState.OPEN:
            return  # an answer to what was sent before it opened
        if good:
            self._opened_at = None
            self._rest_s = REST_FIRST_S
            self._forget(now)
        else:
            self._opened_at = now
            self._rest_s = min(REST_LONGEST_S, 2 * self._rest_s)

    def _forget(self, now: float) -> None:
        self._began = now
        self._good = self._bad = self._last_good = self._last_bad = 0
