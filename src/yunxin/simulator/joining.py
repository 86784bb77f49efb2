"""Parts of long messages that wait for their siblings, in any order, within bounds."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from yunxin.protocols.concat import Part

T = TypeVar("T")

INCOMPLETE_MAX = 20_000  # long messages under way at a time; the oldest is given up


class Joiner(Generic[T]):
    """Collects what belongs to the parts; a key says who sends to whom."""

    def __init__(self, maximum: int = INCOMPLETE_MAX) -> None:
        self._maximum = maximum
        self._waiting: OrderedDict[tuple[Hashable, int, int], dict[int, T]] = OrderedDict()
        self.given_up = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: Hashable, part: Part, value: T) -> list[T] | None:
        """Keep a part; gives all of them in order once they are complete. Doubles are ignored."""
        place = (key, part.reference, part.total)
        parts = self._waiting.setdefault(place, {})
        parts.setdefault(part.number, value)
        if len(parts) == part.total:
            del self._waiting[place]
            return [parts[number] for number in range(1, part.total + 1)]
        if len(self._waiting) > self._maximum:
            self._waiting.popitem(last=False)
            self.given_up += 1
        return None

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self.given_up = 0
