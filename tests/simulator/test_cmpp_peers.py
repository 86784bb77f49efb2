"""Clients that are not ours against our simulated carrier, over CMPP: cmppy (3.0), pycmpp (2.0).

Each runs in a process of its own, from build/peers (scripts/setup --tests). The tests are left out,
and say so, where they are missing.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.clients import ACCESS_NUMBER, until
from yunxin.protocols.cmpp.auth import server_digest
from yunxin.protocols.cmpp.pdus import Deliver, Version, decode
from yunxin.protocols.cmpp.receipts import read
from yunxin.protocols.cmpp.session import message_ids
from yunxin.protocols.cmpp.status import Result
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.stream import Stream
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier
from yunxin.simulator.gateways.cmpp import CmppGateway

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "build" / "peers"
SCRIPTS = Path(__file__).parent / "peers"
QUICK = Behaviour(receipt_delay_s=0.02, receipt_jitter_s=0.0)
ACCOUNT, SECRET = "yunxin", "secret"
PHONE = "13800135678"
TEXT = "【测试】您的验证码是 1234 😀"


def needs(name: str, what: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not (PEERS / name).exists(), reason=f"{name} as {what}: build/peers/{name} is missing."
    )


needs_cmppy = needs("cmppy", "an independent client of CMPP 3.0")
needs_pycmpp = needs("pycmpp", "an independent client of CMPP 2.0")


async def start(script: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPTS / script),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(PEERS), "PYTHONIOENCODING": "utf-8"},
    )


@asynccontextmanager
async def running(behaviour: Behaviour = QUICK) -> AsyncIterator[tuple[Carrier, str]]:
    async with Carrier(behaviour, doors={CmppGateway(): 0}) as carrier:
        yield carrier, str(carrier.ports["cmpp"])


# cmppy, 3.0 -------------------------------------------------------------------------------------


async def cmppy(port: str, *phones: str, text: str = TEXT, secret: str = SECRET) -> Any:
    """What cmppy was answered, or None when it was not let in."""
    process = await start(
        "cmppy_client.py", port, ACCOUNT, secret, ACCESS_NUMBER, text, *(phones or (PHONE,))
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    return json.loads(said.splitlines()[-1])["answer"]


@needs_cmppy
async def test_cmppy_hands_over_a_message() -> None:
    async with running() as (carrier, port):
        answer = await cmppy(port)
        assert answer["result"] == 0
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.access_number) == (TEXT, ACCESS_NUMBER)
        assert message.message_id == answer["msg_id"]
        await until(lambda: carrier.counts()["sessions"] == 0)  # it said good-bye
        counts = carrier.counts()
        assert (counts["binds"], counts["accepted"], counts["mistakes"]) == (1, 1, 0)
        assert counts["receipts_not_wanted"] == 1


@needs_cmppy
async def test_cmppy_hands_over_one_message_to_many_phones() -> None:
    phones = [f"86138001356{n:02}" for n in range(99)]
    async with running() as (carrier, port):
        answer = await cmppy(port, *phones)
        assert answer["result"] == 0
        kept = [carrier.ledger.thread(phone[2:])[0] for phone in phones]
        assert [message.message_id for message in kept] == message_ids(answer["msg_id"], 99)
        assert {message.text for message in kept} == {TEXT}
        assert carrier.counts()["mistakes"] == 0


@needs_cmppy
async def test_cmppy_hears_of_refusals() -> None:
    async with running() as (carrier, port):
        assert await cmppy(port, secret="wrong") is None
        assert carrier.counts()["binds_refused"] == 1
        assert (await cmppy(port, "13800000001"))["result"] == Result.DEST_TERMINAL
        assert (await cmppy(port, "13800000019"))["result"] == 0x0401  # four bytes of it


# pycmpp, 2.0 with the version byte 0x21 ---------------------------------------------------------


class Pycmpp:
    """The process and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def said_with(self, key: str) -> dict[str, Any]:
        assert self.process.stdout
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), 20)
            assert line, "pycmpp ended."
            said: dict[str, Any] = json.loads(line)
            if key in said:
                return said

    def send(self, text: str, *phones: str) -> None:
        assert self.process.stdin
        order = json.dumps({"text": text, "phones": phones or (PHONE,)})
        self.process.stdin.write(order.encode() + b"\n")

    async def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def pycmpp(port: str, secret: str = SECRET) -> AsyncIterator[Pycmpp]:
    client = Pycmpp(await start("pycmpp_client.py", port, ACCOUNT, secret))
    try:
        yield client
    finally:
        await client.close()


@needs_pycmpp
async def test_pycmpp_logs_in_and_is_answered_in_2_0() -> None:
    async with running() as (carrier, port), pycmpp(port) as client:
        connected = await client.said_with("connected")
        assert (connected["connected"], connected["version"]) == (0, 0x21)
        stream: Stream[Any] = carrier._streams()[0]
        assert stream.session.version is Version.V20
        proof = stream.session._proof.digest
        assert connected["digest"] == server_digest(0, proof, SECRET, Version.V20).hex()
        assert (await client.said_with("alive"))["alive"] == 13
        await client.close()
        await until(lambda: carrier.counts()["sessions"] == 0)
        assert carrier.counts()["mistakes"] == 0


@needs_pycmpp
async def test_pycmpp_hands_over_messages_and_gets_their_reports() -> None:
    async with running() as (carrier, port), pycmpp(port) as client:
        await client.said_with("connected")
        client.send(TEXT)
        answer = await client.said_with("answer")
        assert answer["result"] == 0
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.message_id) == (TEXT, answer["answer"])
        told = await client.said_with("delivered")
        report = decode(bytes.fromhex(told["delivered"]), Version.V20)
        assert isinstance(report, Deliver)
        assert len(report.msg_content) == 60
        receipt, phone = read(report.msg_content)
        assert (receipt.message_id, phone) == (answer["answer"], PHONE)
        assert receipt.outcome is Outcome.DELIVERED


@needs_pycmpp
async def test_pycmpp_hands_over_a_long_message_in_parts() -> None:
    text = "【测试】" + "长短信" * 60
    async with running() as (carrier, port), pycmpp(port) as client:
        await client.said_with("connected")
        client.send(text)
        answers = [await client.said_with("answer") for _ in range(3)]
        assert [answer["result"] for answer in answers] == [0, 0, 0]
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.parts) == (text, 3)
        assert carrier.counts()["mistakes"] == 0


@needs_pycmpp
async def test_pycmpp_hands_over_one_message_to_many_phones() -> None:
    phones = [f"138001356{n:02}" for n in range(20)]
    async with running() as (carrier, port), pycmpp(port) as client:
        await client.said_with("connected")
        client.send(TEXT, *phones)
        answer = await client.said_with("answer")
        kept = [carrier.ledger.thread(phone)[0].message_id for phone in phones]
        assert kept == message_ids(answer["answer"], 20)


@needs_pycmpp
async def test_pycmpp_hears_of_refusals() -> None:
    async with running() as (carrier, port):
        async with pycmpp(port, secret="wrong") as stranger:
            assert (await stranger.said_with("connected"))["connected"] == 3
        async with pycmpp(port) as client:
            await client.said_with("connected")
            client.send(TEXT, "13800000008")
            assert (await client.said_with("answer"))["result"] == Result.FLOW_CONTROL
            client.send(TEXT, "13800000008")
            assert (await client.said_with("answer"))["result"] == 0
