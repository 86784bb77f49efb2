"""Clients that are not ours against our simulated carrier, over TCP: smpplib and smpp34."""

import asyncio
import threading
from typing import Any

import pytest
import smpp34
from smpplib import client as smpplib_client
from smpplib import consts, exceptions, gsm

from tests.simulator.clients import ACCESS_NUMBER, until
from yunxin.protocols.smpp.status import Code
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier

QUICK = Behaviour(receipt_delay_s=0.02, receipt_jitter_s=0.0)
PHONE = "13800135678"
TEXT = "【测试】您的验证码是 1234 😀"
LONG = "【测试】" + "长短信" * 60
PLAIN = "Your code is 1234 {[^]} €"


class Smpplib:
    """smpplib blocks, so it lives in a thread; it keeps what it saw."""

    def __init__(self, port: int) -> None:
        self.client = smpplib_client.Client(
            "127.0.0.1", port, timeout=10, allow_unknown_opt_params=True
        )
        self.answers: list[Any] = []
        self.deliveries: list[Any] = []
        self.client.set_message_sent_handler(lambda pdu: self.answers.append(pdu))
        self.client.set_message_received_handler(self._delivered)
        self.client.set_error_pdu_handler(self.answers.append)

    def _delivered(self, pdu: Any) -> int:
        self.deliveries.append(pdu)
        return int(consts.SMPP_ESME_ROK)

    def bind(self, password: str = "secret") -> None:
        self.client.connect()
        self.client.bind_transceiver(system_id="yunxin", password=password)

    def send(self, text: str, encoding: int) -> int:
        parts, coding, esm_class = gsm.make_parts(text, encoding)
        for part in parts:
            self.client.send_message(
                source_addr_ton=consts.SMPP_TON_INTL,
                source_addr=ACCESS_NUMBER,
                dest_addr_ton=consts.SMPP_TON_INTL,
                destination_addr=PHONE,
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
            )
        return len(parts)

    def read(self, answers: int, deliveries: int) -> None:
        while len(self.answers) < answers or len(self.deliveries) < deliveries:
            self.client.read_once()

    def close(self) -> None:
        self.client.unbind()
        self.client.disconnect()


def in_thread(work: Any) -> asyncio.Future[Any]:
    """Run blocking work beside the loop, in a thread that is no worker of a pool."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - told to the test
            loop.call_soon_threadsafe(done.set_exception, error)
        else:
            loop.call_soon_threadsafe(done.set_result, result)

    threading.Thread(target=run, daemon=True).start()
    return done


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param(TEXT, consts.SMPP_ENCODING_ISO10646, id="UCS-2"),
        pytest.param(LONG, consts.SMPP_ENCODING_ISO10646, id="UCS-2 in parts"),
        pytest.param(PLAIN, consts.SMPP_ENCODING_DEFAULT, id="GSM 7-bit"),
        pytest.param("crème brûlée", consts.SMPP_ENCODING_ISO88591, id="Latin-1"),
    ],
)
async def test_smpplib_sends_and_gets_its_receipts(text: str, encoding: int) -> None:
    async with Carrier(QUICK) as carrier:
        peer = Smpplib(carrier.port)

        def work() -> int:
            peer.bind()
            parts = peer.send(text, encoding)
            peer.read(parts, parts)
            return parts

        parts = await asyncio.wait_for(in_thread(work), 20)
        ids = [pdu.message_id for pdu in peer.answers]
        assert [pdu.receipted_message_id for pdu in peer.deliveries] == ids
        assert all(pdu.message_state == 2 for pdu in peer.deliveries)
        assert all(b"stat:DELIVRD" in pdu.short_message for pdu in peer.deliveries)
        assert [m.text for m in carrier.ledger.thread(PHONE)] == [text]
        assert carrier.ledger.thread(PHONE)[0].parts == parts
        await until(lambda: carrier.counts()["receipts_acknowledged"] == parts)
        await asyncio.wait_for(in_thread(peer.close), 20)
        assert carrier.counts()["mistakes"] == 0


async def test_smpplib_gets_a_reply_of_a_phone() -> None:
    async with Carrier(QUICK) as carrier:
        peer = Smpplib(carrier.port)

        def send() -> None:
            peer.bind()
            peer.send(TEXT, consts.SMPP_ENCODING_ISO10646)
            peer.read(1, 1)

        await asyncio.wait_for(in_thread(send), 20)
        carrier.reply(PHONE, "退订")
        await asyncio.wait_for(in_thread(lambda: peer.read(1, 2)), 20)
        reply = peer.deliveries[1]
        assert (reply.source_addr, reply.destination_addr) == (b"13800135678", b"10690001")
        assert reply.short_message.decode("utf-16-be") == "退订"
        await asyncio.wait_for(in_thread(peer.close), 20)


async def test_smpplib_hears_of_refusals() -> None:
    async with Carrier(Behaviour(refusal_rate=1.0)) as carrier:
        stranger, peer = Smpplib(carrier.port), Smpplib(carrier.port)
        with pytest.raises(exceptions.PDUError) as caught:
            await asyncio.wait_for(in_thread(lambda: stranger.bind("wrong")), 20)
        assert caught.value.args[1] == Code.RINVPASWD
        stranger.client.disconnect()

        def work() -> None:
            peer.bind()
            peer.send(TEXT, consts.SMPP_ENCODING_ISO10646)
            while not peer.answers:
                peer.client.read_once()

        await asyncio.wait_for(in_thread(work), 20)
        assert peer.answers[0].status == Code.RSUBMITFAIL
        await asyncio.wait_for(in_thread(peer.close), 20)


async def farewell(client: Any, session: Any) -> None:
    await asyncio.wait_for(session.unbind(), 20)
    await asyncio.wait_for(client.stop(), 20)


async def smpp34_client(carrier: Carrier, **options: Any) -> tuple[Any, Any]:
    client = smpp34.Client("127.0.0.1", carrier.port, "yunxin", "secret", **options)
    return client, await asyncio.wait_for(client.connect(), 20)


@pytest.mark.parametrize(
    ("data", "data_coding", "text"),
    [
        pytest.param(TEXT.encode("utf-16-be"), 8, TEXT, id="UCS-2"),
        pytest.param(PLAIN.encode("latin-1", "ignore"), 3, PLAIN[:-1], id="Latin-1"),
        pytest.param(LONG.encode("utf-16-be"), 8, LONG, id="payload"),
    ],
)
async def test_smpp34_sends_and_gets_its_receipts(data: bytes, data_coding: int, text: str) -> None:
    async with Carrier(QUICK) as carrier:
        client, session = await smpp34_client(carrier)
        long = len(data) > 254
        answer = await asyncio.wait_for(
            session.submit_sm(
                PHONE,
                b"" if long else data,
                source_addr=ACCESS_NUMBER,
                data_coding=data_coding,
                registered_delivery=1,
                tlvs=[smpp34.Tlv(smpp34.TLV_MESSAGE_PAYLOAD, data)] if long else [],
            ),
            20,
        )
        assert answer.is_success
        receipt = await asyncio.wait_for(session.next(), 20)
        assert receipt.esm_class == 4
        tlvs = {tlv.tag: tlv for tlv in receipt.tlvs}
        assert tlvs[smpp34.TLV_RECEIPTED_MESSAGE_ID].as_string() == answer.message_id
        assert tlvs[smpp34.TLV_MESSAGE_STATE].as_int() == 2
        assert [m.text for m in carrier.ledger.thread(PHONE)] == [text]
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1)
        await farewell(client, session)
        assert carrier.counts()["mistakes"] == 0


async def test_smpp34_sends_parts_with_sar_parameters() -> None:
    async with Carrier(QUICK) as carrier:
        client, session = await smpp34_client(carrier)
        for number, part in enumerate(("【测试】第一段，", "第二段。"), 1):
            answer = await session.submit_sm(
                PHONE,
                part.encode("utf-16-be"),
                source_addr=ACCESS_NUMBER,
                data_coding=8,
                tlvs=[
                    smpp34.Tlv(smpp34.TLV_SAR_MSG_REF_NUM, b"\x01\x02"),
                    smpp34.Tlv(smpp34.TLV_SAR_TOTAL_SEGMENTS, b"\x02"),
                    smpp34.Tlv(smpp34.TLV_SAR_SEGMENT_SEQNUM, bytes((number,))),
                ],
            )
            assert answer.is_success
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.parts) == ("【测试】第一段，第二段。", 2)
        assert carrier.counts()["receipts_not_wanted"] == 2
        await farewell(client, session)


async def test_smpp34_fills_its_window_and_loses_nothing() -> None:
    async with Carrier(QUICK) as carrier:
        client, session = await smpp34_client(carrier, window_size=50, inbound_capacity=2_000)

        async def send(number: int) -> Any:
            return await session.submit_sm(
                f"138{number:04}5678",
                b"hi",
                source_addr=ACCESS_NUMBER,
                data_coding=3,
                registered_delivery=1,
            )

        answers = await asyncio.wait_for(asyncio.gather(*map(send, range(500))), 30)
        assert all(answer.is_success for answer in answers)
        got = {(await asyncio.wait_for(session.next(), 20)).source_addr for _ in range(500)}
        assert got == {f"138{number:04}5678" for number in range(500)}
        await farewell(client, session)
        assert carrier.counts()["accepted"] == carrier.counts()["receipts_acknowledged"] == 500


async def test_smpp34_hears_of_refusals() -> None:
    async with Carrier(Behaviour(refusal_rate=1.0)) as carrier:
        client, session = await smpp34_client(carrier)
        answer = await session.submit_sm(PHONE, b"hi", source_addr=ACCESS_NUMBER)
        assert answer.command_status == Code.RSUBMITFAIL
        await farewell(client, session)
        with pytest.raises(smpp34.SmppError):
            stranger = smpp34.Client(
                "127.0.0.1", carrier.port, "nobody", "secret", connect_timeout_ms=300
            )
            await asyncio.wait_for(stranger.connect(), 20)
