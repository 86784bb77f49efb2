"""This engine among others: its id, its node number, and how others know that it lives.

An engine holds an advisory lock of PostgreSQL as long as it lives; the lock goes with its
connection, however the process ends. A row with a heartbeat stands beside it, so that a connection
that broke for a moment is not taken for a death: only who is silent *and* whose lock can be taken
is dead. `rescue` then judges what it had in its hands.
"""

import asyncio
import os
import socket
from datetime import UTC, datetime
from importlib import metadata

import structlog

from yunxin.engine.ids import NODES
from yunxin.engine.store import Connection, Store, StoreUnavailable, run_forever
from yunxin.vocabulary import EPOCH

log = structlog.get_logger()

ENGINE_LOCK = 791010  # the first half of the advisory lock's key; the second is the engine's id
BEAT_S = 2.0
SILENT_S = 7.0  # three beats missed
REGISTER_TRIES = 100


class NoRoom(Exception):
    """All 1,024 node numbers are taken by engines that live or were never declared dead."""


class Instance:
    """The registration of this process; `register` makes it."""

    def __init__(self, store: Store, engine_id: int, node: int, connection: Connection) -> None:
        self.id = engine_id
        self.node = node
        self.lost = asyncio.Event()  # others declared us dead: our claims are theirs
        self._store = store
        self._connection: Connection | None = connection
        self._locked_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Beat until cancelled or declared dead."""
        await run_forever("instance", self._beat, pause_s=BEAT_S)

    @property
    def may_judge_others(self) -> bool:
        """Whether we lived long enough for others to have come back, after a restart of the
        database, say."""
        held_s = asyncio.get_running_loop().time() - self._locked_at
        return self._connection is not None and held_s > SILENT_S

    async def try_lock(self, engine_id: int) -> bool:
        """Take the lock of another engine: True says that it is gone."""
        return bool(await self._value("lock_engine", engine_id))

    async def unlock(self, engine_id: int) -> None:
        """Let go of another engine's lock."""
        await self._value("unlock_engine", engine_id)

    async def close(self) -> None:
        """Take leave; the row stays if anything of ours is still claimed."""
        try:
            await self._store.execute("forget_channel_states", {"engine_id": self.id})
            await self._store.execute("forget_engine", {"engine_id": self.id})
        except StoreUnavailable as error:
            log.warning("instance.left_without_leave", error=str(error))
        if self._connection is not None:
            await self._connection.close()

    async def _beat(self) -> None:
        if self.lost.is_set():
            return
        if self._connection is None:
            await self._reconnect()
        if await self._store.execute("heartbeat", {"engine_id": self.id}) == 0:
            log.error("instance.declared_dead", engine=self.id)
            self.lost.set()
            return
        await self._value("ping")

    async def _reconnect(self) -> None:
        connection = await self._store.connect()
        if not await _lock(self._store, connection, self.id):
            await connection.close()
            raise StoreUnavailable("the engine's own lock is still held by its last connection")
        self._connection = connection
        self._locked_at = asyncio.get_running_loop().time()

    async def _value(self, query: str, engine_id: int = 0) -> object:
        connection = self._connection
        if connection is None:
            raise StoreUnavailable("the engine's own connection is lost")
        try:
            return await _value(self._store, connection, query, engine_id)
        except StoreUnavailable:
            self._connection = None
            await connection.close()
            raise


async def register(store: Store, role: str = "engine") -> Instance:
    """Take an id and a node number.

    Args:
        role: "engine", or "api" for who accepts messages and sends none.
    Raises:
        NoRoom: no node number is free.
        StoreUnavailable: the database does not answer.
    """
    connection = await store.connect()
    first = int((datetime.now(UTC) - EPOCH).total_seconds())  # fits the lock's 32 bits until 2092
    for engine_id in range(first, first + REGISTER_TRIES):
        if not await _lock(store, connection, engine_id):
            continue
        who = {
            "engine_id": engine_id,
            "host": socket.gethostname()[:100],
            "pid": os.getpid(),
            "version": metadata.version("yunxin")[:20],
            "nodes": NODES,
            "role": role,
        }
        row = await store.fetch_one("register_engine", who)
        if row is not None:
            log.info("instance.registered", engine=engine_id, node=row[0])
            return Instance(store, engine_id, row[0], connection)
        await _value(store, connection, "unlock_engine", engine_id)
    await connection.close()
    raise NoRoom


async def _lock(store: Store, connection: Connection, engine_id: int) -> bool:
    return bool(await _value(store, connection, "lock_engine", engine_id))


async def _value(store: Store, connection: Connection, query: str, engine_id: int) -> object:
    params = {"lock": ENGINE_LOCK, "engine_id": engine_id}
    rows = await store.fetch_on(connection, query, params)
    return rows[0][0]
