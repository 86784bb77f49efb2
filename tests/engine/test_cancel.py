"""What people withdraw does not go out any more, and is refunded."""

from dataclasses import replace

import pytest

from tests.engine.world import phone
from yunxin.engine.accept import Acceptor, AcceptRequest
from yunxin.engine.cancel import SWEEP_FOR_S, Sweeper, cancel_messages
from yunxin.engine.directory import Directory
from yunxin.engine.receipts import refunded_states
from yunxin.engine.reconcile import disagreements
from yunxin.engine.settle import Settle

REFUNDED = ["cancelled"]


class Clock:
    """A monotonic clock that tests turn."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
async def sent(store, config, world):
    """Acme's ten queued messages with each of two templates of their own signatures."""
    acme = world.enterprise()
    world.package(acme)
    templates = [world.template(acme, "好") for _ in range(2)]
    directory = Directory(store, config)
    await directory.start()
    acceptor = Acceptor(store, directory, 1, config)
    await acceptor.accept(
        [AcceptRequest(acme, template, phone(n)) for template in templates for n in range(10)]
    )
    signatures = [s for (s,) in world.rows("SELECT id FROM content_signature ORDER BY id")]
    return acme, signatures, directory


async def test_a_cancelled_signature_takes_its_queued_messages_along(
    store, config, world, sent, database, monkeypatch
):
    monkeypatch.setattr("yunxin.engine.cancel.BATCH", 3)
    acme, (gone, stays), directory = sent
    sweeper = Sweeper(store, directory)
    assert await sweeper.once() == 0
    world.do("UPDATE content_signature SET state = 'cancelled' WHERE id = %s", gone)
    await directory.refresh()
    assert await sweeper.once() == 10
    assert world.rows("SELECT DISTINCT signature_id, state, refunded FROM message ORDER BY 1") == [
        (gone, "cancelled", True),
        (stays, "accepted", False),
    ]
    assert world.rows("SELECT DISTINCT kind, code FROM message_event") == [
        ("cancelled", "signature")
    ]
    assert world.one("SELECT count(*) FROM message_queue") == 10
    await Settle(store, config).once()
    assert world.one("SELECT used FROM billing_package") == 10
    assert disagreements(database) == []


async def test_a_suspended_enterprise_takes_all_its_queued_messages_along(
    store, world, sent, database
):
    acme, _, directory = sent
    world.do("UPDATE accounts_enterprise SET suspended_at = now()")
    await directory.refresh()
    assert await Sweeper(store, directory).once() == 20
    assert world.one("SELECT count(*) FROM message_queue") == 0
    assert disagreements(database) == []


async def test_it_sweeps_again_for_those_who_had_not_heard_yet_and_then_no_more(
    store, config, world, sent
):
    acme, _, directory = sent
    late = Acceptor(store, directory, 2, config)
    clock = Clock()
    fresh = Directory(store, config)
    world.do("UPDATE accounts_enterprise SET suspended_at = now()")
    await fresh.start()
    sweeper = Sweeper(store, fresh, clock=clock)
    assert await sweeper.once() == 20
    (template,) = world.rows("SELECT min(id) FROM content_template")[0]
    await late.accept([AcceptRequest(acme, template, phone(50))])
    clock.now += SWEEP_FOR_S / 2
    assert await sweeper.once() == 1
    clock.now += SWEEP_FOR_S
    await sweeper.once()
    await late.accept([AcceptRequest(acme, template, phone(51))])
    assert await sweeper.once() == 0


async def test_what_a_dispatcher_holds_is_left_to_it(store, world, sent):
    acme, _, directory = sent
    world.do("UPDATE message_queue SET claimed_by = 5, claimed_at = now()")
    world.do("UPDATE accounts_enterprise SET suspended_at = now()")
    await directory.refresh()
    assert await Sweeper(store, directory).once() == 0
    assert world.one("SELECT count(*) FROM message WHERE state = 'accepted'") == 20


async def test_what_was_claimed_since_it_was_found_is_left_too(store, world, sent):
    acme, _, _ = sent
    ids = [id for (id,) in world.rows("SELECT id FROM message ORDER BY id")]
    world.do(
        "UPDATE message_queue SET claimed_by = 5, claimed_at = now() WHERE message_id = ANY (%s)",
        ids[:8],
    )
    async with store.transaction() as tx:
        assert await cancel_messages(tx, acme, ids, "terminated", REFUNDED) == 12
    assert world.one("SELECT count(*) FROM message_queue") == 8


def tell(world, message_id, *kinds):
    """As if this message had been tried before: its time line and its attempt."""
    for kind in kinds:
        world.do(
            "INSERT INTO message_event (enterprise_id, message_id, at, kind)"
            " SELECT enterprise_id, id, now(), %s FROM message WHERE id = %s",
            kind,
            message_id,
        )
    world.do("UPDATE message_queue SET attempt = attempt + 1 WHERE message_id = %s", message_id)


@pytest.mark.parametrize("pays_back", [False, True])
async def test_what_may_be_on_the_phone_already_is_closed_as_unknown(
    store, config, world, sent, database, pays_back
):
    acme, _, _ = sent
    ids = [id for (id,) in world.rows("SELECT id FROM message ORDER BY id")]
    tell(world, ids[0], "in_doubt", "sent_again")
    tell(world, ids[1], "retry")
    states = refunded_states(replace(config, refund_unknown=pays_back))
    async with store.transaction() as tx:
        assert await cancel_messages(tx, acme, ids[:3], "terminated", states) == 3
    assert world.rows(
        "SELECT state, code, refunded FROM message WHERE state <> 'accepted' ORDER BY id"
    ) == [
        ("unknown", "NOANSWER", pays_back),
        ("cancelled", None, True),
        ("cancelled", None, True),
    ]
    assert world.rows("SELECT message_id, kind, code FROM message_event ORDER BY at, 1")[-3:] == [
        (ids[0], "withdrawn", "terminated"),
        (ids[1], "cancelled", "terminated"),
        (ids[2], "cancelled", "terminated"),
    ]
    await Settle(store, config).once()
    assert world.one("SELECT used FROM billing_package") == 20 - 2 - pays_back
    assert world.rows("SELECT sum(unknown), sum(cancelled) FROM daily_count") == [(1, 2)]
    assert disagreements(database) == []


async def test_cancelling_twice_refunds_once(store, world, sent, database):
    acme, _, _ = sent
    ids = [id for (id,) in world.rows("SELECT id FROM message")]
    for expected in (20, 0):
        async with store.transaction() as tx:
            assert await cancel_messages(tx, acme, ids, "terminated", REFUNDED) == expected
    assert world.one("SELECT sum(refund_segments) FROM tally_delta") == 20
    assert disagreements(database) == []
