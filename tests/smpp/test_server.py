"""Who may bind, what a session may not do, and how soon a decision of people's takes effect."""

import asyncio
import random

import pytest

from tests.engine.world import eventually
from tests.smpp.world import System, raw_bind, submit
from yunxin.protocols.events import BindMode, BindRefused, CloseReason, SubmitAnswered
from yunxin.protocols.smpp.pdus import EnquireLink, QuerySm, encode
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.stream import BindFailed
from yunxin.smpp import server as server_file
from yunxin.vocabulary import SmppBindRefusal


async def refused(bind, *args, **options) -> int:
    """The status that a bind is refused with."""
    with pytest.raises(BindFailed) as raised:
        await bind(*args, **options)
    assert isinstance(raised.value.event, BindRefused)
    return raised.value.event.status


def state(world, account):
    return world.rows(
        "SELECT last_bound_at IS NOT NULL, last_refusal, last_refused_address LIKE '127.0.0.1:%%'"
        " FROM smpp_account_state WHERE account_id = %s",
        account,
    )


@pytest.mark.parametrize("mode", BindMode)
async def test_a_system_binds_as_it_likes(bind, acme, world, mode):
    await bind(mode=mode)
    rows = world.rows("SELECT account_id, enterprise_id, mode, address FROM smpp_session")
    assert [row[:3] for row in rows] == [(acme.account, acme.id, mode.value)]
    assert rows[0][3].startswith("127.0.0.1:")
    assert state(world, acme.account) == [(True, "", False)]


async def test_who_may_not_bind_hears_why(bind, acme, globex, world):
    assert await refused(bind, "nobody") == Code.RINVSYSID
    assert await refused(bind, password="wrong") == Code.RINVPASWD
    assert state(world, acme.account) == [(False, "password", True)]
    assert await refused(bind, "globex", password="") == Code.RINVPASWD
    await bind()  # a mistake does not shut the owner out


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"enabled": False}, SmppBindRefusal.DISABLED),
        ({"networks": '["203.0.113.0/24"]'}, SmppBindRefusal.ADDRESS),
    ],
)
async def test_an_account_that_is_shut_lets_nobody_in(bind, acme, world, program, change, why):
    acme.change(**change)
    await program.accounts.refresh()
    assert await refused(bind) == Code.RBINDFAIL
    assert state(world, acme.account) == [(False, why.value, True)]
    acme.change(enabled=True, networks='["127.0.0.0/8"]')
    await program.accounts.refresh()
    await bind()


async def test_a_suspended_enterprise_binds_nowhere(bind, acme, world, program):
    world.do("UPDATE accounts_enterprise SET suspended_at = now() WHERE id = %s", acme.id)
    await program.accounts.refresh()
    assert await refused(bind) == Code.RBINDFAIL


async def test_no_more_sessions_than_allowed_whatever_program_they_are_at(
    bind, acme, world, program, config
):
    from yunxin.smpp.service import Program

    acme.change(sessions_max=2)
    await program.accounts.refresh()
    async with Program(config, port=0) as other:
        await bind()
        first = await bind(port=other.port)
        assert await refused(bind) == Code.RALYBND
        assert await refused(bind, port=other.port) == Code.RALYBND
        await first.stream.close()
        await eventually(lambda: world.one("SELECT count(*) FROM smpp_session") == 1)
        await bind()


async def test_ten_binds_at_once_are_counted_right(bind, acme, world, program):
    acme.change(sessions_max=3)
    await program.accounts.refresh()
    answers = await asyncio.gather(*(bind() for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, System) for one in answers) == 3
    assert world.one("SELECT count(*) FROM smpp_session") == 3


async def test_the_sessions_of_a_dead_program_count_no_more(bind, acme, world, program):
    acme.change(sessions_max=1)
    await program.accounts.refresh()
    world.do(
        "INSERT INTO smpp_session (account_id, enterprise_id, instance_id, mode, address)"
        " VALUES (%s, %s, 12345, 'transceiver', '203.0.113.9:1')",
        acme.account,
        acme.id,
    )
    await bind()


@pytest.mark.parametrize(
    "change",
    [{"enabled": False}, {"password_hash": b"x" * 32}, {"networks": '["203.0.113.9/32"]'}],
)
async def test_a_session_that_may_not_be_any_more_is_closed(bind, acme, change):
    system = await bind()
    acme.change(**change)
    await eventually(lambda: system.closed)
    assert system.closed.reason is CloseReason.UNBOUND


async def test_a_suspended_enterprise_s_sessions_are_closed_and_others_are_not(
    bind, acme, globex, world
):
    system, other = await bind(), await bind("globex")
    world.do("UPDATE accounts_enterprise SET suspended_at = now() WHERE id = %s", acme.id)
    world.do("NOTIFY directory")
    await eventually(lambda: system.closed)
    answer = await other.submit(globex.text())
    assert answer.status == 0


async def test_without_a_hint_a_change_is_seen_too(bind, acme, world):
    system = await bind()
    world.do("UPDATE interfaces_smppaccount SET enabled = false WHERE id = %s", acme.account)
    await eventually(lambda: system.closed)


async def test_a_session_is_closed_where_an_operator_asked_for_it(bind, acme, world):
    one, other = await bind(), await bind()
    world.do(
        "UPDATE smpp_session SET close_wished_at = now()"
        " WHERE id = (SELECT min(id) FROM smpp_session)"
    )
    await eventually(lambda: one.closed)
    assert one.closed.reason is CloseReason.UNBOUND
    assert other.closed is None
    await bind()  # it may come again


async def test_sessions_beyond_a_new_limit_go_the_newest_first(bind, acme):
    old, new = await bind(), await bind()
    acme.change(sessions_max=1)
    await eventually(lambda: new.closed)
    assert not old.closed
    assert (await old.submit(acme.text())).status == 0


async def test_a_guesser_waits(bind, monkeypatch, program):
    waits = []
    sleep = asyncio.sleep

    async def note(seconds):
        waits.append(seconds)
        await sleep(0)

    for _ in range(4):
        with monkeypatch.context() as patch:
            patch.setattr(server_file.asyncio, "sleep", note)
            assert await refused(bind, password="wrong") == Code.RINVPASWD
    assert [one for one in waits if one in (0.5, 1.0)] == [0.5]


async def test_what_a_session_may_not_do_is_refused(bind, acme):
    receiver = await bind(mode=BindMode.RECEIVER)
    receiver.stream.session.mode = BindMode.TRANSCEIVER  # our client would not even ask
    answer = await receiver.ask(submit(acme.text()))
    assert answer.status == Code.RINVBNDSTS


async def test_both_sides_ask_whether_the_other_lives(bind, program):
    system = await bind()
    system.stream.session.request(EnquireLink(), tag=1, now=system.stream.touch())
    system.stream.flush()
    (ours,) = program.server._systems
    ours.stream.session._enquire(ours.stream.touch())
    ours.stream.flush()
    await eventually(lambda: not ours.stream.session._flights)
    await eventually(lambda: not system.stream.session._flights)


async def test_the_program_ends_with_a_good_bye(config, acme, globex, world):
    from yunxin.smpp.service import Program

    async with Program(config, port=0) as program:
        system = await System().bind(program.port)
        pending = system.begin(submit(acme.text()))
        await asyncio.sleep(0)
    answer = await pending
    await eventually(lambda: system.closed)
    assert system.closed.reason is CloseReason.UNBOUND
    if answer is not None:  # it was read before the end
        assert isinstance(answer, SubmitAnswered)
        assert world.one("SELECT count(*) FROM message") == (answer.status == 0)
    assert world.one("SELECT count(*) FROM smpp_session") == 0
    assert world.one("SELECT count(*) FROM engine_instance WHERE role = 'smpp'") == 0


async def test_heartbeats_tell_what_a_session_did(bind, acme, world):
    system = await bind()
    await system.submit(acme.text())
    await system.submit("nothing of ours")
    await eventually(
        lambda: world.rows("SELECT submitted, refused, throttled, last_at > bound_at"
                           " FROM smpp_session") == [(1, 1, 0, True)]
    )  # fmt: skip


async def _talk(port: int, data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        async with asyncio.timeout(1):
            await reader.read(1)
            writer.write(data[::-1])
            await writer.drain()
    except (TimeoutError, OSError):
        pass
    finally:
        writer.close()


async def test_any_bytes_end_at_most_their_own_connection(bind, acme, program):
    system = await bind()
    rng = random.Random(7)
    good = raw_bind(), encode(submit(acme.text())), encode(EnquireLink(sequence=2))
    noises = []
    for number in range(60):
        noise = bytearray(b"".join(good) if number % 2 else rng.randbytes(rng.randrange(1, 400)))
        for _ in range(rng.randrange(6)):
            noise[rng.randrange(len(noise))] = rng.randrange(256)
        noises.append(bytes(noise[: rng.randrange(1, len(noise) + 1)]))
    await asyncio.gather(*(_talk(program.port, noise) for noise in noises))
    assert (await system.submit(acme.text())).status == 0


async def test_who_does_not_log_in_is_let_go(program, monkeypatch):
    monkeypatch.setattr(server_file, "STRANGERS_MAX", 1)
    first = await asyncio.open_connection("127.0.0.1", program.port)
    second = await asyncio.open_connection("127.0.0.1", program.port)
    try:
        async with asyncio.timeout(10):
            with pytest.raises(OSError):
                if not await second[0].read(1):
                    raise OSError
        await eventually(lambda: len(program.server._systems) == 1)
    finally:
        for _, writer in (first, second):
            writer.close()


async def test_who_never_reads_is_cut_off(bind, acme, monkeypatch):
    system, other = await bind(), await bind()
    monkeypatch.setattr(server_file, "UNSENT_MAX_BYTES", -1)
    system.stream.session.request(EnquireLink(), tag=1, now=system.stream.touch())
    system.begin(submit(acme.text()))
    await eventually(lambda: system.closed)
    monkeypatch.undo()
    assert (await other.submit(acme.text())).status == 0


async def test_questions_have_a_bound(bind, acme, program):
    system = await bind()
    answer = await system.submit(acme.text())
    asked = [QuerySm(message_id=answer.message_id) for _ in range(50)]
    answers = await asyncio.gather(*system.begin_all(*asked))
    seen = [one.pdu.status for one in answers]
    assert set(seen) == {0, Code.RTHROTTLED}
    assert seen.count(0) >= server_file.ASKING_MAX


async def test_a_mistake_of_ours_ends_one_connection_and_leaves_nothing(
    bind, acme, program, world, monkeypatch
):
    system, other = await bind(), await bind()
    with monkeypatch.context() as patch:
        patch.setattr(program.server._intake, "take", lambda *_: 1 / 0)
        system.begin(submit(acme.text()))
        await eventually(lambda: system.closed)
    assert len(program.server._systems) == 1
    await eventually(lambda: world.one("SELECT count(*) FROM smpp_session") == 1)
    assert (await other.submit(acme.text())).status == 0
