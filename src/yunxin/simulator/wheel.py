"""Things that are due later, by the thousand: one timer for all of them."""

import asyncio
from collections.abc import Callable
from typing import Any

TICK_S = 0.01  # what falls into the same hundredth of a second happens together

Action = tuple[Callable[..., object], tuple[Any, ...]]


class Wheel:
    """Runs actions when they are due, a tick's worth at a time, then calls `after`."""

    def __init__(self, after: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._after = after
        self._slots: dict[int, list[Action]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._done = int(self._loop.time() / TICK_S)

    def at(self, delay_s: float, action: Callable[..., object], *arguments: Any) -> None:
        """Call an action so many seconds from now, rounded up to the tick."""
        slot = max(int((self._loop.time() + delay_s) / TICK_S) + 1, self._done + 1)
        due = self._slots.get(slot)
        if due is None:
            due = self._slots[slot] = []
        due.append((action, arguments))
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = int(self._loop.time() / TICK_S)
        for slot in sorted(slot for slot in self._slots if slot <= now):
            for action, arguments in self._slots.pop(slot):
                action(*arguments)
        self._done = now
        self._after()
        if self._slots and self._timer is None:
            self._timer = self._loop.call_later(TICK_S, self._tick)

    def stop(self) -> None:
        """Forget everything that is due."""
        self._slots.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
