"""Receipts and replies until they are acknowledged: at least once, and by one program at a time."""

import asyncio

import pytest

from tests.engine.world import eventually
from tests.smpp.world import PHONE, System
from yunxin.protocols.events import Alphabet, BindMode
from yunxin.protocols.smpp.status import Code
from yunxin.smpp.service import Program
from yunxin.smpp.upkeep import Upkeep

FINISH = """
WITH done AS (
    UPDATE message SET state = %s, code = %s, finished_at = now() WHERE state = 'accepted'
    RETURNING enterprise_id, id, source
)
SELECT note_receipts(array_agg(enterprise_id), array_agg(id), array_agg(source)) FROM done
"""


def finish(world, state="delivered", code="DELIVRD"):
    """Give all messages their final word, as the engine does: told in the same statement."""
    world.do(FINISH, state, code)


def reply(world, owner, text="好的", message_id=None, number=1):
    """Store a reply, as the engine does."""
    world.do(
        "WITH stored AS (INSERT INTO inbound_message (id, enterprise_id, phone, access_number,"
        " text, channel_id, message_id, received_at) VALUES (%s, %s, %s, '1069', %s, 1, %s, now())"
        " RETURNING enterprise_id, id)"
        " SELECT note_event(enterprise_id, 'replies', id, NULL) FROM stored",
        number,
        owner.id,
        PHONE,
        text,
        message_id,
    )


def waiting(world):
    return world.one("SELECT count(*) FROM smpp_deliver")


@pytest.mark.parametrize(
    ("wanted", "state", "stats"),
    [
        (0, "delivered", []), (0, "failed", []), (1, "delivered", ["DELIVRD"]),
        (1, "failed", ["UNDELIV"]), (2, "delivered", []), (2, "failed", ["UNDELIV"]),
        (1, "expired", ["EXPIRED"]), (1, "unknown", ["UNKNOWN"]),
    ],
)  # fmt: skip
async def test_a_receipt_comes_where_the_submit_asked_for_it(
    bind, acme, world, wanted, state, stats
):
    system = await bind()
    answer = await system.submit(acme.text(), registered_delivery=wanted)
    finish(world, state, "MK:0001")
    if stats:
        await eventually(lambda: system.receipts)
        await eventually(lambda: not waiting(world))
    else:
        assert waiting(world) == 0
    assert [one.receipt.stat for one in system.receipts] == stats
    assert all(one.receipt.message_id == answer.message_id for one in system.receipts)


async def test_what_is_not_acknowledged_comes_again(bind, acme, world, monkeypatch):
    deaf = await bind(acknowledges=False)
    await deaf.submit(acme.text())
    finish(world)
    await eventually(lambda: deaf.receipts)
    assert waiting(world) == 1
    deaf.stream.abort()
    other = await bind()
    await eventually(lambda: other.receipts)
    assert other.receipts[0].receipt.message_id == deaf.receipts[0].receipt.message_id
    await eventually(lambda: not waiting(world))


async def test_silence_is_no_acknowledgement(config, acme, globex, world, monkeypatch):
    from yunxin.protocols.session import Limits
    from yunxin.smpp import deliveries, server

    monkeypatch.setattr(server, "LIMITS", Limits(response_timeout_s=0.3, enquire_after_s=60))
    monkeypatch.setattr(deliveries, "RETRIES_S", (0.1,))
    async with Program(config, port=0) as program:
        system = await System(acknowledges=False).bind(program.port)
        await system.submit(acme.text())
        finish(world)
        await eventually(lambda: len(system.receipts) >= 2)
        assert not system.closed
        system.acknowledges = True
        await eventually(lambda: not waiting(world))
        await system.stream.close()


@pytest.mark.parametrize(
    ("status", "comes_again"),
    [(Code.RX_T_APPN, True), (Code.RMSGQFUL, True), (Code.RSYSERR, True),
     (Code.RX_P_APPN, False), (Code.RX_R_APPN, False)],
)  # fmt: skip
async def test_a_refusal_is_one_for_now_or_for_good(
    bind, acme, world, monkeypatch, status, comes_again
):
    from yunxin.smpp import deliveries

    monkeypatch.setattr(deliveries, "RETRIES_S", (0.05,))
    system = await bind()
    system.status = status
    await system.submit(acme.text())
    finish(world)
    if comes_again:
        await eventually(lambda: len(system.receipts) >= 2)
        system.status = 0
    await eventually(lambda: not waiting(world))
    if not comes_again:
        assert len(system.receipts) == 1


async def test_who_hears_nothing_gets_it_when_a_receiver_comes(bind, acme, world):
    sender = await bind(mode=BindMode.TRANSMITTER)
    await sender.submit(acme.text())
    finish(world)
    await asyncio.sleep(0.3)
    assert waiting(world) == 1
    receiver = await bind(mode=BindMode.RECEIVER)
    await eventually(lambda: receiver.receipts)
    assert not sender.receipts


async def test_receipts_go_to_the_account_that_sent(bind, acme, globex, world, program):
    second = acme.add_account("acme-two")
    await program.accounts.refresh()
    system, other, stranger = await bind(), await bind("acme-two"), await bind("globex")
    await system.submit(acme.text())
    finish(world)
    await eventually(lambda: system.receipts)
    await eventually(lambda: not waiting(world))
    assert not other.receipts
    assert not stranger.receipts
    assert second


@pytest.mark.parametrize(
    ("wish", "hears"),
    [("none", []), ("own", ["an own"]), ("all", ["an own", "another"])],
)
async def test_replies_come_as_the_account_wants_them(bind, acme, globex, world, wish, hears):
    acme.change(replies=wish)
    system, stranger = await bind(), await bind("globex")
    answer = await system.submit(acme.text())
    reply(world, acme, "an own", int(answer.message_id), number=1)
    reply(world, acme, "another", None, number=2)
    if hears:
        await eventually(lambda: len(system.replies) == len(hears))
    await eventually(lambda: not waiting(world))
    assert sorted(one.data.decode() for one in system.replies) == hears
    assert not stranger.replies


async def test_a_long_reply_comes_in_parts_and_counts_when_all_are_acknowledged(
    bind, acme, world, program
):
    acme.change(replies="all", window=2)
    await program.accounts.refresh()
    deaf = await bind(acknowledges=False)
    reply(world, acme, "长" * 300)
    await eventually(lambda: len(deaf.replies) == 2)  # no more than the window
    assert waiting(world) == 1
    deaf.stream.session.acknowledge([deaf.replies[0].sequence])
    deaf.stream.flush()
    await eventually(lambda: len(deaf.replies) == 3)
    deaf.stream.abort()
    system = await bind()
    await eventually(lambda: len(system.replies) == 5)
    await eventually(lambda: not waiting(world))
    assert {one.alphabet for one in system.replies} == {Alphabet.UCS2}
    assert [one.part.number for one in system.replies] == [1, 2, 3, 4, 5]
    assert b"".join(one.data for one in system.replies).decode("utf-16-be") == "长" * 300


async def test_two_programs_share_the_work_and_double_nothing(bind, acme, world, config, program):
    acme.change(window=50)
    await program.accounts.refresh()
    async with Program(config, port=0) as other_program:
        system, other = await bind(), await bind(port=other_program.port)
        for start in range(0, 200, 50):
            texts = [acme.text(str(number)) for number in range(start, start + 50)]
            answers = await asyncio.gather(*(system.submit(text) for text in texts))
            assert {one.status for one in answers} == {0}
        finish(world)
        await eventually(lambda: not waiting(world))
        seen = [one.receipt.message_id for one in (*system.receipts, *other.receipts)]
        assert len(seen) == len(set(seen)) == 200
        await other.stream.close()


async def test_what_one_program_holds_no_other_sends(bind, acme, world, config, program):
    async with Program(config, port=0) as other_program:
        systems = [
            await bind(acknowledges=False),
            await bind(acknowledges=False, port=other_program.port),
        ]
        for number in range(10):
            await systems[0].submit(acme.text(str(number)))
        finish(world)
        await eventually(lambda: sum(len(one.receipts) for one in systems) >= 10)
        for _ in range(3):
            for one in (program, other_program):
                assert await one.deliveries.once() == 0
        assert sum(len(one.receipts) for one in systems) == 10
        assert waiting(world) == 10
        await systems[1].stream.close()


async def test_what_a_dead_program_held_goes_out_at_once(bind, acme, world, program, config):
    system = await bind(mode=BindMode.TRANSMITTER)
    await system.submit(acme.text())
    finish(world)
    world.do("UPDATE smpp_deliver SET leased_by = 12345, next_at = now() + interval '1 minute'")
    receiver = await bind(mode=BindMode.RECEIVER)
    await Upkeep(program.store, config, program.instance.id).look()
    await eventually(lambda: receiver.receipts, 5)


async def test_what_nobody_fetches_is_given_up_after_its_days(bind, acme, world, program, config):
    system = await bind(mode=BindMode.TRANSMITTER)
    await system.submit(acme.text())
    finish(world)
    upkeep = Upkeep(program.store, config, program.instance.id)
    await upkeep.clean()
    assert waiting(world) == 1
    world.do("UPDATE smpp_deliver SET created_at = now() - interval '4 days'")
    await upkeep.clean()
    assert waiting(world) == 0


async def test_days_of_messages_are_made_and_dropped(world, program, config):
    def days():
        return {
            name
            for (name,) in world.rows(
                "SELECT inhrelid::regclass::text FROM pg_inherits"
                " WHERE inhparent = 'smpp_message'::regclass"
            )
        }

    made = days()
    assert len(made) >= 8
    world.do("SELECT ensure_smpp_partitions(now() - interval '40 days', now())")
    assert len(days()) > 40
    await Upkeep(program.store, config, program.instance.id).clean()
    kept = days()
    assert made <= kept
    assert len(kept) < 30


async def test_a_validity_that_is_over_ends_what_still_waits(bind, acme, world, program, config):
    system = await bind()
    answer = await system.submit(acme.text(), validity_period="000000010000000R")
    other = await system.submit(
        acme.text("2"), validity_period="000000010000000R", destination_addr="13800005679"
    )
    upkeep = Upkeep(program.store, config, program.instance.id)
    await upkeep.look()
    assert world.one("SELECT count(*) FROM message_queue") == 2
    world.do("UPDATE smpp_message SET expires_at = now()")
    world.do(  # one is being sent at this moment
        "UPDATE message_queue SET claimed_by = 5, claimed_at = now() WHERE message_id = %s",
        int(other.message_id),
    )
    await upkeep.look()
    assert world.rows("SELECT state, refunded FROM message ORDER BY id") == [
        ("cancelled", True), ("accepted", False)
    ]  # fmt: skip
    await eventually(lambda: system.receipts)
    receipt = system.receipts[0].receipt
    assert (receipt.message_id, receipt.stat) == (answer.message_id, "EXPIRED")
    world.do("UPDATE message_queue SET claimed_by = NULL, claimed_at = NULL")  # set free again
    await upkeep.look()
    assert world.one("SELECT count(*) FROM message_queue") == 0
