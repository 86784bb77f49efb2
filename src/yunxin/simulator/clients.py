"""One account at one door of the carrier: its sessions, and what waits to be delivered to it.

Deliveries go to the receiving sessions in turn, as many as their windows take. What is not
acknowledged, because the session ended or the client refused it, is delivered again.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from yunxin.protocols.events import BindMode
from yunxin.protocols.session import Session
from yunxin.protocols.stream import Stream
from yunxin.simulator.gateways.base import Gateway
from yunxin.simulator.wheel import Wheel

DELIVERY_TRIES_MAX = 20
DELIVERY_RETRY_S = 1.0

AnyStream = Stream[Session]


class Account(msgspec.Struct, frozen=True):
    """Who may bind."""

    name: str
    password: str


class Parcel(msgspec.Struct):
    """A receipt, or a message from a phone, on its way to an account: see `Gateway`'s letters."""

    letter: Any
    inbound: bool = False
    tries: int = 0

    @property
    def kind(self) -> str:
        """How the counters call it."""
        return "inbound" if self.inbound else "receipts"


class Client:
    """An account at one door while the carrier runs.

    `summon` is called when something waits and no session receives: for protocols whose carrier
    connects to the client.
    """

    def __init__(
        self, account: Account, gateway: Gateway, counters: Counter[str], wheel: Wheel
    ) -> None:
        self.account = account
        self.gateway = gateway
        self.key = gateway.name, account.name
        self.summon: Callable[[], None] | None = None
        self.streams: list[AnyStream] = []
        self.receivers: deque[AnyStream] = deque()
        self.queue: deque[Parcel] = deque()
        self._counters = counters
        self._wheel = wheel
        self._gone = False
        self._tokens = 0.0
        self._filled_at = 0.0

    def go(self) -> int:
        """Be gone for good; what was to be delivered is dropped. Gives how many sessions it had."""
        self._gone, self.summon = True, None
        streams = list(self.streams)
        for stream in streams:
            stream.abort()
        self.pump()
        return len(streams)

    def throttles(self, rate_per_s: int, now: float, count: int = 1) -> bool:
        """Whether so many more messages are too fast: a bucket that holds one second's worth."""
        refill = (now - self._filled_at) * rate_per_s
        self._tokens = min(float(rate_per_s), self._tokens + refill)
        self._filled_at = now
        if self._tokens < min(count, rate_per_s):
            return True
        self._tokens -= count
        return False

    def join(self, stream: AnyStream) -> None:
        """A session was bound to this account."""
        self.streams.append(stream)
        if stream.session.mode is not BindMode.TRANSMITTER:
            self.receivers.append(stream)
            self.pump()

    def leave(self, stream: AnyStream, unanswered: Iterable[object]) -> None:
        """A session ended; what it left unacknowledged goes first on the next one."""
        self.streams.remove(stream)
        if stream in self.receivers:
            self.receivers.remove(stream)
        again = [tag for tag in unanswered if isinstance(tag, Parcel)]
        self._counters["redelivered"] += len(again)
        self.queue.extendleft(reversed(again))
        self.pump()

    def pump(self) -> None:
        """Send as much of what waits as the sessions' windows take."""
        queue, body = self.queue, self.gateway.body
        if self._gone:
            self._counters["deliveries_dropped"] += len(queue)
            queue.clear()
        if queue and not self.receivers and self.summon is not None:
            self.summon()
        for _ in range(len(self.receivers)):
            if not queue:
                return
            stream = self.receivers[0]
            self.receivers.rotate(-1)
            now, session = stream.touch(), stream.session
            for _ in range(min(stream.free, len(queue))):
                parcel = queue.popleft()
                session.deliver(body(session, parcel.letter), tag=parcel, now=now)
                self._counters[f"{parcel.kind}_sent"] += 1
            stream.flush_soon()

    def acknowledged(self, parcel: Parcel, status: int) -> None:
        """The client took a delivery, or refused it for now."""
        if status:
            self._counters["deliveries_refused"] += 1
            self._wheel.at(DELIVERY_RETRY_S, self.again, parcel)
        else:
            self._counters[f"{parcel.kind}_acknowledged"] += 1

    def again(self, parcel: Parcel) -> None:
        """Once more, until the client has had enough chances."""
        parcel.tries += 1
        if parcel.tries >= DELIVERY_TRIES_MAX:
            self._counters["deliveries_dropped"] += 1
            return
        self._counters["redelivered"] += 1
        self.queue.append(parcel)
        self.pump()
