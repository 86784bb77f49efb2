"""Logging in as a channel because somebody asks: every answer that a carrier, or none, can give."""

import asyncio
import socket
from typing import Any

import msgspec
import pytest

from tests.engine.sending import FAST, Spoken, Stage, any_hour, carrier, channel, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine import tries
from yunxin.engine.accounts.choose import Accounts
from yunxin.engine.channel import Channel
from yunxin.engine.service import Engine
from yunxin.engine.tries import Tried, log_in
from yunxin.sealing import seal
from yunxin.vocabulary import CarrierProtocol, TryOutcome

SECRET = "for tests " * 5


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


def wish(stage: Stage, channel_id: int) -> int:
    """The row that the page makes."""
    made = stage.world.rows(
        "INSERT INTO carriers_channeltry (channel_id, created_at, sessions_bound, outcome, status,"
        " detail) VALUES (%s, now(), 0, '', '', '') RETURNING id",
        channel_id,
    )
    stage.world.do("NOTIFY channels")
    return int(made[0][0])


async def answer(stage: Stage, try_id: int) -> tuple[Any, ...]:
    """What the engine wrote: outcome, status, and whether there are milliseconds."""
    query = (
        "SELECT outcome, status, connect_ms >= 0, login_ms >= 0 FROM carriers_channeltry"
        " WHERE finished_at IS NOT NULL AND taken_at IS NOT NULL AND id = %s"
    )
    await until(lambda: stage.world.rows(query, try_id))
    return stage.world.rows(query, try_id)[0]


def account_of(**values: Any) -> Any:
    fields = {"id": 1, "name": "", "host": "127.0.0.1", "port": 1, "system_id": "yunxin"}
    return Accounts(SECRET).account_of(Channel(**(fields | values)), "secret")


@pytest.mark.parametrize("protocol", ["cmpp", "sgip", "smgp"])
async def test_a_stopped_channel_logs_in_and_stays_stopped(stage: Stage, protocol: str) -> None:
    spoken = Spoken(protocol, "" if protocol == "sgip" else "3.0")
    async with spoken.carrier() as smsc:
        channel_id = spoken.channel(stage, smsc, wish="stop")
        wrong_id = spoken.channel(
            stage, smsc, wish="stop", password_sealed=seal(stage.config.secret_key, "wrong")
        )
        async with Engine(stage.config):
            assert await answer(stage, wish(stage, channel_id)) == ("bound", "", True, True)
            outcome, status, *_ = await answer(stage, wish(stage, wrong_id))
        await until(lambda: not smsc.counts()["sessions"])
    refusals = {"cmpp": "AUTHENTICATION", "sgip": "ILLEGAL_LOGIN", "smgp": "AUTHENTICATION"}
    assert (outcome, status) == ("refused", refusals[protocol])
    assert stage.world.rows("SELECT FROM channel_state") == []


async def test_a_running_channel_is_left_alone(stage: Stage) -> None:
    """What the carrier delivers on the connection of the try comes again on the channel's own."""
    slow = msgspec.structs.replace(FAST, receipt_delay_s=0.2, receipt_jitter_s=0.5)
    async with carrier(slow) as smsc:
        channel_id = channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 201)])
            await until(lambda: smsc.counts()["receipts_acknowledged"] > 20)
            for _ in range(5):
                assert (await answer(stage, wish(stage, channel_id)))[0] == "bound"
            await stage.done()
            await until(lambda: stage.bound() == 1)
    assert smsc.counts()["binds"] == 6
    assert stage.states() == {"delivered": 200}
    assert stage.events() == []


async def test_receipts_that_the_carrier_hurries_to_deliver_come_again(stage: Stage) -> None:
    late = msgspec.structs.replace(FAST, receipt_delay_s=1.0)
    async with carrier(late) as smsc:
        channel_id = channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            await stage.send(engine, *[phone(n * 100) for n in range(1, 31)])
            await until(lambda: not stage.world.one("SELECT count(*) FROM message_queue"))
            stage.world.do("UPDATE carriers_channel SET wish = 'stop'")
            await until(lambda: smsc.counts()["deliveries_queued"] == 30)
            assert (await answer(stage, wish(stage, channel_id)))[0] == "bound"
            await until(lambda: not smsc.counts()["sessions"])
            assert smsc.counts()["receipts_acknowledged"] == 0
            stage.world.do("UPDATE carriers_channel SET wish = 'run'")
            await stage.done(30)
    assert stage.states() == {"delivered": 30}


async def test_both_sessions_of_a_pair_are_tried(stage: Stage) -> None:
    async with carrier() as smsc:
        channel_id = channel(stage.world, stage.config, smsc.port, wish="stop", bind_mode="pair")
        async with Engine(stage.config):
            assert (await answer(stage, wish(stage, channel_id)))[0] == "bound"
    assert smsc.counts()["binds"] == 2


async def test_a_password_of_another_key_is_lost(stage: Stage) -> None:
    sealed = seal("another key " * 5, "secret")
    channel_id = channel(stage.world, stage.config, 1, wish="stop", password_sealed=sealed)
    async with Engine(stage.config):
        assert (await answer(stage, wish(stage, channel_id)))[0] == "password_lost"


async def test_an_old_wish_surprises_nobody(stage: Stage) -> None:
    async with carrier() as smsc:
        channel_id = channel(stage.world, stage.config, smsc.port, wish="stop")
        old = wish(stage, channel_id)
        stage.world.do("UPDATE carriers_channeltry SET created_at = now() - interval '2 minutes'")
        async with Engine(stage.config):
            await answer(stage, wish(stage, channel_id))
    assert smsc.counts()["binds"] == 1
    taken = "SELECT taken_at FROM carriers_channeltry WHERE id = %s"
    assert stage.world.one(taken, old) is None


async def test_settings_that_make_no_account() -> None:
    tried = await log_in(account_of(protocol=CarrierProtocol.SGIP))
    assert (tried.outcome, "node" in tried.detail) == (TryOutcome.SETTINGS, True)
    async with carrier() as smsc:
        name = "yunxinyunxin"
        too_long = account_of(protocol=CarrierProtocol.CMPP, system_id=name, port=smsc.port)
        assert (await log_in(too_long)).outcome is TryOutcome.SETTINGS


async def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        tried = await log_in(account_of(port=probe.getsockname()[1]))
    assert tried.outcome is TryOutcome.CONNECT


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (socket.gaierror(-2, "Name or service not known"), TryOutcome.NOT_FOUND),
        (UnicodeError("label too long"), TryOutcome.NOT_FOUND),
        (TimeoutError(), TryOutcome.CONNECT_TIMEOUT),
        (OSError(113, "No route to host"), TryOutcome.CONNECT),
    ],
)
async def test_what_the_network_says_before_there_is_a_connection(
    monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: TryOutcome
) -> None:
    async def connect(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(tries, "connect", connect)
    assert (await log_in(account_of())).outcome is outcome


async def tried_at(answer_with: bytes | None, step_s: float = 5.0) -> Tried:
    """Log in at somebody who says these bytes and closes; None: who says nothing."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        if answer_with is None:
            await reader.read(100)  # until we give up
        else:
            writer.write(answer_with)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        return await log_in(account_of(port=server.sockets[0].getsockname()[1]), step_s)


async def test_somebody_who_says_nothing() -> None:
    tried = await tried_at(None, step_s=0.2)
    assert tried.outcome is TryOutcome.LOGIN_TIMEOUT
    assert tried.connect_ms is not None and tried.login_ms is not None


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_somebody_who_closes_or_speaks_something_else(said: bytes) -> None:
    assert (await tried_at(said)).outcome is TryOutcome.BROKEN_OFF
