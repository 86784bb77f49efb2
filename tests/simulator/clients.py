"""Clients of ours for the tests of the simulated carrier: send texts, keep what comes."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from yunxin.protocols.events import (
    BindMode,
    DeliverAnswered,
    Event,
    InboundArrived,
    Login,
    ReceiptArrived,
    SubmitAnswered,
)
from yunxin.protocols.session import Limits, Session, Side
from yunxin.protocols.smpp.precut import SubmitTemplate
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.stream import Stream, open_bound
from yunxin.simulator.carrier import Carrier
from yunxin.text import alphabets, segments

LOCAL = "127.0.0.1"
LOGIN = Login("yunxin", "secret")
ACCESS_NUMBER = "10690001"


class Client:
    """Of any protocol: everything that came, in order.

    Deliveries are acknowledged at once unless told otherwise.
    """

    def __init__(self) -> None:
        self.seen: list[Event] = []
        self.acknowledging = True
        self.stream: Stream[Any]
        self._references = itertools.count(1)

    def take(self, stream: Stream[Any], events: list[Event]) -> None:
        self.seen += events
        if self.acknowledging:
            stream.session.acknowledge(
                [e.sequence for e in events if isinstance(e, ReceiptArrived | InboundArrived)]
            )

    def submit(
        self,
        template: Any,
        phone: str | list[str],
        text: str,
        encode: Callable[[str], bytes] = alphabets.encode_ucs2,
    ) -> None:
        """A text, in parts where it is long; the phone is the tag."""
        parts, reference = segments.split(text), next(self._references)
        for number, part in enumerate(parts, 1):
            data = encode(part)
            if len(parts) > 1:
                data = segments.header(reference, len(parts), number) + data
            self.stream.session.submit(
                template, phone, data, tag=phone, now=self.stream.touch(), udhi=len(parts) > 1
            )
        self.stream.flush()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.seen if isinstance(event, kind)]

    @property
    def answers(self) -> list[SubmitAnswered]:
        return self.of(SubmitAnswered)

    @property
    def receipts(self) -> list[ReceiptArrived]:
        return self.of(ReceiptArrived)

    @property
    def inbound(self) -> list[InboundArrived]:
        return self.of(InboundArrived)

    @property
    def acknowledged(self) -> list[DeliverAnswered]:
        return self.of(DeliverAnswered)


class TestClient(Client):
    """SMPP's."""

    __test__ = False

    def send(self, phone: str, text: str, *, registered: int = 1, gsm7: bool = False) -> None:
        template = SubmitTemplate(
            ACCESS_NUMBER, data_coding=0 if gsm7 else 8, registered_delivery=registered
        )
        encode = alphabets.encode_gsm7 if gsm7 else alphabets.encode_ucs2
        self.submit(template, phone, text, encode)


@asynccontextmanager
async def connected(
    client: Client, session: Session, port: int, login: Login = LOGIN
) -> AsyncIterator[None]:
    """The client's session is logged in at a port of the carrier."""
    client.stream = await open_bound(session, login, LOCAL, port, client.take)
    try:
        yield
    finally:
        await client.stream.close(timeout_s=2)


@asynccontextmanager
async def bound(
    carrier: Carrier, login: Login = LOGIN, window: int = 1_000
) -> AsyncIterator[TestClient]:
    client = TestClient()
    session = SmppSession(Side.CLIENT, Limits(window=window, response_timeout_s=10))
    async with connected(client, session, carrier.port, login):
        yield client


def as_(mode: BindMode) -> Login:
    return Login(LOGIN.name, LOGIN.password, mode)


async def until(met: Callable[[], object]) -> None:
    """Wait for something that TCP brings."""
    for _ in range(2_000):
        if met():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("It did not happen within ten seconds.")
