"""Our client session against a message centre that is not ours: node-smpp on Node.

The test is left out, and says so, where Node or the package is missing.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from yunxin.protocols.events import (
    Alphabet,
    BindMode,
    BindRefused,
    Bound,
    Closed,
    CloseReason,
    EnquireAnswered,
    Event,
    InboundArrived,
    Login,
    ReceiptArrived,
    SubmitAnswered,
    Unbound,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.smpp.precut import SubmitTemplate
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import BindFailed, Stream, open_bound
from yunxin.text import alphabets, segments

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "peers" / "node_smpp_server.js"
PACKAGE = ROOT / "node_modules" / "smpp"
NODE = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))

needs_node_smpp = pytest.mark.skipif(
    NODE is None or not PACKAGE.exists(),
    reason="node-smpp as an independent server: Node or node_modules/smpp is missing.",
)
pytestmark = needs_node_smpp


class NodeServer:
    """The process and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.port = 0

    async def said(self) -> dict[str, Any]:
        assert self.process.stdout
        line = await asyncio.wait_for(self.process.stdout.readline(), 20)
        said: dict[str, Any] = json.loads(line)
        return said

    async def said_with(self, key: str) -> dict[str, Any]:
        while key not in (said := await self.said()):
            pass
        return said


@pytest.fixture
async def node() -> AsyncIterator[NodeServer]:
    assert NODE
    process = await asyncio.create_subprocess_exec(
        NODE,
        str(SCRIPT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"NODE_PATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin"},
    )
    server = NodeServer(process)
    server.port = (await server.said_with("port"))["port"]
    yield server
    assert process.stdin
    process.stdin.close()
    await process.wait()


class Client:
    """Keeps what arrives; acknowledges deliveries at once."""

    def __init__(self) -> None:
        self.seen: list[Event] = []
        self.more = asyncio.Event()

    def take(self, stream: Stream[SmppSession], events: list[Event]) -> None:
        for event in events:
            if isinstance(event, ReceiptArrived | InboundArrived):
                stream.session.acknowledge([event.sequence])
        self.seen += events
        self.more.set()

    async def next(self, kind: type[Event]) -> Any:
        """The first event of a kind; it is taken off."""
        async with asyncio.timeout(20):
            while True:
                for event in self.seen:
                    if isinstance(event, kind):
                        self.seen.remove(event)
                        return event
                self.more.clear()
                await self.more.wait()

    async def open(self, port: int, login: Login) -> Stream[SmppSession]:
        session = SmppSession(Side.CLIENT, Limits(window=20))
        return await open_bound(session, login, "127.0.0.1", port, self.take)


TEMPLATE = SubmitTemplate("10690001", data_coding=8)
LOGIN = Login("demo", "secret", BindMode.TRANSCEIVER, "yunxin")


def send(stream: Stream[SmppSession], phone: str, text: str, reference: int = 7) -> None:
    parts = segments.split(text)
    for number, part in enumerate(parts, 1):
        data, long = alphabets.encode_ucs2(part), len(parts) > 1
        if long:
            data = segments.header(reference, len(parts), number) + data
        stream.session.submit(
            TEMPLATE, phone, data, udhi=long, tag=(phone, number), now=stream.touch()
        )
    stream.flush()


async def test_a_message_and_its_receipt(node: NodeServer) -> None:
    client = Client()
    stream = await client.open(node.port, LOGIN)
    assert await client.next(Bound) == Bound("NODE", BindMode.TRANSCEIVER)
    assert await node.said() == {
        "bind": "bind_transceiver",
        "system_id": "demo",
        "system_type": "yunxin",
    }
    assert await node.said() == {"alive": True}

    send(stream, "13900000000", "【测试】您的验证码是 1234 😀")
    said = await node.said()
    assert said["text"] == "【测试】您的验证码是 1234 😀"
    assert (said["source"], said["destination"]) == ("10690001", "13900000000")
    answered = await client.next(SubmitAnswered)
    assert (answered.tag, answered.message_id, answered.status) == (("13900000000", 1), "1", 0)
    arrived = await client.next(ReceiptArrived)
    assert (arrived.receipt.message_id, arrived.receipt.outcome) == ("1", Outcome.DELIVERED)
    assert await node.said() == {"acknowledged": "1", "status": 0}

    await stream.close()
    assert await node.said() == {"unbind": True}
    assert await client.next(Unbound) == Unbound(by_peer=False)
    assert (await client.next(Closed)).reason is CloseReason.UNBOUND


async def test_a_long_message_is_joined_by_the_other_side(node: NodeServer) -> None:
    client = Client()
    stream = await client.open(node.port, LOGIN)
    text = "【测试】" + "长短信" * 60
    send(stream, "13900000000", text, reference=9)
    parts = segments.split(text)
    for number, part in enumerate(parts, 1):
        said = await node.said_with("text")
        assert said["text"] == part
        assert said["udh"] == f"000309{len(parts):02x}{number:02x}"
    for _ in parts:
        assert (await client.next(ReceiptArrived)).receipt.stat == "DELIVRD"
    await stream.close()


async def test_a_throttled_message_and_a_reply(node: NodeServer) -> None:
    client = Client()
    stream = await client.open(node.port, LOGIN)
    send(stream, "13900000001", "快")
    assert (await client.next(SubmitAnswered)).status == Code.RTHROTTLED
    send(stream, "13900000002", "回复吧")
    reply = await client.next(InboundArrived)
    assert (reply.source, reply.destination) == ("13900000002", "10690001")
    assert reply.alphabet is Alphabet.UCS2
    assert alphabets.decode_ucs2(reply.data) == "退订"
    await stream.close()


async def test_the_server_says_good_bye(node: NodeServer) -> None:
    client = Client()
    stream = await client.open(node.port, LOGIN)
    send(stream, "13900000003", "再见")
    assert await client.next(Unbound) == Unbound(by_peer=True)
    assert await node.said_with("unbound") == {"unbound": True}
    await asyncio.wait_for(stream.closed, 10)


async def test_a_wrong_password_is_told(node: NodeServer) -> None:
    with pytest.raises(BindFailed, match="The password is wrong") as caught:
        await Client().open(node.port, Login("demo", "wrong"))
    assert isinstance(caught.value.event, BindRefused)
    assert caught.value.event.status == Code.RINVPASWD


async def test_a_pair_of_transmitter_and_receiver(node: NodeServer) -> None:
    sender, receiver = Client(), Client()
    down = await receiver.open(node.port, Login("demo", "secret", BindMode.RECEIVER))
    up = await sender.open(node.port, Login("demo", "secret", BindMode.TRANSMITTER))
    assert {(await node.said_with("bind"))["bind"] for _ in range(2)} == {
        "bind_receiver",
        "bind_transmitter",
    }
    assert down.free == 20
    up.session._enquire(up.touch())
    up.flush()
    assert (await sender.next(EnquireAnswered)).round_trip_s >= 0
    await up.close()
    await down.close()
