"""A fresh database with two enterprises in it, and the SMPP server running on it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import time
from typing import Any

import psycopg
import pytest

from tests.engine.world import World
from tests.smpp.world import SECRET_KEY, Owner, System
from yunxin.config import Config
from yunxin.smpp.service import Program

Bind = Callable[..., Awaitable[System]]


@pytest.fixture
def config(database: str) -> Config:
    """Settings as they are by default, with the test's database and no rest for marketing."""
    always = {"marketing_from": time(0), "marketing_to": time(0)}
    return Config(database_url=database, secret_key=SECRET_KEY, **always)


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """The database's rows; every statement is a transaction of its own."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield World(connection)


@pytest.fixture
def acme(world: World) -> Owner:
    """The enterprise that owns things."""
    return Owner(world)


@pytest.fixture
def globex(world: World) -> Owner:
    """The enterprise that must see nothing of Acme's."""
    return Owner(world, "globex")


@pytest.fixture
async def program(config: Config, acme: Owner, globex: Owner) -> AsyncIterator[Program]:
    """The server, running; what is made before is known to it at once."""
    async with Program(config, port=0) as program:
        yield program


@pytest.fixture
async def bind(program: Program) -> AsyncIterator[Bind]:
    """Binds systems, who leave at the end."""
    async with AsyncExitStack() as stack:

        async def come(name: str = "acme", *, port: int = 0, **options: Any) -> System:
            own = {k: options.pop(k) for k in ("acknowledges", "window") if k in options}
            system = System(**own)
            await system.bind(port or program.port, name, **options)
            return await stack.enter_async_context(system)

        yield come
