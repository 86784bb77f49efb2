"""From a submit_sm to its receipt and a reply: server, engine and simulated carrier over TCP."""

from tests.engine.sending import FAST, carrier, channel, until
from tests.smpp.world import PHONE
from yunxin.engine.service import Engine
from yunxin.protocols.receipt import Outcome


async def test_a_text_goes_out_and_its_receipt_and_a_reply_come_back(
    program, bind, acme, world, config
):
    async with carrier(FAST) as smsc, Engine(config):
        channel(world, config, smsc.port)
        system = await bind()
        answer = await system.submit(acme.text(), source_addr="10690000")
        assert answer.status == 0
        await until(lambda: system.receipts, 20)
        receipt = system.receipts[0].receipt
        assert receipt.message_id == answer.message_id
        assert (receipt.outcome, receipt.stat, receipt.error) == (
            Outcome.DELIVERED, "DELIVRD", "000",
        )  # fmt: skip
        assert (system.receipts[0].source, system.receipts[0].destination) == (
            PHONE, "10690000",
        )  # fmt: skip
        (message,) = world.rows("SELECT id, source, text, segments, state FROM message")
        assert message == (int(answer.message_id), "smpp", acme.text(), 1, "delivered")
        assert acme.used == 1
        smsc.reply(PHONE, "谢谢，收到了")
        await until(lambda: system.replies, 20)
        reply = system.replies[0]
        assert reply.data.decode("utf-16-be") == "谢谢，收到了"
        assert (reply.source, reply.destination) == (PHONE, "10690000")
        await until(lambda: not world.one("SELECT count(*) FROM smpp_deliver"), 20)
