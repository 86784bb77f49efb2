"""Which channels may carry a message, best first: pure functions over plain figures.

A channel serves the carriers that its operator chose, or all. Among those that serve a number and
are bound, the one that carried least for its weight goes first. Failover is ordered: channels
that already tried a message in vain go last, the one whose try is longest ago first among them,
so that every other is tried before the message fails. `dispatch` calls this for every group of
waiting messages, and for each message that comes back.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """A channel as the dispatcher sees it while it plans.

    Args:
        carriers: those that it serves; empty means all.
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

    def serves(self, carrier: str) -> bool:
        """Whether it carries to the numbers of a carrier.

        A number whose carrier is not known goes to channels that serve all.
        """
        return not self.carriers or carrier in self.carriers

    def take(self, segments: int) -> None:
        """Give so much of its room away."""
        self.room -= segments
        self.load += segments / (self.weight or 1)


def candidates(carrier: str, lines: Iterable[Line], refused_by: Sequence[int] = ()) -> list[Line]:
    """The channels that may carry to a carrier's numbers, best first.

    Args:
        lines: the channels that are bound.
        refused_by: the channels that tried this message in vain, oldest try first.
    """
    serving = [line for line in lines if line.serves(carrier)]
    serving.sort(
        key=lambda line: (
            turn(line.channel_id, refused_by),
            not line.weight,
            line.load,
            line.channel_id,
        )
    )
    return serving


def turn(channel_id: int, refused_by: Sequence[int]) -> int:
    """When a channel's turn comes: 0 before it tried, then the later its try, the later."""
    return 1 + refused_by.index(channel_id) if channel_id in refused_by else 0


def may_try_another(carrier: str, lines: Iterable[Line], refused_by: Container[int]) -> bool:
    """Whether a channel that has not refused the message yet could carry it."""
    return any(line.serves(carrier) and line.channel_id not in refused_by for line in lines)
