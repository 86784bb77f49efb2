"""When the desk of the links is cleared, and what becomes of what cannot be stored."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.engine.world import World, phone
from yunxin.config import Config
from yunxin.engine import results
from yunxin.engine.channel import Channel
from yunxin.engine.checks import AcceptRequest
from yunxin.engine.outcomes import Verdict
from yunxin.engine.outgoing import Outgoing
from yunxin.engine.results import Batch, Results
from yunxin.engine.store import Store
from yunxin.protocols.events import ReceiptArrived
from yunxin.protocols.receipt import Outcome, Receipt
from yunxin.vocabulary import MessageState

LONG_S = 60.0  # whoever waits for it fails
ENGINE = 7


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
            line_changed=lambda: None, decision=lambda *_: None, ported_to=lambda *_: None,
        )  # fmt: skip
        self.stored: asyncio.Queue[int] = asyncio.Queue()
        self.more = 0  # so many arrive while others are stored

    async def _store_whatever_happens(self, batch: Batch) -> None:
        self.stored.put_nowait(len(batch))
        if self.more:
            self.more -= 1
            self.judged(Message(None), Verdict())


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
    monkeypatch.setattr(results, "STEP_S", LONG_S)
    line = Line(4)
    desk.judged(Message(line), Verdict())
    await asyncio.sleep(0.01)
    assert desk.stored.empty()
    desk.judged(Message(line), Verdict())
    assert await asyncio.wait_for(desk.stored.get(), 5) == 2


async def test_nobody_waits_for_more_when_nothing_comes_any_more(desk, monkeypatch):
    """A carrier whose window for receipts is small tells no more until these are acknowledged."""
    monkeypatch.setattr(results, "STEPS_MAX", 1_000_000)
    desk.judged(Message(Line(100)), Verdict())
    assert await asyncio.wait_for(desk.stored.get(), 5) == 1


async def test_what_arrived_is_settled_though_more_arrives_all_the_time(desk):
    desk.judged(Message(None), Verdict())
    desk.more = 1_000_000
    await asyncio.wait_for(desk.settled(), 5)


async def test_windows_of_different_lines_are_not_added_up(desk, monkeypatch):
    monkeypatch.setattr(results, "STEP_S", LONG_S)
    for line in (Line(4), Line(4), None):
        desk.judged(Message(line), Verdict())
    await asyncio.sleep(0.01)
    assert desk.stored.empty()


# What the database has to say to it --------------------------------------------------------------


class Owing:
    """A carrier's connection that waits to be acknowledged."""

    def __init__(self) -> None:
        self.session = self
        self.acknowledged: list[int] = []

    def acknowledge(self, sequences: list[int]) -> None:
        self.acknowledged += sequences

    def flush(self) -> None:
        pass


@asynccontextmanager
async def running(store: Store, config: Config, stored: list[object]) -> AsyncIterator[Results]:
    """A desk with its database; `stored` gets the messages that are out of its hands."""
    desk = Results(
        store, config, ENGINE, None, another=lambda *_: False, withdrawn=lambda _: False,
        stored=stored.extend, line_changed=lambda: None,
        decision=lambda *_: None, ported_to=lambda *_: None,
    )  # fmt: skip
    writer = asyncio.create_task(desk.run())
    yield desk
    writer.cancel()
    with suppress(asyncio.CancelledError):
        await writer


def read_only(world: World, on: bool) -> None:
    """As where a database is locked because its disk is full, or a standby answers."""
    name = world.one("SELECT quote_ident(current_database())")
    world.do("SET default_transaction_read_only = off")
    world.do(f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if on else 'off'}")
    world.kill_others()


def older(world: World, on: bool) -> None:
    """As where the program is newer than the schema."""
    first, second = ("held_receipt", "held") if on else ("held", "held_receipt")
    world.do(f"ALTER TABLE {first} RENAME TO {second}")


@pytest.mark.parametrize("trouble", [read_only, older])
async def test_what_the_database_does_not_take_now_waits_unacknowledged(
    store, world, config, trouble
):
    carrier, receipt = Owing(), Receipt("7", Outcome.DELIVERED, "DELIVRD")
    trouble(world, True)
    async with running(store, config, []) as desk:
        event = ReceiptArrived(1, receipt, phone(1), "10690000")
        desk.receipt(carrier, Line(100), event, "7")
        await asyncio.sleep(0.3)
        assert carrier.acknowledged == []
        trouble(world, False)
        await asyncio.wait_for(desk.settled(), 10)
    assert carrier.acknowledged == [1]
    assert world.one("SELECT count(*) FROM held_receipt") == 1


async def test_an_outcome_that_cannot_be_stored_keeps_its_claim_and_harms_no_other(
    store, world, config, make_acceptor
):
    """Set free it would be sent again, and again."""
    enterprise_id = world.enterprise()
    template_id = world.template(enterprise_id, "#*#")
    world.package(enterprise_id)
    acceptor = await make_acceptor()
    asked = [AcceptRequest(enterprise_id, template_id, phone(n), ("a",)) for n in (1, 2)]
    bad, good = [a.message_id for a in await acceptor.accept(asked)]
    world.do("UPDATE message_queue SET claimed_by = %s, claimed_at = now()", ENGINE)
    stored: list[object] = []
    async with running(store, config, stored) as desk:
        desk.judged(outgoing_of(enterprise_id, bad), Verdict(state="nonsense", code="X"))
        message = outgoing_of(enterprise_id, good)
        desk.judged(message, Verdict(state=MessageState.FAILED, code="X"))
        await asyncio.wait_for(desk.settled(), 10)
    assert stored == [message]
    assert world.rows("SELECT message_id, claimed_by FROM message_queue") == [(bad, ENGINE)]
    assert world.one("SELECT state FROM message WHERE id = %s", good) == "failed"


def outgoing_of(enterprise_id: int, message_id: int) -> Outgoing:
    """A message in our hands, with what storing needs of it."""
    return Outgoing(
        enterprise_id, message_id, priority=2, carrier="mobile", traffic="notice", phone="",
        text="", segments=1, extension="", attempt=0, refused_by=(), group=(),
    )  # fmt: skip
