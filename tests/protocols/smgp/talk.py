"""Two SMGP sessions talking in memory, for tests of the session."""

from datetime import UTC, datetime

from yunxin.protocols.events import BindMode, BindRequested, Event, Login
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.smgp.pdus import Version
from yunxin.protocols.smgp.precut import SubmitTemplate
from yunxin.protocols.smgp.session import SmgpSession

MOMENT = datetime(2026, 10, 21, 19, 4, 5, tzinfo=UTC)
NAME, SECRET = "10690001", "shared01"
PHONE = "13300133000"
LIMITS = Limits(window=4, response_timeout_s=10, enquire_after_s=30, bind_within_s=15, attempts=3)


def client(
    version: Version = Version.V30, *, strict: bool = False, limits: Limits = LIMITS
) -> SmgpSession:
    return SmgpSession(Side.CLIENT, limits, version=version, moment=MOMENT, strict=strict)


def server(version: Version = Version.V30, limits: Limits = LIMITS) -> SmgpSession:
    return SmgpSession(Side.SERVER, limits, version=version)


class Talk:
    """A client and a server; `pump` carries bytes until both are silent and keeps the events."""

    def __init__(self, version: Version = Version.V30, *, strict: bool = False) -> None:
        self.client = client(version, strict=strict)
        self.server = server()
        self.client.connected(0.0)
        self.server.connected(0.0)
        self.client_saw: list[Event] = []
        self.server_saw: list[Event] = []
        self.template = SubmitTemplate("10690001", msg_format=8, version=version)

    def pump(self, now: float = 0.0) -> None:
        while True:
            up, down = self.client.data_to_send(), self.server.data_to_send()
            if not up and not down:
                return
            self.server_saw += self.server.receive(up, now)
            self.client_saw += self.client.receive(down, now)

    def bind(self, mode: BindMode = BindMode.TRANSCEIVER) -> "Talk":
        self.client.bind(Login(NAME, SECRET, mode), 0.0)
        self.pump()
        assert isinstance(self.server_saw[-1], BindRequested)
        self.server.accept_bind("", SECRET)
        self.pump()
        self.client_saw.clear()
        self.server_saw.clear()
        return self

    def submit(self, tag: object = "tag", now: float = 0.0, data: bytes = b"\x6d\x4b") -> int:
        return self.client.submit(self.template, PHONE, data, tag=tag, now=now)
