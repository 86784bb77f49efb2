"""The carrier's door for SMGP, with our own client at the other end of a TCP connection."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest

from tests.simulator.clients import ACCESS_NUMBER, LOGIN, Client, connected, until
from yunxin.protocols import formats
from yunxin.protocols.events import (
    Alphabet,
    Answered,
    BindMode,
    Login,
    ReceiptArrived,
    Resent,
    SubmitAnswered,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.smgp import ids
from yunxin.protocols.smgp.pdus import Query, QueryResp, Version
from yunxin.protocols.smgp.precut import SubmitTemplate
from yunxin.protocols.smgp.session import LIMITS, SmgpSession
from yunxin.protocols.smgp.status import STATUSES, Code
from yunxin.protocols.smpp.status import STATUSES as SMPP_STATUSES
from yunxin.protocols.stream import BindFailed
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier
from yunxin.simulator.gateways import smgp
from yunxin.simulator.gateways.smgp import SmgpGateway
from yunxin.text import alphabets, segments

QUICK = Behaviour(receipt_delay_s=0.01, receipt_jitter_s=0.0)
PHONE = "13300135678"
V13, V30 = Version.V13, Version.V30
both = pytest.mark.parametrize("version", Version)
USUAL = msgspec.structs.replace(LIMITS, window=1_000)


class SmgpClient(Client):
    """In one version."""

    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version

    def send(self, phone: str | list[str], text: str, *, need_report: int = 1) -> None:
        template = SubmitTemplate(
            ACCESS_NUMBER,
            version=self.version,
            msg_format=formats.UCS2,
            account="9600123",
            need_report=need_report,
        )
        self.submit(template, phone, text)


@asynccontextmanager
async def running(behaviour: Behaviour = QUICK) -> AsyncIterator[Carrier]:
    async with Carrier(behaviour, doors={SmgpGateway(): 0}) as carrier:
        yield carrier


@asynccontextmanager
async def logged_in(
    carrier: Carrier,
    version: Version = V30,
    login: Login = LOGIN,
    limits: Limits = USUAL,
) -> AsyncIterator[SmgpClient]:
    client = SmgpClient(version)
    session = SmgpSession(
        Side.CLIENT, limits, version=version, moment=datetime.now(UTC), strict=True
    )
    async with connected(client, session, carrier.ports["smgp"], login):
        yield client


@both
async def test_a_message_its_answer_and_its_report(version: Version) -> None:
    async with running() as carrier, logged_in(carrier, version) as client:
        client.send(PHONE, "【测试】您的验证码是 1234 😀")
        await until(lambda: client.receipts)
        (answer,), (arrived,) = client.answers, client.receipts
        assert (answer.status, len(answer.message_id)) == (0, 20)
        assert arrived.receipt.message_id == answer.message_id
        assert arrived.receipt.outcome is Outcome.DELIVERED
        assert (arrived.source, arrived.destination) == (PHONE, ACCESS_NUMBER)
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.protocol) == ("【测试】您的验证码是 1234 😀", "smgp")
        assert carrier.ledger.find(answer.message_id) is message
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1)
        counts = carrier.counts()
        assert (counts["submits"], counts["accepted"], counts["mistakes"]) == (1, 1, 0)


@both
async def test_a_long_message_is_joined_and_every_part_has_its_report(version: Version) -> None:
    text = "【测试】" + "长短信" * 60
    async with running() as carrier, logged_in(carrier, version) as client:
        client.send(PHONE, text)
        parts = len(segments.split(text))
        await until(lambda: len(client.receipts) == parts)
        assert {r.receipt.message_id for r in client.receipts} == {
            a.message_id for a in client.answers
        }
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.parts) == (text, parts)


# What the last four digits of a phone bring, in SMGP's words: answers' statuses, reports' stats.
MAGIC: list[tuple[str, list[int], list[str]]] = [
    ("0001", [Code.DEST_TERM_ID], []),
    ("0002", [0], ["UNDELIV"]),
    ("0003", [0], ["EXPIRED"]),
    ("0004", [0], []),
    ("0005", [0], ["DELIVRD", "DELIVRD"]),
    ("0006", [0], ["DELIVRD"]),
    ("0008", [Code.BUSY], []),
    ("0009", [Code.BUSY], []),
    ("0010", [0], ["REJECTD"]),
    ("0012", [0], ["MK:0001"]),
    ("0013", [0], ["ACCEPTD", "DELIVRD"]),
    ("0015", [Code.BUSY], []),
    ("0016", [0], ["UNKNOWN"]),
    ("0017", [0x45], []),
    ("0019", [0x0401], []),
]


@both
async def test_the_magic_numbers_mean_the_same(version: Version) -> None:
    async with running() as carrier, logged_in(carrier, version) as client:
        for digits, _, _ in MAGIC:
            client.send(f"1330000{digits}", "您好")
        expected = sum(len(stats) for _, _, stats in MAGIC)
        await until(lambda: len(client.receipts) == expected)
        for digits, statuses, stats in MAGIC:
            phone = f"1330000{digits}"
            assert [a.status for a in client.answers if a.tag == phone] == statuses, digits
            assert [r.receipt.stat for r in client.receipts if r.source == phone] == stats, digits


async def test_an_early_report_leaves_before_the_answer() -> None:
    async with running() as carrier, logged_in(carrier) as client:
        client.send("13300000006", "您好")
        await until(lambda: client.answers)
        kinds = [type(e) for e in client.seen if isinstance(e, ReceiptArrived | SubmitAnswered)]
        assert kinds == [ReceiptArrived, SubmitAnswered]


async def test_a_message_sent_again_with_its_number_is_the_same_message() -> None:
    impatient = msgspec.structs.replace(USUAL, response_timeout_s=0.2)
    async with running() as carrier, logged_in(carrier, limits=impatient) as client:
        client.send("13300000011", "您好")  # its first answer gets lost
        await until(lambda: client.answers)
        assert any(isinstance(event, Resent) for event in client.seen)
        await until(lambda: client.receipts)
        assert client.receipts[0].receipt.message_id == client.answers[0].message_id
        counts = carrier.counts()
        assert (counts["submits"], counts["duplicates"]) == (1, 0)
        assert carrier.ledger.phone_count("13300000011") == 1


@both
async def test_a_message_to_several_phones_has_one_answer_and_a_report_each(
    version: Version,
) -> None:
    phones = [f"1330013567{n}" for n in range(5)]
    async with running() as carrier, logged_in(carrier, version) as client:
        client.send(phones, "您好")
        await until(lambda: len(client.receipts) == 5)
        (answer,) = client.answers
        expected = dict(zip(phones, ids.of_phones(answer.message_id, 5), strict=True))
        assert {r.source: r.receipt.message_id for r in client.receipts} == expected
        counts = carrier.counts()
        assert (counts["submits"], counts["parts"], counts["accepted"]) == (5, 5, 5)


async def test_no_report_is_sent_that_nobody_wants() -> None:
    async with running() as carrier, logged_in(carrier) as client:
        client.send(PHONE, "您好", need_report=0)
        await until(lambda: carrier.counts()["receipts_not_wanted"] == 1)


@pytest.mark.parametrize("long", [True, False])
async def test_a_phone_writes_back(long: bool) -> None:
    text = "请问可以改到下周三吗？" * 10 if long else "TD"
    async with running() as carrier, logged_in(carrier) as client:
        client.send(PHONE, "您好")
        await until(lambda: client.receipts)
        carrier.reply(PHONE, text)
        parts = len(segments.split(text))
        await until(lambda: len(client.inbound) == parts)
        assert {(e.source, e.destination) for e in client.inbound} == {(PHONE, ACCESS_NUMBER)}
        assert all(e.alphabet is Alphabet.UCS2 for e in client.inbound)
        assert "".join(alphabets.decode_ucs2(e.data) for e in client.inbound) == text
        places = [(e.part.number, e.part.total) for e in client.inbound if e.part]
        assert places == ([(n, parts) for n in range(1, parts + 1)] if long else [])
        await until(lambda: carrier.counts()["inbound_acknowledged"] == parts)


async def test_one_session_sends_and_another_receives() -> None:
    sends = Login(LOGIN.name, LOGIN.password, BindMode.TRANSMITTER)
    receives = Login(LOGIN.name, LOGIN.password, BindMode.RECEIVER)
    async with (
        running() as carrier,
        logged_in(carrier, login=sends) as one,
        logged_in(carrier, login=receives) as two,
    ):
        one.send(PHONE, "您好")
        await until(lambda: two.receipts)
        assert one.receipts == []


@pytest.mark.parametrize("login", [Login("yunxin", "wrong"), Login("nobody", "secret")])
async def test_a_stranger_is_refused(login: Login) -> None:
    async with running() as carrier:
        with pytest.raises(BindFailed) as caught:
            async with logged_in(carrier, login=login):
                pass
        assert getattr(caught.value.event, "status", None) == Code.AUTHENTICATION
        assert carrier.counts()["binds_refused"] == 1


async def test_a_query_is_answered_with_zeros() -> None:
    async with running() as carrier, logged_in(carrier) as client:
        query = Query(query_time="20261022")
        sequence = client.stream.session.request(query, tag="q", now=client.stream.touch())
        client.stream.flush()
        await until(lambda: client.seen[-1:] and isinstance(client.seen[-1], Answered))
        expected = QueryResp(sequence=sequence, query_time="20261022")
        assert client.seen[-1] == Answered(sequence, "q", expected)


def test_ids_never_come_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(1_800_000_000, 30)
    monkeypatch.setattr("yunxin.simulator.gateways.smgp.time.time", lambda: next(clock))
    monkeypatch.setattr(smgp.ids, "SEQUENCES", 10)
    gateway = SmgpGateway()
    given = [number for _ in range(50) for number in gateway.new_numbers(0, 3)]
    assert len(set(given)) == 150
    assert all(len(gateway.answer_id(number, QUICK)) == 20 for number in given)


def test_every_code_of_a_behaviour_is_a_refusal_here_too() -> None:
    gateway = SmgpGateway()
    for code in SMPP_STATUSES:
        assert bool(gateway.status(code)) is bool(code)
    assert all(target in STATUSES for target in smgp._NEAREST.values())
