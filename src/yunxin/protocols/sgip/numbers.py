"""SGIP's sequence numbers of 12 bytes, which are the ids of messages too.

Each is the node that made it, the time of its making as the decimal number `mmddhhmmss`, and a
count. In this room one is an integer of 96 bits, so that it is a key like other protocols'
sequence numbers; the id of a message is its 24 hexadecimal digits.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from yunxin.protocols.clock import BEIJING
from yunxin.protocols.errors import LocalProtocolError

SIZE: Final = 12
_COUNTS: Final = 1 << 32


class Parts(NamedTuple):
    """A sequence number taken apart; `time` is `mmddhhmmss` as a decimal number."""

    node: int
    time: int
    counter: int


def join(node: int, time: int, counter: int) -> int:
    """The number of three parts of 32 bits each."""
    return node << 64 | time << 32 | counter


def take_apart(sequence: int) -> Parts:
    """The parts of a number."""
    return Parts(sequence >> 64, sequence >> 32 & 0xFFFFFFFF, sequence & 0xFFFFFFFF)


def message_id(sequence: int) -> str:
    """The id of the message that was submitted with this number."""
    return f"{sequence:024x}"


def node_of(area_code: str, corp_id: str) -> int:
    """A provider's node: 3, the area code in four digits, the company code in five.

    Raises:
        LocalProtocolError: the digits make no number of 32 bits.
    """
    text = f"3{area_code:0>4}{corp_id:0>5}"
    if len(text) != 10 or not (text.isascii() and text.isdigit()):
        raise LocalProtocolError("A node is made of an area code and a company code, in digits.")
    return checked_node(int(text))


def checked_node(node: int) -> int:
    """A node that fits its 32 bits, unsigned.

    Raises:
        LocalProtocolError: it does not.
    """
    if not 0 <= node < _COUNTS:
        raise LocalProtocolError(f"The node {node} does not fit 32 bits.")
    return node


class Numbers:
    """Makes the sequence numbers of one node; all its sessions share one of these.

    Args:
        node: see `node_of`; a gateway's is 1 and its area code and index.
        zero: the moment at which `now` is 0. The time in the numbers is Beijing's.
        first: the first count; something else in each process, so that two of one node differ.
    """

    def __init__(self, node: int, zero: datetime, first: int = 1) -> None:
        self.node = checked_node(node)
        self._zero = zero
        self._count = (first - 1) % _COUNTS
        self._second = -1
        self._high = 0

    def next(self, now: float) -> int:
        """A number that was not given before."""
        second = int(now)
        if second != self._second:
            self._second = second
            moment = self._zero + timedelta(seconds=now)
            self._high = join(self.node, int(f"{moment.astimezone(BEIJING):%m%d%H%M%S}"), 0)
        self._count = (self._count + 1) % _COUNTS
        return self._high | self._count
