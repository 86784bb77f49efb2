"""The store on a real PostgreSQL: transactions, lost connections, hints."""

import asyncio
import re

import psycopg
import pytest

from yunxin.config import Config
from yunxin.engine.store import (
    Backoff,
    FunctionRefused,
    Listener,
    Store,
    StoreUnavailable,
    _connection_options,
    run_forever,
)


def kill_all(url: str) -> None:
    """End every other connection to the database, as its restart would."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_a_query_is_run_by_its_name(store):
    ((now,),) = await store.fetch("ping")
    assert now.utcoffset().total_seconds() == 0


async def test_connections_keep_the_planner_from_reading_whole_tables(store):
    connection = await store.connect()
    try:
        for name, value in (("enable_hashjoin", "off"), ("plan_cache_mode", "force_generic_plan")):
            cursor = await connection.execute(f"SHOW {name}")
            assert await cursor.fetchone() == (value,)
    finally:
        await connection.close()


def test_a_machine_that_vanished_is_noticed_within_seconds():
    """By itself a connection over TCP would wait a quarter of an hour, a server two hours."""
    options = _connection_options("postgresql://db/yunxin?tcp_user_timeout=5000")
    assert "tcp_user_timeout" not in options, "what the URL says goes before"
    assert options["keepalives_idle"] < 10
    assert "-c tcp_keepalives_idle=6 -c tcp_keepalives_interval=3" in options["options"]


async def test_an_exception_rolls_the_transaction_back(store, database):
    with pytest.raises(RuntimeError):
        async with store.transaction() as tx:
            await tx._connection.execute("CREATE TABLE half_done ()")
            raise RuntimeError
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('half_done')").fetchone() == (None,)


async def test_killed_connections_are_one_exception_and_the_next_query_works(store, database):
    await store.fetch("ping")
    kill_all(database)
    with pytest.raises(StoreUnavailable):
        await store.fetch("ping")
    assert await store.fetch("ping")


async def test_a_connection_killed_within_a_transaction_is_the_same_exception(store, database):
    with pytest.raises(StoreUnavailable):
        async with store.transaction() as tx:
            await tx.fetch("ping")
            kill_all(database)
            await tx.fetch("ping")
    assert await store.fetch("ping")


async def test_a_word_of_our_functions_is_an_exception_and_all_is_undone(
    config, database, tmp_path
):
    raising = (
        "DO $$ BEGIN CREATE TABLE half_done ();"
        " RAISE EXCEPTION 'too_many' USING ERRCODE = '{}'; END $$"
    )
    (tmp_path / "own.sql").write_text(
        f"-- name: say_word\n-- Refuses.\n{raising.format('YX004')}\n\n"
        f"-- name: fail\n-- Fails.\n{raising.format('P0001')}\n"
    )
    async with Store(config, more_queries=(tmp_path,)) as store:
        with pytest.raises(FunctionRefused) as refused:
            async with store.transaction() as tx:
                await tx.execute("say_word")
        assert (refused.value.state, refused.value.word) == ("YX004", "too_many")
        with pytest.raises(psycopg.errors.RaiseException):
            await store.execute("fail")
        assert await store.fetch("ping")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('half_done')").fetchone() == (None,)


async def test_a_database_that_is_not_there_is_said_at_once(short_folder, monkeypatch):
    monkeypatch.setattr("yunxin.engine.store.CONNECT_TIMEOUT_S", 1)
    store = Store(Config(database_url=f"postgresql:///none?host={short_folder}/nowhere"))
    with pytest.raises(StoreUnavailable):
        await store.open()


async def test_a_plan_made_for_an_empty_table_is_not_kept(store, world):
    connection = await store.connect()
    floors = {"minute_floor": 0, "hour_floor": 0, "day_floor": 0}
    asked = {"enterprise_ids": [1], "phones": ["13800000001"], "traffics": ["notice"], **floors}
    await store.fetch_on(connection, "count_recent", asked)
    world.do(
        "INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source,"
        " signature_id, template_id, package_id, text, segments)"
        " SELECT 1, ((extract(epoch FROM now() - '2024-01-01 00:00+00') * 1000)::bigint << 22) + n,"
        " '138' || lpad(n::text, 8, '0'), 'mobile', 'text', 'notice', 'portal', 1, 1, 1, 'x', 1"
        " FROM generate_series(1, 5000) n"
    )
    connection.plans_made_at -= 1
    await store.fetch_on(connection, "count_recent", asked)
    cursor = await connection.execute(
        "SELECT name FROM pg_prepared_statements"
        " WHERE statement LIKE 'SELECT x.enterprise_id, x.phone, x.traffic%'"
    )
    ((name,),) = await cursor.fetchall()
    cursor = await connection.execute(
        f"EXPLAIN EXECUTE {name}(0, 0, '{{1}}', '{{13800000001}}', '{{notice}}', 0)"
    )
    plan = "\n".join(line for (line,) in await cursor.fetchall())
    await connection.close()
    used = re.findall(r"using message_\d+_(\w+)_idx on", plan)
    assert "enterprise_id_phone_id" in used


async def test_plans_are_made_anew_ever_seldomer_and_often_again_after_midnight(store):
    connection = await store.connect()
    noon = 1_790_000_000.0 // 86400 * 86400 + 4 * 3600  # in Shanghai
    made = []
    for second in range(0, 3600):
        before = connection.plans_made_at
        await connection.replan_if_due(noon + second)
        if connection.plans_made_at != before:
            made.append(second)
    assert made[:6] == [0, 1, 2, 4, 8, 16]
    assert made[-1] - made[-2] == 120
    await connection.replan_if_due(noon + 13 * 3600)
    assert connection.replan_after_s == 0.5
    await connection.close()


async def test_a_listener_hears_and_listens_again_after_a_lost_connection(store, database):
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = Listener(store)
    listener.on("queue", heard.put_nowait)
    task = asyncio.create_task(listener.run())
    try:
        assert await asyncio.wait_for(heard.get(), 10) == ""
        _notify(database, "one")
        assert await asyncio.wait_for(heard.get(), 10) == "one"
        kill_all(database)
        assert await asyncio.wait_for(heard.get(), 10) == ""
        _notify(database, "two")
        assert await asyncio.wait_for(heard.get(), 10) == "two"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _notify(url: str, payload: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_notify('queue', %s)", (payload,))


async def test_a_loop_goes_on_after_anything(monkeypatch):
    calls: list[int] = []
    done = asyncio.Event()

    async def once() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise StoreUnavailable("gone")
        if len(calls) == 2:
            raise KeyError("a mistake")
        done.set()

    monkeypatch.setattr(Backoff, "next_s", lambda self: 0.0)
    task = asyncio.create_task(run_forever("test", once, pause_s=60))
    await asyncio.wait_for(done.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(calls) == 3


def test_back_off_grows_to_a_bound_and_begins_anew():
    backoff = Backoff(first_s=1, longest_s=4)
    waits = [backoff.next_s() for _ in range(6)]
    assert all(0.5 <= w <= 4 for w in waits)
    assert waits[5] >= 2
    backoff.reset()
    assert backoff.next_s() <= 1
