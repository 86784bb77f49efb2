"""Two SMPP sessions talking in memory, for tests of the session."""

from yunxin.protocols.events import BindMode, BindRequested, Event, Login
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.smpp.precut import SubmitTemplate
from yunxin.protocols.smpp.session import SmppSession

TEMPLATE = SubmitTemplate("10690001", data_coding=8)
PHONE = "13800138000"
LIMITS = Limits(window=4, response_timeout_s=10, enquire_after_s=30, bind_within_s=15)


class Talk:
    """A client and a server; `pump` carries bytes until both are silent and keeps the events."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.client = SmppSession(Side.CLIENT, limits)
        self.server = SmppSession(Side.SERVER, limits)
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

    def bind(self, mode: BindMode = BindMode.TRANSCEIVER) -> "Talk":
        self.client.bind(Login("demo", "secret", mode), 0.0)
        self.pump()
        assert isinstance(self.server_saw[-1], BindRequested)
        self.server.accept_bind("SIM")
        self.pump()
        self.client_saw.clear()
        self.server_saw.clear()
        return self

    def submit(self, tag: object = "tag", now: float = 0.0, data: bytes = b"\x6d\x4b") -> int:
        return self.client.submit(TEMPLATE, PHONE, data, tag=tag, now=now)
