"""A fresh database with a store, and the people's rows in it, for each test of the engine."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest

from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.accept import Acceptor
from yunxin.engine.directory import Directory
from yunxin.engine.store import Store


@pytest.fixture
def config(database: str) -> Config:
    """Settings as they are by default, with the test's database."""
    return Config(database_url=database, secret_key="for tests " * 5)


@pytest.fixture
def world(database: str) -> Iterator[World]:
    """The database's rows; every statement is a transaction of its own."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield World(connection)


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    """The engine's store, open."""
    async with Store(config) as store:
        yield store


@pytest.fixture
async def make_acceptor(store: Store, config: Config) -> Callable[[], Awaitable[Acceptor]]:
    """Makes acceptors, each as if in a process of its own; call it when the rows are there."""
    nodes = itertools.count(1)

    async def make() -> Acceptor:
        directory = Directory(store, config)
        await directory.start()
        return Acceptor(store, directory, next(nodes), config)

    return make
