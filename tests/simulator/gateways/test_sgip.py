"""The carrier's door for SGIP and its own call to us, with our client and our listener on TCP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic

import msgspec
import pytest

from tests.simulator.clients import ACCESS_NUMBER, LOCAL, LOGIN, Client, connected, until
from yunxin.protocols import formats
from yunxin.protocols.events import (
    Alphabet,
    Answered,
    BindMode,
    Bound,
    Closed,
    Login,
    Resent,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.sgip.listener import Channel, Listener
from yunxin.protocols.sgip.numbers import Numbers
from yunxin.protocols.sgip.pdus import Trace, TraceResp
from yunxin.protocols.sgip.precut import SubmitTemplate
from yunxin.protocols.sgip.session import LIMITS, SgipSession
from yunxin.protocols.sgip.status import STATUSES, Code
from yunxin.protocols.smpp.status import STATUSES as SMPP_STATUSES
from yunxin.protocols.stream import BindFailed
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier
from yunxin.simulator.clients import Account
from yunxin.simulator.gateways import sgip
from yunxin.simulator.gateways.sgip import SgipGateway
from yunxin.text import alphabets, segments

QUICK = Behaviour(receipt_delay_s=0.01, receipt_jitter_s=0.0)
PHONE, WIRE_PHONE = "18600135678", "8618600135678"
USUAL = msgspec.structs.replace(LIMITS, window=1_000)


class SgipClient(Client):
    """Hears over both connections."""

    def __init__(self, name: str = LOGIN.name, password: str = LOGIN.password) -> None:
        super().__init__()
        zero = datetime.now(UTC) - timedelta(seconds=monotonic())
        self.numbers = Numbers(3037196688, zero)
        self.channel = Channel(name, password, self.take)

    def send(self, phone: str | list[str], text: str, *, report_flag: int = 1) -> None:
        template = SubmitTemplate(
            ACCESS_NUMBER, data_coding=formats.UCS2, corp_id="96688", report_flag=report_flag
        )
        self.submit(template, phone, text)


@asynccontextmanager
async def listening(*clients: SgipClient) -> AsyncIterator[Listener]:
    listener = Listener(clients[0].numbers)
    await listener.start(LOCAL, 0)
    for client in clients:
        listener.admit(client.channel)
    try:
        yield listener
    finally:
        await listener.close()


@asynccontextmanager
async def logged_in(
    carrier: Carrier, client: SgipClient, login: Login | None = None, limits: Limits = USUAL
) -> AsyncIterator[SgipClient]:
    channel = client.channel
    login = login or Login(channel.name, channel.password, BindMode.TRANSMITTER)
    session = SgipSession(Side.CLIENT, limits, numbers=client.numbers)
    async with connected(client, session, carrier.ports["sgip"], login):
        yield client


@asynccontextmanager
async def running(
    behaviour: Behaviour = QUICK, limits: Limits = USUAL
) -> AsyncIterator[tuple[Carrier, SgipClient]]:
    """A client with both its connections and the carrier."""
    client = SgipClient()
    async with (
        listening(client) as listener,
        Carrier(behaviour, doors={SgipGateway((LOCAL, listener.port)): 0}) as carrier,
        logged_in(carrier, client, limits=limits),
    ):
        yield carrier, client


async def test_a_message_its_answer_and_its_report() -> None:
    async with running() as (carrier, client):
        client.send(WIRE_PHONE, "【测试】您的验证码是 1234 😀")
        await until(lambda: client.receipts)
        (answer,), (arrived,) = client.answers, client.receipts
        assert answer.status == 0
        assert arrived.receipt.message_id == answer.message_id == f"{answer.sequence:024x}"
        assert arrived.receipt.outcome is Outcome.DELIVERED
        assert arrived.source == WIRE_PHONE
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.protocol) == ("【测试】您的验证码是 1234 😀", "sgip")
        assert carrier.ledger.find(answer.message_id) is message
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1)
        counts = carrier.counts()
        assert (counts["submits"], counts["accepted"], counts["mistakes"]) == (1, 1, 0)
        assert (counts["calls"], counts["sessions"], counts["receivers"]) == (1, 2, 1)


async def test_a_long_message_is_joined_and_every_part_has_its_report() -> None:
    text = "【测试】" + "长短信" * 60
    async with running() as (carrier, client):
        client.send(WIRE_PHONE, text)
        parts = len(segments.split(text))
        await until(lambda: len(client.receipts) == parts)
        assert {r.receipt.message_id for r in client.receipts} == {
            a.message_id for a in client.answers
        }
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.parts) == (text, parts)


# What the last four digits of a phone bring, in SGIP's words: answers' results, reports' stats.
# A report has three states and no words, so all failures look alike.
MAGIC: list[tuple[str, list[int], list[tuple[str, str]]]] = [
    ("0001", [Code.PHONE], []),
    ("0002", [0], [("UNDELIV", "1")]),
    ("0003", [0], [("UNDELIV", "27")]),
    ("0004", [0], []),
    ("0005", [0], [("DELIVRD", "0"), ("DELIVRD", "0")]),
    ("0006", [0], [("DELIVRD", "0")]),
    ("0008", [Code.SYSTEM_FAILURE], []),
    ("0009", [Code.NODE_BUSY], []),
    ("0010", [0], [("UNDELIV", "12")]),
    ("0012", [0], [("UNDELIV", "1")]),
    ("0013", [0], [("ENROUTE", "0"), ("DELIVRD", "0")]),
    ("0015", [Code.QUEUE_FULL], []),
    ("0016", [0], [("UNDELIV", "0")]),
    ("0017", [0x45], []),
    ("0019", [255], []),
]


async def test_the_magic_numbers_mean_the_same() -> None:
    async with running() as (_, client):
        for digits, _, _ in MAGIC:
            client.send(f"861860000{digits}", "您好")
        expected = sum(len(reports) for _, _, reports in MAGIC)
        await until(lambda: len(client.receipts) == expected)
        for digits, results, reports in MAGIC:
            phone = f"861860000{digits}"
            assert [a.status for a in client.answers if a.tag == phone] == results, digits
            came = [r.receipt for r in client.receipts if r.source == phone]
            assert [(r.stat, r.error) for r in came] == reports, digits


async def test_a_message_sent_again_with_its_number_is_the_same_message() -> None:
    impatient = msgspec.structs.replace(USUAL, response_timeout_s=0.2)
    async with running(limits=impatient) as (carrier, client):
        client.send("8618600000011", "您好")  # its first answer gets lost
        frame = next(iter(client.stream.session._flights.values())).frame
        await until(lambda: client.answers)
        assert any(isinstance(event, Resent) for event in client.seen)
        await until(lambda: client.receipts)
        assert client.receipts[0].receipt.message_id == client.answers[0].message_id
        counts = carrier.counts()
        assert (counts["submits"], counts["duplicates"]) == (1, 0)
        client.stream.session._out.append(frame)  # a third time, though it is answered
        client.stream.flush()
        await until(lambda: carrier.counts()["repeated"] >= 2)
        assert carrier.ledger.phone_count("18600000011") == 1


async def test_a_message_to_several_phones_has_one_id_and_a_report_each() -> None:
    phones = [f"861860013567{n}" for n in range(5)]
    async with running() as (carrier, client):
        client.send(phones, "您好")
        await until(lambda: len(client.receipts) == 5)
        (answer,) = client.answers
        assert sorted(r.source for r in client.receipts) == phones
        assert {r.receipt.message_id for r in client.receipts} == {answer.message_id}
        counts = carrier.counts()
        assert (counts["submits"], counts["parts"], counts["accepted"]) == (5, 5, 5)


@pytest.mark.parametrize(
    ("flag", "phone", "reports"),
    [(0, WIRE_PHONE, 0), (0, "8618600000002", 1), (2, WIRE_PHONE, 0), (3, WIRE_PHONE, 0)],
)
async def test_reports_are_sent_to_who_wants_them(flag: int, phone: str, reports: int) -> None:
    async with running() as (carrier, client):
        client.send(phone, "您好", report_flag=flag)
        await until(lambda: client.answers)
        counts = carrier.counts()
        assert counts["receipts_not_wanted"] == 1 - reports
        await until(lambda: len(client.receipts) == reports)


@pytest.mark.parametrize("long", [True, False])
async def test_a_phone_writes_back(long: bool) -> None:
    text = "请问可以改到下周三吗？" * 10 if long else "TD"
    async with running() as (carrier, client):
        client.send(WIRE_PHONE, "您好")
        await until(lambda: client.receipts)
        carrier.reply(PHONE, text)
        parts = len(segments.split(text))
        await until(lambda: len(client.inbound) == parts)
        assert {(e.source, e.destination) for e in client.inbound} == {(WIRE_PHONE, ACCESS_NUMBER)}
        assert all(e.alphabet is Alphabet.UCS2 for e in client.inbound)
        assert "".join(alphabets.decode_ucs2(e.data) for e in client.inbound) == text
        places = [(e.part.number, e.part.total) for e in client.inbound if e.part]
        assert places == ([(n, parts) for n in range(1, parts + 1)] if long else [])
        await until(lambda: carrier.counts()["inbound_acknowledged"] == parts)


async def test_two_accounts_are_told_apart_on_one_port() -> None:
    one, two = SgipClient(), SgipClient("second", "other")
    accounts = [Account(c.channel.name, c.channel.password) for c in (one, two)]
    async with (
        listening(one, two) as listener,
        Carrier(QUICK, accounts, doors={SgipGateway((LOCAL, listener.port)): 0}) as carrier,
        logged_in(carrier, one),
        logged_in(carrier, two),
    ):
        one.send(WIRE_PHONE, "一")
        two.send(WIRE_PHONE, "二")
        await until(lambda: one.receipts and two.receipts)
        for client in (one, two):
            assert [r.receipt.message_id for r in client.receipts] == [
                a.message_id for a in client.answers
            ]


async def test_what_nobody_hears_waits_until_somebody_listens() -> None:
    """And goes out again when the connection broke before it was acknowledged."""
    client = SgipClient()
    async with listening(client) as listener:
        port = listener.port
    async with (
        Carrier(QUICK, doors={SgipGateway((LOCAL, port)): 0}) as carrier,
        logged_in(carrier, client),
    ):
        client.send(WIRE_PHONE, "您好")
        await until(lambda: carrier.counts()["calls_failed"])
        assert client.receipts == []
        await listener.start(LOCAL, port)
        await until(lambda: client.receipts)
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1)
        carrier.disconnect()
        await until(lambda: sum(isinstance(e, Closed) for e in client.seen) == 2)
        carrier.reply(PHONE, "TD")
        await until(lambda: client.inbound)
        assert sum(isinstance(e, Bound) for e in client.seen) == 3
        await listener.close()


async def test_a_client_that_refuses_the_carrier_gets_nothing() -> None:
    client = SgipClient()
    stranger = SgipClient("somebody", "else")
    async with (
        listening(stranger) as listener,
        Carrier(QUICK, doors={SgipGateway((LOCAL, listener.port)): 0}) as carrier,
        logged_in(carrier, client),
    ):
        client.send(WIRE_PHONE, "您好")
        await until(lambda: carrier.counts()["calls_failed"] > 1)
        assert (client.receipts, stranger.seen) == ([], [])
        assert carrier.counts()["deliveries_queued"] == 1


async def test_without_an_address_nothing_is_delivered() -> None:
    client = SgipClient()
    async with Carrier(QUICK, doors={SgipGateway(): 0}) as carrier, logged_in(carrier, client):
        client.send(WIRE_PHONE, "您好")
        await until(lambda: carrier.counts()["deliveries_queued"] == 1)
        assert carrier.counts()["calls_failed"] == 0


@pytest.mark.parametrize(
    ("login", "status"),
    [
        (Login("yunxin", "wrong", BindMode.TRANSMITTER), Code.ILLEGAL_LOGIN),
        (Login("nobody", "secret", BindMode.TRANSMITTER), Code.ILLEGAL_LOGIN),
        (Login("yunxin", "secret", BindMode.RECEIVER), Code.LOGIN_TYPE),
    ],
)
async def test_a_stranger_is_refused(login: Login, status: Code) -> None:
    async with Carrier(QUICK, doors={SgipGateway(): 0}) as carrier:
        with pytest.raises(BindFailed) as caught:
            async with logged_in(carrier, SgipClient(), login):
                pass
        assert getattr(caught.value.event, "status", None) == status


async def test_a_trace_finds_nothing() -> None:
    async with running() as (_, client):
        sequence = client.stream.session.request(Trace(), tag="t", now=client.stream.touch())
        client.stream.flush()
        await until(lambda: client.seen[-1:] and isinstance(client.seen[-1], Answered))
        assert client.seen[-1] == Answered(sequence, "t", TraceResp(sequence=sequence))


def test_every_code_of_a_behaviour_is_a_refusal_here_too() -> None:
    gateway = SgipGateway()
    for code in SMPP_STATUSES:
        assert bool(gateway.status(code)) is bool(code)
        assert gateway.status(code) < 256
    assert all(target in STATUSES for target in sgip._NEAREST.values())
