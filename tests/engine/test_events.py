"""Every way to a final word leaves one event, and one place in the queue of each URL that wants it.

The engine's real queries, a simulated carrier, real PostgreSQL; nothing is pushed here, as the
URLs lead to addresses that are not allowed, so that what waits can be counted.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.engine.receiver import Customers, answer, receiver
from tests.engine.sending import Stage, any_hour, carrier, channel, magic, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.cancel import cancel_messages
from yunxin.engine.push import Push
from yunxin.engine.service import Engine
from yunxin.engine.settle import Settle
from yunxin.engine.store import Store
from yunxin.vocabulary import PushFormat, PushKind, Source

EVENTS = "SELECT kind, object_id, source FROM interface_event ORDER BY id"
TOLD = """
    SELECT e.object_id, e.kind FROM push_batch b CROSS JOIN unnest(b.event_ids) AS x (id)
    JOIN interface_event e ON e.id = x.id
    UNION ALL
    SELECT e.object_id, e.kind FROM push_queue q JOIN interface_event e ON e.id = q.event_id
"""


@pytest.fixture
def stage(world: World, config: Config) -> Stage:
    return Stage(world, any_hour(config))


@pytest.fixture
def customers(world: World, config: Config) -> Customers:
    return Customers(world, config)


@pytest.fixture
def target(stage: Stage, customers: Customers) -> int:
    """A URL for receipts."""
    return customers.target(stage.enterprise_id, "http://10.0.0.1/")


def told(stage: Stage) -> list[tuple[int, str]]:
    """What is on its way to URLs, waiting or in a batch."""
    return sorted(stage.world.rows(TOLD))


@pytest.mark.parametrize(
    ("digits", "text", "state"),
    [
        ("9100", "您好", "delivered"),
        ("9100", "您好" * 100, "delivered"),
        ("0001", "您好", "failed"),
        ("0002", "您好", "failed"),
        ("0002", "您好" * 100, "failed"),
        ("0003", "您好", "expired"),
        ("0005", "您好", "delivered"),
        ("0005", "您好" * 100, "delivered"),
        ("0006", "您好", "delivered"),
        ("0012", "您好", "failed"),
        ("0016", "您好", "unknown"),
        ("0017", "您好" * 100, "failed"),
    ],
)
async def test_a_final_word_is_told_once(
    stage: Stage, target: int, digits: str, text: str, state: str
) -> None:
    async with carrier() as smsc:
        channel(stage.world, stage.config, smsc.port)
        async with Engine(stage.config) as engine:
            (message_id,) = await stage.send(engine, magic(digits), text=text)
            await stage.done()
            if digits == "0005":  # a second receipt is on its way
                await until(lambda: sum(engine.results.counts.receipts.values()) >= 2)
    assert stage.states() == {state: 1}
    assert stage.world.rows(EVENTS) == [("receipts", message_id, "api")]
    assert told(stage) == [(message_id, "receipts")]


async def accept(
    stage: Stage, acceptor: Callable[[], Awaitable[object]], *, source: Source = Source.API
) -> int:
    made: object = await acceptor()
    request = stage.request(phone(100))._replace(source=source)
    (accepted,) = await made.accept([request])  # type: ignore[attr-defined]
    return int(accepted.message_id)


async def test_a_cancelled_message_is_told_once(
    stage: Stage, target: int, store: Store, make_acceptor: Callable[[], Awaitable[object]]
) -> None:
    message_id = await accept(stage, make_acceptor)
    for cancelled in (1, 0):
        async with store.transaction() as tx:
            done = await cancel_messages(
                tx, stage.enterprise_id, [message_id], "terminated", ["cancelled"]
            )
        assert done == cancelled
    assert stage.world.rows(EVENTS) == [("receipts", message_id, "api")]
    assert told(stage) == [(message_id, "receipts")]


async def test_a_message_without_a_receipt_is_told_of_once(
    stage: Stage, target: int, store: Store, make_acceptor: Callable[[], Awaitable[object]]
) -> None:
    message_id = await accept(stage, make_acceptor)
    stage.world.do("DELETE FROM message_queue")
    later = datetime.now(UTC) + timedelta(seconds=stage.config.receipt_wait_s + 3600)
    settle = Settle(store, stage.config, now=lambda: later)
    assert [await settle.close_overdue() for _ in range(2)] == [1, 0]
    assert stage.states() == {"unknown": 1}
    assert stage.world.rows(EVENTS) == [("receipts", message_id, "api")]
    assert told(stage) == [(message_id, "receipts")]


@pytest.mark.parametrize("portal_too", [False, True])
async def test_messages_sent_by_hand_are_told_of_where_they_are_wanted(
    stage: Stage,
    customers: Customers,
    store: Store,
    make_acceptor: Callable[[], Awaitable[object]],
    portal_too: bool,
) -> None:
    customers.target(stage.enterprise_id, "http://10.0.0.1/", portal_too=portal_too)
    message_id = await accept(stage, make_acceptor, source=Source.PORTAL)
    async with store.transaction() as tx:
        await cancel_messages(tx, stage.enterprise_id, [message_id], "terminated", ["cancelled"])
    assert stage.world.rows(EVENTS) == [("receipts", message_id, "portal")] * portal_too
    assert told(stage) == [(message_id, "receipts")] * portal_too


async def test_without_a_url_there_is_an_event_to_be_pulled(
    stage: Stage, store: Store, make_acceptor: Callable[[], Awaitable[object]]
) -> None:
    message_id = await accept(stage, make_acceptor)
    async with store.transaction() as tx:
        await cancel_messages(tx, stage.enterprise_id, [message_id], "terminated", ["cancelled"])
    assert stage.world.rows(EVENTS) == [("receipts", message_id, "api")]
    assert told(stage) == []


async def test_from_the_carrier_to_the_customer(
    stage: Stage, customers: Customers, store: Store
) -> None:
    """A short and a long message, a refused one, and a reply, all the way."""
    config = replace(stage.config, push_network=("127.0.0.0/8",))
    async with carrier() as smsc, receiver() as receipts, receiver(answer(b"")) as replies:
        channel(stage.world, config, smsc.port)
        customers.target(stage.enterprise_id, receipts.url)
        customers.target(
            stage.enterprise_id, replies.url, kind=PushKind.REPLIES, format=PushFormat.V1
        )
        async with Engine(config) as engine:
            await stage.send(engine, magic("9100"), magic("0001"), magic("0014"))
            await stage.send(engine, magic("9200"), text="您好" * 100)
            await until(lambda: len(receipts.entries) == 7 and replies.entries)
    states = {(e["mobile"][-4:], e["sortid"]): e["state"] for e in receipts.entries}
    assert states.pop(("0001", "0")) not in ("", "0")
    long = [("9200", str(part)) for part in range(4)]
    assert states == dict.fromkeys([("9100", "0"), ("0014", "0"), *long], "0")
    (reply,) = replies.entries
    assert (reply["phone"], reply["text"], reply["unsubscribed"]) == (magic("0014"), "TD", True)
    assert reply["message"] is not None


async def test_nothing_is_pushed_before_it_is_committed(
    stage: Stage, customers: Customers, store: Store, target: int
) -> None:
    """What a transaction tells of is not seen by others until it is the truth."""
    push = Push(store, customers.config, now=customers.now)
    (message_id,) = customers.messages(stage.enterprise_id)
    with stage.world.connection.transaction():
        stage.world.do("SELECT note_receipts(%s, %s, '{api}')", [stage.enterprise_id], [message_id])
        await push.once()
        await push.idle()
        assert len(customers.batches()) == 1
        assert stage.world.one("SELECT count(*) FROM push_queue") == 1
    await push.stop()
