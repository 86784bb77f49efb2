"""A request that comes several times has its effect once."""

import asyncio

import pytest

from tests.engine.world import World, phone
from yunxin.engine.checks import Accepted, AcceptRequest, Refused
from yunxin.engine.once import KeyReused, Once, Remembered, read_answer, write_answer
from yunxin.vocabulary import Refusal


def _once(enterprise_id: int, key: str = "k", digest: bytes = b"d", kept_s: float = 60) -> Once:
    return Once(enterprise_id, "v1", key, digest, kept_s)


@pytest.fixture
def sender(world: World) -> tuple[int, int]:
    """An enterprise with 10 segments, and a template of its own without variables."""
    enterprise_id = world.enterprise()
    world.package(enterprise_id, 10)
    return enterprise_id, world.template(enterprise_id, "您好。")


def _requests(sender: tuple[int, int], *numbers: int) -> list[AcceptRequest]:
    return [AcceptRequest(*sender, phone(number), task_id="C1") for number in numbers]


def test_an_answer_survives_being_written():
    told = Remembered("C1", [Accepted(5, 1), Refused(Refusal.BLOCKED_GLOBAL, "x")])
    assert read_answer(write_answer(told)) == told._replace(replayed=True)


async def test_the_second_time_gets_the_first_answer(world, make_acceptor, sender):
    acceptor = await make_acceptor()
    requests = _requests(sender, 1, 2)
    first = await acceptor.accept_once(requests, once=_once(sender[0]))
    again = await acceptor.accept_once(requests, once=_once(sender[0]))
    assert again.answers == first.answers and again.replayed and again.task_id == "C1"
    assert world.one("SELECT count(*) FROM message") == 2
    assert world.one("SELECT used FROM billing_package") == 2
    assert world.one("SELECT replays::bigint FROM api_answer") == 1


async def test_many_at_once_are_one(world, make_acceptor, sender):
    """Of those in one batch, and of those that come while it commits."""
    acceptor = await make_acceptor()
    requests = _requests(sender, 1)
    calls = (acceptor.accept_once(requests, once=_once(sender[0])) for _ in range(20))
    told = await asyncio.gather(*calls)
    assert len({answer.answers[0] for answer in told}) == 1
    assert sum(not answer.replayed for answer in told) == 1
    assert world.one("SELECT count(*) FROM message") == 1


async def test_two_processes_at_once_are_one(world, make_acceptor, sender):
    requests = _requests(sender, 1)
    acceptors = [await make_acceptor() for _ in range(4)]
    for key in map(str, range(10)):
        told = await asyncio.gather(
            *(a.accept_once(requests, once=_once(sender[0], key)) for a in acceptors)
        )
        assert len({answer.answers[0] for answer in told}) == 1
    assert world.one("SELECT count(*) FROM message") == 10
    assert world.one("SELECT used FROM billing_package") == 10


async def test_a_key_with_another_request_is_refused(world, make_acceptor, sender):
    acceptor = await make_acceptor()
    await acceptor.accept_once(_requests(sender, 1), once=_once(sender[0]))
    with pytest.raises(KeyReused):
        await acceptor.accept_once(_requests(sender, 2), once=_once(sender[0], digest=b"e"))
    told = await asyncio.gather(
        acceptor.accept_once(_requests(sender, 3), once=_once(sender[0], "n", b"1")),
        acceptor.accept_once(_requests(sender, 4), once=_once(sender[0], "n", b"2")),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [Remembered, KeyReused]
    assert world.one("SELECT count(*) FROM message") == 2


async def test_the_same_key_of_another_enterprise_is_another(world, make_acceptor, sender):
    other = world.enterprise()
    world.package(other, 10)
    theirs = (other, world.template(other, "您好。"))
    acceptor = await make_acceptor()
    await acceptor.accept_once(_requests(sender, 1), once=_once(sender[0]))
    told = await acceptor.accept_once(_requests(theirs, 1), once=_once(other))
    assert not told.replayed
    assert world.one("SELECT count(*) FROM message") == 2


async def test_it_is_forgotten_after_its_time(world, make_acceptor, sender):
    acceptor = await make_acceptor()
    await acceptor.accept_once(_requests(sender, 1), once=_once(sender[0]))
    world.do("UPDATE api_answer SET created_at = now() - interval '61 seconds'")
    told = await acceptor.accept_once(_requests(sender, 1), once=_once(sender[0]))
    assert not told.replayed
    assert world.one("SELECT count(*) FROM message") == 2


async def test_what_was_refused_as_a_whole_may_be_asked_for_again(world, make_acceptor, sender):
    acceptor = await make_acceptor()
    world.do("UPDATE billing_package SET used = total")
    refused = await acceptor.accept_once(_requests(sender, 1), once=_once(sender[0]))
    assert refused.answers == [Refused(Refusal.NO_BALANCE, "1")]
    world.do("UPDATE billing_package SET used = 0")
    told = await acceptor.accept_once(_requests(sender, 1), once=_once(sender[0]))
    assert isinstance(told.answers[0], Accepted)


async def test_refused_numbers_beside_accepted_ones_are_told(world, make_acceptor, sender):
    acceptor = await make_acceptor()
    requests = [*_requests(sender, 1), AcceptRequest(*sender, "12345", task_id="C1")]
    await acceptor.accept_once(requests, tells_refusals=True)
    ((kind, said),) = world.rows("SELECT kind, detail FROM interface_event")
    assert kind == "receipts"
    assert said == {"task": "C1", "phone": "12345", "reason": "phone_invalid"}
