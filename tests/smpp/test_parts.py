"""Long messages in parts: answered one by one, accepted as one, in whatever way they come."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from tests.engine.world import eventually
from tests.smpp.world import submit
from yunxin.engine import ids
from yunxin.protocols.smpp.pdus import Tag
from yunxin.smpp import statuses
from yunxin.smpp.upkeep import Upkeep
from yunxin.text import segments


def long_text(acme, length=150):
    return acme.text("长" * length)


def by_header(text, reference=7, **fields):
    """The parts of a text as submit_sm with 8-bit headers, as most clients cut them."""
    parts = segments.split(text)
    return [
        submit(
            part,
            esm_class=0x40,
            short_message=segments.header(reference, len(parts), number) + part.encode("utf-16-be"),
            **fields,
        )
        for number, part in enumerate(parts, 1)
    ]


def by_wide_header(text, reference=700):
    parts = segments.split(text)
    return [
        submit(
            part,
            esm_class=0x40,
            short_message=b"\x06\x08\x04" + reference.to_bytes(2, "big")
            + bytes((len(parts), number)) + part.encode("utf-16-be"),
        )
        for number, part in enumerate(parts, 1)
    ]  # fmt: skip


def by_parameters(text, reference=700):
    parts = segments.split(text)
    return [
        submit(
            part,
            tlvs={
                Tag.SAR_MSG_REF_NUM: reference.to_bytes(2, "big"),
                Tag.SAR_TOTAL_SEGMENTS: bytes((len(parts),)),
                Tag.SAR_SEGMENT_SEQNUM: bytes((number,)),
            },
        )
        for number, part in enumerate(parts, 1)
    ]


def messages(world):
    return world.rows("SELECT id, text, segments FROM message ORDER BY id")


def told(world):
    return world.rows("SELECT message_id, told_ids, wanted FROM smpp_message ORDER BY message_id")


@pytest.mark.parametrize("cut", [by_header, by_wide_header, by_parameters])
async def test_one_part_after_the_other_makes_one_message(bind, acme, world, cut):
    system = await bind()
    text = long_text(acme)
    told_ids = []
    for pdu in cut(text):
        answer = await system.ask(pdu)
        assert answer.status == 0
        told_ids.append(int(answer.message_id))
    ((number, stored, count),) = messages(world)
    assert (stored, count) == (text, 3)
    assert acme.used == 3
    assert told_ids[-1] == number  # the last that was answered is told the message's own id
    assert len(set(told_ids)) == 3
    assert told(world) == [(number, told_ids, [1, 1, 1])]


async def test_parts_at_once_out_of_order_and_by_two_sessions(bind, acme, world):
    system, other = await bind(), await bind()
    text = long_text(acme)
    first, second, third = by_header(text)
    answers = await asyncio.gather(*system.begin_all(third, first), *other.begin_all(second))
    assert [one.status for one in answers] == [0, 0, 0]
    ((number, stored, count),) = messages(world)
    assert (stored, count, acme.used) == (text, 3, 3)
    third_id, first_id, second_id = (int(one.message_id) for one in answers)
    assert told(world) == [(number, [first_id, second_id, third_id], [1, 1, 1])]


async def test_a_whole_long_text_in_one_payload(bind, acme, world):
    system = await bind()
    text = long_text(acme, 400)
    answer = await system.submit(
        "", short_message=b"", tlvs={Tag.MESSAGE_PAYLOAD: text.encode("utf-16-be")}
    )
    assert answer.status == 0
    assert [(t, n) for _, t, n in messages(world)] == [(text, segments.count(text))]


async def test_a_repeated_part_counts_once(bind, acme, world):
    system = await bind()
    first, second, third = by_header(long_text(acme))
    once, again = await system.ask(first), await system.ask(first)
    assert once.message_id == again.message_id
    await system.ask(second)
    await system.ask(third)
    assert (len(messages(world)), acme.used) == (1, 3)
    await system.ask(third)  # of a message that is whole: it waits for others, and pays nothing
    assert (len(messages(world)), acme.used) == (1, 3)


async def test_a_reference_that_comes_again_is_another_message(bind, acme, world):
    system = await bind()
    for code in ("长" * 150, "短" * 150):
        for pdu in by_header(acme.text(code)):
            assert (await system.ask(pdu)).status == 0
    assert [text for _, text, _ in messages(world)] == [
        acme.text("长" * 150), acme.text("短" * 150)
    ]  # fmt: skip


async def test_what_was_never_whole_gives_way_to_what_comes_under_its_reference(bind, acme, world):
    system = await bind()
    lost, *_ = by_header(acme.text("旧" * 150))
    old = await system.ask(lost)
    for pdu in by_header(acme.text("新" * 150)):
        assert (await system.ask(pdu)).status == 0
    assert [text for _, text, _ in messages(world)] == [acme.text("新" * 150)]
    await eventually(lambda: system.receipts)
    receipt = system.receipts[0].receipt
    assert (receipt.message_id, receipt.stat) == (old.message_id, "UNDELIV")


async def test_parts_that_come_together_hear_together_that_they_are_refused(bind, acme, world):
    system = await bind()
    world.do("UPDATE billing_package SET used = total WHERE id = %s", acme.package)
    answers = await asyncio.gather(*system.begin_all(*by_header(long_text(acme))))
    assert {one.status for one in answers} == {statuses.NO_BALANCE}
    assert messages(world) == []
    assert world.one("SELECT count(*) FROM smpp_deliver") == 0


async def test_parts_that_were_answered_before_get_a_receipt(bind, acme, world):
    system = await bind()
    world.do("UPDATE billing_package SET used = total WHERE id = %s", acme.package)
    first, second, third = by_header(long_text(acme))
    early = [await system.ask(first), await system.ask(second)]
    assert [one.status for one in early] == [0, 0]
    assert (await system.ask(third)).status == statuses.NO_BALANCE
    await eventually(lambda: len(system.receipts) == 2)
    assert {(one.receipt.message_id, one.receipt.stat) for one in system.receipts} == {
        (one.message_id, "REJECTD") for one in early
    }
    assert messages(world) == []


async def test_a_text_that_matches_nothing_is_refused_whole(bind, acme, world):
    system = await bind()
    pdus = by_header(f"【{acme.signature_name}】" + "随便" * 70)
    answers = await asyncio.gather(*system.begin_all(*pdus))
    assert {one.status for one in answers} == {statuses.TEMPLATE}


async def test_parts_whose_siblings_do_not_come_are_given_up(bind, acme, world, program, config):
    system = await bind()
    first, second, _ = by_header(long_text(acme), registered_delivery=0)
    answer = await system.ask(first)
    wanted = await system.ask(by_header(long_text(acme), reference=8)[0])
    upkeep = Upkeep(program.store, config, program.instance.id)
    await upkeep.look()
    assert world.one("SELECT count(*) FROM smpp_part WHERE outcome IS NULL") == 2
    world.do("UPDATE smpp_part SET received_at = now() - interval '6 minutes'")
    await upkeep.look()
    assert world.rows("SELECT DISTINCT outcome, reason FROM smpp_part") == [
        ("incomplete", "parts_missing")
    ]
    await eventually(lambda: system.receipts)
    assert [one.receipt.message_id for one in system.receipts] == [wanted.message_id]
    assert acme.used == 0
    again = await system.ask(second)  # too late: it waits for a first one now
    assert again.status == 0
    assert answer.message_id != again.message_id


async def test_ids_of_parts_and_of_messages_are_never_the_same(bind, acme, monkeypatch):
    stopped = time.time_ns()  # all within one millisecond
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: stopped))
    system = await bind()
    part = by_header(long_text(acme))[0]
    told = [await system.submit(acme.text()), await system.ask(part)]
    assert [one.status for one in told] == [0, 0]
    assert told[0].message_id != told[1].message_id


async def test_systems_of_two_enterprises_do_not_share_parts(bind, acme, globex, world):
    system, other = await bind(), await bind("globex")
    first, second, third = by_header(long_text(acme))
    await system.ask(first)
    await other.ask(second)
    await other.ask(third)
    assert messages(world) == []


async def test_a_lost_connection_loses_no_part_and_pays_none_twice(bind, acme, world):
    system = await bind()
    first, second, third = by_header(long_text(acme))
    answers = [await system.ask(first)]
    world.kill_others()
    for pdu in (second, third):
        for _ in range(20):
            answer = await system.ask(pdu)
            if answer.status == 0:
                break
            await asyncio.sleep(0.2)
        answers.append(answer)
    assert [one.status for one in answers] == [0, 0, 0]
    assert (len(messages(world)), acme.used) == (1, 3)
