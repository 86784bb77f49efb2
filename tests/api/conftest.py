"""A fresh database, two enterprises in it, and the API's application running on it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import time

import httpx
import psycopg
import pytest

from tests.api.world import HERE, SECRET_KEY, Side
from tests.engine.world import World
from yunxin.api.app import App
from yunxin.config import Config


@pytest.fixture
def config(database: str) -> Config:
    """Settings as they are by default, with the test's database."""
    always = {"marketing_from": time(0), "marketing_to": time(0)}
    return Config(database_url=database, secret_key=SECRET_KEY, **always)


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """The database's rows; every statement is a transaction of its own."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield World(connection)


@pytest.fixture
def acme(world: World) -> Side:
    """The enterprise that owns things."""
    return Side(world)


@pytest.fixture
def globex(world: World) -> Side:
    """The enterprise that must see nothing of Acme's."""
    return Side(world, "GLOBEX")


@pytest.fixture
async def app(config: Config, acme: Side, globex: Side) -> AsyncIterator[App]:
    """The application, running; what is made before is known to it at once."""
    app = App(config)
    await app.start()
    yield app
    await app.stop()


@pytest.fixture
async def client_at(app: App) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """Makes clients that ask from an address."""
    async with AsyncExitStack() as stack:
        made: list[httpx.AsyncClient] = []

        def make(address: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app=app, client=(address, 40000))
            made.append(httpx.AsyncClient(transport=transport, base_url="http://api"))
            stack.push_async_callback(made[-1].aclose)
            return made[-1]

        yield make


@pytest.fixture
def client(client_at: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    """A client that asks from the address that Acme and Globex had approved."""
    return client_at(HERE)
