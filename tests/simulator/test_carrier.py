"""The simulated carrier on TCP, with our own client: each behaviour does what it says."""

import asyncio
from collections import Counter

import pytest

from tests.simulator.clients import ACCESS_NUMBER, LOGIN, as_, bound, until
from yunxin.protocols.events import (
    Answered,
    BindMode,
    Closed,
    Login,
    ReceiptArrived,
    SubmitAnswered,
)
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.smpp.ids import normalise, normalise_answer
from yunxin.protocols.smpp.pdus import CancelSm, GenericNack, QuerySm, QuerySmResp
from yunxin.protocols.smpp.receipts import STATE_NUMBERS
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import BindFailed
from yunxin.simulator.behaviour import MAGIC, Behaviour, Fate, Rule
from yunxin.simulator.carrier import Account, Carrier, ReplyImpossible
from yunxin.text.segments import TextTooLong

QUICK = Behaviour(receipt_delay_s=0.0, receipt_jitter_s=0.0)
PHONE = "13800135678"


def phones(many: int) -> list[str]:
    """Numbers without magic."""
    return [f"138{n:04}5678" for n in range(many)]


async def test_a_message_arrives_and_its_receipt_goes_back() -> None:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        client.send("86" + PHONE, "【测试】您好 😀")
        await until(lambda: client.receipts)
        (answer,), (arrived,) = client.answers, client.receipts
        assert answer.status == 0
        assert arrived.receipt.message_id == answer.message_id
        assert arrived.receipt.outcome is Outcome.DELIVERED
        assert (arrived.source, arrived.destination) == ("86" + PHONE, ACCESS_NUMBER)
        (message,) = carrier.ledger.thread(PHONE)
        assert (message.text, message.stat) == ("【测试】您好 😀", "DELIVRD")
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1)
        assert dict(carrier.ledger.phone_counts()) == {PHONE: 1}


async def test_long_messages_are_joined_and_counted_once() -> None:
    text = "长短信" * 60
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        client.send(PHONE, text)
        client.send(PHONE, "a long text in the seven-bit alphabet " * 5, gsm7=True)
        await until(lambda: len(client.receipts) == 6)
        counts = carrier.counts()
        assert (counts["submits"], counts["parts"], counts["accepted"]) == (6, 6, 2)
        assert (counts["incomplete"], counts["duplicates"]) == (0, 0)
        assert [m.text for m in carrier.ledger.thread(PHONE)] == [
            text,
            "a long text in the seven-bit alphabet " * 5,
        ]
        assert carrier.ledger.thread(PHONE)[0].parts == 3


async def test_the_same_message_again_counts_as_a_duplicate() -> None:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        for text in ("一", "二", "一", "长短信" * 60, "长短信" * 60):
            client.send(PHONE, text)
        await until(lambda: len(client.receipts) == 9)
        counts = carrier.counts()
        assert (counts["accepted"], counts["duplicates"]) == (5, 2)
        assert [m.duplicate for m in carrier.ledger.thread(PHONE)] == [
            *(False, False, True),
            *(False, True),
        ]


@pytest.mark.parametrize("digits", [d for d, m in MAGIC.items() if m.fate.status])
async def test_magic_refusals(digits: str) -> None:
    fate = MAGIC[digits].fate
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        tries = fate.attempts + 1 if fate.attempts else 3
        for attempt in range(tries):
            client.send(f"1380000{digits}", "您好")
            await until(lambda attempt=attempt: len(client.answers) == attempt + 1)
        last = 0 if fate.attempts else fate.status
        assert [a.status for a in client.answers] == [fate.status] * (tries - 1) + [last]
        counts = carrier.counts()
        assert counts["accepted"] == (1 if fate.attempts else 0)
        assert counts["refused"] == tries - counts["accepted"]


@pytest.mark.parametrize("digits", ["0002", "0003", "0010", "0012", "0016"])
async def test_magic_failures(digits: str) -> None:
    fate = MAGIC[digits].fate
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        client.send(f"1380000{digits}", "您好")
        await until(lambda: client.receipts)
        receipt = client.receipts[0].receipt
        assert (receipt.stat, receipt.error) == (fate.stat, fate.error)
        assert carrier.counts()["outcomes"] == {fate.stat: 1}
        assert carrier.ledger.thread(f"1380000{digits}")[0].stat == fate.stat


async def test_magic_receipts_lost_double_early_news_and_replies() -> None:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        for digits in ("0004", "0005", "0006", "0013", "0014", "0020"):
            client.send(f"1380000{digits}", "您好")
        await until(lambda: len(client.receipts) == 7 and len(client.inbound) == 3)
        came = Counter(event.source[-4:] for event in client.receipts)
        assert came == {"0005": 2, "0006": 1, "0013": 2, "0014": 1, "0020": 1}
        news = [e.receipt.outcome for e in client.receipts if e.source.endswith("0013")]
        assert news == [Outcome.PENDING, Outcome.DELIVERED]
        order = [
            type(event)
            for event in client.seen
            if (isinstance(event, ReceiptArrived) and event.source.endswith("0006"))
            or (isinstance(event, SubmitAnswered) and str(event.tag).endswith("0006"))
        ]
        assert order == [ReceiptArrived, SubmitAnswered]
        reply, *long = client.inbound
        assert (reply.source, reply.data) == ("13800000014", b"TD")
        assert [(e.part.number, e.part.total) for e in long if e.part] == [(1, 2), (2, 2)]
        assert carrier.counts()["receipts_lost"] == 1


async def test_magic_silence_and_cut_end_with_the_second_attempt() -> None:
    async with Carrier(QUICK) as carrier:
        async with bound(carrier) as client:
            client.send("13800000011", "您好")
            await until(lambda: client.receipts)  # taken, with a receipt, without an answer
            client.send("13800000011", "您好")
            await until(lambda: client.answers)
            assert carrier.counts()["duplicates"] == carrier.counts()["silent"] == 1
            client.send("13800000018", "您好")
            await until(lambda: client.of(Closed))
            (closed,) = client.of(Closed)
            assert len(closed.unanswered) == 2
        async with bound(carrier) as client:
            client.send("13800000018", "您好")
            await until(lambda: client.answers)
            assert client.answers[0].status == 0
        assert carrier.counts()["cut"] == 1


async def test_rates_bring_the_same_fates_whatever_the_order_and_the_connections() -> None:
    behaviour = Behaviour(
        receipt_delay_s=0.0,
        receipt_jitter_s=0.05,
        refusal_rate=0.1,
        failure_rate=0.1,
        lost_rate=0.1,
        double_rate=0.1,
    )
    found = []
    for order in (phones(300), phones(300)[::-1]):
        async with (
            Carrier(behaviour, seed=7) as carrier,
            bound(carrier) as one,
            bound(carrier) as two,
        ):
            for n, phone in enumerate(order):
                (one if n % 3 else two).send(phone, "您好")
            await until(lambda a=one, b=two: len(a.answers) + len(b.answers) == 300)
            counts = carrier.counts()
            keys = ("accepted", "refused", "outcomes", "receipts_lost")
            found.append({key: counts[key] for key in keys})
    assert found[0] == found[1]
    outcomes = found[0]["outcomes"]
    assert found[0]["accepted"] == sum(outcomes.values()) + found[0]["receipts_lost"]
    assert all(0 < count < 300 for count in [*outcomes.values(), found[0]["refused"]])


async def test_throttling_answers_rthrottled_and_takes_the_rest() -> None:
    behaviour = Behaviour(throttle_per_s=50, receipt_delay_s=0.0, receipt_jitter_s=0.0)
    async with Carrier(behaviour) as carrier, bound(carrier) as client:
        for phone in phones(200):
            client.send(phone, "您好")
        await until(lambda: len(client.answers) == 200)
        statuses = Counter(answer.status for answer in client.answers)
        assert set(statuses) == {0, Code.RTHROTTLED}
        assert 50 <= statuses[0] < 200
        assert carrier.counts()["accepted"] == statuses[0]


async def test_a_full_queue_answers_rmsgqful() -> None:
    behaviour = Behaviour(queue_max=10, receipt_delay_s=60)
    async with Carrier(behaviour) as carrier, bound(carrier) as client:
        for phone in phones(15):
            client.send(phone, "您好")
        await until(lambda: len(client.answers) == 15)
        assert [a.status for a in client.answers] == [0] * 10 + [Code.RMSGQFUL] * 5
        assert carrier.counts()["receipts_waiting"] == 10


async def test_answers_can_take_their_time() -> None:
    behaviour = Behaviour(answer_delay_s=0.05, answer_jitter_s=0.1, receipt_delay_s=0.3)
    async with Carrier(behaviour) as carrier, bound(carrier) as client:
        start = asyncio.get_running_loop().time()
        for phone in phones(30):
            client.send(phone, "您好")
        await until(lambda: len(client.answers) == 30)
        assert asyncio.get_running_loop().time() - start >= 0.05
        tags = [answer.tag for answer in client.answers]
        assert tags != sorted(tags)  # jitter lets later ones overtake
        await until(lambda: len(client.receipts) == 30)


async def test_receipts_due_together_can_leave_in_any_order() -> None:
    behaviour = Behaviour(shuffle=True, receipt_delay_s=0.05, receipt_jitter_s=0.0)
    async with Carrier(behaviour) as carrier, bound(carrier) as client:
        for phone in phones(50):
            client.send(phone, "您好")
        await until(lambda: len(client.receipts) == 50)
        sources = [event.source for event in client.receipts]
        assert sources != sorted(sources)
        assert sorted(sources) == phones(50)


async def test_connections_are_cut_after_so_many_messages() -> None:
    behaviour = Behaviour(disconnect_every_messages=5, receipt_delay_s=0.0)
    async with Carrier(behaviour) as carrier, bound(carrier) as client:
        for phone in phones(8):
            client.send(phone, "您好")
        await until(lambda: client.of(Closed))
        assert carrier.counts()["accepted"] == 5
        assert carrier.counts()["cut"] == 1


async def test_connections_are_cut_after_so_many_seconds() -> None:
    async with Carrier(Behaviour(disconnect_every_s=0.05)) as carrier, bound(carrier) as client:
        await until(lambda: client.of(Closed))
        assert carrier.counts()["sessions"] == 0


@pytest.mark.parametrize(
    ("answer_id", "receipt_id", "rule"),
    [
        ("decimal", "decimal", "as_is"),
        ("hex", "decimal", "decimal_to_hex"),
        ("HEX", "decimal", "decimal_to_hex"),
        ("decimal", "hex", "hex_to_decimal"),
        ("HEX", "hex", "case_insensitive"),
    ],
)
@pytest.mark.parametrize("fields", ["both", "text", "parameters"])
async def test_ids_differ_as_the_behaviour_says_and_the_rule_brings_them_together(
    answer_id: str, receipt_id: str, rule: str, fields: str
) -> None:
    behaviour = Behaviour(
        answer_id=answer_id,  # type: ignore[arg-type]
        receipt_id=receipt_id,  # type: ignore[arg-type]
        receipt_fields=fields,  # type: ignore[arg-type]
        receipt_delay_s=0.0,
    )
    async with Carrier(behaviour) as carrier, bound(carrier) as client:
        client.send(PHONE, "您好")
        await until(lambda: client.receipts)
        answered, receipted = client.answers[0].message_id, client.receipts[0].receipt.message_id
        assert (answered == receipted) is (rule == "as_is")
        assert normalise_answer(rule, answered) == normalise(rule, receipted)


async def test_receipts_are_sent_only_when_they_are_wanted() -> None:
    behaviour = Behaviour(
        receipt_delay_s=0.0,
        receipt_jitter_s=0.0,
        rules=(Rule("9$", Fate(stat="UNDELIV")),),
    )
    async with Carrier(behaviour) as carrier, bound(carrier) as client:
        client.send("13800135678", "您好", registered=0)
        client.send("13800135678", "再见", registered=2)
        client.send("13800135679", "再见", registered=2)
        await until(lambda: client.receipts)
        assert [event.source for event in client.receipts] == ["13800135679"]
        assert carrier.counts()["receipts_not_wanted"] == 2


# Sessions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "code"),
    [
        (Login("nobody", "secret"), Code.RINVSYSID),
        (Login("yunxin", "wrong"), Code.RINVPASWD),
    ],
)
async def test_strangers_are_refused(login: Login, code: Code) -> None:
    async with Carrier() as carrier:
        with pytest.raises(BindFailed) as caught:
            async with bound(carrier, login):
                pass
        assert getattr(caught.value.event, "status", None) == code
        assert carrier.counts()["binds_refused"] == 1


async def test_a_transmitter_sends_and_its_receiver_gets_the_receipts() -> None:
    async with (
        Carrier(QUICK) as carrier,
        bound(carrier, as_(BindMode.TRANSMITTER)) as sender,
        bound(carrier, as_(BindMode.RECEIVER)) as receiver,
    ):
        sender.send(PHONE, "您好")
        await until(lambda: receiver.receipts)
        assert sender.receipts == []
        assert carrier.counts()["sessions"] == 2
        assert carrier.counts()["receivers"] == 1


async def test_receipts_wait_until_somebody_receives() -> None:
    async with Carrier(QUICK) as carrier:
        async with bound(carrier, as_(BindMode.TRANSMITTER)) as sender:
            sender.send(PHONE, "您好")
            await until(lambda: carrier.counts()["deliveries_queued"] == 1)
        async with bound(carrier, as_(BindMode.RECEIVER)) as receiver:
            await until(lambda: receiver.receipts)


async def test_accounts_do_not_get_each_others_receipts() -> None:
    accounts = [Account("one", "secret"), Account("two", "secret")]
    async with (
        Carrier(QUICK, accounts) as carrier,
        bound(carrier, Login("one", "secret")) as one,
        bound(carrier, Login("two", "secret")) as two,
    ):
        one.send(PHONE, "您好")
        await until(lambda: one.receipts)
        carrier.reply(PHONE, "好")
        await until(lambda: one.inbound)
        assert two.receipts == two.inbound == []


async def test_what_is_not_acknowledged_comes_again_on_the_next_connection() -> None:
    async with Carrier(QUICK) as carrier:
        async with bound(carrier) as client:
            client.acknowledging = False
            for phone in phones(20):
                client.send(phone, "您好")
            await until(lambda: len(client.receipts) == 20)
            client.stream.abort()
            await until(lambda: carrier.counts()["sessions"] == 0)
        async with bound(carrier) as client:
            await until(lambda: len(client.receipts) == 20)
            assert [event.source for event in client.receipts] == phones(20)
            await until(lambda: carrier.counts()["receipts_acknowledged"] == 20)
        assert carrier.counts()["redelivered"] == 20


async def test_what_is_refused_comes_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yunxin.simulator.clients.DELIVERY_RETRY_S", 0.02)
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        client.acknowledging = False
        client.send(PHONE, "您好")
        await until(lambda: client.receipts)
        client.stream.session.acknowledge([client.receipts[0].sequence], Code.RX_T_APPN)
        client.stream.flush()
        client.acknowledging = True
        await until(lambda: len(client.receipts) == 2)
        await until(lambda: carrier.counts()["receipts_acknowledged"] == 1)
        assert carrier.counts()["deliveries_refused"] == 1


async def test_all_connections_can_be_cut() -> None:
    async with Carrier() as carrier, bound(carrier) as one, bound(carrier) as two:
        assert carrier.disconnect() == 2
        await until(lambda: one.of(Closed) and two.of(Closed))


# Replies and questions --------------------------------------------------------------------------


async def test_a_phone_replies_to_whoever_wrote_last() -> None:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        client.send("86" + PHONE, "您好")
        await until(lambda: client.receipts)
        carrier.reply(PHONE, "退订")
        await until(lambda: client.inbound)
        (reply,) = client.inbound
        assert (reply.source, reply.destination) == ("86" + PHONE, ACCESS_NUMBER)
        assert reply.data == "退订".encode("utf-16-be")
        assert [m.from_phone for m in carrier.ledger.thread(PHONE)] == [False, True]
        await until(lambda: carrier.counts()["inbound_acknowledged"] == 1)


async def test_a_phone_may_write_first_when_it_knows_the_number() -> None:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        with pytest.raises(ReplyImpossible):
            carrier.reply(PHONE, "你好")
        carrier.reply(PHONE, "hello", "10690002")
        await until(lambda: client.inbound)
        assert (client.inbound[0].destination, client.inbound[0].data) == ("10690002", b"hello")
        with pytest.raises(TextTooLong):
            carrier.reply(PHONE, "长" * 1001, "10690002")


async def test_a_message_can_be_asked_about() -> None:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        client.send(PHONE, "您好")
        await until(lambda: client.receipts)
        session, now = client.stream.session, client.stream.touch()
        session.request(QuerySm(message_id=client.answers[0].message_id), tag="known", now=now)
        session.request(QuerySm(message_id="0"), tag="unknown", now=now)
        session.request(CancelSm(message_id="0"), tag="not offered", now=now)
        client.stream.flush()
        await until(lambda: len(client.of(Answered)) == 3)
        known, unknown, other = (event.pdu for event in client.of(Answered))
        assert isinstance(known, QuerySmResp)
        assert known.message_state == STATE_NUMBERS["DELIVRD"]
        assert unknown.status == Code.RQUERYFAIL
        assert isinstance(other, GenericNack)


async def test_counting_begins_anew_while_it_runs() -> None:
    async with Carrier(QUICK) as carrier, bound(carrier) as client:
        client.send(PHONE, "您好")
        await until(lambda: client.receipts)
        carrier.reset()
        client.send(PHONE, "您好")
        await until(lambda: len(client.receipts) == 2)
        counts = carrier.counts()
        assert (counts["accepted"], counts["duplicates"], counts["sessions"]) == (1, 0, 1)


async def test_thousands_of_messages_agree_to_the_message() -> None:
    behaviour = Behaviour(
        receipt_delay_s=0.0,
        receipt_jitter_s=0.1,
        refusal_rate=0.05,
        failure_rate=0.05,
        lost_rate=0.02,
        double_rate=0.02,
        early_rate=0.01,
    )
    async with Carrier(behaviour) as carrier, bound(carrier, LOGIN, window=4_000) as client:
        for phone in phones(4_000):
            client.send(phone, "您好")
        await until(lambda: len(client.answers) == 4_000)
        await until(lambda: not carrier.counts()["receipts_waiting"])
        await until(lambda: not carrier.counts()["deliveries_queued"])
        counts = carrier.counts()
        await until(lambda: len(client.receipts) == counts["receipts_sent"])
        accepted = [answer for answer in client.answers if not answer.status]
        assert counts["accepted"] == len(accepted) == counts["phones"]
        assert counts["refused"] == 4_000 - len(accepted)
        final = {e.receipt.message_id: e.receipt.stat for e in client.receipts}
        assert Counter(final.values()) == counts["outcomes"]
        assert set(final) <= {answer.message_id for answer in accepted}
        assert len(final) == len(accepted) - counts["receipts_lost"]
