"""Channels of provinces: from the table of places to the phone, with a real queue and real TCP."""

import msgspec

from tests.engine.sending import FAST, Stage, any_hour, carrier, channel, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.directory import Directory
from yunxin.engine.service import Engine
from yunxin.text.places import pack

HAINAN, GANSU, NOWHERE = "13800000100", "13811110100", "13822220100"


def places(world: World, *rows: tuple[str, str, str]) -> None:
    """The table of places as its room would leave it."""
    world.do(
        "INSERT INTO carriers_placetable (id, version, cells, rows, is_made_up, changed_at)"
        " VALUES (1, 1, %s, %s, false, now()) ON CONFLICT (id) DO UPDATE"
        " SET version = carriers_placetable.version + 1, cells = excluded.cells",
        pack(rows),
        len(rows),
    )
    world.do("NOTIFY directory")


TABLE = (("1380000", "hainan", ""), ("1381111", "gansu", "telecom"))


async def test_a_snapshot_follows_the_table_and_the_channels(store, config, world) -> None:
    directory = Directory(store, config)
    await directory.start()
    assert not directory.snapshot.places
    places(world, *TABLE)
    await directory.refresh()
    assert directory.snapshot.province_of(HAINAN) == ""  # no channel asks
    channel(world, config, 1, provinces='["hainan"]', wish="stop")
    await directory.refresh()
    snapshot = directory.snapshot
    assert snapshot.provinces_asked == {"hainan"}
    assert (snapshot.province_of(HAINAN), snapshot.province_of(GANSU)) == ("hainan", "")
    kept = snapshot.places
    world.enterprise()
    await directory.refresh()
    assert directory.snapshot.places is kept  # the bytes are read when their version changed only
    world.do("UPDATE carriers_placetable SET version = version + 1, cells = 'x'")
    await directory.refresh()
    assert not directory.snapshot.places  # what cannot be read is as if it were not there


async def test_messages_are_queued_with_the_province_that_a_channel_asks_for(
    make_acceptor, config, world
) -> None:
    places(world, *TABLE)
    channel(world, config, 1, provinces='["hainan"]')
    stage = Stage(world, any_hour(config))
    acceptor = await make_acceptor()
    await acceptor.accept([stage.request(number) for number in (HAINAN, GANSU, NOWHERE)])
    assert world.rows("SELECT carrier, province FROM message_queue ORDER BY message_id") == [
        ("mobile", "hainan"),
        ("telecom", ""),  # the carrier that seven digits name goes before three digits
        ("mobile", ""),
    ]


async def test_each_message_goes_by_a_channel_of_its_province(world: World, config: Config) -> None:
    places(world, *TABLE)
    stage = Stage(world, any_hour(config))
    async with carrier() as one, carrier() as other:
        south = channel(world, stage.config, one.port, provinces='["hainan"]')
        whole = channel(world, stage.config, other.port)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, HAINAN, GANSU, NOWHERE)
            await stage.done()
    went = dict(world.rows("SELECT phone, channel_id FROM message"))
    assert went == {HAINAN: south, GANSU: whole, NOWHERE: whole}


async def test_a_province_that_its_channel_refuses_goes_by_one_for_all(
    world: World, config: Config
) -> None:
    places(world, *TABLE)
    stage = Stage(world, any_hour(config))
    refused = "13800000017"  # refused for good by the first carrier, who reads its last digits
    async with carrier() as smsc, carrier(msgspec.structs.replace(FAST, magic=False)) as other:
        south = channel(world, stage.config, smsc.port, provinces='["hainan"]')
        whole = channel(world, stage.config, other.port)
        async with Engine(stage.config) as engine:
            await until(lambda: stage.bound() == 2)
            await stage.send(engine, refused)
            await stage.done()
    assert world.rows("SELECT state, channel_id FROM message") == [("delivered", whole)]
    assert world.one("SELECT channel_id FROM message_event WHERE kind = 'retry'") == south


async def test_what_waits_without_a_province_is_looked_up_when_only_provinces_are_served(
    world: World, config: Config
) -> None:
    stage = Stage(world, any_hour(config))
    async with carrier() as smsc, Engine(stage.config) as engine:
        await stage.send(engine, HAINAN, NOWHERE, *(phone(n) for n in range(200, 230)))
        assert world.one("SELECT count(*) FROM message_queue WHERE province = ''") == 32
        places(world, *TABLE)
        channel(world, stage.config, smsc.port, provinces='["hainan"]')
        await until(lambda: stage.pending() == 1)
    # The one of which nobody knows where it is from waits for a channel that serves all.
    assert world.rows(
        "SELECT m.phone FROM message_queue q JOIN message m ON m.id = q.message_id"
    ) == [(NOWHERE,)]
