"""Two SGIP sessions talking in memory, over either of the two connections."""

from datetime import UTC, datetime

from yunxin.protocols.events import BindMode, BindRequested, Event, Login
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.sgip.numbers import Numbers
from yunxin.protocols.sgip.precut import SubmitTemplate
from yunxin.protocols.sgip.session import SgipSession

ZERO = datetime(2026, 10, 21, 19, 4, 5, tzinfo=UTC)
SP_NODE, GATEWAY_NODE = 3037196688, 101001
TEMPLATE = SubmitTemplate("10655001", data_coding=8, corp_id="96688")
PHONE = "8613800138000"
LIMITS = Limits(window=4, response_timeout_s=10, enquire_after_s=60, bind_within_s=15, attempts=3)


def provider(side: Side, limits: Limits = LIMITS) -> SgipSession:
    return SgipSession(side, limits, numbers=Numbers(SP_NODE, ZERO))


def gateway(side: Side, limits: Limits = LIMITS) -> SgipSession:
    return SgipSession(side, limits, numbers=Numbers(GATEWAY_NODE, ZERO))


class Talk:
    """A client and a server; `pump` carries bytes until both are silent and keeps the events.

    As `TRANSMITTER` the client is a provider that submits, as `RECEIVER` a gateway that delivers.
    """

    def __init__(self, mode: BindMode = BindMode.TRANSMITTER, limits: Limits = LIMITS) -> None:
        self.mode = mode
        submits = mode is BindMode.TRANSMITTER
        self.client = (provider if submits else gateway)(Side.CLIENT, limits)
        self.server = (gateway if submits else provider)(Side.SERVER, limits)
        self.client.connected(0.0)
        self.server.connected(0.0)
        self.client_saw: list[Event] = []
        self.server_saw: list[Event] = []

    def pump(self, now: float = 0.0) -> None:
        while True:
            up, down = self.client.data_to_send(), self.server.data_to_send()
            if not up and not down:
                return
            self.server_saw += self.server.receive(up, now)
            self.client_saw += self.client.receive(down, now)

    def bind(self) -> "Talk":
        self.client.bind(Login("fakename", "1234", self.mode), 0.0)
        self.pump()
        assert isinstance(self.server_saw[-1], BindRequested)
        self.server.accept_bind()
        self.pump()
        self.client_saw.clear()
        self.server_saw.clear()
        return self

    def submit(self, tag: object = "tag", now: float = 0.0, data: bytes = b"\x6d\x4b") -> int:
        return self.client.submit(TEMPLATE, PHONE, data, tag=tag, now=now)
