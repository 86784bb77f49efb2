"""The one way in, on a real PostgreSQL: all or nothing, never overdrawn, each refusal."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import psycopg
import pytest

from tests.engine.world import phone
from yunxin.engine.accept import Accepted, Acceptor, AcceptRequest, Refused
from yunxin.engine.directory import Directory
from yunxin.engine.reconcile import disagreements
from yunxin.engine.store import Query, Store, StoreUnavailable
from yunxin.text.segments import split
from yunxin.vocabulary import Refusal, Source, TrafficClass

ONE, TWO, THREE = ("1",), ("长" * 80,), ("长" * 150,)  # parameters for so many segments


@pytest.fixture
def acme(world):
    return world.enterprise()


@pytest.fixture
def template(world, acme):
    return world.template(acme, "您的订单#*#已发货。")


@pytest.fixture
async def acceptor(store, config, world, acme, template):
    """An acceptor that knows Acme and its template."""
    return await make_acceptor(store, config)


async def make_acceptor(store, config, *, node=1, now=None):
    directory = Directory(store, config)
    await directory.start()
    return Acceptor(store, directory, node, config, **({"now": now} if now else {}))


async def test_an_accepted_message_is_written_queued_paid_and_counted(
    acceptor, world, acme, template
):
    package = world.package(acme)
    request = AcceptRequest(
        acme, template, "+8613800000001", ("A1",), Source.API, None, "77", "task", "mine"
    )
    (accepted,) = await acceptor.accept([request])
    assert isinstance(accepted, Accepted)
    ((text, segments, package_id, state, extension, task, reference),) = world.rows(
        "SELECT text, segments, package_id, state, extension, task_id, reference FROM message"
        " WHERE id = %s AND phone = '13800000001' AND carrier = 'mobile'",
        accepted.message_id,
    )
    assert text.endswith("】您的订单A1已发货。")
    assert (segments, package_id, state) == (1, package, "accepted")
    assert (extension, task, reference) == ("77", "task", "mine")
    assert world.rows("SELECT message_id, priority, claimed_by FROM message_queue") == [
        (accepted.message_id, 1, None)
    ]
    assert world.rows("SELECT state, messages, segments FROM tally_delta") == [("accepted", 1, 1)]
    assert world.used(package) == 1


async def test_a_ported_number_is_accepted_as_its_new_carriers(
    acceptor, store, config, world, acme, template
):
    world.package(acme)
    unicoms = world.template(acme, "您的订单#*#已发货。", carriers='["unicom"]')
    ported, other = "13800000001", "13800000002"
    world.do("INSERT INTO carriers_portednumber VALUES (%s, 'unicom')", ported)
    await acceptor.directory.refresh()
    requests = [
        AcceptRequest(acme, t, p, ("1",)) for t in (template, unicoms) for p in (ported, other)
    ]
    answers = await acceptor.accept([*requests, AcceptRequest(acme, template, "no", ("1",))])
    assert [getattr(answer, "reason", "") for answer in answers] == [
        "", "", "", Refusal.CARRIER_NOT_SERVED, Refusal.PHONE_INVALID,
    ]  # fmt: skip
    rows = world.rows(
        "SELECT DISTINCT phone, carrier FROM message JOIN message_queue q USING"
        " (enterprise_id, carrier) WHERE q.message_id = message.id ORDER BY phone"
    )
    assert rows == [(ported, "unicom"), (other, "mobile")]


@pytest.mark.parametrize("params", [ONE, TWO, THREE, ("😀" * 40,), ("a" * 69,), ("长" * 55,)])
async def test_the_price_is_the_number_of_parts_on_the_wire(
    acceptor, world, acme, template, params
):
    package = world.package(acme)
    (accepted,) = await acceptor.accept([AcceptRequest(acme, template, phone(1), params)])
    text = world.one("SELECT text FROM message WHERE id = %s", accepted.message_id)
    assert accepted.segments == len(split(text)) == world.used(package)


async def test_digits_of_enterprise_signature_and_request_follow_one_another(store, config, world):
    acme = world.enterprise(extension_code="12")
    template = world.template(acme, "好", signature_id=world.signature(acme, extension_code="34"))
    world.package(acme)
    acceptor = await make_acceptor(store, config)
    await acceptor.accept([AcceptRequest(acme, template, phone(1), extension="56")])
    assert world.one("SELECT extension FROM message") == "123456"


# -- money -----------------------------------------------------------------------------------


async def test_nobody_overdraws_though_many_accept_at_once(config, world, acme, template):
    small, large = world.package(acme, 50, days=1), world.package(acme, 100, days=2)
    random = Random(7)
    async with AsyncExitStack() as stack:
        acceptors = []
        for node in range(4):
            store = await stack.enter_async_context(Store(config, size=3))
            acceptors.append(await make_acceptor(store, config, node=node))
        calls = [
            acceptors[n % 4].accept(
                [AcceptRequest(acme, template, phone(n), random.choice((ONE, TWO, THREE)))]
            )
            for n in range(200)
        ]
        answers = [answer for (answer,) in await asyncio.gather(*calls)]
    accepted = [a for a in answers if isinstance(a, Accepted)]
    refused = [a for a in answers if isinstance(a, Refused)]
    assert {a.reason for a in refused} == {Refusal.NO_BALANCE}
    paid = sum(a.segments for a in accepted)
    assert world.used(small) + world.used(large) == paid
    assert paid > 140  # at most two segments in each package are too few for what came last
    assert world.used(small) <= 50
    assert world.used(large) <= 100
    assert world.one("SELECT count(*) FROM message") == len(accepted)


async def test_the_table_itself_refuses_an_overdraft(world, acme):
    package = world.package(acme, 10)
    with pytest.raises(Exception, match="package_never_overdrawn"):
        world.do("UPDATE billing_package SET used = 11 WHERE id = %s", package)


async def test_a_batch_that_does_not_fit_takes_the_first_and_what_still_fits(
    acceptor, world, acme, template
):
    package = world.package(acme, 4)
    requests = [
        AcceptRequest(acme, template, phone(n), params)
        for n, params in enumerate((THREE, TWO, ONE, ONE))
    ]
    answers = await acceptor.accept(requests)
    assert [isinstance(a, Accepted) for a in answers] == [True, False, True, False]
    assert answers[1] == Refused(Refusal.NO_BALANCE, "2")
    assert world.used(package) == 4


async def test_in_order_nothing_passes_what_could_not_be_paid(
    store, acceptor, world, acme, template
):
    package = world.package(acme, 4)
    requests = [
        AcceptRequest(acme, template, phone(n), params)
        for n, params in enumerate((THREE, TWO, ONE))
    ]
    async with store.transaction() as tx:
        answers = await acceptor.accept_in(tx, requests, in_order=True)
    assert [isinstance(a, Accepted) for a in answers] == [True, False, False]
    assert world.used(package) == 3


async def test_the_package_that_ends_first_pays_first_if_it_has_enough(
    acceptor, world, acme, template
):
    later, sooner = world.package(acme, 10, days=20), world.package(acme, 2, days=10)
    await acceptor.accept([AcceptRequest(acme, template, phone(1), THREE)])
    assert (world.used(sooner), world.used(later)) == (0, 3)
    await acceptor.accept([AcceptRequest(acme, template, phone(2), TWO)])
    assert (world.used(sooner), world.used(later)) == (2, 3)


async def test_packages_that_ended_have_not_begun_or_are_anothers_do_not_pay(
    acceptor, world, acme, template
):
    world.package(world.enterprise(), 10)
    world.do(
        "UPDATE billing_package SET valid_to = now() - interval '1 minute' WHERE id = %s",
        world.package(acme, 10),
    )
    world.do(
        "UPDATE billing_package SET valid_from = now() + interval '1 hour' WHERE id = %s",
        world.package(acme, 10),
    )
    (answer,) = await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)])
    assert answer == Refused(Refusal.NO_BALANCE, "1")


# -- one transaction -------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["pay", "copy_messages", "copy_queue", "tally_accepted"])
async def test_a_failure_in_the_middle_leaves_nothing(
    store, acceptor, world, acme, template, query
):
    package = world.package(acme)
    right = store._queries[query]
    broken = "COPY nowhere FROM STDIN" if query.startswith("copy") else "SELECT 1 / 0"
    store._queries[query] = Query(query, right.sentence, broken)
    with pytest.raises(Exception, match="nowhere|division"):
        await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)])
    assert world.used(package) == 0
    for table in ("message", "message_queue", "tally_delta"):
        assert world.one(f"SELECT count(*) FROM {table}") == 0
    store._queries[query] = right
    (answer,) = await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)])
    assert isinstance(answer, Accepted)


async def test_one_bad_request_does_not_fail_the_others_of_its_commit(
    acceptor, world, acme, template
):
    package = world.package(acme)
    good = AcceptRequest(acme, template, phone(1), ONE)
    bad = good._replace(campaign_id=1 << 70)  # no column can hold it
    first = asyncio.create_task(acceptor.accept([good]))
    await asyncio.sleep(0)  # a commit is running: the next two share one
    second, third = asyncio.create_task(acceptor.accept([bad])), acceptor.accept([good])
    answers = await asyncio.gather(first, second, third, return_exceptions=True)
    assert isinstance(answers[0][0], Accepted)
    assert isinstance(answers[1], Exception)
    assert isinstance(answers[2][0], Accepted)
    assert world.used(package) == 2


async def test_a_lost_database_is_said_and_the_next_call_works(acceptor, world, acme, template):
    package = world.package(acme)
    world.kill_others()
    with pytest.raises(StoreUnavailable):
        await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)])
    (answer,) = await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)])
    assert isinstance(answer, Accepted)
    assert world.used(package) == 1


async def test_a_commit_whose_answer_was_lost_is_looked_up(
    store, acceptor, world, acme, template, monkeypatch
):
    world.package(acme)
    transactions = [_LosesTheAnswer(store.transaction())]
    ordinary = store.transaction
    monkeypatch.setattr(
        store, "transaction", lambda: transactions.pop() if transactions else ordinary()
    )
    (answer,) = await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)])
    assert isinstance(answer, Accepted)
    assert world.rows("SELECT id FROM message") == [(answer.message_id,)]


@pytest.mark.parametrize("ends", ["COMMIT", "ROLLBACK"])
async def test_a_commit_that_is_still_under_way_is_waited_for(
    acceptor, database, world, acme, template, ends
):
    """The connection is gone, the database is not: it may yet commit what nobody answered for."""
    package = world.package(acme)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as cut_off:
        await cut_off.execute("BEGIN")
        await cut_off.execute("UPDATE billing_package SET used = 1 WHERE id = %s", [package])
        await cut_off.execute(
            "INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source,"
            " signature_id, template_id, package_id, text, segments) VALUES (%s, %s, %s, 'mobile',"
            " 'text', 'notice', 'api', 1, %s, %s, '您好', 1)",
            [acme, message_id := acceptor.ids.next(), phone(1), template, package],
        )
        looked_up = asyncio.create_task(acceptor._exists(acme, message_id))
        await asyncio.sleep(0.3)
        assert not looked_up.done()
        await cut_off.execute(ends)
        assert await looked_up is (ends == "COMMIT")


class _LosesTheAnswer:
    """A transaction that commits, and whose connection is gone before it can say so."""

    def __init__(self, inner):
        self._inner = inner

    async def __aenter__(self):
        return await self._inner.__aenter__()

    async def __aexit__(self, *args):
        await self._inner.__aexit__(*args)
        raise StoreUnavailable("gone")


async def test_calls_that_come_while_a_commit_runs_share_the_next(acceptor, world, acme, template):
    world.package(acme)
    calls = [acceptor.accept([AcceptRequest(acme, template, phone(n), ONE)]) for n in range(300)]
    answers = await asyncio.gather(*calls)
    assert all(isinstance(answer, Accepted) for (answer,) in answers)
    commits = world.one("SELECT count(DISTINCT xmin::text) FROM message")
    assert commits <= 3
    ids = [answer.message_id for (answer,) in answers]
    assert ids == sorted(set(ids))


async def test_a_caller_that_goes_away_does_not_hold_up_the_others(acceptor, world, acme, template):
    world.package(acme)
    calls = [
        asyncio.create_task(acceptor.accept([AcceptRequest(acme, template, phone(n), ONE)]))
        for n in range(10)
    ]
    await asyncio.sleep(0)
    calls[3].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(a, list) for a in answers] == [n != 3 for n in range(10)]


# -- refusals that need the database ---------------------------------------------------------


async def test_blocked_phones_are_refused_each_with_its_list(acceptor, world, acme, template):
    package = world.package(acme)
    world.block(phone(1))
    world.block(phone(2), acme)
    world.block(phone(3), world.enterprise())
    requests = [AcceptRequest(acme, template, phone(n), ONE) for n in range(4)]
    answers = await acceptor.accept(requests)
    assert answers[1:3] == [Refused(Refusal.BLOCKED_GLOBAL), Refused(Refusal.BLOCKED_ENTERPRISE)]
    assert isinstance(answers[0], Accepted)
    assert isinstance(answers[3], Accepted)
    assert world.used(package) == 2


async def test_refusals_of_the_checks_and_of_the_database_stand_in_the_order_of_requests(
    acceptor, world, acme, template
):
    world.package(acme, 1)
    world.block(phone(2))
    requests = [
        AcceptRequest(acme, template, "12", ONE),
        AcceptRequest(acme, template, phone(2), ONE),
        AcceptRequest(acme, template, phone(3), ONE),
        AcceptRequest(acme, template, phone(4), ()),
        AcceptRequest(acme, template, phone(5), ONE),
    ]
    reasons = [getattr(a, "reason", None) for a in await acceptor.accept(requests)]
    assert reasons == [
        Refusal.PHONE_INVALID,
        Refusal.BLOCKED_GLOBAL,
        None,
        Refusal.PARAMS_MISSING,
        Refusal.NO_BALANCE,
    ]


class Clock:
    """A clock that tests turn forward."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


async def test_verification_codes_to_one_phone_are_capped_by_minute_hour_and_day(
    store, config, world, acme
):
    world.package(acme)
    template = world.template(acme, "验证码#*#", traffic=TrafficClass.VERIFICATION)
    config = replace(
        config,
        cap_verification_per_minute=1,
        cap_verification_per_hour=2,
        cap_verification_per_day=3,
    )
    clock = Clock()
    acceptor = await make_acceptor(store, config, now=clock)
    request = AcceptRequest(acme, template, phone(1), ONE)

    async def send():
        (answer,) = await acceptor.accept([request])
        return answer.detail if isinstance(answer, Refused) else "accepted"

    assert await send() == "accepted"
    assert await send() == "1/minute"
    clock.ahead = timedelta(seconds=61)
    assert await send() == "accepted"
    clock.ahead = timedelta(minutes=3)
    assert await send() == "2/hour"
    clock.ahead = timedelta(minutes=61)
    assert await send() == "accepted"
    clock.ahead = timedelta(hours=3)
    assert await send() == "3/day"
    clock.ahead = timedelta(hours=25)
    assert await send() == "accepted"
    (other,) = await acceptor.accept([request._replace(phone=phone(2))])
    assert isinstance(other, Accepted)


async def test_a_cap_counts_what_the_batch_itself_brings(store, config, world, acme):
    package = world.package(acme)
    template = world.template(acme, "满减#*#", traffic=TrafficClass.MARKETING)
    config = replace(config, marketing_to=config.marketing_from, cap_marketing_per_day=2)
    acceptor = await make_acceptor(store, config)
    answers = await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)] * 4)
    assert answers[2:] == [Refused(Refusal.FREQUENCY, "2/day")] * 2
    assert world.used(package) == 2


async def test_a_cap_holds_though_several_accept_at_once(config, world, acme):
    world.package(acme)
    template = world.template(acme, "验证码#*#", traffic=TrafficClass.VERIFICATION)
    async with AsyncExitStack() as stack:
        calls = []
        for node in range(4):
            store = await stack.enter_async_context(Store(config, size=3))
            acceptor = await make_acceptor(store, config, node=node)
            calls += [
                acceptor.accept([AcceptRequest(acme, template, phone(n), ONE)]) for n in range(20)
            ]
        answers = [answer for (answer,) in await asyncio.gather(*calls)]
    assert sum(isinstance(a, Accepted) for a in answers) == 20
    assert world.one("SELECT count(DISTINCT phone) FROM message") == 20


async def test_notices_have_no_cap(acceptor, world, acme, template):
    world.package(acme)
    answers = await acceptor.accept([AcceptRequest(acme, template, phone(1), ONE)] * 50)
    assert all(isinstance(a, Accepted) for a in answers)


async def test_books_agree_after_many_enterprises_shared_commits(store, config, world, database):
    enterprises = [world.enterprise() for _ in range(5)]
    templates = {e: world.template(e) for e in enterprises}
    for enterprise in enterprises:
        world.package(enterprise, 30)
    acceptor = await make_acceptor(store, config)
    random = Random(3)
    calls = []
    for n in range(100):
        enterprise = random.choice(enterprises)
        params = random.choice((ONE, TWO, THREE))
        calls.append(
            acceptor.accept([AcceptRequest(enterprise, templates[enterprise], phone(n), params)])
        )
    await asyncio.gather(*calls)
    assert disagreements(database) == []
