"""Kannel, which many enterprises run, against our SMPP server role, both ways and with receipts.

The test is left out, and says so, where it is missing (Debian: kannel).
"""

from pathlib import Path

import pytest

from tests.protocols.peers import kannel
from tests.protocols.peers.kannel import SENDER, Kannel, line_to
from tests.simulator.clients import until
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier

pytestmark = pytest.mark.skipif(
    not (kannel.BEARERBOX and kannel.SMSBOX),
    reason="Kannel as an independent client of our SMPP server: bearerbox or smsbox is missing.",
)

QUICK = Behaviour(receipt_delay_s=0.05, receipt_jitter_s=0.0)
PHONE, REFUSED, UNDELIVERED = "13800135678", "13800130001", "13800130002"
TEXT = "【测试】您的验证码是 1234 😀"
LONG = "【测试】" + "长短信" * 60
PLAIN = "Your code is 1234 @ {home}"
TEXTS = {"short": (TEXT, 2), "long": (LONG, 2), "plain": (PLAIN, 0)}


async def test_kannel_sends_hears_what_became_of_it_and_gets_replies(tmp_path: Path) -> None:
    async with (
        Carrier(QUICK) as carrier,
        Kannel(tmp_path, line_to(carrier.port, "yunxin", "secret")) as peer,
    ):
        await until(lambda: carrier.counts()["receivers"] == 1)

        # To the phones: in Chinese, in parts, in 7 bits.
        for tag, (text, coding) in TEXTS.items():
            assert "Accepted" in await peer.send(PHONE, text, tag=tag, coding=coding)
        await until(lambda: len(carrier.ledger.thread(PHONE)) == 3)
        got = {message.text: message for message in carrier.ledger.thread(PHONE)}
        assert set(got) == {TEXT, LONG, PLAIN}
        assert got[LONG].parts == 3
        assert {message.access_number for message in got.values()} == {SENDER}

        # Back to the enterprise: accepted with our id, delivered by our receipt.
        for tag, (text, _coding) in TEXTS.items():
            await peer.until(lambda tag=tag: peer.receipts_of(tag, kannel.DELIVERED))
            (accepted,) = peer.receipts_of(tag, kannel.ACCEPTED)
            (delivered,) = peer.receipts_of(tag, kannel.DELIVERED)
            assert accepted["id"] == delivered["id"]
            # Of a long text Kannel asks for the first part's receipt; ours names the last.
            assert accepted["id"] == got[text].message_id or got[text].parts > 1
            assert "stat:DELIVRD" in delivered["answer"]

        # What is refused, and what does not arrive.
        await peer.send(REFUSED, TEXT)
        await peer.send(UNDELIVERED, TEXT)
        await peer.until(lambda: peer.receipts_of(REFUSED, kannel.REFUSED))
        await peer.until(lambda: peer.receipts_of(UNDELIVERED, kannel.FAILED))

        # From the phones: a word, a long text.
        for text in ("退订", "收到，谢谢。" * 20):
            carrier.reply(PHONE, text)
            await peer.until(lambda text=text: text in [told["text"] for told in peer.inbound])
        # A number whose type is international gets a + of Kannel.
        assert {(told["from"], told["to"]) for told in peer.inbound} == {(f"+{PHONE}", SENDER)}

        await until(lambda: carrier.counts()["deliveries_queued"] == 0)
        assert carrier.counts()["mistakes"] == 0
