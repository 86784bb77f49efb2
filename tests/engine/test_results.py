"""When the desk of the links is cleared: together with what comes a moment later, or at once."""

import asyncio
from contextlib import suppress

import pytest

from yunxin.config import Config
from yunxin.engine import results
from yunxin.engine.channel import Channel
from yunxin.engine.outcomes import Verdict
from yunxin.engine.results import Batch, Results

LONG_S = 60.0  # whoever waits for it fails


class Line:
    """What the desk knows of a link."""

    def __init__(self, window: int) -> None:
        self.channel = Channel(
            id=1, name="c", host="127.0.0.1", port=1, system_id="s", window=window
        )


class Message:
    """What the desk knows of a message before it is stored."""

    def __init__(self, link: Line | None) -> None:
        self.link = link


class Desk(Results):
    """A desk that only notes which batches it would store."""

    def __init__(self) -> None:
        super().__init__(
            None, Config(database_url="postgresql://", secret_key="x" * 50), 1, None,
            another=lambda *_: False, withdrawn=lambda _: False, stored=lambda _: None,
            line_changed=lambda: None,
        )  # fmt: skip
        self.stored: asyncio.Queue[int] = asyncio.Queue()

    async def _store_whatever_happens(self, batch: Batch) -> None:
        self.stored.put_nowait(len(batch))


@pytest.fixture
async def desk():
    desk = Desk()
    running = asyncio.create_task(desk.run())
    yield desk
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_what_comes_within_a_moment_is_stored_together(desk):
    for _ in range(3):
        desk.judged(Message(Line(100)), Verdict())
        await asyncio.sleep(0)
    assert await asyncio.wait_for(desk.stored.get(), 5) == 3


async def test_nobody_waits_for_more_when_half_of_a_window_waits(desk, monkeypatch):
    monkeypatch.setattr(results, "GATHER_S", LONG_S)
    line = Line(4)
    desk.judged(Message(line), Verdict())
    await asyncio.sleep(0.01)
    assert desk.stored.empty()
    desk.judged(Message(line), Verdict())
    assert await asyncio.wait_for(desk.stored.get(), 5) == 2


async def test_windows_of_different_lines_are_not_added_up(desk, monkeypatch):
    monkeypatch.setattr(results, "GATHER_S", LONG_S)
    for line in (Line(4), Line(4), None):
        desk.judged(Message(line), Verdict())
    await asyncio.sleep(0.01)
    assert desk.stored.empty()
