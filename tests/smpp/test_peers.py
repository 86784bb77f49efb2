"""A client that is not ours against our server, with receipts and replies: smpplib."""

import asyncio
import threading
from typing import Any

import pytest
from smpplib import client as smpplib_client
from smpplib import consts, exceptions, gsm

from tests.engine.sending import FAST, carrier, channel
from tests.engine.world import World
from tests.smpp.world import PASSWORD, PHONE, Owner
from yunxin.engine.service import Engine
from yunxin.protocols.smpp import receipts
from yunxin.protocols.smpp.status import Code
from yunxin.simulator.carrier import Carrier
from yunxin.smpp import statuses


class Smpplib:
    """smpplib blocks, so it lives in a thread; it keeps what it saw."""

    def __init__(self, port: int) -> None:
        self.client = smpplib_client.Client(
            "127.0.0.1", port, timeout=5, allow_unknown_opt_params=True
        )
        self.answers: list[Any] = []
        self.deliveries: list[Any] = []
        self.client.set_message_sent_handler(lambda pdu: self.answers.append(pdu))
        self.client.set_message_received_handler(self._delivered)
        self.client.set_error_pdu_handler(lambda pdu: self.answers.append(pdu))
        self._stop = threading.Event()

    def _delivered(self, pdu: Any) -> int:
        self.deliveries.append(pdu)
        return int(consts.SMPP_ESME_ROK)

    def bind(self, name: str = "acme", password: str = PASSWORD) -> None:
        self.client.connect()
        self.client.bind_transceiver(system_id=name, password=password)

    def send(self, text: str) -> int:
        parts, coding, esm_class = gsm.make_parts(text, consts.SMPP_ENCODING_ISO10646)
        for part in parts:
            self.client.send_message(
                source_addr="10690000", destination_addr=PHONE, short_message=part,
                data_coding=coding, esm_class=esm_class, registered_delivery=True,
            )  # fmt: skip
        return len(parts)

    def read_until(self, answers: int, deliveries: int) -> None:
        while len(self.answers) < answers or len(self.deliveries) < deliveries:
            self.client.read_once()


async def test_smpplib_sends_hears_what_became_of_it_and_gets_replies(program, acme, world, config):
    async with carrier(FAST) as smsc, Engine(config):
        channel(world, config, smsc.port)
        peer = Smpplib(program.port)
        with pytest.raises(exceptions.PDUError) as raised:
            await asyncio.to_thread(peer.bind, "acme", "wrong")
        assert raised.value.args[1] == Code.RINVPASWD
        peer.client.disconnect()
        peer = Smpplib(program.port)
        await asyncio.to_thread(peer.bind)
        try:
            await _talk(peer, acme, world, smsc)
        finally:
            await asyncio.to_thread(peer.client.disconnect)


async def _talk(peer: Smpplib, acme: Owner, world: World, smsc: Carrier) -> None:
    await asyncio.to_thread(peer.send, acme.text())
    long = acme.text("长短信😀" * 40)
    parts = await asyncio.to_thread(peer.send, long)
    await asyncio.to_thread(peer.read_until, 1 + parts, 1 + parts)
    assert {pdu.status for pdu in peer.answers} == {0}
    told = {pdu.message_id.decode() for pdu in peer.answers}
    assert {receipts.parse(pdu.short_message, {}).message_id for pdu in peer.deliveries} == told
    assert {pdu.receipted_message_id.decode() for pdu in peer.deliveries} == told
    texts = {text for (text,) in world.rows("SELECT text FROM message")}
    assert texts == {acme.text(), long}
    smsc.reply(PHONE, "收到")
    await asyncio.to_thread(peer.read_until, 0, 2 + parts)
    assert peer.deliveries[-1].short_message.decode("utf-16-be") == "收到"
    await asyncio.to_thread(peer.send, "not ours")
    await asyncio.to_thread(peer.read_until, 2 + parts, 0)
    assert peer.answers[-1].status == statuses.TEMPLATE
