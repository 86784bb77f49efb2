import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest

from tests.engine.sending import FAST, Stage, any_hour, carrier, channel, magic, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.channel import Channel
from yunxin.engine.directory import Directory, Enterprise, Signature, Snapshot
from yunxin.engine.inbound import (
    Inbound,
    Reply,
    decode,
    extension_of,
    owner_by_number,
    unsubscribes,
)
from yunxin.engine.service import Engine
from yunxin.engine.store import Store
from yunxin.protocols.concat import Part
from yunxin.protocols.events import Alphabet, InboundArrived
from yunxin.vocabulary import ReviewState, message_id_floor


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
        (b"\xfe\xff\x00T\x00D", Alphabet.UCS2, "TD"),
        (b"\xff\xfeT\x00D\x00", Alphabet.UCS2, "TD"),
    ],
)
def test_replies_are_read_whatever_they_are_written_in(
    data: bytes, alphabet: Alphabet, text: str
) -> None:
    assert decode(data, alphabet) == text


def enterprises(*rows: tuple[str, str], signatures: dict[int, str] | None = None) -> Snapshot:
    """Enterprises by their digits, and of some the digits of a signature."""
    return Snapshot(
        enterprises={
            n: Enterprise(n, True, 1, access_number, extension_code)
            for n, (access_number, extension_code) in enumerate(rows, 1)
        },
        signatures={
            n: Signature(n, enterprise_id, "云启", ReviewState.APPROVED, code)
            for n, (enterprise_id, code) in enumerate((signatures or {}).items(), 1)
        },
    )


def test_the_owner_of_a_number_is_found_by_its_digits() -> None:
    known = enterprises(("", "77"), ("", "771"), ("10691234", ""), ("", ""))
    assert owner_by_number("1069000077", "10690000", known) == 1
    assert owner_by_number("106900007712", "10690000", known) == 2
    assert owner_by_number("1069123499", "10690000", known) == 3
    assert owner_by_number("10690000", "10690000", known) is None
    assert owner_by_number("1069000088", "10690000", known) is None


def test_the_digits_of_a_signature_lead_to_its_enterprise() -> None:
    known = enterprises(("", "77"), ("", ""), ("", "8"), signatures={1: "01", 2: "88", 3: "8"})
    assert owner_by_number("1069000077013", "10690000", known) == 1
    assert owner_by_number("10690000887", "10690000", known) is None, "two match equally long"
    assert owner_by_number("1069000089", "10690000", known) == 3
    only = enterprises(("", ""), ("", "7"), signatures={1: "88"})
    assert owner_by_number("1069000088", "10690000", only) == 1


SHARED, DEDICATED = "10690000", "10691234"


@pytest.mark.parametrize(
    ("number", "channel", "owner"),
    [
        # 1 and 2 share the number and have codes; 3 has none but a signature's; 4 owns a number
        # with a code behind it; 5 has a number of its own only; 6 has nothing.
        (SHARED + "01", SHARED, 1),
        (SHARED + "0199", SHARED, 1),  # a task's free digits
        (SHARED + "02", SHARED, 2),
        (SHARED + "0205", SHARED, 2),  # its signature's
        (SHARED + "020577", SHARED, 2),  # and a task's behind them
        (SHARED + "0277", SHARED, 2),
        (SHARED + "55", SHARED, 3),
        (SHARED + "5501", SHARED, 3),  # 01 behind it is no code of 1
        (SHARED + "05", SHARED, None),  # a signature's digits without its enterprise's
        (SHARED + "0", SHARED, None),
        (SHARED + "77", SHARED, None),
        (SHARED, SHARED, None),
        (DEDICATED, DEDICATED, 4),
        (DEDICATED + "88", DEDICATED, 4),
        (DEDICATED + "8801", DEDICATED, 4),
        (DEDICATED + "01", DEDICATED, 1),  # of two, who has the longer match
        (SHARED + "88", SHARED, 4),  # its code behind a channel that it shares
        ("10695678", "10695678", 5),
        ("1069567812", "10695678", 5),
        ("1069567812", SHARED, 5),  # by whatever channel it came
        ("95555", SHARED, None),
    ],
)
def test_replies_to_numbers_of_every_shape_find_their_owner(number, channel, owner) -> None:
    known = enterprises(
        (SHARED, "01"), (SHARED, "02"), ("", ""), (DEDICATED, "88"), ("10695678", ""), ("", ""),
        signatures={2: "05", 3: "55"},
    )  # fmt: skip
    assert owner_by_number(number, channel, known) == owner


def test_a_number_that_is_not_the_channels_has_no_extension() -> None:
    assert owner_by_number("77", "", enterprises(("", "77"))) is None
    assert extension_of("1069000077", "10690000") == "77"
    assert extension_of("77", "") == ""


def test_a_number_that_two_could_own_is_nobodys() -> None:
    assert owner_by_number("1069000077", "10690000", enterprises(("", "77"), ("", "77"))) is None


@pytest.mark.parametrize(
    ("destination", "own", "number"),
    [
        ("1069000077", SHARED, "1069000077"),
        ("861069000077", SHARED, "1069000077"),
        ("+861069000077", SHARED, "1069000077"),
        ("00861069000077", SHARED, "1069000077"),
        ("8610691234", SHARED, "10691234"),  # an enterprise's own number
        ("8695555", "", "95555"),
        ("861069000077", "8610690000", "861069000077"),  # as the operator entered it
        ("8600", SHARED, "8600"),
        ("106986", "1069", "106986"),
        ("1" * 3_000, "", "1" * 255),
        ("", SHARED, ""),
    ],
)
def test_the_number_replied_to_loses_the_countrys_code(destination, own, number) -> None:
    inbound = Inbound(None, 9)  # type: ignore[arg-type]
    own_channel = Channel(id=1, name="", host="", port=1, system_id="", access_number=own)
    event = InboundArrived(1, "+8613800000001", destination, b"R", Alphabet.ASCII)
    reply = inbound.reply(own_channel, event)
    assert (reply.access_number, reply.phone) == (number, "13800000001")


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


async def test_who_wrote_from_the_very_number_owns_the_reply(stage: Stage, store: Store) -> None:
    """Another's digits may begin as a task's extension does."""
    world = stage.world
    asks, digits = world.enterprise(), world.enterprise(extension_code="88")
    directory = Directory(store, stage.config)
    await directory.start()
    inbound = Inbound(directory, 9)
    floor = message_id_floor(datetime.now(UTC))
    for at, (enterprise_id, extension) in enumerate(((asks, "8812"), (digits, "88"))):
        world.insert(
            "message", enterprise_id=enterprise_id, id=floor + at, phone=phone(1),
            carrier="mobile", kind="text", traffic="notice", source="api", signature_id=1,
            template_id=1, package_id=1, extension=extension, text="您好", segments=1,
        )  # fmt: skip

    async def owner(number: str, of: str = phone(1)) -> int:
        data = "好".encode("utf-16-be")
        reply = Reply(inbound._ids.next(), 1, "10690000", of, number, data, Alphabet.UCS2, None)
        async with store.transaction() as tx:
            await inbound.store(tx, [reply])
        found: int = world.one("SELECT enterprise_id FROM inbound_message WHERE id = %s", reply.id)
        return found

    assert await owner("106900008812") == asks
    assert await owner("1069000088") == digits
    assert await owner("106900008813") == digits
    assert await owner("106900008812", phone(2)) == digits
    assert await owner("10690000") == digits, "who wrote last"


async def test_two_engines_with_a_part_each_make_one_reply(stage: Stage, store: Store) -> None:
    directory = Directory(store, stage.config)
    await directory.start()
    one, two = Inbound(directory, 8), Inbound(directory, 9)

    def part(inbound: Inbound, number: int, text: str) -> Reply:
        data = text.encode("utf-16-be")
        where = Part(reference=5, total=2, number=number)
        id = inbound._ids.next()
        return Reply(id, 1, "10690000", phone(1), "1069000077", data, Alphabet.UCS2, where)

    async def second() -> None:
        async with store.transaction() as tx:
            await two.store(tx, [part(two, 2, "二")])

    async with store.transaction() as tx:
        await one.store(tx, [part(one, 1, "一")])
        other = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        assert not other.done(), "it waits, as it does not see the first part yet"
    await other
    assert stage.world.one("SELECT text FROM inbound_message") == "一二"


async def test_replies_lock_their_campaigns_in_one_order(stage: Stage, store: Store) -> None:
    """Settling and other engines do, too: none of them waits for another in a circle."""
    world = stage.world
    directory = Directory(store, stage.config)
    await directory.start()
    inbound = Inbound(directory, 9)
    campaigns = [world.campaign(stage.enterprise_id, stage.template_id, 1) for _ in range(2)]
    floor = message_id_floor(datetime.now(UTC))
    for at, campaign_id in enumerate(campaigns):
        async with store.transaction() as tx:
            keys = {"campaign_id": campaign_id, "enterprise_id": stage.enterprise_id}
            await tx.execute("begin_progress", keys)
        world.insert(
            "message", enterprise_id=stage.enterprise_id, id=floor + at, phone=phone(at),
            carrier="mobile", kind="text", traffic="notice", source="portal", signature_id=1,
            template_id=1, package_id=1, text="您好", segments=1, campaign_id=campaign_id,
        )  # fmt: skip

    async def tell() -> None:
        async with store.transaction() as tx:
            await inbound.store(tx, [reply(phone(1)), reply(phone(0))])

    def reply(of: str) -> Reply:
        data = "好".encode("utf-16-be")
        return Reply(
            inbound._ids.next(), 1, "10690000", of, "1069000077", data, Alphabet.UCS2, None
        )

    lock = "SELECT FROM campaign_progress WHERE campaign_id = %s FOR UPDATE"
    async with await psycopg.AsyncConnection.connect(stage.config.database_url) as other:
        await other.execute(lock, [campaigns[0]])
        telling = asyncio.create_task(tell())
        waits = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        await until(lambda: world.one(waits))
        await other.execute(f"{lock} NOWAIT", [campaigns[1]])
    await telling
    assert [world.progress(campaign_id)["replies"] for campaign_id in campaigns] == [1, 1]


async def test_a_reply_that_the_carrier_delivers_again_is_stored_once(
    stage: Stage, store: Store
) -> None:
    """Its acknowledgement may get lost with the connection; parts may come after the whole."""
    directory = Directory(store, stage.config)
    await directory.start()
    one, two = Inbound(directory, 8), Inbound(directory, 9)
    mine, other = (
        Channel(id=id, name="", host="", port=1, system_id="", access_number="10690000")
        for id in (1, 2)
    )

    def said(text: str, id: str = "b2b9da8000010002", part: Part | None = None) -> InboundArrived:
        data = text.encode("utf-16-be")
        return InboundArrived(1, phone(1), "1069000077", data, Alphabet.UCS2, part, id)

    async def hear(inbound: Inbound, *events: InboundArrived, of: Channel = mine) -> None:
        async with store.transaction() as tx:
            await inbound.store(tx, [inbound.reply(of, event) for event in events])

    def texts() -> list[str]:
        rows = stage.world.rows("SELECT text FROM inbound_message ORDER BY id")
        stage.world.do("DELETE FROM inbound_message")
        return sorted(text for (text,) in rows)

    await hear(one, said("TD"), said("TD"))
    await hear(two, said("TD"))
    assert texts() == ["TD"]
    await hear(
        two, said("TD", id="b2b9da8000010003"), said("N"), said("R", id=""), said("R", id="")
    )
    await hear(one, said("TD"), of=other)
    assert texts() == ["N", "R", "R", "TD", "TD"], "another id, text or channel, or no id at all"
    halves = [said(text, "1", Part(5, 2, n)) for n, text in enumerate("一二", 1)]
    await hear(one, *halves)
    await hear(two, halves[1])
    assert texts() == ["一二"]
    assert stage.world.one("SELECT count(*) FROM inbound_part") == 0
    with suppress(ZeroDivisionError):
        async with store.transaction() as tx:
            await one.store(tx, [one.reply(mine, said("later"))])
            raise ZeroDivisionError
    await hear(one, said("later"))
    assert texts() == ["later"], "what was not stored is not known"
    stage.world.do("UPDATE inbound_seen SET received_at = received_at - interval '4 days'")
    await one.sweep(store)
    assert stage.world.one("SELECT count(*) FROM inbound_seen") == 0


async def test_a_reply_whose_part_never_comes_is_stored_with_a_gap(stage: Stage) -> None:
    stage.world.do("UPDATE accounts_enterprise SET extension_code = '77'")
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    channel_id = channel(stage.world, stage.config, 1, wish="stop")
    async with Engine(stage.config) as engine:
        for number, text in ((1, "一"), (3, "三")):
            stage.world.do(
                "INSERT INTO inbound_part VALUES (%s, %s, '1069000077', 5, 3, %s, 'ucs2', %s, %s)",
                *(channel_id, phone(1), number, text.encode("utf-16-be"), hour_ago),
            )
        await engine.inbound.sweep(engine.store)
    assert stage.world.rows("SELECT text, enterprise_id FROM inbound_message") == [
        ("一…三", stage.enterprise_id)
    ]
