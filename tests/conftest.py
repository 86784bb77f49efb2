"""What tests of all rooms share: a PostgreSQL of their own, and no way to the network beyond.

`postgres` (session) is the URL of a server: DATABASE_URL where it is set, else an embedded one
that ends with the tests. pytest-django's `db` uses it too. `database` (function) is the URL of a
fresh, migrated database, for tests whose programs open connections of their own; `committed`
points Django at such a one, for tests of what two transactions do to each other.

Several processes share the work, a file of tests at a time (see scripts/test), so no test may
leave anything behind that another one sees.
"""

import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
import uvloop
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from yunxin import embedded

TEMPLATE = "yunxin_migrated"
ROOM_BYTES = 4 << 30  # of memory, for the tests' databases
# Fixtures of pytest-django that end a test by emptying every table.
EMPTYING_FIXTURES = frozenset({"transactional_db", "django_db_reset_sequences", "live_server"})
# Files with tests that wait long begin first, so that no process is left alone with them.
LONG_ROADS = (
    "tests/journeys/",
    "tests/api/",
    "tests/engine/",
    "tests/smpp/",
    "tests/test_supervisor.py",
)

# No test asserts a wall-clock time: a machine with much else to do is no fault of the code.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long roads; the order within them, and of all else, stays."""
    refuse_emptying(items)
    items.sort(key=lambda item: not item.nodeid.startswith(LONG_ROADS))


def refuse_emptying(items: Iterable[pytest.Item]) -> None:
    """Let no test run that would empty the tables of the database that all tests share.

    Raises:
        UsageError: names every such test, and what to use instead.
    """
    found = [item.nodeid for item in items if _empties_tables(item)]
    if found:
        raise pytest.UsageError(
            "These tests would empty tables that other tests need, such as those which migrations"
            " fill. Use the fixture `committed` of tests/conftest.py, a database of the test's own"
            f" where transactions really end: {', '.join(found)}"
        )


def _empties_tables(item: pytest.Item) -> bool:
    """Whether pytest-django would make a test of it whose tables it empties afterwards."""
    if EMPTYING_FIXTURES.intersection(getattr(item, "fixturenames", ())):
        return True
    marker = item.get_closest_marker("django_db")
    if marker is None:
        return False
    given = dict(zip(("transaction", "reset_sequences"), marker.args, strict=False))
    asked = given | dict(marker.kwargs)
    return bool(asked.get("transaction") or asked.get("reset_sequences"))


class NetworkReached(AssertionError):
    """A test tried to connect to something that is not this machine."""


def _refuse_strangers(address: Any) -> None:
    """Let Unix sockets and loopback addresses pass, nothing else."""
    if isinstance(address, (str, bytes)):
        return
    host = str(address[0])
    if host in ("localhost", "") or host.endswith(".localhost"):
        return
    try:
        stranger = not ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        stranger = True
    if stranger:
        raise NetworkReached(f"A test reached for {host}; only this machine is allowed.")


def _guard(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        _refuse_strangers(address)
        return original(self, address)

    return connect


def _guard_uvloop(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_connection(
        self: Any, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        if host is not None:
            _refuse_strangers((host, port))
        return original(self, protocol_factory, host, port, **options)

    return create_connection


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Any reach for the network beyond loopback fails loudly, through asyncio and uvloop too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _guard(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", _guard(socket.socket.connect_ex))
        patch.setattr(
            uvloop.Loop, "create_connection", _guard_uvloop(uvloop.Loop.create_connection)
        )
        yield


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder that other accounts may pass through, so short that sockets fit in it.

    In memory where there is room: a fresh database has 900 files, which a disk takes much longer
    to make.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix="yunxin-test-", dir=memory if roomy else None))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(short_folder: Path) -> Iterator[str]:
    """URL of the server that all tests share."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    server = embedded.Server(short_folder, embedded.FAST_AND_UNSAFE, dies_with_us=True)
    yield server.start()
    server.remove()


@pytest.fixture(scope="session")
def django_on_server(postgres: str) -> None:
    """Point Django at the tests' server."""
    from django.db import connections

    from yunxin.settings import database_settings

    connections.settings["default"].update(database_settings(postgres))
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session")
def migrated_template(
    postgres: str, django_on_server: None, django_db_blocker: Any
) -> Iterator[str]:
    """Name of a migrated database that nobody is connected to: a template for others."""
    from django.core.management import call_command
    from django.db import connection

    name = f"{TEMPLATE}_{uuid4().hex[:8]}"
    _run(postgres, sql.SQL("CREATE DATABASE {}"), name)
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", name)
        call_command("migrate", verbosity=0)
        connection.close()
    yield name
    _run(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(migrated_template: str) -> None:
    """pytest-django makes its test database from the template too."""
    from django.db import connections

    connections.settings["default"].setdefault("TEST", {})["TEMPLATE"] = migrated_template


@pytest.fixture
def database(postgres: str, migrated_template: str) -> Iterator[str]:
    """URL of a fresh, migrated database, dropped after the test."""
    name = f"yunxin_{uuid4().hex[:12]}"
    _run(
        postgres,
        # Twice as fast as by the log for a small database.
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"),
        name,
        migrated_template,
    )
    yield url_of(postgres, name)
    _run(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)


@pytest.fixture
def committed(database: str, django_db_blocker: Any) -> Iterator[None]:
    """Django works on a database of this test's own, where transactions really end.

    Unlike pytest-django's transactional tests, it empties no table that others share.
    """
    from django.db import DEFAULT_DB_ALIAS, connections

    name = str(conninfo_to_dict(database)["dbname"])
    usual = connections[DEFAULT_DB_ALIAS]
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections.settings[DEFAULT_DB_ALIAS], "NAME", name)  # of other threads
        connections[DEFAULT_DB_ALIAS] = usual.copy()
        yield
        connections[DEFAULT_DB_ALIAS].close()
        connections[DEFAULT_DB_ALIAS] = usual


def url_of(url: str, database: str) -> str:
    """The same server's URL with another database."""
    parts = conninfo_to_dict(url)
    password = f":{quote(str(parts['password']), safe='')}" if "password" in parts else ""
    who = f"{quote(str(parts['user']), safe='')}{password}@" if "user" in parts else ""
    rest = {k: v for k, v in parts.items() if k not in ("user", "password", "dbname")}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in rest.items())
    return f"postgresql://{who}/{database}?{query}"


def _run(url: str, statement: sql.SQL, *names: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.format(*map(sql.Identifier, names)))


@pytest.fixture
def acme(db: None) -> Any:
    """The enterprise that owns things; its owner signs in as `acme`."""
    from tests import factories

    enterprise = factories.make_enterprise("Acme", cpcode="ACMEAA")
    factories.make_user(enterprise, "acme")
    return enterprise


@pytest.fixture
def globex(db: None) -> Any:
    """The enterprise that must see nothing of Acme's; its owner signs in as `globex`."""
    from tests import factories

    enterprise = factories.make_enterprise("Globex", cpcode="GLOBEX")
    factories.make_user(enterprise, "globex")
    return enterprise


@pytest.fixture
def operator(db: None) -> Any:
    """A staff user, who signs in as `operator`."""
    from tests import factories

    return factories.make_user(None, "operator")
