"""The client and the real API understand each other, over TCP, with both ways of proving."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from tests.api.serving import jobs, serve
from tests.api.test_applying import user
from tests.api.world import ACCESS_KEY, SECRET_KEY, Side
from tests.client.test_client import Ask, async_ask, sync_ask
from tests.engine.world import World, phone
from yunxin.client import Client, Person, Problem, Recipient, ronghe
from yunxin.config import Config


@pytest.fixture
def world(database: str) -> Iterator[World]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield World(connection)


@pytest.fixture
def acme(world: World) -> Side:
    side = Side(world)
    side.allow("127.0.0.1/32")
    return side


@pytest.fixture
def url(database: str, acme: Side) -> Iterator[str]:
    with serve(Config(database_url=database, secret_key=SECRET_KEY)) as (url, _process):
        yield url


def test_everything_that_can_be_asked(url: str, acme: Side, world: World) -> None:
    recipients = [Recipient(phone(1), ["李", "2,3"], "order-1"), "12345"]
    with Client(url, acme.minted.key, signs=True) as client:
        preview = client.preview(acme.template, recipients, ["王", "1"])
        assert (preview.accepted, preview.refused) == (1, 1)
        assert "您好李,2,3" in preview.messages[0].text

        before = client.balance()
        sent = client.send(acme.template, recipients, ["王", "1"], reference="batch")
        assert (sent.accepted, sent.refused, sent.segments) == (1, 1, 1)
        assert sent.messages[1].refusal is not None
        assert sent.messages[1].refusal.code == "phone_invalid"
        assert client.balance().left == before.left - 1
        assert before.packages[0].valid_to is not None

        message = client.message(sent.messages[0].id)
        assert (message.phone, message.reference, message.state) == (
            phone(1),
            "order-1",
            "accepted",
        )
        assert message.timeline and message.timeline[0].at is not None
        hour = timedelta(hours=1)
        now = datetime.now(UTC)
        assert [m.id for m in client.messages(reference="order-1")] == [message.id]
        assert [m.id for m in client.messages(since=now - hour, until=now + hour)] == [message.id]
        assert list(client.messages(phone=phone(2))) == []

        assert [str(acme.template)] == [template.id for template in client.templates()]
        assert [signature.state for signature in client.signatures()] == ["approved"]

        pull = client.receipts()
        assert list(pull) == []
        world.do(
            "SELECT note_receipts(ARRAY[%s::bigint], ARRAY[%s::bigint], ARRAY['api'])",
            acme.id,
            int(message.id),
        )
        (receipt,) = pull
        assert (receipt.message, receipt.task) == (message.id, sent.task)
        assert list(pull) == []
        assert list(client.receipts(pull.cursor)) == []
        assert list(client.inbound()) == []


@pytest.mark.parametrize("ask", [sync_ask, async_ask], ids=["sync", "async"])
def test_signatures_and_templates_are_applied_for(
    url: str, acme: Side, world: World, database: str, ask: Ask
) -> None:
    user(world, acme)
    key = acme.minted.key
    with jobs(Config(database_url=database, secret_key=SECRET_KEY)):
        made = ask(url, "apply_for_signature", "云启科技", "发货通知", kind="company", key=key)
        assert (made.name, made.state) == ("云启科技", "pending")
        words = ("apply_for_template", "取件通知", acme.signature, "您的快递#*#已到。")
        template = ask(url, *words, variables=["单号"], key=key)
        assert (template.name, template.variables) == ("取件通知", ("单号",))
        with pytest.raises(Problem, match="application_refused|variable|变量"):
            ask(url, *words, variables=["a", "b"], key=key)


@pytest.mark.parametrize("ask", [sync_ask, async_ask], ids=["sync", "async"])
def test_the_same_key_sends_once(url: str, acme: Side, world: World, ask: Ask) -> None:
    words = ("send", acme.template, phone(1), ["王", "1"])
    first = ask(url, *words, key=acme.minted.key, idempotency_key="order-7")
    again = ask(url, *words, key=acme.minted.key, idempotency_key="order-7")
    assert first == again
    assert world.rows("SELECT count(*) FROM message") == [(1,)]


@pytest.mark.parametrize("signs", [False, True], ids=["key", "signed"])
def test_an_address_book_is_kept(url: str, acme: Side, signs: bool) -> None:
    one, two = phone(1), phone(2)
    with Client(url, acme.minted.key, signs=signs) as client:
        group = client.create_contact_group("客户")
        below = client.create_contact_group("VIP", parent=group.id)
        assert (below.parent, below.members, below.reach) == (group.id, 0, 0)

        person = Person(one, "张三", birthday="1990-12-31", company="云启")
        assert client.save_contact(person, groups=[below.id]).created
        saved = client.save_contacts([Person(one, "张三丰"), Person(two, "李四"), Person("1", "x")])
        assert (saved.created, saved.existing, saved.refused) == (1, 1, 1)
        assert saved.contacts[2].refusal is not None
        assert saved.contacts[2].refusal.code == "phone_invalid"

        contact = client.contact(f"+86{one}")
        assert (contact.name, contact.company, contact.birthday, contact.groups) == (
            "张三丰", "云启", date(1990, 12, 31), (below.id,),
        )  # fmt: skip
        assert contact == client.contact(contact.id)
        assert [c.phone for c in client.contacts()] == [two, one]
        assert [c.phone for c in client.contacts(group=group.id, subgroups=True)] == [one]
        assert [c.phone for c in client.contacts(search="zsf")] == [one]
        assert [c.phone for c in client.contacts(phone=two)] == [two]

        joined = client.add_to_group(group.id, [one, two, "9"])
        assert (joined.changed, joined.missing) == (2, ("9",))
        assert client.remove_from_group(group.id, [contact.id]).changed == 1
        assert client.contact_group(group.id).reach == 2
        assert client.rename_contact_group(below.id, "贵宾").name == "贵宾"
        assert [g.name for g in client.contact_groups()] == ["客户", "贵宾"]

        assert client.delete_contact(one).deleted == 1
        gone = client.delete_contacts([one, two])
        assert (gone.deleted, gone.missing) == (1, (one,))
        assert client.delete_contact_group(group.id).deleted == 2
        with pytest.raises(Problem, match="not_found"):
            client.contact(one)


def test_a_problem_leads_into_the_document(url: str, acme: Side) -> None:
    with Client(url, acme.minted.key, language="zh-CN") as client, pytest.raises(Problem) as told:
        client.send(999, phone(1), ["王", "1"])
    assert told.value.code == "template_not_approved"
    assert told.value.link.endswith("/interface/document/#problem-template_not_approved")
    assert "模板" in told.value.sentence + str(told.value)
    assert told.value.request


def test_a_wrong_key_is_a_problem(url: str) -> None:
    wrong = "yx_live_abcdefghijkl_" + "0" * 40
    for signs in (False, True):
        with Client(url, wrong, signs=signs) as client, pytest.raises(Problem) as told:
            client.balance()
        assert (told.value.status, told.value.code) == (401, "invalid_key")


def test_the_dialect_is_spoken(url: str, acme: Side) -> None:
    answer = ronghe.send(
        url,
        cpcode=acme.cpcode,
        access_key=ACCESS_KEY,
        template=acme.template,
        phones=[phone(1), phone(2)],
        values=["王", "1"],
    )
    assert answer.code == 0 and answer.task
    with pytest.raises(ronghe.RongheRefused, match="316"):
        ronghe.send(url, cpcode=acme.cpcode, access_key="wrong", template=1, phones=[phone(1)])
