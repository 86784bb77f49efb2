"""The carrier's door for CMPP, with our own client at the other end of a TCP connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest

from tests.simulator.clients import (
    ACCESS_NUMBER,
    LOGIN,
    Client,
    TestClient,
    bound,
    connected,
    until,
)
from yunxin.protocols import formats
from yunxin.protocols.cmpp import ids
from yunxin.protocols.cmpp.pdus import (
    Cancel,
    CancelResp,
    Deliver,
    Query,
    QueryResp,
    Submit,
    Version,
)
from yunxin.protocols.cmpp.precut import SubmitTemplate
from yunxin.protocols.cmpp.session import LIMITS, CmppSession, message_ids
from yunxin.protocols.cmpp.status import Result
from yunxin.protocols.events import (
    Alphabet,
    Answered,
    Login,
    ReceiptArrived,
    Resent,
    SubmitAnswered,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.session import Limits, Side
from yunxin.protocols.smpp.status import STATUSES
from yunxin.protocols.stream import BindFailed
from yunxin.simulator.behaviour import Behaviour, Fate, Rule
from yunxin.simulator.carrier import Carrier
from yunxin.simulator.gateways import cmpp
from yunxin.simulator.gateways.cmpp import CmppGateway
from yunxin.text import alphabets, segments

QUICK = Behaviour(receipt_delay_s=0.01, receipt_jitter_s=0.0)
PHONE = "13800135678"
V20, V30 = Version.V20, Version.V30
both = pytest.mark.parametrize("version", Version)
USUAL = msgspec.structs.replace(LIMITS, window=1_000)


class CmppClient(Client):
    """In one version."""

    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version

    def send(self, phone: str, text: str, *, registered: int = 1) -> None:
        template = SubmitTemplate(
            ACCESS_NUMBER,
            version=self.version,
            account=LOGIN.name,
            msg_fmt=formats.UCS2,
            registered_delivery=registered,
        )
        self.submit(template, phone, text)


@asynccontextmanager
async def running(behaviour: Behaviour = QUICK) -> AsyncIterator[Carrier]:
    async with Carrier(behaviour, doors={CmppGateway(): 0}) as carrier:
        yield carrier


@asynccontextmanager
async def logged_in(
    carrier: Carrier, version: Version = V30, login: Login = LOGIN, limits: Limits = USUAL
) -> AsyncIterator[CmppClient]:
    client = CmppClient(version)
    session = CmppSession(Side.CLIENT, limits, version=version, moment=datetime.now(UTC))
    async with connected(client, session, carrier.ports["cmpp"], login):
        yield client


@both
async def test_a_message_its_answer_and_its_report(version: Version) -> None:
    async with running() as carrier, logged_in(carrier, version) as client:
        client.send(PHONE, "【测试】您的验证码是 1234 😀")
        await until(lambda: client.receipts)
        (answer,), (arrived,) = client.answers, client.receipts
        assert answer.status == 0
        assert arrived.receipt.message_id == answer.message_id
        assert arrived.receipt.outcome is Outcome.DELIVERED
        assert (arrived.source, arrived.destination) == (PHONE, ACCESS_NUMBER)
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.protocol) == ("【测试】您的验证码是 1234 😀", "cmpp")
        assert carrier.ledger.find(answer.message_id) is message
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1)
        counts = carrier.counts()
        assert (counts["submits"], counts["accepted"], counts["mistakes"]) == (1, 1, 0)


@both
async def test_a_long_message_is_joined_and_every_part_has_its_report(version: Version) -> None:
    text = "【测试】" + "长短信" * 60
    async with running() as carrier, logged_in(carrier, version) as client:
        client.send("8613800135678", text)
        parts = len(segments.split(text))
        await until(lambda: len(client.receipts) == parts)
        assert {r.receipt.message_id for r in client.receipts} == {
            a.message_id for a in client.answers
        }
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.parts) == (text, parts)


# What the last four digits of a phone bring, in CMPP's words: answers' results, reports' stats.
MAGIC = [
    ("0001", [Result.DEST_TERMINAL], []),
    ("0002", [0], ["UNDELIV"]),
    ("0003", [0], ["EXPIRED"]),
    ("0004", [0], []),
    ("0005", [0], ["DELIVRD", "DELIVRD"]),
    ("0006", [0], ["DELIVRD"]),
    ("0008", [Result.FLOW_CONTROL], []),
    ("0009", [Result.FLOW_CONTROL], []),
    ("0010", [0], ["REJECTD"]),
    ("0012", [0], ["MK:0001"]),
    ("0013", [0], ["ACCEPTD", "DELIVRD"]),
    ("0015", [Result.FLOW_CONTROL], []),
    ("0016", [0], ["UNKNOWN"]),
    ("0017", [0x45], []),
]


@both
async def test_the_magic_numbers_mean_the_same(version: Version) -> None:
    async with running() as carrier, logged_in(carrier, version) as client:
        for digits, _, _ in MAGIC:
            client.send(f"1380000{digits}", "您好")
        expected = sum(len(stats) for _, _, stats in MAGIC)
        await until(lambda: len(client.receipts) == expected)
        for digits, results, stats in MAGIC:
            phone = f"1380000{digits}"
            assert [a.status for a in client.answers if a.tag == phone] == results, digits
            assert [r.receipt.stat for r in client.receipts if r.source == phone] == stats, digits


async def test_an_early_report_leaves_before_the_answer() -> None:
    async with running() as carrier, logged_in(carrier) as client:
        client.send("13800000006", "您好")
        await until(lambda: client.answers)
        kinds = [type(e) for e in client.seen if isinstance(e, ReceiptArrived | SubmitAnswered)]
        assert kinds == [ReceiptArrived, SubmitAnswered]


@both
async def test_a_status_of_the_vendors_own(version: Version) -> None:
    async with running() as carrier, logged_in(carrier, version) as client:
        client.send("13800000019", "您好")
        await until(lambda: client.answers)
        assert client.answers[0].status == {V20: 255, V30: 0x0401}[version]


async def test_a_message_sent_again_with_its_number_is_the_same_message() -> None:
    impatient = msgspec.structs.replace(USUAL, response_timeout_s=0.2)
    async with running() as carrier, logged_in(carrier, limits=impatient) as client:
        client.send("13800000011", "您好")  # its first answer gets lost
        await until(lambda: client.answers)
        assert any(isinstance(event, Resent) for event in client.seen)
        assert client.answers[0].status == 0
        await until(lambda: client.receipts)
        assert client.receipts[0].receipt.message_id == client.answers[0].message_id
        counts = carrier.counts()
        assert (counts["submits"], counts["silent"]) == (1, 1)
        assert (counts["accepted"], counts["duplicates"]) == (1, 0)
        assert carrier.ledger.phone_count("13800000011") == 1


async def test_who_is_never_answered_is_not_answered_when_asking_again() -> None:
    impatient = msgspec.structs.replace(USUAL, response_timeout_s=0.1)
    behaviour = msgspec.structs.replace(QUICK, silence_rate=1.0)
    async with running(behaviour) as carrier, logged_in(carrier, limits=impatient) as client:
        client.send(PHONE, "您好")
        await until(lambda: carrier.counts()["repeated"] == 2)
        assert carrier.counts()["accepted"] == 1
        assert client.answers == []


# Several phones ---------------------------------------------------------------------------------


def to_many(*phones: str) -> Submit:
    return Submit(
        registered_delivery=1,
        msg_fmt=formats.UCS2,
        msg_src=LOGIN.name,
        src_id=ACCESS_NUMBER,
        dest_terminal_ids=phones,
        msg_content=alphabets.encode_ucs2("您好"),
    )


def submit(client: CmppClient, pdu: Submit) -> None:
    client.stream.session.request(pdu, tag="many", now=client.stream.touch())
    client.stream.flush()


@both
async def test_a_message_to_several_phones_has_one_answer_and_a_report_each(
    version: Version,
) -> None:
    phones = [f"1380013567{n}" for n in range(5)]
    async with running() as carrier, logged_in(carrier, version) as client:
        submit(client, to_many(*phones))
        await until(lambda: len(client.receipts) == 5)
        (answer,) = client.answers
        expected = dict(zip(phones, message_ids(answer.message_id, 5), strict=True))
        assert {r.source: r.receipt.message_id for r in client.receipts} == expected
        counts = carrier.counts()
        assert (counts["submits"], counts["parts"], counts["accepted"]) == (5, 5, 5)


async def test_one_bad_phone_refuses_them_all() -> None:
    async with running() as carrier, logged_in(carrier) as client:
        submit(client, to_many("13800135678", "13800000001"))
        submit(client, to_many())
        await until(lambda: len(client.answers) == 2)
        assert [answer.status for answer in client.answers] == [Result.DEST_TERMINAL] * 2
        counts = carrier.counts()
        assert (counts["submits"], counts["refused"], counts["parts"]) == (2, 2, 0)


async def test_throttling_counts_phones() -> None:
    behaviour = msgspec.structs.replace(QUICK, throttle_per_s=10)
    async with running(behaviour) as carrier, logged_in(carrier) as client:
        submit(client, to_many(*(f"1380013{n:04}" for n in range(5_000, 5_008))))
        submit(client, to_many(*(f"1380013{n:04}" for n in range(6_000, 6_008))))
        await until(lambda: len(client.answers) == 2)
        assert [answer.status for answer in client.answers] == [0, Result.FLOW_CONTROL]
        counts = carrier.counts()
        assert counts["refused_by_status"] == {"FLOW_CONTROL": 8}
        assert counts["submits"] == counts["refused"] + counts["parts"] == 16


# Accounts ---------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("login", "status"), [(Login("yunxin", "wrong"), 3), (Login("nobody", "secret"), 2)]
)
async def test_who_does_not_know_the_secret_is_not_let_in(
    version: Version, login: Login, status: int
) -> None:
    async with running() as carrier:
        with pytest.raises(BindFailed) as caught:
            async with logged_in(carrier, version, login):
                pass
        assert getattr(caught.value.event, "status", None) == status
        assert carrier.counts()["binds_refused"] == 1


async def test_a_report_goes_out_in_the_version_of_the_session_that_carries_it() -> None:
    slow = msgspec.structs.replace(QUICK, receipt_delay_s=0.3)
    async with running(slow) as carrier:
        async with logged_in(carrier, V20) as old:
            old.send(PHONE, "您好")
            await until(lambda: old.answers)
        async with logged_in(carrier, V30) as new:
            await until(lambda: new.receipts)
            assert new.receipts[0].receipt.message_id == old.answers[0].message_id
            assert carrier.counts()["mistakes"] == 0


async def test_the_doors_share_phones_and_keep_accounts_apart() -> None:
    async with (
        running() as carrier,
        logged_in(carrier) as over_cmpp,
        bound(carrier) as over_smpp,
    ):
        assert isinstance(over_smpp, TestClient)
        over_cmpp.send(PHONE, "从这里")
        await until(lambda: over_cmpp.receipts)
        over_smpp.send(PHONE, "从那里")
        await until(lambda: over_smpp.receipts)
        assert (len(over_cmpp.receipts), len(over_smpp.receipts)) == (1, 1)
        assert [m.protocol for m in carrier.ledger.thread(PHONE)] == ["cmpp", "smpp"]
        carrier.reply(PHONE, "TD")  # to whoever wrote last
        await until(lambda: over_smpp.inbound)
        assert over_cmpp.inbound == []


# Phones that write ------------------------------------------------------------------------------


@both
async def test_a_phone_answers(version: Version) -> None:
    async with running() as carrier, logged_in(carrier, version) as client:
        client.send(PHONE, "您好")
        await until(lambda: client.receipts)
        carrier.reply(PHONE, "退订")
        await until(lambda: client.inbound)
        (inbound,) = client.inbound
        assert (inbound.source, inbound.destination) == (PHONE, ACCESS_NUMBER)
        assert (inbound.alphabet, inbound.part) == (Alphabet.UCS2, None)
        assert alphabets.decode_ucs2(inbound.data) == "退订"
        await until(lambda: carrier.counts()["inbound_acknowledged"] == 1)


async def test_a_long_reply_comes_in_parts() -> None:
    async with running() as carrier, logged_in(carrier) as client:
        client.send("13800000020", "您好")
        await until(lambda: len(client.inbound) == 2)
        numbers = [inbound.part.number for inbound in client.inbound if inbound.part]
        assert numbers == [1, 2]
        text = "".join(alphabets.decode_ucs2(inbound.data) for inbound in client.inbound)
        assert carrier.ledger.thread("13800000020")[-1].text == text


# Everything else --------------------------------------------------------------------------------


async def test_other_requests_are_answered() -> None:
    async with running() as carrier, logged_in(carrier) as client:
        for pdu in (Cancel(msg_id=1), Query(time="20261022", query_type=1, query_code="svc")):
            client.stream.session.request(pdu, tag=type(pdu), now=client.stream.touch())
        client.stream.flush()
        await until(lambda: sum(isinstance(event, Answered) for event in client.seen) == 2)
        answers = {e.tag: e.pdu for e in client.seen if isinstance(e, Answered)}
        assert isinstance(answers[Cancel], CancelResp)
        assert answers[Cancel].success_id == 1
        assert isinstance(answers[Query], QueryResp)
        assert (answers[Query].time, answers[Query].mt_tl_msg) == ("20261022", 0)


async def test_a_thousand_messages_in_both_versions_and_nothing_is_lost() -> None:
    behaviour = Behaviour(receipt_delay_s=0.02, receipt_jitter_s=0.05, shuffle=True, magic=False)
    async with (
        running(behaviour) as carrier,
        logged_in(carrier, V20) as old,
        logged_in(carrier, V30) as new,
    ):
        for number in range(500):
            old.send(f"1390{number:07}", "您好")
            new.send(f"1391{number:07}", "您好")
        await until(lambda: len(old.receipts) + len(new.receipts) == 1_000)
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1_000)
        answered = {a.message_id: a.tag for a in old.answers + new.answers}
        reported = {r.receipt.message_id: r.source for r in old.receipts + new.receipts}
        assert answered == reported
        assert len(answered) == 1_000


async def test_a_connection_that_is_cut_gets_its_reports_on_the_next() -> None:
    slow = msgspec.structs.replace(QUICK, receipt_delay_s=0.2)
    async with running(slow) as carrier:
        async with logged_in(carrier) as first:
            first.send(PHONE, "您好")
            await until(lambda: first.answers)
            carrier.disconnect()
            await asyncio.wait_for(first.stream.closed, 5)
        async with logged_in(carrier) as second:
            await until(lambda: second.receipts)
            assert second.receipts[0].receipt.message_id == first.answers[0].message_id


def test_ids_hold_the_time_and_never_come_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 5, 6, 29, 42, tzinfo=UTC).timestamp()
    monkeypatch.setattr(cmpp.time, "time", lambda: moment)
    gateway = CmppGateway()
    numbers = [n for _ in range(800) for n in gateway.new_numbers(1, 99)]
    assert len(set(numbers)) == len(numbers) == 79_200  # more than a sequence of 16 bits holds
    parts = ids.unpack(numbers[0])
    assert parts[:5] == (11, 5, 14, 29, 42)
    assert numbers[0] >> 63 == 1
    for at in range(0, len(numbers), 99):
        block = numbers[at : at + 99]
        assert message_ids(ids.to_text(block[0]), 99) == [ids.to_text(n) for n in block]


def test_a_refusal_can_be_repeated_here_where_it_can_be_in_smpp() -> None:
    gateway, session = CmppGateway(), CmppSession(Side.SERVER)
    for code, status in STATUSES.items():
        again = status.retry.value in ("throttle", "temporary")
        here = session.explain(gateway.status(code)).retry.value in ("throttle", "temporary")
        assert here is again, status.name


@pytest.mark.parametrize("registered", [0, 2])
async def test_who_wants_no_report_gets_none(registered: int) -> None:
    async with running() as carrier, logged_in(carrier) as client:
        client.send(PHONE, "您好", registered=registered)
        await until(lambda: client.answers)
        assert carrier.counts()["receipts_not_wanted"] == 1


async def test_a_rule_may_name_a_fate() -> None:
    rule = Rule("^13900", Fate(stat="CB:0007"))
    behaviour = msgspec.structs.replace(QUICK, rules=(rule,))
    async with running(behaviour) as carrier, logged_in(carrier) as client:
        client.send("13900135678", "您好")
        await until(lambda: client.receipts)
        assert client.receipts[0].receipt.stat == "CB:0007"


def test_a_phones_message_is_no_report() -> None:
    (letter,) = CmppGateway().inbound(PHONE, ACCESS_NUMBER, "id:1 stat:DELIVRD", 1)
    assert isinstance(letter, Deliver)
    assert letter.registered_delivery == 0
