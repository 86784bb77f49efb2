"""Kannel, which many enterprises run, bound to the SMPP server: out to the phones and back again.

Its line is set up as the interface document says. Left out, by name, where Kannel is missing.
"""

from pathlib import Path

import pytest

from tests.engine.sending import FAST, carrier, channel, magic, until
from tests.engine.world import World
from tests.protocols.peers import kannel
from tests.protocols.peers.kannel import Kannel
from tests.smpp.world import PASSWORD, PHONE, Owner
from yunxin.config import Config
from yunxin.engine.service import Engine
from yunxin.interfaces.templatetags.document import code_of
from yunxin.smpp.service import Program
from yunxin.text import segments

pytestmark = pytest.mark.skipif(
    not (kannel.BEARERBOX and kannel.SMSBOX),
    reason="Kannel as an independent client of the SMPP server: bearerbox or smsbox is missing.",
)


def as_documented(port: int) -> str:
    """Kannel's line as the interface document shows it."""
    account = {"system_id": "acme", "smpp_password": PASSWORD}
    return code_of("kannel.conf", {"smpp_host": "127.0.0.1", "smpp_port": port, **account})


async def test_kannel_sends_by_us_and_hears_of_it(
    tmp_path: Path, program: Program, acme: Owner, world: World, config: Config
) -> None:
    acme.change(text_mode="free", replies="own")
    long = f"【{acme.signature_name}】" + "您的订单已发货，请留意查收。" * 12
    unsigned, lost = magic("5679", 1), magic("0002", 2)
    async with (
        carrier(FAST) as smsc,
        Engine(config),
        Kannel(tmp_path, as_documented(program.port)) as peer,
    ):
        channel(world, config, smsc.port)
        await until(lambda: world.one("SELECT count(*) FROM smpp_session"))

        for tag, text in (("short", acme.text()), ("long", long)):
            assert "Accepted" in await peer.send(PHONE, text, tag=tag)
        await until(lambda: len(smsc.ledger.thread(PHONE)) == 2)
        assert {message.text for message in smsc.ledger.thread(PHONE)} == {acme.text(), long}
        for tag in ("short", "long"):
            await peer.until(lambda tag=tag: peer.receipts_of(tag, kannel.DELIVERED))
            (accepted,) = peer.receipts_of(tag, kannel.ACCEPTED)
            (delivered,) = peer.receipts_of(tag, kannel.DELIVERED)
            assert accepted["id"] == delivered["id"]
            assert "stat:DELIVRD err:000" in delivered["answer"]
        assert acme.used == 1 + segments.count(long)

        await peer.send(unsigned, "没有签名")
        await peer.send(lost, acme.text())
        await peer.until(lambda: peer.receipts_of(unsigned, kannel.REFUSED))
        await peer.until(lambda: peer.receipts_of(lost, kannel.FAILED))

        for text in ("退订", "收到，谢谢。" * 20):
            smsc.reply(PHONE, text)
            await peer.until(lambda text=text: text in [told["text"] for told in peer.inbound])
        assert {told["from"] for told in peer.inbound} == {PHONE}
        # What was told is forgotten, once Kannel has acknowledged all of it.
        await until(lambda: not world.one("SELECT count(*) FROM smpp_deliver"))
