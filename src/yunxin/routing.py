"""Which channels may carry a message, best first, and why not the others: pure functions.

A channel serves the carriers, the provinces, the traffic classes, the hours and the enterprises
that its operator chose; where nothing was chosen it serves all. Among those that serve a message
and are bound, a channel of the enterprise's own goes first, then one for the number's province
before those for the whole country (it can carry nothing else, and they can), then the one that
carried least for its weight. Failover
is ordered: channels that already tried a message in vain go last, the one whose try is longest ago
first among them, so that every other is tried before the message fails. The engine's `dispatch`
calls this for every group of waiting messages and for each message that comes back, the console's
page of routes for a number that somebody asks about.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import Protocol


class Need(Protocol):
    """What asks for a channel: a message, or a group of them."""

    @property
    def carrier(self) -> str:
        """Whose number it goes to, as in vocabulary.CarrierName."""

    @property
    def province(self) -> str:
        """Where its number is from, as in vocabulary.Province; empty: not known."""

    @property
    def traffic(self) -> str:
        """Why it is sent, as in vocabulary.TrafficClass."""

    @property
    def enterprise_id(self) -> int:
        """Whose message it is."""


class Obstacle(StrEnum):
    """Why a channel does not serve a message."""

    CARRIER = "carrier"  # it does not serve the number's carrier
    PROVINCE = "province"  # nor the province it is from, or nobody knows where it is from
    TRAFFIC = "traffic"  # nor this class
    OTHERS_OWN = "others_own"  # it is dedicated to other enterprises
    HOURS = "hours"  # it rests at this time
    BROKEN = "broken"  # it refused too much, see engine/breaker


@dataclass(slots=True)
class Line:
    """A channel as the dispatcher sees it while it plans.

    Args:
        carriers: those that it serves; empty means all.
        provinces: those that it serves; empty means all, and numbers from nobody knows where.
        traffics: the classes that it serves; empty means all.
        enterprises: those that it is dedicated to; empty means all.
        open: whether this is one of its hours, see `is_open`.
        broken: whether its circuit breaker is open.
        weight: its share among channels that serve the same numbers; 0 makes it a reserve that
            carries only what no other can.
        room: segments that it can take now, in all.
        kept: of these, what only verification codes may take.
        load: what it carried so far, divided by its weight; only comparisons mean anything.
    """

    channel_id: int
    carriers: frozenset[str] = field(default_factory=frozenset)
    weight: int = 1
    room: int = 0
    kept: int = 0
    load: float = 0.0
    traffics: frozenset[str] = field(default_factory=frozenset)
    enterprises: frozenset[int] = field(default_factory=frozenset)
    open: bool = True
    broken: bool = False
    provinces: frozenset[str] = field(default_factory=frozenset)

    def obstacle(self, need: Need) -> Obstacle | None:
        """Why it does not serve; None: it does.

        A number whose carrier or province is not known goes to channels that serve all of them.
        """
        if self.carriers and need.carrier not in self.carriers:
            return Obstacle.CARRIER
        if self.provinces and need.province not in self.provinces:
            return Obstacle.PROVINCE
        if self.traffics and need.traffic not in self.traffics:
            return Obstacle.TRAFFIC
        if self.enterprises and need.enterprise_id not in self.enterprises:
            return Obstacle.OTHERS_OWN
        if not self.open:
            return Obstacle.HOURS
        return Obstacle.BROKEN if self.broken else None

    def take(self, segments: int) -> None:
        """Give so much of its room away."""
        self.room -= segments
        self.load += segments / (self.weight or 1)


def candidates(need: Need, lines: Iterable[Line], refused_by: Sequence[int] = ()) -> list[Line]:
    """The channels that may carry what asks for one, best first.

    Args:
        lines: the channels that are bound.
        refused_by: the channels that tried this message in vain, oldest try first.
    """
    serving = [line for line in lines if line.obstacle(need) is None]
    serving.sort(
        key=lambda line: (
            turn(line.channel_id, refused_by),
            rank(need, line),
            line.load,
            line.channel_id,
        )
    )
    return serving


def rank(need: Need, line: Line) -> int:
    """Who goes first, whatever it carried so far: the lower, from 0 to 7.

    The enterprise's own channels go before everybody's; of either, reserves (weight 0) go last; of
    either again, those for certain provinces go before those for all.
    """
    is_own = need.enterprise_id in line.enterprises
    return (0 if is_own else 4) + (0 if line.weight else 2) + (0 if line.provinces else 1)


def turn(channel_id: int, refused_by: Sequence[int]) -> int:
    """When a channel's turn comes: 0 before it tried, then the later its try, the later."""
    return 1 + refused_by.index(channel_id) if channel_id in refused_by else 0


def may_try_another(need: Need, lines: Iterable[Line], refused_by: Container[int]) -> bool:
    """Whether a channel that has not refused the message yet could carry it."""
    return any(line.channel_id not in refused_by and line.obstacle(need) is None for line in lines)


def is_open(first: time | None, last: time | None, clock: time) -> bool:
    """Whether a channel carries at this time of day, in Asia/Shanghai.

    From `first` until before `last`, over midnight where `first` is the later one; always where
    one of them is missing or both are the same.
    """
    if first is None or last is None or first == last:
        return True
    return first <= clock < last if first < last else clock >= first or clock < last
