"""query_sm, cancel_sm and what is not on offer; nobody asks after another's messages."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.smpp.test_deliveries import finish
from tests.smpp.test_parts import by_header
from yunxin.protocols.smpp.pdus import (
    CancelSm,
    DataSm,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    Tag,
)
from yunxin.protocols.smpp.receipts import MESSAGE_STATES
from yunxin.protocols.smpp.status import Code
from yunxin.protocols.smpp.times import read_time
from yunxin.smpp.questions import number_of


async def query(system, message_id):
    answer = (await system.ask(QuerySm(message_id=str(message_id)))).pdu
    return answer.status, MESSAGE_STATES.get(answer.message_state, ""), answer.final_date


async def cancel(system, message_id):
    return (await system.ask(CancelSm(message_id=str(message_id)))).pdu.status


@pytest.mark.parametrize(
    ("state", "word"),
    [("delivered", "DELIVRD"), ("failed", "UNDELIV"), ("expired", "EXPIRED"),
     ("unknown", "UNKNOWN"), ("cancelled", "DELETED")],
)  # fmt: skip
async def test_the_state_of_a_message_is_told(bind, acme, world, state, word):
    system = await bind()
    answer = await system.submit(acme.text())
    assert await query(system, answer.message_id) == (0, "ENROUTE", "")
    finish(world, state, "")
    status, said, date = await query(system, answer.message_id)
    assert (status, said) == (0, word)
    finished = read_time(date, datetime.now(UTC))
    assert abs(finished - datetime.now(UTC)) < timedelta(minutes=1)
    assert date.endswith("32+")  # Shanghai's


async def test_every_id_that_was_told_of_a_long_message_is_known(bind, acme, world):
    system = await bind()
    ids = []
    for pdu in by_header(acme.text("长" * 150)):
        ids.append((await system.ask(pdu)).message_id)
        assert await query(system, ids[0]) == (0, "ENROUTE", "")
    finish(world)
    assert [(await query(system, one))[:2] for one in ids] == [(0, "DELIVRD")] * 3


async def test_parts_that_became_nothing_are_told_so(bind, acme, world):
    system = await bind()
    world.do("UPDATE billing_package SET used = total WHERE id = %s", acme.package)
    first, *rest = by_header(acme.text("长" * 150))
    told = await system.ask(first)
    for pdu in rest:
        await system.ask(pdu)
    status, word, date = await query(system, told.message_id)
    assert (status, word) == (0, "REJECTD")
    assert date


async def test_ids_of_others_are_nobody_s(bind, acme, globex, program):
    acme.add_account("acme-two")
    await program.accounts.refresh()
    system, second, stranger = await bind(), await bind("acme-two"), await bind("globex")
    answer = await system.submit(acme.text())
    part = await system.ask(by_header(acme.text("长" * 150))[0])
    for other in (second, stranger):
        for told in (answer.message_id, part.message_id):
            assert await query(other, told) == (Code.RINVMSGID, "", "")
            assert await cancel(other, told) == Code.RINVMSGID
    assert (await query(system, answer.message_id))[0] == 0


@pytest.mark.parametrize("told", ["", "0", "x", "-1", "9" * 19, "9" * 64, "１２"])
def test_what_is_no_id_of_ours_is_none(told):
    assert number_of(told) == 0


async def test_what_is_no_id_is_refused(bind, acme):
    system = await bind()
    for told in ("", "x", "123"):
        assert await query(system, told) == (Code.RINVMSGID, "", "")
        assert await cancel(system, told) == Code.RINVMSGID


async def test_what_waits_can_be_cancelled_and_is_paid_back(bind, acme, world):
    system = await bind()
    answer = await system.submit(acme.text())
    assert await cancel(system, answer.message_id) == 0
    assert world.rows("SELECT state, refunded FROM message") == [("cancelled", True)]
    assert world.one("SELECT sum(refund_segments) FROM tally_delta") == 1
    assert world.one("SELECT count(*) FROM message_queue") == 0
    assert await cancel(system, answer.message_id) == Code.RCANCELFAIL
    assert (await query(system, answer.message_id))[1] == "DELETED"


async def test_a_scheduled_message_can_be_cancelled(bind, acme, world):
    system = await bind()
    answer = await system.submit(acme.text(), schedule_delivery_time="000000010000000R")
    assert await cancel(system, answer.message_id) == 0
    assert world.rows("SELECT state FROM message") == [("cancelled",)]


async def test_what_is_being_sent_or_final_cannot(bind, acme, world):
    system = await bind()
    answer = await system.submit(acme.text())
    world.do("UPDATE message_queue SET claimed_by = 5, claimed_at = now()")
    assert await cancel(system, answer.message_id) == Code.RCANCELFAIL
    world.do("DELETE FROM message_queue")
    finish(world)
    assert await cancel(system, answer.message_id) == Code.RCANCELFAIL


async def test_what_is_not_on_offer_is_said_to_be_so(bind, acme, world):
    system = await bind()
    answer = await system.submit(acme.text())
    replace = ReplaceSm(message_id=answer.message_id, short_message=b"x")
    assert (await system.ask(replace)).pdu.status == Code.RREPLACEFAIL
    multi = SubmitMulti(destinations=(SmeAddress("13800005678"),), short_message=b"x")
    assert (await system.ask(multi)).pdu.status == Code.RINVCMDID
    data = DataSm(destination_addr="13800005678", tlvs={Tag.MESSAGE_PAYLOAD: b"x"})
    assert (await system.ask(data)).pdu.status == Code.RINVCMDID
    assert world.one("SELECT count(*) FROM message") == 1
