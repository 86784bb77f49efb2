"""Which links an engine has, by its rows, and what the dispatcher sees of them; no database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from tests.engine.test_link import Centre, Notes, message, until
from yunxin.config import Config
from yunxin.engine.directory import SHANGHAI
from yunxin.engine.lines import Lines
from yunxin.engine.link import Link
from yunxin.engine.store import Store
from yunxin.sealing import seal

KEY = "for tests " * 5
COLUMNS = (
    "id", "name", "host", "port", "system_id", "password_sealed", "system_type", "bind_mode",
    "sessions", "window", "rate_per_s", "access_number", "carriers", "weight", "id_rule",
    "alphabet", "source_ton", "source_npi", "dest_ton", "dest_npi", "dest_prefix",
    "enquire_every_s", "answer_timeout_s", "version", "protocol", "options", "traffics",
    "open_from", "open_to", "provinces", "enterprises", "others", "draining",
)  # fmt: skip


class Rows:
    """A store that knows the channels' query alone."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}

    async def fetch(self, name: str, params: Any) -> list[tuple[Any, ...]]:
        assert name == "channels" and params["engine_id"] == 7
        return [tuple(row[name] for name in COLUMNS) for row in self.rows.values()]

    def put(self, channel_id: int, port: int = 1, **values: Any) -> None:
        """A channel that is to run."""
        usual: dict[str, Any] = {
            "id": channel_id, "name": str(channel_id), "host": "127.0.0.1", "port": port,
            "system_id": "yunxin", "password_sealed": seal(KEY, "secret"), "system_type": "",
            "bind_mode": "transceiver", "sessions": 1, "window": 100, "rate_per_s": 0,
            "access_number": "1069", "carriers": [], "weight": 1, "id_rule": "as_is",
            "alphabet": "ucs2", "source_ton": 0, "source_npi": 1, "dest_ton": 1, "dest_npi": 1,
            "dest_prefix": "86", "enquire_every_s": 30, "answer_timeout_s": 30, "version": 1,
            "protocol": "smpp", "options": {}, "traffics": [], "open_from": None, "open_to": None,
            "provinces": [], "enterprises": [], "others": 0, "draining": False,
        }  # fmt: skip
        self.rows[channel_id] = {**usual, **self.rows.get(channel_id, {}), **values}


@pytest.fixture
async def rows() -> Rows:
    return Rows()


@asynccontextmanager
async def running(rows: Rows) -> AsyncIterator[Lines]:
    """The links of engine 7, which look when they are told to."""
    config = Config(database_url="", secret_key=KEY, submit_timeout_s=20)
    lines = Lines(cast(Store, rows), config, 7)
    lines.desk = Notes()
    try:
        yield lines
    finally:
        await lines.stop(within_s=2)


def only(lines: Lines) -> Link:
    (link,) = lines.all()
    return link


async def test_links_come_and_go_with_their_rows(rows: Rows) -> None:
    async with running(rows) as lines:
        rows.put(1)
        rows.put(2, draining=True)
        await lines.refresh()
        assert [link.channel.id for link in lines.all()] == [1], "who drains is not begun with"
        rows.rows.clear()
        await lines.refresh()
        await until(lambda: not lines.all())
        assert lines.get(1) is None


async def test_a_new_version_is_connected_anew_and_the_rest_changes_in_place(rows: Rows) -> None:
    async with running(rows) as lines:
        rows.put(1, rate_per_s=100)
        await lines.refresh()
        link = only(lines)
        rows.put(1, rate_per_s=60, weight=5)
        await lines.refresh()
        assert only(lines) is link and (link.allowed_per_s, link.channel.weight) == (60, 5)
        rows.put(1, version=2, host="localhost")
        await lines.refresh()
        assert link.state == "stopped"
        await until(lambda: not lines.all())
        assert lines._wake.is_set(), "it looks again at once"
        await lines.refresh()
        assert only(lines).channel.host == "localhost"


async def test_engines_share_the_rate_and_nobody_waits_longer_than_the_setting(rows: Rows) -> None:
    async with running(rows) as lines:
        rows.put(1, rate_per_s=300, others=2)
        await lines.refresh()
        assert only(lines).allowed_per_s == 100
        assert only(lines)._account.bounds.response_timeout_s == 20
    async with running(rows) as lines:
        rows.put(1, answer_timeout_s=5)
        await lines.refresh()
        assert only(lines)._account.bounds.response_timeout_s == 5


async def test_a_password_that_cannot_be_read_makes_no_link(rows: Rows) -> None:
    async with running(rows) as lines:
        rows.put(1, password_sealed=seal("another key " * 5, "secret"))
        await lines.refresh()
        assert lines.all() == []


async def test_the_dispatcher_sees_the_lines_that_take_messages_as_they_are_now(rows: Rows) -> None:
    centre = Centre()
    async with centre.open(), running(rows) as lines:
        rows.put(1, centre.port, carriers=["mobile"], traffics=["notice"], weight=3)
        rows.put(2)  # nobody answers there
        await lines.refresh()
        link = lines.get(1)
        assert link is not None and lines.lines() == []
        await until(lambda: link.bound)
        (line,) = lines.lines()
        assert (line.channel_id, line.room, line.kept, line.weight) == (1, 100, 5, 3)
        assert (line.carriers, line.traffics) == (frozenset({"mobile"}), frozenset({"notice"}))
        assert line.open and not line.broken
        assert lines.another(message(), ()) and not lines.another(message(), (1,))
        now = datetime.now(SHANGHAI)
        hours = [(now + timedelta(hours=n)).time() for n in (2, 3)]
        rows.put(1, centre.port, open_from=hours[0], open_to=hours[1])
        await lines.refresh()
        assert not lines.lines()[0].open and not lines.another(message(), ())
        link._breaker._opened_at = asyncio.get_running_loop().time()
        assert lines.lines()[0].broken and lines.lines()[0].room == 0


async def test_a_line_that_comes_up_later_starts_level_with_the_others(rows: Rows) -> None:
    centre = Centre()
    async with centre.open(), running(rows) as lines:
        rows.put(1, centre.port)
        await lines.refresh()
        await until(lambda: len(lines.lines()) == 1)
        lines.lines()[0].take(50)
        rows.put(2, centre.port)
        await lines.refresh()
        await until(lambda: len(lines.lines()) == 2)
        assert [line.load for line in lines.lines()] == [50, 50]
