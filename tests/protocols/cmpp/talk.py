"""Two CMPP sessions talking in memory, for tests of the session."""

from datetime import UTC, datetime

from yunxin.protocols.cmpp.pdus import Version
from yunxin.protocols.cmpp.precut import SubmitTemplate
from yunxin.protocols.cmpp.session import CmppSession
from yunxin.protocols.events import BindRequested, Event, Login
from yunxin.protocols.session import Limits, Side

PHONE = "13800138000"
LIMITS = Limits(window=4, response_timeout_s=10, enquire_after_s=30, bind_within_s=15)
MOMENT = datetime(2026, 10, 21, 19, 4, 5, tzinfo=UTC)
LOGIN = Login("900001", "888888")
TEMPLATES = {
    version: SubmitTemplate("10690001", version=version, account="900001", msg_fmt=8)
    for version in Version
}


class Talk:
    """A client and a server; `pump` carries bytes until both are silent and keeps the events."""

    def __init__(self, version: Version = Version.V30, limits: Limits = LIMITS) -> None:
        self.version = version
        self.client = CmppSession(Side.CLIENT, limits, version=version, moment=MOMENT)
        self.server = CmppSession(Side.SERVER, limits)
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
        self.client.bind(LOGIN, 0.0)
        self.pump()
        assert isinstance(self.server_saw[-1], BindRequested)
        self.server.accept_bind("", LOGIN.password)
        self.pump()
        self.client_saw.clear()
        self.server_saw.clear()
        return self

    def submit(self, tag: object = "tag", now: float = 0.0, data: bytes = b"\x6d\x4b") -> int:
        return self.client.submit(TEMPLATES[self.version], PHONE, data, tag=tag, now=now)
