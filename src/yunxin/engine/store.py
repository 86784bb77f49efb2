"""The only door to the database: a pool of connections, and every query by its name.

The SQL lies in queries/*.sql, a file for each part that uses it. A query is written as

    -- name: claim_messages
    -- One sentence that says what it does.
    UPDATE … WHERE enterprise_id = %(enterprise_id)s …

and run with `await store.fetch("claim_messages", {"enterprise_id": 7})`, by itself or, with the
same words, inside `async with store.transaction() as tx`. Whatever makes a query fail that may
work when tried again is one exception, `StoreUnavailable`: a part's top loop catches it, waits
with `Backoff`, and goes on.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import random
from typing import Any

import psycopg
import structlog
from psycopg import errors
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from yunxin.config import Config

log = structlog.get_logger()

Row = tuple[Any, ...]
Params = Mapping[str, Any]


class Connection(psycopg.AsyncConnection[Row]):
    """A connection that remembers when its plans are to be made anew."""

    plans_made_at = 0.0
    replan_after_s = 0.0

    async def replan_if_due(self, now: float) -> None:
        """Forget the plans of all prepared queries, soon after connecting and then ever seldomer.

        A plan is made for the size that tables have at that moment, and is kept. One made while a
        table was empty takes any index for as good as another, and ruins everything once there
        are rows; autovacuum would mend it only a minute later. Every midnight the plans begin
        anew, as new partitions do.
        """
        midnights = int(now + _SHANGHAI_AHEAD_S) // _DAY_S
        if midnights != int(self.plans_made_at + _SHANGHAI_AHEAD_S) // _DAY_S:
            self.replan_after_s = REPLAN_FIRST_S
        elif now - self.plans_made_at < self.replan_after_s:
            return
        else:
            self.replan_after_s = min(self.replan_after_s * 2, REPLAN_LAST_S)
        self.plans_made_at = now
        await self.execute("DISCARD PLANS")


QUERIES = Path(__file__).parent / "queries"
POOL_SIZE = 8  # as many as parts that write at the same time; each holds one for a moment
CONNECT_TIMEOUT_S = 5
REPLAN_FIRST_S = 0.5  # planning all queries costs about 20 ms
REPLAN_LAST_S = 120.0
FUNCTION_STATES = "YX"  # SQLSTATEs that our functions raise; PostgreSQL leaves the class free
_SHANGHAI_AHEAD_S = 8 * 3600
_DAY_S = 24 * 3600
PREPARED_MAX = 300  # more than there are queries, so that none is prepared twice

# Every query of the engine finds its rows by an index, driven by arrays of ids or by a limit. The
# planner does not know how long an array will be, and on a table that is not analysed yet it
# expects a row of everything; these settings keep it from reading whole tables for the sake of a
# join whose size it guessed. docs/hot-queries.md shows the plans and says how to write queries.
SESSION_SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_material": "off",
    "jit": "off",
    "TimeZone": "UTC",
    "application_name": "yunxin-engine",
    "idle_in_transaction_session_timeout": "60s",
    # A machine that vanished says no good-bye: after these 15 seconds its lock is free, by which
    # others know that an engine is dead. By itself PostgreSQL would wait for hours.
    "tcp_keepalives_idle": "6",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15s",
}

# The same the other way round: a database's machine that vanished, and another has its address.
PATIENCE = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives_idle": 6,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}

# What PostgreSQL says when it gave up on a transaction that may well succeed the next time.
_GAVE_UP = (
    psycopg.OperationalError,  # the connection is gone; also deadlocks, shutdowns, time-outs
    psycopg.InternalError,  # also a database that was made read-only, as its disk is full
    psycopg.InterfaceError,
    PoolTimeout,
    PoolClosed,
)
# Of these, what says nothing about other connections.
_NOT_OF_CONNECTIONS = (
    PoolTimeout,
    PoolClosed,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.QueryCanceled,
)


class StoreUnavailable(Exception):
    """The database cannot be reached, or it gave the transaction up; it may be tried again."""


class FunctionRefused(Exception):
    """A function of the database's refused, with a state and a word of our own; all is undone."""

    def __init__(self, state: str, word: str) -> None:
        """Args: state: five signs that begin with `FUNCTION_STATES`. word: what is wrong."""
        super().__init__(f"{state} {word}")
        self.state = state
        self.word = word


class QueriesBroken(Exception):
    """A file of queries is not written as it should be."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query with its name and the sentence that says what it does."""

    name: str
    sentence: str
    sql: str


_HEAD = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_SENTENCE = re.compile(r"(?:-- .*\n)+")


def read_queries(text: str) -> dict[str, Query]:
    """The queries of one file, by name.

    Raises:
        QueriesBroken: a query without a sentence, without SQL, or with the name of another.
    """
    _, *pieces = _HEAD.split(text)
    queries: dict[str, Query] = {}
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        sentence = _SENTENCE.match(body)
        sql = body[sentence.end() :].strip().removesuffix(";") if sentence else ""
        if sentence is None or not sql or name in queries:
            raise QueriesBroken(f"{name}: has no sentence, no SQL, or its name is taken")
        lines = sentence.group().splitlines()
        queries[name] = Query(name, " ".join(line[3:].strip() for line in lines), sql)
    return queries


def load_queries(*folders: Path) -> dict[str, Query]:
    """The queries of all files of these folders, by name, which is unique among them all.

    Without a folder: those of the engine.
    """
    queries: dict[str, Query] = {}
    for file in (file for folder in folders or (QUERIES,) for file in sorted(folder.glob("*.sql"))):
        for name, query in read_queries(file.read_text(encoding="utf-8")).items():
            if name in queries:
                raise QueriesBroken(f"{name}: stands in two files, one of them {file.name}")
            queries[name] = query
    return queries


class Transaction:
    """What may be done within one transaction; made by `Store.transaction`."""

    __slots__ = ("_connection", "_queries")

    def __init__(self, connection: Connection, queries: Mapping[str, Query]) -> None:
        self._connection = connection
        self._queries = queries

    async def fetch(self, name: str, params: Params | None = None) -> list[Row]:
        """The rows that the query returns."""
        cursor = await self._run(name, params)
        return await cursor.fetchall()

    async def fetch_one(self, name: str, params: Params | None = None) -> Row | None:
        """The first row that the query returns, or None."""
        cursor = await self._run(name, params)
        return await cursor.fetchone()

    async def execute(self, name: str, params: Params | None = None) -> int:
        """Run the query; how many rows it touched."""
        return (await self._run(name, params)).rowcount

    async def copy(self, name: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write many rows by a `COPY … FROM STDIN (FORMAT binary)`.

        Args:
            types: the columns' types in order; binary COPY converts nothing.
        """
        async with (
            self._connection.cursor() as cursor,
            cursor.copy(self._queries[name].sql) as copy,
        ):
            copy.set_types(types)
            for row in rows:
                await copy.write_row(row)

    async def _run(self, name: str, params: Params | None) -> psycopg.AsyncCursor[Row]:
        sql = self._queries[name].sql
        try:
            return await self._connection.execute(sql, params, prepare=True, binary=True)
        except psycopg.DatabaseError as error:
            state = error.sqlstate or ""
            if state.startswith(FUNCTION_STATES):
                raise FunctionRefused(state, error.diag.message_primary or "") from error
            raise


class Store:
    """A pool of connections to the one database of a deployment, and its queries."""

    def __init__(
        self, config: Config, *, size: int = POOL_SIZE, more_queries: Sequence[Path] = ()
    ) -> None:
        """Args: more_queries: folders of queries beside the engine's own."""
        self._url = config.database_url
        self._queries = load_queries(QUERIES, *more_queries)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            self._url,
            connection_class=Connection,
            kwargs=_connection_options(self._url),
            min_size=min(2, size),
            max_size=size,
            timeout=CONNECT_TIMEOUT_S,
            reconnect_timeout=2,  # then the next who asks makes it try again at once
            configure=_configure,
            open=False,
            name="engine",
        )

    async def open(self) -> None:
        """Begin to connect.

        Raises:
            StoreUnavailable: the database does not answer; the pool is closed again.
        """
        try:
            await self._pool.open(wait=True, timeout=CONNECT_TIMEOUT_S)
        except _GAVE_UP as error:
            await self._pool.close()
            raise StoreUnavailable(str(error)) from error

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    async def __aenter__(self) -> "Store":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed at the end of the block, rolled back by any exception.

        Raises:
            StoreUnavailable: nothing is known of the commit if it is raised at the block's end;
                before that nothing was written.
        """
        async with self._connection() as connection, connection.transaction():
            yield Transaction(connection, self._queries)

    async def fetch(self, name: str, params: Params | None = None) -> list[Row]:
        """The rows that the query returns, in a transaction of its own."""
        async with self._connection() as connection:
            return await Transaction(connection, self._queries).fetch(name, params)

    async def fetch_one(self, name: str, params: Params | None = None) -> Row | None:
        """The first row that the query returns, or None, in a transaction of its own."""
        async with self._connection() as connection:
            return await Transaction(connection, self._queries).fetch_one(name, params)

    async def execute(self, name: str, params: Params | None = None) -> int:
        """Run the query in a transaction of its own; how many rows it touched."""
        async with self._connection() as connection:
            return await Transaction(connection, self._queries).execute(name, params)

    async def connect(self) -> Connection:
        """A connection outside the pool, for a session's lock or for listening; the caller's to
        close.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        try:
            connection = await Connection.connect(self._url, **_connection_options(self._url))
        except _GAVE_UP as error:
            raise StoreUnavailable(str(error)) from error
        await _configure(connection)
        return connection

    async def fetch_on(
        self, connection: Connection, name: str, params: Params | None = None
    ) -> list[Row]:
        """The rows that the query returns, on a connection of the caller's own.

        Raises:
            StoreUnavailable: the connection is lost.
        """
        try:
            await connection.replan_if_due(time.time())
            return await Transaction(connection, self._queries).fetch(name, params)
        except _GAVE_UP as error:
            raise StoreUnavailable(str(error).strip()) from error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                await connection.replan_if_due(time.time())
                yield connection
        except _GAVE_UP as error:
            await self._drop_dead_connections(error)
            raise StoreUnavailable(str(error).strip()) from error

    async def _drop_dead_connections(self, error: Exception) -> None:
        """After one connection broke the others most likely are broken too: find out now."""
        if isinstance(error, _NOT_OF_CONNECTIONS):
            return
        try:
            await self._pool.check()
        except _GAVE_UP:
            log.debug("store.check_failed")


def _connection_options(url: str) -> dict[str, Any]:
    """What the URL says goes before what we would say."""
    settings = " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items())
    given = conninfo_to_dict(url)
    options = f"{settings} {given.get('options') or ''}".strip()
    patience = {name: value for name, value in PATIENCE.items() if name not in given}
    return {"autocommit": True, "options": options, **patience}


async def _configure(connection: Connection) -> None:
    """Send every whole number as a bigint: a query has one plan, whatever numbers it is given.

    Lists go as literals whose type the query's cast says (`%(ids)s::bigint[]`).
    """
    connection.prepare_threshold = 0
    connection.prepared_max = PREPARED_MAX
    connection.adapters.register_dumper(int, Int8BinaryDumper)
    connection.adapters.register_dumper(list, ArrayLiteralDumper)


class ArrayLiteralDumper(Dumper):
    """Writes a list as PostgreSQL's array literal, without a type of its own.

    psycopg's dumper takes the type of the first list of a query, `{1}`, for that of all, and nine
    times as long.
    """

    format = Format.TEXT
    oid = 0  # unknown: the cast in the query decides

    def dump(self, obj: list[Any]) -> bytes:
        if not obj:
            return b"{}"
        if type(obj[0]) is int and None not in obj:
            return f"{{{','.join(map(str, obj))}}}".encode()
        if type(obj[0]) is str and None not in obj:
            text = '","'.join(obj)
            if "\\" not in text and text.count('"') == 2 * len(obj) - 2:
                return f'{{"{text}"}}'.encode()
        return f"{{{','.join(map(_element, obj))}}}".encode()


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


class Backoff:
    """How long a part's loop waits after each failure in a row: longer and longer, with jitter."""

    __slots__ = ("_first_s", "_longest_s", "_wait_s")

    def __init__(self, first_s: float = 0.1, longest_s: float = 5.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._wait_s = first_s

    def reset(self) -> None:
        """It worked: begin anew."""
        self._wait_s = self._first_s

    def next_s(self) -> float:
        """How long to wait this time; the next time up to twice as long."""
        wait_s = self._wait_s * (0.5 + random() / 2)
        self._wait_s = min(self._wait_s * 2, self._longest_s)
        return wait_s

    async def wait(self) -> None:
        """Wait for so long."""
        await asyncio.sleep(self.next_s())


async def run_forever(
    name: str,
    once: Callable[[], Awaitable[object]],
    *,
    pause_s: float | Callable[[], float],
    wake: asyncio.Event | None = None,
) -> None:
    """A part's top loop: call `once` again and again, whatever happens, until cancelled.

    A lost database is logged once and waited for with back-off; any other exception is logged
    each time.

    Args:
        pause_s: how long to wait between two calls; a function is asked each time.
        wake: when it is set the wait ends; it is cleared before `once` is called.
    """
    backoff, lost = Backoff(), False
    while True:
        try:
            await once()
        except StoreUnavailable as error:
            if not lost:
                log.warning("store.lost", part=name, error=str(error))
            lost = True
            await backoff.wait()
        except Exception:  # the top of a loop that must go on
            log.exception("part.failed", part=name)
            await backoff.wait()
        else:
            if lost:
                log.info("store.back", part=name)
            lost = False
            backoff.reset()
            await _sleep(pause_s() if callable(pause_s) else pause_s, wake)


async def _sleep(pause_s: float, wake: asyncio.Event | None) -> None:
    if wake is None:
        await asyncio.sleep(pause_s)
        return
    try:
        async with asyncio.timeout(pause_s):
            await wake.wait()
    except TimeoutError:
        pass
    wake.clear()


Heard = Callable[[str], None]


class Listener:
    """Hears what others NOTIFY, on one connection for the whole process, and calls back.

    Hints only: one may be lost, so whoever listens polls as well. After a lost connection every
    channel is called once with an empty payload, as something may have been missed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heard: dict[str, list[Heard]] = {}

    def on(self, channel: str, heard: Heard) -> None:
        """Call `heard(payload)` for each notice on the channel; register before `run`."""
        self._heard.setdefault(channel, []).append(heard)

    async def run(self) -> None:
        """Listen until cancelled."""
        await run_forever("listener", self._listen, pause_s=0)

    async def _listen(self) -> None:
        connection = await self._store.connect()
        try:
            for channel in self._heard:
                await connection.execute(f'LISTEN "{channel}"')
            for channel in self._heard:
                self._tell(channel, "")
            async for notice in connection.notifies():
                self._tell(notice.channel, notice.payload)
        except _GAVE_UP as error:
            raise StoreUnavailable(str(error)) from error
        finally:
            await connection.close()

    def _tell(self, channel: str, payload: str) -> None:
        for heard in self._heard.get(channel, ()):
            heard(payload)
