"""Submits: what is accepted and what it costs, what is refused and with which status."""

import asyncio

import pytest

from tests.smpp.world import PHONE, submit
from yunxin.protocols.events import Alphabet
from yunxin.protocols.smpp.pdus import Tag
from yunxin.protocols.smpp.status import Code
from yunxin.smpp import statuses
from yunxin.vocabulary import TrafficClass


def messages(world, what="id, text, segments"):
    return world.rows(f"SELECT {what} FROM message ORDER BY id")


async def test_a_text_that_matches_is_paid_and_queued_under_our_id(bind, acme, world):
    system = await bind()
    answer = await system.submit(acme.text("778899"), source_addr="anything")
    assert answer.status == 0
    assert messages(world) == [(int(answer.message_id), acme.text("778899"), 1)]
    assert messages(world, "template_id, signature_id, phone, source, enterprise_id") == [
        (acme.template, acme.signature, PHONE, "smpp", acme.id)
    ]
    assert acme.used == 1
    assert world.one("SELECT count(*) FROM message_queue WHERE claimed_by IS NULL") == 1


async def test_a_text_without_its_signature_gets_it(bind, acme, world):
    system = await bind()
    answer = await system.submit("您的验证码是1234，请勿告诉他人。")
    assert answer.status == 0
    assert messages(world, "text") == [(acme.text(),)]


async def test_texts_of_other_enterprises_and_unknown_ones_are_refused(bind, acme, globex, world):
    system = await bind()
    assert (await system.submit(globex.text())).status == statuses.SIGNATURE
    assert (await system.submit(f"【{acme.signature_name}】随便")).status == statuses.TEMPLATE
    assert (await system.submit("随便")).status == statuses.TEMPLATE
    assert messages(world) == []
    assert acme.used == globex.used == 0


async def test_a_cancelled_signature_sends_nothing(bind, acme, world, program):
    system = await bind()
    world.do("UPDATE content_signature SET state = 'cancelled' WHERE id = %s", acme.signature)
    await program.directory.refresh()
    assert (await system.submit(acme.text())).status == statuses.SIGNATURE


async def test_the_reasons_of_acceptance_have_their_statuses(bind, acme, world, program):
    system = await bind()
    world.block(PHONE, acme.id)
    assert (await system.submit(acme.text())).status == statuses.BLOCKED_BY_ENTERPRISE
    world.block("13800005679")
    other = {"destination_addr": "13800005679"}
    assert (await system.submit(acme.text(), **other)).status == statuses.BLOCKED_FOR_ALL
    world.forbid("坏词")
    await program.directory.refresh()
    third = {"destination_addr": "13800005670"}
    assert (await system.submit(acme.text("坏词"), **third)).status == statuses.FORBIDDEN_WORD
    world.do("UPDATE billing_package SET used = total WHERE id = %s", acme.package)
    assert (await system.submit(acme.text(), **third)).status == statuses.NO_BALANCE
    world.do("UPDATE billing_package SET used = 0 WHERE id = %s", acme.package)
    payload = {Tag.MESSAGE_PAYLOAD: acme.text("9" * 1000).encode("utf-16-be")}
    long = {"short_message": b"", "tlvs": payload} | third
    assert (await system.submit("", **long)).status == Code.RINVMSGLEN
    assert messages(world) == []


async def test_verification_codes_have_their_cap(bind, acme, world, program):
    world.do("UPDATE content_template SET traffic = 'verification' WHERE id = %s", acme.template)
    await program.directory.refresh()
    system = await bind()
    first, second = await asyncio.gather(
        *system.begin_all(submit(acme.text("1")), submit(acme.text("2")))
    )
    assert (first.status, second.status) == (0, statuses.FREQUENCY)
    assert acme.used == 1


async def test_free_texts_need_a_registered_signature_only(bind, acme, globex, world, program):
    acme.change(text_mode="free", traffic=TrafficClass.VERIFICATION)
    await program.accounts.refresh()
    system = await bind()
    text = f"【{acme.signature_name}】想说什么都行"
    assert (await system.submit(text)).status == 0
    back = f"想说什么都行【{acme.signature_name}】"
    assert (await system.submit(back, destination_addr="13800005679")).status == 0
    assert messages(world, "text, template_id, signature_id, traffic") == [
        (text, 0, acme.signature, "verification"), (back, 0, acme.signature, "verification"),
    ]  # fmt: skip
    for unsigned in (
        "想说什么都行",
        f"【{globex.signature_name}】您好",
        f"【{acme.signature_name}】",
    ):
        assert (await system.submit(unsigned)).status == statuses.SIGNATURE
    assert acme.used == 2


async def test_free_marketing_keeps_its_rules(bind, acme, world, program, config):
    acme.change(text_mode="free", traffic=TrafficClass.MARKETING)
    await program.accounts.refresh()
    system = await bind()
    assert (await system.submit(f"【{acme.signature_name}】新品上市")).status == 0
    assert messages(world, "text") == [(f"【{acme.signature_name}】新品上市，拒收请回复R",)]


async def test_seven_bits_cost_as_everything_does(bind, acme, world, program):
    world.template(acme.id, "Your code is #*#", signature_id=acme.signature)
    await program.directory.refresh()
    system = await bind()
    text = "Your code is " + "1" * 130
    answer = await system.submit(text, short_message=text.encode(), data_coding=0)
    assert answer.status == 0
    assert messages(world, "segments") == [(3,)]  # 149 signs with the signature, 67 a part
    assert acme.used == 3


async def test_all_that_waits_shares_a_commit(bind, acme, world):
    system = await bind()
    pdus = [submit(acme.text(str(n)), destination_addr=f"139{n:08}") for n in range(16)]
    answers = await asyncio.gather(*system.begin_all(*pdus))
    assert [one.status for one in answers] == [0] * 16
    assert len({one.message_id for one in answers}) == 16
    assert world.one("SELECT count(DISTINCT xmin::text) FROM message") <= 3
    assert acme.used == 16


async def test_more_than_the_window_is_throttled(bind, acme, world, program):
    acme.change(window=4)
    await program.accounts.refresh()
    system = await bind()
    pdus = [submit(acme.text(str(n)), destination_addr=f"139{n:08}") for n in range(10)]
    answers = await asyncio.gather(*system.begin_all(*pdus))
    assert [one.status for one in answers] == [0] * 4 + [Code.RTHROTTLED] * 6
    assert world.one("SELECT count(*) FROM message") == 4
    assert (await system.submit(acme.text())).status == 0  # the window is free again


async def test_more_than_the_rate_is_throttled(bind, acme, world, program):
    acme.change(rate_per_s=1, window=100)
    await program.accounts.refresh()
    system = await bind()
    other = await bind()
    texts = [submit(acme.text(str(n)), destination_addr=f"139{n:08}") for n in range(20)]
    answers = await asyncio.gather(*system.begin_all(*texts[:10]), *other.begin_all(*texts[10:]))
    statuses_seen = [one.status for one in answers]
    assert statuses_seen.count(0) in (15, 16)  # the burst that lets the longest text pass
    assert set(statuses_seen) == {0, Code.RTHROTTLED}


async def test_free_digits_stand_behind_the_number(bind, acme, world, program):
    acme.change(source_rule="extension", extension="7")
    world.do(
        "UPDATE accounts_enterprise SET access_number = '1069', extension_code = '55'"
        " WHERE id = %s",
        acme.id,
    )
    await program.accounts.refresh()
    await program.directory.refresh()
    system = await bind()
    for source in ("", "88", "10695588"):
        assert (await system.submit(acme.text(), source_addr=source)).status == 0
    assert messages(world, "extension") == [("557",), ("55788",), ("55788",)]
    answer = await system.submit(acme.text(), source_addr="1" * 19)
    assert answer.status == Code.RINVSRCADR
    assert (await system.submit(acme.text(), source_addr="ACME")).status == Code.RINVSRCADR


async def test_a_scheduled_message_waits_where_no_dispatcher_meets_it(bind, acme, world):
    system = await bind()
    answer = await system.submit(acme.text(), schedule_delivery_time="000000010000000R")
    assert answer.status == 0
    rows = world.rows(
        "SELECT claimed_by, not_before > now() + interval '59 minutes' FROM message_queue"
    )
    assert rows == [(0, True)]
    assert acme.used == 1


async def test_the_reference_is_kept_and_the_submit_noted(bind, acme, world):
    system = await bind()
    answer = await system.submit(
        acme.text(), tlvs={0x0204: b"\x01\x02"}, registered_delivery=2,
        validity_period="000000010000000R",
    )  # fmt: skip
    assert messages(world, "reference") == [("258",)]
    rows = world.rows(
        "SELECT message_id, account_id, told_ids, wanted, expires_at > now() FROM smpp_message"
    )
    number = int(answer.message_id)
    assert rows == [(number, acme.account, [number], [2], True)]


async def test_a_lost_database_is_an_answer_too(bind, acme, world):
    system = await bind()
    world.do("ALTER TABLE message RENAME TO message_gone")
    try:
        assert (await system.submit(acme.text())).status == Code.RSYSERR
    finally:
        world.do("ALTER TABLE message_gone RENAME TO message")
    world.kill_others()
    answer = await system.submit(acme.text())
    assert answer.status in (0, Code.RSYSERR)
    count = world.one("SELECT count(*) FROM message")
    assert (count, acme.used) == ((1, 1) if answer.status == 0 else (0, 0))


@pytest.mark.parametrize("alphabet", [Alphabet.GSM7, Alphabet.UCS2])
async def test_what_cannot_be_stored_is_refused(bind, acme, world, alphabet, program):
    acme.change(text_mode="free")
    await program.accounts.refresh()
    system = await bind()
    answer = await system.submit(f"【{acme.signature_name}】a\0b")
    assert answer.status == Code.RSUBMITFAIL
    assert messages(world) == []
