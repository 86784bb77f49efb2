"""From the queue to the final receipt: real PostgreSQL, real TCP to the simulated carrier."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.engine.sending import FAST, Stage, any_hour, carrier, channel, magic, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.directory import SHANGHAI
from yunxin.engine.service import Engine
from yunxin.protocols.smpp.status import Code
from yunxin.simulator.behaviour import Behaviour, Fate, Rule
from yunxin.vocabulary import CampaignWish, TrafficClass

LONG = "云" * 150  # with its signature three parts


def behaving(**knobs: Any) -> Behaviour:
    """The fast carrier with other knobs."""
    return msgspec.structs.replace(FAST, **knobs)


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


async def test_a_message_goes_out_and_its_receipt_makes_it_final(stage: Stage) -> None:
    async with carrier() as smsc:
        channel_id = channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, phone(100), text="您好，世界")
            await stage.done()
            await engine.settle.once()
    (got,) = smsc.ledger.thread(phone(100))
    assert got.text == stage.world.one("SELECT text FROM message")
    assert (got.access_number, got.wire_phone) == ("1069000077", "86" + phone(100))
    row = stage.world.rows(
        "SELECT id, state, code, channel_id, submitted_at IS NOT NULL, done_at IS NOT NULL,"
        " finished_at IS NOT NULL, refunded FROM message"
    )
    assert row == [(message_id, "delivered", "DELIVRD", channel_id, True, True, True, False)]
    assert stage.world.one("SELECT count(*) FROM message_queue") == 0
    assert stage.events() == []
    assert stage.world.rows("SELECT accepted, submitted, delivered, segments FROM daily_count") == [
        (1, 1, 1, 1)
    ]


async def test_each_magic_number_ends_as_it_says(stage: Stage) -> None:
    fates = {
        "0001": ("failed", "RINVDSTADR"),
        "0002": ("failed", "UNDELIV:001"),
        "0003": ("expired", "EXPIRED:027"),
        "0005": ("delivered", "DELIVRD"),
        "0006": ("delivered", "DELIVRD"),
        "0008": ("delivered", "DELIVRD"),
        "0009": ("delivered", "DELIVRD"),
        "0010": ("failed", "REJECTD:012"),
        "0011": ("delivered", "DELIVRD"),
        "0012": ("failed", "MK:0001:001"),
        "0013": ("delivered", "DELIVRD"),
        "0014": ("delivered", "DELIVRD"),
        "0015": ("delivered", "DELIVRD"),
        "0016": ("unknown", "UNKNOWN:999"),
        "0017": ("failed", "RSUBMITFAIL"),
        "0019": ("failed", "0x00000401"),
        "0100": ("delivered", "DELIVRD"),
    }
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *map(magic, fates), magic("0004"))
            await until(lambda: stage.pending() == 1, 60)
            await engine.settle.once()
    assert stage.fates() == fates | {"0004": ("accepted", None)}
    # What failed and what expired is paid back, what is unknown is not.
    assert stage.world.used(stage.package_id) == 18 - 7
    assert stage.world.one("SELECT count(*) FROM message WHERE refunded") == 7
    # Each code is counted for the channel that said it, "delivered" is not.
    counted = dict(stage.world.rows("SELECT code, messages FROM daily_code WHERE channel_id > 0"))
    said = [code for state, code in fates.values() if state != "delivered"]
    assert counted.keys() >= set(said)
    assert all(counted[code] == 1 for code in said)
    assert "DELIVRD" not in counted


async def test_a_line_that_is_cut_instead_of_an_answer_is_doubt(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0018"))
            await stage.done()
    assert stage.fates() == {"0018": ("delivered", "DELIVRD")}
    assert stage.events(message_id) == ["in_doubt", "sent_again"]
    assert smsc.ledger.phone_count(magic("0018")) == 1


async def test_a_message_that_waits_for_its_receipt_is_out_of_the_queue(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0004"))
            await until(lambda: not stage.world.one("SELECT count(*) FROM message_queue"))
    assert stage.states() == {"accepted": 1}
    assert stage.world.rows("SELECT message_id, part, parts FROM submission") == [
        (message_id, 1, 1)
    ]


async def test_a_refusal_for_good_is_told_in_the_time_line(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0017"))
            await stage.done()
    assert stage.world.rows("SELECT kind, code, message_id FROM message_event") == [
        ("refused", "RSUBMITFAIL", message_id)
    ]


async def test_silence_is_doubt_and_is_sent_again_and_says_so(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0011"))
            await stage.done()
    assert stage.events(message_id) == ["unanswered", "in_doubt", "sent_again"]
    assert smsc.ledger.phone_count(magic("0011")) == 2


async def test_silence_is_closed_as_unknown_where_the_policy_says_so(stage: Stage) -> None:
    stage.config = replace(stage.config, in_doubt_notice="unknown")
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0011"))
            await stage.done()
            await engine.settle.once()
    assert stage.events(message_id) == ["unanswered", "in_doubt"]
    assert stage.fates() == {"0011": ("unknown", "NOANSWER")}
    assert smsc.ledger.phone_count(magic("0011")) == 1
    assert stage.world.used(stage.package_id) == 1


# Long texts -------------------------------------------------------------------------------------


async def test_a_long_text_arrives_whole_and_is_delivered_when_all_parts_are(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100), phone(200), text=LONG)
            await stage.done()
            await engine.settle.once()
    (got,) = smsc.ledger.thread(phone(100))
    assert (got.parts, got.text) == (3, stage.world.rows("SELECT text FROM message")[0][0])
    assert stage.states() == {"delivered": 2}
    parts = stage.world.rows(
        "SELECT part, parts, state, code FROM submission ORDER BY message_id, part"
    )
    assert parts == [(n, 3, "delivered", "DELIVRD") for n in (1, 2, 3)] * 2
    assert stage.world.used(stage.package_id) == 6


async def test_one_bad_part_fails_a_long_text_once_and_pays_all_of_it_back(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, magic("0002"), text=LONG)
            await stage.done()
            parts = "SELECT count(*) FROM submission WHERE state = 'failed'"
            await until(lambda: stage.world.one(parts) == 3)
            await engine.settle.once()
    assert stage.fates() == {"0002": ("failed", "UNDELIV:001")}
    assert stage.world.used(stage.package_id) == 0
    assert stage.world.rows("SELECT failed, refunded_segments FROM daily_count") == [(1, 3)]


async def test_a_long_text_whose_parts_are_throttled_arrives_once(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, magic("0009"), text=LONG)
            await stage.done()
    assert stage.fates() == {"0009": ("delivered", "DELIVRD")}
    assert smsc.ledger.phone_count(magic("0009")) == 1
    assert smsc.counts()["duplicates"] == 0


async def test_latin_texts_go_in_seven_bits_where_the_channel_may(stage: Stage) -> None:
    latin = stage.world.signature(stage.enterprise_id, name="ACME")
    template_id = stage.world.template(stage.enterprise_id, "#*#", signature_id=latin)
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, alphabet="gsm7_or_ucs2")
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100), text="€ [x] " * 30, template_id=template_id)
            await stage.send(engine, phone(200), text="云")
            await stage.done()
    for number in (100, 200):
        (got,) = smsc.ledger.thread(phone(number))
        (text,) = stage.world.rows("SELECT text FROM message WHERE phone = %s", phone(number))[0]
        assert got.text == text


# Receipts ---------------------------------------------------------------------------------------


async def test_receipts_before_their_answers_find_their_message(stage: Stage) -> None:
    async with carrier(behaving(early_rate=1.0, answer_delay_s=0.3)) as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 21)])
            await until(lambda: stage.world.one("SELECT count(*) FROM held_receipt") == 20)
            await stage.done()
    assert stage.states() == {"delivered": 20}
    assert stage.world.one("SELECT count(*) FROM held_receipt") == 0


async def test_receipts_twice_and_in_any_order_count_once(stage: Stage) -> None:
    async with carrier(behaving(double_rate=1.0, shuffle=True)) as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 51)])
            await until(lambda: smsc.counts()["receipts_acknowledged"] == 100)
            await stage.done()
            await engine.settle.once()
    assert stage.states() == {"delivered": 50}
    assert stage.world.rows("SELECT submitted, delivered FROM daily_count") == [(50, 50)]
    assert stage.events() == []


async def test_a_late_receipt_that_contradicts_is_noted_and_changes_nothing(stage: Stage) -> None:
    late = behaving(rules=(Rule(".*", Fate(delay_s=1.0)),))
    async with carrier(late) as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, phone(100))
            await until(lambda: not stage.world.one("SELECT count(*) FROM message_queue"))
            stage.world.do(
                "UPDATE message SET state = 'unknown', finished_at = now() WHERE id = %s",
                message_id,
            )
            await until(lambda: stage.events(message_id) == ["late_receipt"])
    assert stage.states() == {"unknown": 1}


@pytest.mark.parametrize(
    ("rule", "answer", "receipt"),
    [
        ("as_is", "decimal", "decimal"),
        ("case_insensitive", "hex", "HEX"),
        ("hex_to_decimal", "decimal", "hex"),
        ("decimal_to_hex", "HEX", "decimal"),
    ],
)
async def test_the_id_rule_of_the_channel_finds_the_message(
    stage: Stage, rule: str, answer: str, receipt: str
) -> None:
    async with carrier(behaving(answer_id=answer, receipt_id=receipt)) as smsc:
        channel(stage.world, stage.config, smsc.port, id_rule=rule)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await stage.done()
    assert stage.states() == {"delivered": 1}


@pytest.mark.parametrize("fields", ["text", "parameters"])
async def test_receipts_are_read_from_text_and_from_parameters(stage: Stage, fields: str) -> None:
    async with carrier(behaving(receipt_fields=fields)) as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100), magic("0002"))
            await stage.done()
    assert {state for state, _ in stage.fates().values()} == {"delivered", "failed"}


# The line ---------------------------------------------------------------------------------------


async def test_throttling_loses_nobody_and_fails_nobody(stage: Stage) -> None:
    async with carrier(behaving(throttle_per_s=100)) as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 401)])
            await stage.done(60)
    assert smsc.ledger.refused["RTHROTTLED"] > 0
    assert stage.states() == {"delivered": 400}
    assert smsc.counts()["duplicates"] == 0
    assert stage.events() == []


async def test_what_is_too_fast_for_one_channel_takes_the_next(stage: Stage) -> None:
    busy = behaving(rules=(Rule(".*", Fate(status=int(Code.RTHROTTLED))),))
    async with carrier(busy) as full, carrier() as smsc:
        best = channel(stage.world, stage.config, full.port)
        channel(stage.world, stage.config, smsc.port, weight=0)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, phone(100))
            await stage.done()
    assert stage.states() == {"delivered": 1}
    lines = stage.world.rows("SELECT kind, channel_id, code FROM message_event")
    assert lines == [("retry", best, "RTHROTTLED")]


async def test_the_slowest_channel_sends_everything_too(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, rate_per_s=5, window=1_000)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 9)])
            await stage.done(10)
    assert stage.states() == {"delivered": 8}


async def test_disconnects_lose_nobody(stage: Stage) -> None:
    async with carrier(behaving(disconnect_every_messages=40)) as smsc:
        channel(stage.world, stage.config, smsc.port, window=20)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 151)])
            await stage.done(60)
    assert smsc.counts()["cut"] >= 3
    assert stage.states() == {"delivered": 150}
    doubts = stage.events().count("in_doubt")
    assert smsc.counts()["duplicates"] <= doubts
    assert stage.events().count("sent_again") == doubts


async def test_a_line_that_works_and_is_cut_again_and_again_comes_back_at_once(
    stage: Stage,
) -> None:
    async with carrier(behaving(disconnect_every_messages=25)) as smsc:
        channel(stage.world, stage.config, smsc.port, window=10)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 251)])
            # Ten cuts: half a second each, where waits that double would take minutes.
            await stage.done(20)
    assert smsc.counts()["cut"] >= 8
    assert stage.states() == {"delivered": 250}


async def test_a_pair_sends_by_one_connection_and_hears_by_the_other(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, bind_mode="pair", sessions=2)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 4)
            assert (smsc.counts()["sessions"], smsc.counts()["receivers"]) == (4, 2)
            await stage.send(engine, *[phone(n * 100) for n in range(1, 51)])
            await stage.done()
    assert stage.states() == {"delivered": 50}


async def test_a_wrong_password_is_shown_and_nothing_is_claimed(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, password_sealed="")
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            state = "SELECT state, last_error FROM channel_state"
            await until(lambda: stage.world.rows(state) == [("refused", "The password is wrong.")])
    assert stage.world.one("SELECT count(*) FROM message_queue WHERE claimed_by IS NULL") == 1


async def test_a_channel_is_started_changed_and_stopped_while_the_engine_runs(stage: Stage) -> None:
    async with carrier() as smsc, Engine(stage.config) as engine:
        await stage.send(engine, *[phone(n * 100) for n in range(1, 11)])
        channel_id = channel(stage.world, stage.config, smsc.port)
        await stage.done()
        stage.world.do(
            "UPDATE carriers_channel SET sessions = 3, version = 2 WHERE id = %s", channel_id
        )
        await until(lambda: stage.bound() == 3)
        stage.world.do("UPDATE carriers_channel SET wish = 'stop'")
        await until(lambda: smsc.counts()["sessions"] == 0)
        await stage.send(engine, phone(5000))
        await until(lambda: not stage.world.rows("SELECT FROM channel_state"))
    assert stage.states() == {"delivered": 10, "accepted": 1}
    assert stage.world.one("SELECT claimed_by FROM message_queue") is None


async def test_stopping_a_channel_in_the_middle_loses_nobody(stage: Stage) -> None:
    async with carrier(behaving(answer_delay_s=0.1)) as smsc:
        channel(stage.world, stage.config, smsc.port, window=20)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 301)])
            await until(lambda: stage.states().get("delivered", 0) > 50)
            stage.world.do("UPDATE carriers_channel SET wish = 'stop'")
            await until(lambda: smsc.counts()["sessions"] == 0)
            stage.world.do("UPDATE carriers_channel SET wish = 'run'")
            await stage.done(60)
    assert stage.states() == {"delivered": 300}
    assert smsc.counts()["duplicates"] == 0
    assert stage.events() == []


async def test_another_channel_takes_what_one_refuses(stage: Stage) -> None:
    refusing = behaving(rules=(Rule(".*", Fate(status=int(Code.RSUBMITFAIL))),))
    async with carrier(refusing) as bad, carrier() as good:
        bad_id = channel(stage.world, stage.config, bad.port, weight=10)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 1)
            good_id = channel(stage.world, stage.config, good.port)
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, *[phone(n * 100) for n in range(1, 21)])
            await stage.done()
    assert stage.states() == {"delivered": 20}
    assert stage.world.rows("SELECT DISTINCT channel_id FROM message") == [(good_id,)]
    retries = "SELECT count(*) FROM message_event WHERE kind = 'retry' AND channel_id = %s"
    assert stage.world.one(retries, bad_id) == bad.ledger.refused["RSUBMITFAIL"] > 0
    counted = "SELECT sum(messages)::bigint FROM code_delta WHERE channel_id = %s AND code = %s"
    known = "SELECT sum(messages)::bigint FROM daily_code WHERE channel_id = %s AND code = %s"
    asked = (bad_id, "RSUBMITFAIL")
    said = (stage.world.one(counted, *asked) or 0) + (stage.world.one(known, *asked) or 0)
    assert said == bad.ledger.refused["RSUBMITFAIL"], "also what another channel then delivered"


async def test_every_channel_is_tried_once_before_a_message_waits_or_fails(stage: Stage) -> None:
    busy = behaving(rules=(Rule(".*", Fate(status=int(Code.RSYSERR))),))
    async with carrier(busy) as one, carrier(busy) as two, carrier() as good:
        # The best two refuse for now; the reserve is the last whose turn it is.
        ids = [
            channel(stage.world, stage.config, one.port, weight=100),
            channel(stage.world, stage.config, two.port, weight=100),
            channel(stage.world, stage.config, good.port, weight=0),
        ]
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 3)
            await stage.send(engine, *[phone(n * 100) for n in range(1, 21)])
            await stage.done()
    assert stage.fates() and stage.states() == {"delivered": 20}
    tries = stage.world.rows(
        "SELECT message_id, array_agg(channel_id ORDER BY at) FROM message_event"
        " WHERE kind = 'retry' GROUP BY message_id"
    )
    assert len(tries) == 20
    assert all(sorted(tried) == ids[:2] for _, tried in tries)
    assert stage.world.rows("SELECT DISTINCT channel_id FROM message") == [(ids[2],)]
    assert one.ledger.refused["RSYSERR"] == two.ledger.refused["RSYSERR"] == 20


async def test_a_waiting_message_knows_who_tried_it_in_vain(stage: Stage) -> None:
    busy = behaving(rules=(Rule(".*", Fate(status=int(Code.RSYSERR))),))
    async with carrier(busy) as one, carrier(busy) as two:
        ids = [channel(stage.world, stage.config, c.port) for c in (one, two)]
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, phone(100))
            await until(lambda: stage.world.one("SELECT attempt FROM message_queue") == 2)
        ((tried, after),) = stage.world.rows(
            "SELECT refused_by, not_before > now() FROM message_queue"
        )
    assert sorted(tried) == ids
    assert after, "all refused: it waits"


async def test_a_line_that_refuses_all_is_left_alone(stage: Stage) -> None:
    busy = behaving(rules=(Rule(".*", Fate(status=int(Code.RSYSERR))),))
    async with carrier(busy) as bad, carrier() as good:
        bad_id = channel(stage.world, stage.config, bad.port, weight=100, window=60)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 1)
            await stage.send(engine, *[phone(n) for n in range(1001, 1101)])
            state = "SELECT breaker FROM channel_state WHERE channel_id = %s"
            await until(lambda: stage.world.one(state, bad_id) == "open")
            refused = bad.ledger.refused["RSYSERR"]
            assert refused <= 110, "it is not asked on and on"
            channel(stage.world, stage.config, good.port, weight=1)
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, *[phone(n) for n in range(2001, 2051)])
            await until(lambda: good.ledger.phones >= 50)
            assert bad.ledger.refused["RSYSERR"] <= refused + 1, "but for the one that tries"
            await stage.done()
    assert stage.states() == {"delivered": 150}


async def test_class_hours_and_owner_decide_who_carries(stage: Stage) -> None:
    world = stage.world
    code = world.template(stage.enterprise_id, "码#*#", traffic=TrafficClass.VERIFICATION)
    stranger = world.enterprise()
    world.package(stranger, 10)
    theirs = stage.request(phone(800), template_id=world.template(stranger, "#*#"))
    theirs = theirs._replace(enterprise_id=stranger)
    now = datetime.now(SHANGHAI)
    later = {
        "open_from": (now + timedelta(hours=2)).time(),
        "open_to": (now + timedelta(hours=4)).time(),
    }
    async with carrier() as own, carrier() as codes, carrier() as shared, carrier() as resting:
        own_id = channel(world, stage.config, own.port, weight=1, traffics='["notice"]')
        world.do(
            "INSERT INTO carriers_channel_enterprises (channel_id, enterprise_id) VALUES (%s, %s)",
            own_id,
            stage.enterprise_id,
        )
        channel(world, stage.config, codes.port, weight=100, traffics='["verification"]')
        channel(world, stage.config, shared.port, weight=1, traffics='["notice"]')
        channel(world, stage.config, resting.port, weight=100, **later)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 4)
            await stage.send(engine, *[phone(n * 100) for n in range(1, 6)])
            await stage.send(engine, phone(900), template_id=code)
            await engine.acceptor.accept([theirs])
            await stage.done()
    assert own.ledger.phones == 5, "the enterprise's own goes before the shared one"
    assert (codes.ledger.phones, codes.ledger.phone_count(phone(900))) == (1, 1)
    # Others' messages never go by it.
    assert (shared.ledger.phones, shared.ledger.phone_count(phone(800))) == (1, 1)
    assert not resting.ledger.phones


async def test_each_carrier_goes_by_its_channel(stage: Stage) -> None:
    async with carrier() as mobile, carrier() as others:
        channel(stage.world, stage.config, mobile.port, carriers='["mobile"]')
        channel(stage.world, stage.config, others.port, carriers='["unicom", "telecom"]')
        async with Engine(stage.config) as engine:
            await stage.send(engine, "13800000100", "13000000100", "13300000100")
            await stage.done()
    assert [m.phone for m in mobile.ledger.thread("13800000100")] == ["13800000100"]
    assert mobile.ledger.phones == 1
    assert others.ledger.phones == 2


# Whom not to send to ----------------------------------------------------------------------------


async def test_who_is_blocked_after_a_try_in_doubt_is_not_called_cancelled(stage: Stage) -> None:
    async with carrier() as smsc, Engine(stage.config) as engine:
        (message_id,) = await stage.send(engine, phone(100))
        stage.world.do(
            "INSERT INTO message_event (enterprise_id, message_id, at, kind)"
            " VALUES (%s, %s, now(), 'sent_again')",
            stage.enterprise_id,
            message_id,
        )
        stage.world.do("UPDATE message_queue SET attempt = 1")
        stage.world.block(phone(100))
        channel(stage.world, stage.config, smsc.port)
        await stage.done()
        await engine.settle.once()
    assert stage.fates() == {"0100": ("unknown", "NOANSWER")}
    assert stage.events(message_id) == ["sent_again", "withdrawn"]
    assert stage.world.used(stage.package_id) == 1


async def test_who_is_blocked_after_acceptance_is_cancelled_and_paid_back(stage: Stage) -> None:
    async with carrier() as smsc, Engine(stage.config) as engine:
        await stage.send(engine, phone(100), phone(200))
        stage.world.block(phone(100))
        channel(stage.world, stage.config, smsc.port)
        await stage.done()
        await engine.settle.once()
    assert stage.fates() == {"0100": ("cancelled", "BLOCKED"), "0200": ("delivered", "DELIVRD")}
    assert smsc.ledger.phone_count(phone(100)) == 0
    assert stage.world.used(stage.package_id) == 1
    assert stage.events() == ["cancelled"]


async def test_a_paused_campaign_waits_and_then_goes_on(stage: Stage) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 30)
    async with carrier(behaving(magic=False)) as smsc, Engine(stage.config) as engine:
        await until(lambda: stage.pending() == 30)
        # In a thread, as it waits for the batch that is being taken.
        await asyncio.to_thread(stage.world.wish, campaign_id, CampaignWish.PAUSE)
        await until(lambda: campaign_id in engine.directory.snapshot.paused_campaigns)
        channel(stage.world, stage.config, smsc.port)
        await stage.send(engine, phone(5000))
        await until(lambda: stage.states().get("delivered") == 1)
        parked = "SELECT count(*) FROM message_queue WHERE claimed_by = 0"
        await until(lambda: stage.world.one(parked) == 30)
        stage.world.wish(campaign_id, CampaignWish.RUN)
        await stage.done()
    finals = stage.world.one(
        "SELECT count(*) FROM message WHERE campaign_id = %s AND state <> 'accepted'", campaign_id
    )
    assert finals == 30


async def test_a_verification_code_overtakes_what_waits(stage: Stage) -> None:
    marketing = stage.world.template(stage.enterprise_id, "#*#", traffic=TrafficClass.MARKETING)
    codes = stage.world.template(stage.enterprise_id, "#*#", traffic=TrafficClass.VERIFICATION)
    async with carrier() as smsc, Engine(stage.config) as engine:
        numbers = [phone(n * 100) for n in range(1, 401)]
        await stage.send(engine, *numbers, template_id=marketing)
        channel(stage.world, stage.config, smsc.port, rate_per_s=200)
        await until(lambda: smsc.counts()["submits"] > 50)
        await stage.send(engine, phone(99_900), template_id=codes)
        await until(lambda: smsc.ledger.phone_count(phone(99_900)) == 1, 5)
        assert smsc.counts()["submits"] < 300
        await stage.done()
