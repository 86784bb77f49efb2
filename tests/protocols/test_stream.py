"""A session on real TCP: batches, backpressure, and ends of every kind."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from yunxin.protocols.errors import WindowFull
from yunxin.protocols.events import (
    BindRefused,
    BindRequested,
    Bound,
    Closed,
    CloseReason,
    Event,
    InboundArrived,
    Login,
    SubmitAnswered,
    SubmitRequested,
    Unanswered,
)
from yunxin.protocols.session import Limits, Side, State
from yunxin.protocols.smpp.pdus import DeliverSm
from yunxin.protocols.smpp.precut import SubmitTemplate
from yunxin.protocols.smpp.session import SmppSession, body_of
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import BindFailed, Stream, open_bound, serve

TEMPLATE = SubmitTemplate("10690001", data_coding=8)
LOGIN = Login("demo", "secret")
SmppStream = Stream[SmppSession]


class Server:
    """Lets everybody but `refused` in and answers every submit, unless told otherwise."""

    def __init__(self) -> None:
        self.port = 0
        self.answering = True
        self.streams: list[SmppStream] = []
        self.seen: list[Event] = []

    def take(self, stream: SmppStream, events: list[Event]) -> None:
        self.seen += events
        for event in events:
            if isinstance(event, BindRequested):
                self.streams.append(stream)
                if event.login.name == "refused":
                    stream.session.refuse_bind(Code.RBINDFAIL)
                elif event.login.name != "ignored":
                    stream.session.accept_bind("SIM")
            elif isinstance(event, SubmitRequested) and self.answering:
                stream.session.answer_submit(event.sequence, str(event.sequence))


class Client:
    def __init__(self) -> None:
        self.seen: list[Event] = []
        self.batches: list[int] = []

    def take(self, stream: SmppStream, events: list[Event]) -> None:
        self.seen += events
        self.batches.append(len(events))

    async def until(self, met: Callable[[], object]) -> None:
        for _ in range(2_000):
            if met():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("It did not happen within ten seconds.")


@asynccontextmanager
async def serving(
    limits: Limits | None = None, context: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    server = Server()
    listener = await serve(
        lambda: SmppSession(Side.SERVER, limits), server.take, "127.0.0.1", 0, ssl=context
    )
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for stream in server.streams:
            stream.abort()
        await listener.wait_closed()


async def open_to(
    server: Server,
    client: Client,
    login: Login = LOGIN,
    limits: Limits | None = None,
    context: ssl.SSLContext | None = None,
    timeout_s: float = 5,
) -> SmppStream:
    session = SmppSession(Side.CLIENT, limits)
    return await open_bound(
        session, login, "127.0.0.1", server.port, client.take, ssl=context, timeout_s=timeout_s
    )


async def test_many_messages_are_one_write_and_few_batches() -> None:
    async with serving() as server:
        client = Client()
        stream = await open_to(server, client, limits=Limits(window=100))
        for tag in range(1, 101):
            stream.session.submit(TEMPLATE, "13800138000", b"hi", tag=tag, now=stream.now)
            stream.flush_soon()
        with pytest.raises(WindowFull):
            stream.session.submit(TEMPLATE, "13800138000", b"hi", tag=0, now=stream.now)
        assert stream.free == 0
        await client.until(lambda: len(client.seen) == 101)
        assert [e.tag for e in client.seen if isinstance(e, SubmitAnswered)] == [*range(1, 101)]
        assert len(client.batches) < 20
        assert stream.free == 100
        await stream.close()
        assert isinstance(client.seen[-1], Closed)
        assert isinstance(server.seen[-1], Closed)


async def test_a_refusal_is_raised() -> None:
    async with serving() as server:
        client = Client()
        with pytest.raises(BindFailed, match="The log-in failed"):
            await open_to(server, client, Login("refused", "x"))
        assert [type(event) for event in client.seen[:1]] == [BindRefused]


async def test_a_server_that_does_not_answer_the_bind_is_given_up() -> None:
    async with serving() as server:
        with pytest.raises(TimeoutError):
            await open_to(server, Client(), Login("ignored", "x"), timeout_s=0.1)


async def test_nobody_listening_is_an_os_error() -> None:
    async with serving() as server:
        pass
    with pytest.raises(OSError):
        await open_to(server, Client())


async def test_a_cut_connection_names_what_was_in_flight() -> None:
    async with serving() as server:
        server.answering = False
        client = Client()
        stream = await open_to(server, client)
        stream.session.submit(TEMPLATE, "13800138000", b"hi", tag="a", now=stream.touch())
        stream.flush()
        await client.until(lambda: len(server.seen) == 2)
        server.streams[0].abort()
        await asyncio.wait_for(stream.closed, 5)
        closed = client.seen[-1]
        assert isinstance(closed, Closed)
        assert (closed.reason, closed.unanswered) == (CloseReason.LOST, ("a",))
        assert stream.free == 0


async def test_time_passes_by_itself() -> None:
    async with serving() as server:
        server.answering = False
        client = Client()
        stream = await open_to(server, client, limits=Limits(response_timeout_s=0.05))
        sequence = stream.session.submit(
            TEMPLATE, "13800138000", b"hi", tag="a", now=stream.touch()
        )
        stream.flush()
        await client.until(lambda: len(client.seen) == 2)
        assert client.seen[1] == Unanswered(sequence, "a", "No answer in time.")
        await stream.close()


async def test_a_client_that_says_nothing_is_sent_away() -> None:
    async with serving(Limits(bind_within_s=0.05)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        await writer.wait_closed()


async def test_rubbish_ends_the_connection_with_a_word() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer == bytes.fromhex("00000010 80000000 00000002 00000000")
        writer.close()
        await writer.wait_closed()


async def test_reading_stops_while_too_much_is_owed_and_goes_on_afterwards() -> None:
    async with serving(Limits(window=10_000)) as server:
        client = Client()
        stream = await open_to(server, client, limits=Limits(owed_max=100))
        peer = server.streams[0]
        body = body_of(DeliverSm(source_addr="13800138000", short_message=bytes(200)))
        for n in range(10_000):
            peer.session.deliver(body, tag=n, now=peer.touch())
        peer.flush()

        arrived: list[int] = []

        def look() -> list[int]:
            """What came since the last look."""
            fresh = [e.sequence for e in client.seen if isinstance(e, InboundArrived)]
            client.seen.clear()
            arrived.extend(fresh)
            return fresh

        await client.until(lambda: stream.session.owed >= 100)
        waiting = look()
        await asyncio.sleep(0.05)
        assert look() == []
        while len(arrived) < 10_000:
            stream.session.acknowledge(waiting)
            stream.flush()
            await asyncio.sleep(0.001)
            waiting = look()
        assert arrived == [*range(1, 10_001)]
        await stream.close()


async def test_a_peer_that_does_not_read_takes_the_freedom_to_send() -> None:
    async with serving() as server:
        client = Client()
        stream = await open_to(server, client, limits=Limits(window=1_000_000))
        transport = server.streams[0]._transport
        assert transport
        transport.pause_reading()
        data = bytes(250)
        while stream.free:
            for _ in range(2_000):
                stream.session.submit(TEMPLATE, "13800138000", data, tag=1, now=stream.now)
            stream.flush()
        assert stream.session.free > 0
        transport.resume_reading()
        async with asyncio.timeout(10):
            await stream.writable()
        assert stream.free > 0
        await stream.close(timeout_s=10)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this test alone, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("TLS: the openssl program is missing.")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout"
    subprocess.run(
        [*command.split(), str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    return certificate, key


async def test_tls(certificate: tuple[Path, Path]) -> None:
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(*certificate)
    theirs = ssl.create_default_context(cafile=str(certificate[0]))
    theirs.check_hostname = False
    async with serving(context=ours) as server:
        client = Client()
        stream = await open_to(server, client, context=theirs)
        assert client.seen == [Bound("SIM", LOGIN.mode)]
        assert stream.session.state is State.BOUND
        await stream.close()
