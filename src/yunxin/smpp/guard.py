"""Guessing passwords is slow: whoever failed waits before the next try is looked at.

Counted by the address that the tries come from, in this process; the account itself is never shut,
so that no stranger keeps its owner out. `now` is an argument, in seconds of a clock that never goes
back.
"""

from collections import OrderedDict

FREE_TRIES = 2  # somebody who mistypes does not wait
FIRST_S, LONGEST_S = 0.5, 10.0  # shorter than a session's patience with a client that is not bound
FORGOTTEN_AFTER_S = 900.0
ADDRESSES_MAX = 10_000  # 2 MB; the one that failed longest ago is forgotten first
WAITING_MAX = 10  # tries of one address that wait at a time; more are refused at once


class Guard:
    """The failures of all addresses."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._waiting: dict[str, int] = {}

    def wait_s(self, address: str, now: float) -> float:
        """How long a try from this address has to wait before it is looked at."""
        times, at = self._failures.get(address, (0, 0.0))
        if times <= FREE_TRIES or now - at > FORGOTTEN_AFTER_S:
            return 0.0
        return min(LONGEST_S, FIRST_S * 2.0 ** min(times - FREE_TRIES - 1, 10))

    def failed(self, address: str, now: float) -> None:
        """A log-in from this address was refused for its name or its password."""
        times, at = self._failures.pop(address, (0, now))
        if now - at > FORGOTTEN_AFTER_S:
            times = 0
        self._failures[address] = times + 1, now
        if len(self._failures) > ADDRESSES_MAX:
            self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Somebody from this address knows a password."""
        self._failures.pop(address, None)

    def begin_waiting(self, address: str) -> bool:
        """Whether another try of this address may wait; `end_waiting` follows if so."""
        waiting = self._waiting.get(address, 0)
        if waiting >= WAITING_MAX:
            return False
        self._waiting[address] = waiting + 1
        return True

    def end_waiting(self, address: str) -> None:
        """A try waits no more."""
        left = self._waiting.get(address, 0) - 1
        if left > 0:
            self._waiting[address] = left
        else:
            self._waiting.pop(address, None)
