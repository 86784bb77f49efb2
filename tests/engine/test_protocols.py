"""Each of the Chinese protocols from the queue to the final receipt, over TCP, and what may break.

test_sending.py shows the same, and more, with SMPP.
"""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.engine.sending import (
    FAST,
    EngineProcess,
    Spoken,
    Stage,
    any_hour,
    carrier,
    channel,
    magic,
    phone,
    until,
)
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.reconcile import disagreements
from yunxin.engine.service import Engine
from yunxin.sealing import seal
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.clients import Account

LONG = "云" * 150  # with its signature three parts
VERSIONS = [("cmpp", "3.0"), ("cmpp", "2.0"), ("smgp", "3.0"), ("smgp", "1.3"), ("sgip", "")]
# How each calls SMPP's RINVDSTADR, RSUBMITFAIL (which none of them knows) and 0x0401 in one byte
# or four; and whether its receipts carry the error's number.
WORDS = {
    "cmpp3.0": ("DEST_TERMINAL", "69", "1025", ""),
    "cmpp2.0": ("DEST_TERMINAL", "69", "255", ""),
    "smgp3.0": ("DEST_TERM_ID", "SP_ID", "1025", ":001"),
    "smgp1.3": ("DEST_TERM_ID", "SP_ID", "1025", ":001"),
    "sgip": ("PHONE", "69", "255", ":1"),
}


def behaving(**knobs: Any) -> Behaviour:
    """The fast carrier with other knobs."""
    return msgspec.structs.replace(FAST, **knobs)


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


@pytest.fixture(params=VERSIONS, ids=lambda version: "".join(version))
def spoken(request: pytest.FixtureRequest) -> Spoken:
    return Spoken(*request.param)


@pytest.fixture(params=["cmpp", "smgp", "sgip"])
def newest(request: pytest.FixtureRequest) -> Spoken:
    return Spoken(request.param, "" if request.param == "sgip" else "3.0")


async def test_texts_short_and_long_arrive_and_their_receipts_make_them_final(
    stage: Stage, spoken: Spoken
) -> None:
    async with spoken.carrier() as smsc:
        channel_id = spoken.channel(stage, smsc, alphabet="gsm7_or_ucs2")
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100), text="您好，世界")
            await stage.send(engine, phone(200), text=LONG)
            await stage.done()
            await until(lambda: not stage.world.one("SELECT count(*) FROM tally_delta"))
    for number, parts in ((100, 1), (200, 3)):
        (got,) = smsc.ledger.thread(phone(number))
        text = stage.world.rows("SELECT text FROM message WHERE phone = %s", phone(number))[0][0]
        assert (got.text, got.parts, got.protocol) == (text, parts, spoken.protocol)
        assert got.access_number == "1069000077"
    assert stage.states() == {"delivered": 2}
    assert stage.world.rows("SELECT DISTINCT channel_id FROM message") == [(channel_id,)]
    assert stage.world.rows("SELECT sum(delivered)::int, sum(segments)::int FROM daily_count") == [
        (2, 4)
    ]
    assert stage.events() == []


async def test_latin_texts_go_as_ascii_where_the_channel_may(stage: Stage, newest: Spoken) -> None:
    latin = stage.world.signature(stage.enterprise_id, name="ACME")
    template_id = stage.world.template(stage.enterprise_id, "#*#", signature_id=latin)
    async with newest.carrier() as smsc:
        newest.channel(stage, smsc, alphabet="gsm7_or_ucs2")
        async with Engine(stage.config) as engine:
            # A text in brackets of Chinese never is ASCII: the signature's own.
            await stage.send(engine, phone(100), text="plain [x] " * 20, template_id=template_id)
            await stage.done()
    (got,) = smsc.ledger.thread(phone(100))
    assert got.text == stage.world.one("SELECT text FROM message")


async def test_each_magic_number_ends_as_it_says(stage: Stage, spoken: Spoken) -> None:
    number, refused, own, error = WORDS[repr(spoken)]
    fates = {
        "0001": ("failed", number),
        "0002": ("failed", f"UNDELIV{error}"),
        "0005": ("delivered", "DELIVRD"),
        "0006": ("delivered", "DELIVRD"),
        "0009": ("delivered", "DELIVRD"),
        "0013": ("delivered", "DELIVRD"),
        "0014": ("delivered", "DELIVRD"),
        "0017": ("failed", refused),
        "0019": ("failed", own),
        "0100": ("delivered", "DELIVRD"),
    }
    async with spoken.carrier() as smsc:
        spoken.channel(stage, smsc, more={"attempts": 1}, answer_timeout_s=2)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *map(magic, fates))
            await stage.done()
            await until(lambda: stage.world.one("SELECT count(*) FROM inbound_message") == 1)
            await until(lambda: not stage.world.one("SELECT count(*) FROM tally_delta"))
    assert stage.fates() == fates
    assert stage.world.used(stage.package_id) == 10 - 4
    assert smsc.counts()["duplicates"] == 0
    # TD, the reply of number 0014, was obeyed.
    blocked = stage.world.rows("SELECT phone, enterprise_id FROM carriers_blockednumber")
    assert blocked == [(magic("0014"), stage.enterprise_id)]


async def test_a_long_reply_is_joined_and_finds_its_owner(stage: Stage, newest: Spoken) -> None:
    async with newest.carrier() as smsc:
        newest.channel(stage, smsc)
        async with Engine(stage.config) as engine:
            await stage.send(engine, magic("0020"))
            await until(lambda: stage.world.one("SELECT count(*) FROM inbound_message") == 1)
    (row,) = stage.world.rows("SELECT enterprise_id, phone, text FROM inbound_message")
    assert row == (stage.enterprise_id, magic("0020"), "收到，谢谢。请问可以改到下周三下午吗？" * 5)


async def test_an_unanswered_submit_is_sent_again_with_its_number_and_is_no_doubt(
    stage: Stage, newest: Spoken
) -> None:
    async with newest.carrier() as smsc:
        newest.channel(stage, smsc, more={"attempts": 3}, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0011"))
            await stage.done()
    assert stage.fates() == {"0011": ("delivered", "DELIVRD")}
    assert stage.events(message_id) == []
    assert smsc.ledger.phone_count(magic("0011")) == 1


async def test_silence_is_doubt_where_nothing_is_sent_again(stage: Stage, newest: Spoken) -> None:
    async with newest.carrier() as smsc:
        newest.channel(stage, smsc, more={"attempts": 1}, answer_timeout_s=1)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0011"))
            await stage.done()
    assert stage.events(message_id) == ["unanswered", "in_doubt", "sent_again"]


async def test_receipts_early_twice_and_in_any_order_count_once(
    stage: Stage, newest: Spoken
) -> None:
    wild = behaving(double_rate=1.0, early_rate=0.3, shuffle=True, answer_delay_s=0.1)
    async with newest.carrier(wild) as smsc:
        newest.channel(stage, smsc)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 51)])
            await until(lambda: smsc.counts()["receipts_acknowledged"] == 100)
            await stage.done()
            await until(lambda: not stage.world.one("SELECT count(*) FROM held_receipt"))
            await until(lambda: not stage.world.one("SELECT count(*) FROM tally_delta"))
    assert stage.states() == {"delivered": 50}
    assert stage.world.rows("SELECT submitted, delivered FROM daily_count") == [(50, 50)]
    assert stage.events() == []


async def test_disconnects_lose_nobody(stage: Stage, newest: Spoken) -> None:
    async with newest.carrier(behaving(disconnect_every_messages=40)) as smsc:
        newest.channel(stage, smsc, window=20)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 151)])
            await stage.done(60)
    assert smsc.counts()["cut"] >= 3
    assert stage.states() == {"delivered": 150}
    doubts = stage.events().count("in_doubt")
    assert smsc.counts()["duplicates"] <= doubts == stage.events().count("sent_again")


async def test_throttling_loses_nobody_and_fails_nobody(stage: Stage, newest: Spoken) -> None:
    async with newest.carrier(behaving(throttle_per_s=40)) as smsc:
        newest.channel(stage, smsc)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 161)])
            await stage.done(60)
    assert smsc.counts()["refused"] > 0 and smsc.counts()["duplicates"] == 0
    assert stage.states() == {"delivered": 160}
    assert stage.events() == []


async def test_an_engine_that_is_killed_is_inherited(stage: Stage, newest: Spoken) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 800)
    plain = behaving(magic=False, answer_delay_s=0.05)
    async with newest.carrier(plain) as smsc:
        newest.channel(stage, smsc)
        async with EngineProcess(stage.config) as first:
            await until(lambda: smsc.counts()["accepted"] > 200)
            await first.kill()
        async with Engine(stage.config):
            finished = "SELECT count(*) FROM campaign_progress WHERE state = 'finished'"
            await until(lambda: stage.world.one(finished) == 1)
    assert campaign_id and stage.states() == {"delivered": 800}
    doubts = stage.events().count("in_doubt")
    assert 0 < doubts <= 32 and stage.events().count("sent_again") == doubts
    assert smsc.counts()["duplicates"] <= doubts and smsc.ledger.phones == 800
    assert not list(disagreements(stage.config.database_url))


async def test_stopping_a_channel_in_the_middle_loses_nobody(stage: Stage, newest: Spoken) -> None:
    async with newest.carrier(behaving(answer_delay_s=0.1)) as smsc:
        newest.channel(stage, smsc, window=20)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 201)])
            await until(lambda: stage.states().get("delivered", 0) > 50)
            stage.world.do("UPDATE carriers_channel SET wish = 'stop'")
            await until(lambda: not stage.world.rows("SELECT FROM channel_state"))
            stage.world.do("UPDATE carriers_channel SET wish = 'run'")
            await stage.done(60)
    assert stage.states() == {"delivered": 200}
    assert smsc.counts()["duplicates"] == 0 and stage.events() == []


# What is wrong with a channel is shown ----------------------------------------------------------


async def shown(stage: Stage, state: str, words: str) -> None:
    """Wait until the console can say why a channel is not bound."""

    def told() -> bool:
        rows = stage.world.rows("SELECT state, last_error FROM channel_state")
        return len(rows) == 1 and rows[0][0] == state and words in rows[0][1]

    async with Engine(stage.config) as engine:
        await stage.send(engine, phone(100))
        await until(told, 20)
    assert stage.world.one("SELECT count(*) FROM message_queue WHERE claimed_by IS NULL") == 1


async def test_a_wrong_password(stage: Stage, newest: Spoken) -> None:
    more = {"networks": ["127.0.0.0/8"]} if newest.protocol == "sgip" else {}
    async with newest.carrier() as smsc:
        newest.channel(stage, smsc, more=more, password_sealed="")
        await shown(stage, "refused", "password")


async def test_an_account_name_that_the_protocol_has_no_room_for(
    stage: Stage, newest: Spoken
) -> None:
    if newest.protocol == "sgip":
        pytest.skip("its names are as long as the column")
    async with newest.carrier() as smsc:
        newest.channel(stage, smsc, system_id="yunxinyunxin")
        await shown(stage, "refused", "")


@pytest.mark.parametrize(
    ("protocol", "options", "words"),
    [
        ("cmpp", '{"version": "4.0"}', "version"),
        ("cmpp", '{"attempts": 0}', "attempts"),
        ("cmpp", '{"service_id": "12345678901"}', "service_id"),
        ("smgp", '{"service_id": "12345678901"}', "service_id"),
        ("sgip", "{}", "node"),
        ("sgip", '{"node": 1, "networks": ["Beijing"]}', "networks"),
        ("sgip", '{"node": 1, "deliver_password_sealed": "nonsense"}', "password"),
    ],
)
async def test_options_that_make_no_account(
    stage: Stage, protocol: str, options: str, words: str
) -> None:
    channel(stage.world, stage.config, 1, protocol=protocol, options=options)
    await shown(stage, "refused", words)


async def test_a_port_that_somebody_else_has_is_told_and_tried_again(stage: Stage) -> None:
    spoken = Spoken("sgip")
    port = spoken.options["listen_port"]
    taken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with spoken.carrier() as smsc, Engine(stage.config) as engine:
        spoken.channel(stage, smsc)
        error = "SELECT count(*) FROM channel_state WHERE last_error LIKE %s"
        await until(lambda: stage.world.one(error, f"%{port}%") == 1)
        await stage.send(engine, phone(100))
        await until(lambda: smsc.counts()["accepted"] == 1)
        taken.close()
        await taken.wait_closed()
        await stage.done()
    assert stage.states() == {"delivered": 1}


# Several channels -------------------------------------------------------------------------------


async def test_channels_share_a_port_and_are_told_apart_by_their_log_ins(stage: Stage) -> None:
    north = Spoken("sgip")
    south_gateway = north.gateway()
    async with (
        north.carrier() as smsc,
        carrier(doors={south_gateway: 0}, accounts=_accounts("south", "other")) as other,
    ):
        north.channel(stage, smsc, carriers='["unicom"]')
        north.channel(
            stage, other, carriers='["mobile"]', system_id="south",
            password_sealed=_sealed(stage, "other"), more={"node": 3_020_054_321},
        )  # fmt: skip
        async with Engine(stage.config) as engine:
            numbers = ["13000000100", "13000000200", "13800000100", "13800000200"]
            await stage.send(engine, *numbers)
            await stage.done()
    assert stage.states() == {"delivered": 4}
    assert smsc.ledger.phones == other.ledger.phones == 2
    assert smsc.counts()["calls_failed"] == other.counts()["calls_failed"] == 0


async def test_each_carrier_by_its_own_protocol_with_smpp_in_reserve(stage: Stage) -> None:
    cmpp, sgip, smgp = Spoken("cmpp", "3.0"), Spoken("sgip"), Spoken("smgp", "3.0")
    doors = {spoken.gateway(): 0 for spoken in (cmpp, sgip, smgp)}
    expected = {
        "13800000100": "cmpp", "13000000100": "sgip", "13300000100": "smgp",
        "18900000100": "smpp",
    }  # fmt: skip
    *own, in_reserve = expected
    async with carrier(doors=doors) as smsc:
        cmpp.channel(stage, smsc, carriers='["mobile"]')
        sgip.channel(stage, smsc, carriers='["unicom"]')
        telecom = smgp.channel(stage, smsc, carriers='["telecom"]')
        channel(stage.world, stage.config, smsc.port, weight=0)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 4)
            await stage.send(engine, *own)
            await stage.done()
            stage.world.do("UPDATE carriers_channel SET wish = 'stop' WHERE id = %s", telecom)
            await until(lambda: len(stage.world.rows("SELECT FROM channel_state")) == 3)
            await stage.send(engine, in_reserve)
            await stage.done()
    assert stage.states() == {"delivered": 4}
    got = {number: smsc.ledger.thread(number)[-1].protocol for number in expected}
    assert got == expected
    assert stage.events() == []


def _accounts(name: str, password: str) -> tuple[Account, ...]:
    return (Account(name, password),)


def _sealed(stage: Stage, password: str) -> str:
    return seal(stage.config.secret_key, password)
