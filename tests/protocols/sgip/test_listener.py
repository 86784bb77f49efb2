"""One port for several channels' carriers, over real TCP with our own client in their role."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

import msgspec
import pytest

from tests.protocols.sgip.talk import PHONE, Talk, gateway, provider
from tests.protocols.sgip.vectors import SP
from yunxin.protocols.events import (
    BindMode,
    Bound,
    Closed,
    CloseReason,
    DeliverAnswered,
    Event,
    InboundArrived,
    Login,
    ReceiptArrived,
    Unbound,
)
from yunxin.protocols.session import Side, State
from yunxin.protocols.sgip import listener as listening
from yunxin.protocols.sgip import pdus, receipts
from yunxin.protocols.sgip.listener import Channel, Listener, SgipStream
from yunxin.protocols.sgip.session import body_of
from yunxin.protocols.sgip.status import Code
from yunxin.protocols.stream import BindFailed, connect, open_bound

LOCAL = "127.0.0.1"
REPORT = body_of(receipts.build(SP, PHONE, stat="DELIVRD", error="000"))


class Ours:
    """A channel that keeps what it is told and acknowledges it."""

    def __init__(self, name: str, password: str = "secret", *addresses: str) -> None:
        self.seen: list[Event] = []
        networks = tuple(ip_network(address) for address in addresses)
        self.channel = Channel(name, password, self.handle, networks)

    def handle(self, stream: SgipStream, events: list[Event]) -> None:
        self.seen += events
        stream.session.acknowledge(
            [e.sequence for e in events if isinstance(e, ReceiptArrived | InboundArrived)]
        )


class Theirs:
    """A carrier's connection."""

    def __init__(self) -> None:
        self.seen: list[Event] = []

    def handle(self, stream: SgipStream, events: list[Event]) -> None:
        self.seen += events


@asynccontextmanager
async def listening_for(*channels: Ours) -> AsyncIterator[Listener]:
    listener = Listener(provider(Side.SERVER).numbers)
    await listener.start(LOCAL, 0)
    for channel in channels:
        listener.admit(channel.channel)
    try:
        yield listener
    finally:
        await listener.close()


async def carrier(
    listener: Listener,
    name: str,
    password: str = "secret",
    mode: BindMode = BindMode.RECEIVER,
    theirs: Theirs | None = None,
) -> SgipStream:
    theirs = theirs or Theirs()
    login = Login(name, password, mode)
    session = gateway(Side.CLIENT)
    return await open_bound(session, login, LOCAL, listener.port, theirs.handle)


async def until(met: Callable[[], object]) -> None:
    for _ in range(1_000):
        if met():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("It did not happen within five seconds.")


async def test_each_channel_hears_its_own_carriers_and_no_other() -> None:
    first, second = Ours("first"), Ours("second")
    async with listening_for(first, second) as listener:
        theirs = Theirs()
        one = await carrier(listener, "first", theirs=theirs)
        two = await carrier(listener, "second")
        one.session.deliver(REPORT, tag="r", now=one.touch())
        one.flush()
        two.session.deliver(
            body_of(pdus.Deliver(user_number=PHONE, content=b"hi")), tag="d", now=two.touch()
        )
        two.flush()
        await until(lambda: len(first.seen) == len(second.seen) == 2)
        assert [type(event) for event in first.seen] == [Bound, ReceiptArrived]
        assert [type(event) for event in second.seen] == [Bound, InboundArrived]
        await until(lambda: any(isinstance(e, DeliverAnswered) for e in theirs.seen))
        assert len(listener.streams(first.channel)) == 1
        await one.close()
        await until(lambda: isinstance(first.seen[-1], Closed))
        assert listener.streams(first.channel) == []
        assert first.seen[-2] == Unbound(by_peer=True)
        await two.close()


async def test_several_connections_of_one_carrier_are_one_channel() -> None:
    ours = Ours("first")
    async with listening_for(ours) as listener:
        streams = [await carrier(listener, "first") for _ in range(3)]
        assert len(listener.streams(ours.channel)) == 3
        for stream in streams:
            stream.session.deliver(REPORT, tag="r", now=stream.touch())
            stream.flush()
        await until(lambda: sum(isinstance(e, ReceiptArrived) for e in ours.seen) == 3)
        for stream in streams:
            await stream.close()


@pytest.mark.parametrize(
    ("name", "password", "mode", "status"),
    [
        ("first", "wrong", BindMode.RECEIVER, Code.ILLEGAL_LOGIN),
        ("nobody", "secret", BindMode.RECEIVER, Code.ILLEGAL_LOGIN),
        ("elsewhere", "secret", BindMode.RECEIVER, Code.ILLEGAL_LOGIN),
        ("first", "secret", BindMode.TRANSMITTER, Code.LOGIN_TYPE),
        ("first", "secret", BindMode.TRANSCEIVER, Code.LOGIN_TYPE),
    ],
)
async def test_a_stranger_is_refused_and_no_channel_hears_of_it(
    name: str, password: str, mode: BindMode, status: Code
) -> None:
    first, elsewhere = Ours("first"), Ours("elsewhere", "secret", "192.0.2.1")
    async with listening_for(first, elsewhere) as listener:
        with pytest.raises(BindFailed) as caught:
            await carrier(listener, name, password, mode)
        assert getattr(caught.value.event, "status", None) == status
        assert (first.seen, elsewhere.seen, listener.refused) == ([], [], 1)


async def test_a_stranger_has_one_guess_a_connection() -> None:
    ours = Ours("first")
    async with listening_for(ours) as listener:
        reader, writer = await asyncio.open_connection(LOCAL, listener.port)
        wrong = pdus.Bind(sequence=1, login_type=2, login_name="first", login_password="wrong")
        right = msgspec.structs.replace(wrong, sequence=2, login_password="secret")
        try:
            writer.write(pdus.encode(wrong))
            assert await reader.readexactly(29) == pdus.encode(pdus.BindResp(sequence=1, result=1))
            writer.write(pdus.encode(right))
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        finally:
            writer.close()
        assert (ours.seen, listener.refused, len(listener._strangers)) == ([], 1, 0)


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("192.0.2.1", True),
        ("::ffff:192.0.2.1", True),
        ("192.0.2.16", False),
        ("2001:db8::1", True),
        ("[2001:db8::1]", True),
        ("", False),
        ("?", False),
    ],
)
def test_where_a_carrier_may_connect_from(address: str, within: bool) -> None:
    networks = (ip_network("192.0.2.0/28"), ip_network("2001:db8::/64"))
    assert listening._is_within(address, networks) is within


async def test_the_password_and_the_address_tell_channels_of_one_name_apart() -> None:
    north, south = Ours("gateway", "north"), Ours("gateway", "south")
    anywhere, here = Ours("other"), Ours("other", "secret", "127.0.0.0/8")
    async with listening_for(north, south, anywhere, here) as listener:
        streams = [
            await carrier(listener, "gateway", "south"),
            await carrier(listener, "other"),
        ]
        await until(lambda: south.seen and here.seen)
        assert (north.seen, anywhere.seen) == ([], [])
        for stream in streams:
            await stream.close()


async def test_a_dismissed_channel_is_told_good_bye_and_not_let_in_again() -> None:
    ours = Ours("first")
    async with listening_for(ours) as listener:
        theirs = Theirs()
        await carrier(listener, "first", theirs=theirs)
        listener.dismiss(ours.channel)
        await until(lambda: isinstance(theirs.seen[-1], Closed))
        assert Unbound(by_peer=True) in theirs.seen
        assert isinstance(ours.seen[-1], Closed)
        with pytest.raises(BindFailed):
            await carrier(listener, "first")


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "CONNECTIONS_MAX", 1)
    monkeypatch.setattr(listening, "STRANGERS_MAX", 2)
    ours = Ours("first")
    async with listening_for(ours) as listener:
        stream = await carrier(listener, "first")
        with pytest.raises(BindFailed) as caught:
            await carrier(listener, "first")
        assert getattr(caught.value.event, "status", None) == Code.TOO_MANY_CONNECTIONS
        silent = [
            await connect(gateway(Side.CLIENT), LOCAL, listener.port, Theirs().handle)
            for _ in range(5)
        ]
        await until(lambda: sum(s.closed.done() for s in silent) >= 3)
        assert stream.session.state is State.BOUND
        for one in silent:
            one.abort()
        await stream.close()


async def test_nonsense_behind_a_log_in_ends_the_connection_only() -> None:
    ours = Ours("first")
    async with listening_for(ours) as listener:
        reader, writer = await asyncio.open_connection(LOCAL, listener.port)
        bind = pdus.Bind(sequence=SP, login_type=2, login_name="first", login_password="secret")
        writer.write(pdus.encode(bind) + b"\xff" * 20)
        assert await reader.read() == b""
        writer.close()
        assert (ours.seen, listener.streams(ours.channel), len(listener._strangers)) == ([], [], 0)
        stream = await carrier(listener, "first")
        await stream.close()


async def test_closing_says_good_bye() -> None:
    ours, theirs = Ours("first"), Theirs()
    async with listening_for(ours) as listener:
        await carrier(listener, "first", theirs=theirs)
    assert isinstance(closed := ours.seen[-1], Closed)
    assert closed.reason is CloseReason.UNBOUND
    await until(lambda: isinstance(theirs.seen[-1], Closed))


def test_the_carriers_connection_is_left_open_longer_than_ours() -> None:
    talk = Talk(BindMode.RECEIVER, listening.LISTENER_LIMITS).bind()
    talk.server.tick(599.0)
    assert talk.server.state is State.BOUND
    talk.server.tick(600.0)
    assert talk.server.state is State.UNBINDING
