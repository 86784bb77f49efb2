import msgspec
import pytest

from tests.engine.sending import FAST, Stage, any_hour, carrier, channel, magic, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.directory import Enterprise
from yunxin.engine.inbound import decode, owner_by_number, unsubscribes
from yunxin.engine.service import Engine
from yunxin.protocols.events import Alphabet


@pytest.mark.parametrize(
    "text",
    [
        "R",
        "r",
        " T ",
        "TD",
        "td",
        "TD3",
        "Ｔ",
        "Ｒ",
        "N",
        "n",
        "退订",
        "退订。",
        "退订！",
    ],
)
def test_words_that_unsubscribe(text: str) -> None:
    assert unsubscribes(text)


@pytest.mark.parametrize(
    "text", ["", "RT", "好的", "请退订", "T1", "TDX", "不要退订", "No", "收到", "R R"]
)
def test_words_that_do_not(text: str) -> None:
    assert not unsubscribes(text)


@pytest.mark.parametrize(
    ("data", "alphabet", "text"),
    [
        ("退订".encode("utf-16-be"), Alphabet.UCS2, "退订"),
        ("退订".encode("gbk"), Alphabet.GBK, "退订"),
        (b"R", Alphabet.GSM7, "R"),
        (b"R\xff", Alphabet.ASCII, "R\ufffd"),
        (b"caf\xe9", Alphabet.LATIN1, "café"),
        (b"a\0b", Alphabet.BINARY, "ab"),
        (b"\xd8", Alphabet.UCS2, "\ufffd"),
    ],
)
def test_replies_are_read_whatever_they_are_written_in(
    data: bytes, alphabet: Alphabet, text: str
) -> None:
    assert decode(data, alphabet) == text


def enterprises(*rows: tuple[str, str]) -> dict[int, Enterprise]:
    return {
        n: Enterprise(n, True, 1, access_number, extension_code)
        for n, (access_number, extension_code) in enumerate(rows, 1)
    }


def test_the_owner_of_a_number_is_found_by_its_digits() -> None:
    known = enterprises(("", "77"), ("", "771"), ("10691234", ""), ("", ""))
    assert owner_by_number("1069000077", "10690000", known) == 1
    assert owner_by_number("106900007712", "10690000", known) == 2
    assert owner_by_number("1069123499", "10690000", known) == 3
    assert owner_by_number("10690000", "10690000", known) is None
    assert owner_by_number("1069000088", "10690000", known) is None


def test_a_number_that_two_could_own_is_nobodys() -> None:
    assert owner_by_number("1069000077", "10690000", enterprises(("", "77"), ("", "77"))) is None


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


REPLIES = "SELECT enterprise_id, phone, text, message_id, unsubscribed FROM inbound_message"


async def test_a_reply_that_unsubscribes_blocks_the_phone_for_that_enterprise(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic("0014"))
            await until(lambda: stage.world.rows(REPLIES))
    assert stage.world.rows(REPLIES) == [
        (stage.enterprise_id, magic("0014"), "TD", message_id, True)
    ]
    blocked = "SELECT enterprise_id, phone, reason FROM carriers_blockednumber"
    assert stage.world.rows(blocked) == [(stage.enterprise_id, magic("0014"), "unsubscribed")]


async def test_a_long_reply_is_stored_as_one(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port, sessions=2)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await stage.done()
            smsc.reply(phone(100), "收到😀" * 50)
            await until(lambda: stage.world.rows(REPLIES))
    ((_, _, text, _, unsubscribed),) = stage.world.rows(REPLIES)
    assert (text, unsubscribed) == ("收到😀" * 50, False)
    assert stage.world.one("SELECT count(*) FROM inbound_part") == 0


async def test_a_reply_counts_for_the_campaign_it_answers(stage: Stage) -> None:
    campaign_id = stage.world.campaign(stage.enterprise_id, stage.template_id, 100)
    async with carrier(msgspec.structs.replace(FAST, magic=False)) as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config):
            await until(lambda: smsc.ledger.phone_count(phone(100)))
            smsc.reply(phone(100), "好的")
            await until(lambda: stage.world.progress(campaign_id)["replies"] == 1)


async def test_a_reply_to_a_number_nobody_owns_goes_to_who_wrote_last(stage: Stage) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, phone(100))
            await stage.done()
            smsc.reply(phone(100), "好的", "10690000")
            smsc.reply(phone(9900), "谁？", "10690000")
            await until(lambda: len(stage.world.rows(REPLIES)) == 2)
    owners = {p: e for e, p, *_ in stage.world.rows(REPLIES)}
    assert owners == {phone(100): stage.enterprise_id, phone(9900): 0}


async def test_a_reply_whose_part_never_comes_is_stored_with_a_gap(stage: Stage) -> None:
    async with Engine(stage.config) as engine:
        stage.world.do(
            "INSERT INTO inbound_part VALUES (1, %s, '1069000077', 5, 3, 1, 'ucs2', %s, now()"
            " - interval '1 hour'), (1, %s, '1069000077', 5, 3, 3, 'ucs2', %s, now()"
            " - interval '1 hour')",
            phone(1), "一".encode("utf-16-be"), phone(1), "三".encode("utf-16-be"),
        )  # fmt: skip
        await engine.inbound.sweep(engine.store)
    assert stage.world.one("SELECT text FROM inbound_message") == "一…三"
