"""An enterprise with an SMPP account, and its system: a client of our own session, over TCP."""

import asyncio
import json
from typing import Any

from tests.engine.world import World
from yunxin.dialects import smpp_passwords
from yunxin.protocols.events import (
    Alphabet,
    Answered,
    BindMode,
    Closed,
    Event,
    InboundArrived,
    Login,
    ReceiptArrived,
    SubmitAnswered,
)
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.smpp.pdus import SubmitSm, encode
from yunxin.protocols.smpp.precut import DATA_CODINGS
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.stream import Stream, open_bound
from yunxin.text import alphabets

SECRET_KEY = "for tests " * 5
PASSWORD = "pa55word"
PHONE = "13800005678"  # the simulated carrier delivers to it


class Owner:
    """An enterprise with all that it needs to send."""

    def __init__(self, world: World, name: str = "acme", **account: Any) -> None:
        self.world = world
        self.name = name
        self.id = world.enterprise(extension_code=account.pop("extension_code", ""))
        self.package = world.package(self.id, 1000)
        self.signature_name = f"签名{name}"
        self.signature = world.signature(self.id, name=self.signature_name)
        self.template = world.template(
            self.id, "您的验证码是#*#，请勿告诉他人。", signature_id=self.signature
        )
        self.account = self.add_account(name, **account)

    def add_account(self, system_id: str, **values: Any) -> int:
        """Another account, by default as the console makes it."""
        defaults: dict[str, Any] = {
            "enterprise_id": self.id, "name": "ERP", "system_id": system_id,
            "password_hash": smpp_passwords.digest(SECRET_KEY, system_id, PASSWORD),
            "password_changed_at": "now", "networks": "[]", "window": 16, "rate_per_s": 1000,
            "sessions_max": 4, "text_mode": "templates", "traffic": "notice",
            "source_rule": "ignored", "extension": "", "replies": "own",
            "default_alphabet": "gsm7", "enabled": True, "created_at": "now", "changed_at": "now",
        }  # fmt: skip
        values = {k: json.dumps(v) if k == "networks" else v for k, v in values.items()}
        return self.world.insert("interfaces_smppaccount", **(defaults | values))

    def change(self, **values: Any) -> None:
        """Change the account as the console would."""
        names = ", ".join(f'"{name}" = %s' for name in values)
        self.world.do(
            f"UPDATE interfaces_smppaccount SET {names} WHERE id = %s",
            *values.values(),
            self.account,
        )
        self.world.do("NOTIFY directory")

    def text(self, code: str = "1234") -> str:
        """A text that matches the template."""
        return f"【{self.signature_name}】您的验证码是{code}，请勿告诉他人。"

    @property
    def used(self) -> int:
        return self.world.used(self.package)


class System:
    """One bound connection of an enterprise's system; it keeps what it saw."""

    def __init__(self, *, acknowledges: bool = True, window: int = 1000) -> None:
        self.acknowledges = acknowledges
        self.status = 0  # with which it acknowledges
        self.receipts: list[ReceiptArrived] = []
        self.replies: list[InboundArrived] = []
        self.closed: Closed | None = None
        self.limits = Limits(window=window)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self.stream: Stream[SmppSession]

    async def bind(
        self,
        port: int,
        name: str = "acme",
        password: str = PASSWORD,
        mode: BindMode = BindMode.TRANSCEIVER,
    ) -> "System":
        """Connect and log in; raises BindFailed as the stream does."""
        session = SmppSession(Side.CLIENT, self.limits)
        login = Login(name, password, mode)
        self.stream = await open_bound(session, login, "127.0.0.1", port, self._heard)
        return self

    async def __aenter__(self) -> "System":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stream.close(2)

    def _heard(self, stream: Stream[SmppSession], events: list[Event]) -> None:
        for event in events:
            match event:
                case SubmitAnswered() | Answered():
                    self._settle(event.tag, event)
                case ReceiptArrived():
                    self.receipts.append(event)
                    self._acknowledge(stream, event.sequence)
                case InboundArrived():
                    self.replies.append(event)
                    self._acknowledge(stream, event.sequence)
                case Closed():
                    self.closed = event
                    for tag in list(self._answers):
                        self._settle(tag, None)

    def _acknowledge(self, stream: Stream[SmppSession], sequence: int) -> None:
        if self.acknowledges:
            stream.session.acknowledge([sequence], self.status)

    def _settle(self, tag: int, value: Any) -> None:
        future = self._answers.pop(tag, None)
        if future is not None and not future.done():
            future.set_result(value)

    def begin(self, pdu: Any) -> "asyncio.Future[Any]":
        """Send any request; its answer comes later, or None when the connection ends."""
        self._number += 1
        future = self._answers[self._number] = asyncio.get_running_loop().create_future()
        self.stream.session.request(pdu, tag=self._number, now=self.stream.touch())
        self.stream.flush()
        return future

    def begin_all(self, *pdus: Any) -> "list[asyncio.Future[Any]]":
        """Send requests with one write."""
        futures = []
        for pdu in pdus:
            self._number += 1
            future = self._answers[self._number] = asyncio.get_running_loop().create_future()
            self.stream.session.request(pdu, tag=self._number, now=self.stream.touch())
            futures.append(future)
        self.stream.flush()
        return futures

    async def ask(self, pdu: Any) -> Any:
        """Send any request; its answer."""
        async with asyncio.timeout(20):
            return await self.begin(pdu)

    async def submit(self, text: str, **fields: Any) -> SubmitAnswered:
        """Send a text in UCS-2 to the first phone."""
        answer = await self.ask(submit(text, **fields))
        assert isinstance(answer, SubmitAnswered)
        return answer


def submit(text: str, alphabet: Alphabet = Alphabet.UCS2, **fields: Any) -> SubmitSm:
    """A submit_sm with a receipt asked for."""
    data = alphabets.encode_gsm7(text) if alphabet is Alphabet.GSM7 else text.encode("utf-16-be")
    defaults: dict[str, Any] = {
        "destination_addr": PHONE, "registered_delivery": 1, "short_message": data,
        "data_coding": DATA_CODINGS[alphabet],
    }  # fmt: skip
    return SubmitSm(**(defaults | fields))


def raw_bind(name: str = "acme", password: str = PASSWORD) -> bytes:
    """The frame of a bind_transceiver."""
    from yunxin.protocols.smpp.pdus import BindTransceiver

    return encode(BindTransceiver(sequence=1, system_id=name, password=password))
