"""The replies page: what was written, what it answers, and the file of it."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.campaigns import making
from tests.factories import make_template, make_user
from tests.messaging.records_world import make_message
from yunxin.accounts.models import AuditEntry
from yunxin.messaging import replies
from yunxin.messaging.models import InboundMessage
from yunxin.vocabulary import message_id_floor

pytestmark = pytest.mark.django_db
_sequence = iter(range(1, 1_000_000))


def make_reply(enterprise, text="好的", at: datetime | None = None, **fields) -> InboundMessage:
    """A reply as the engine stores it."""
    at = at or timezone.now() - timedelta(minutes=1)
    values = {
        "phone": "13800000001", "access_number": "106900001", "channel_id": 0,
        "unsubscribed": False, **fields,
    }  # fmt: skip
    return InboundMessage.objects.create(
        id=message_id_floor(at) + next(_sequence),
        enterprise_id=enterprise.pk,
        text=text,
        received_at=at,
        **values,
    )


@pytest.fixture(autouse=True)
def signed_in(client, acme):
    client.force_login(acme.users.get())


def page(client, **query) -> str:
    answer = client.get(reverse("messaging:replies"), query)
    assert answer.status_code == 200
    return answer.content.decode().partition('id="listing"')[2]


def test_a_reply_leads_to_the_message_it_answers(client, acme):
    template = make_template(acme, name="Parcel")
    message = make_message(template, text="【测试】您的包裹到了")
    make_reply(acme, "收到 <b>", message_id=message.id)
    shown = page(client)
    assert "收到 &lt;b&gt;" in shown and "您的包裹到了" in shown and "Parcel" in shown
    assert reverse("messaging:record", args=[message.id]) in shown
    assert "共 1 项" in shown


def test_without_replies_the_page_says_so(client):
    assert "还没有回复" in page(client)


def test_what_it_answers_may_be_gone(client, acme):
    make_reply(acme, "迟到的回复", message_id=1, campaign_id=1)
    assert "迟到的回复" in page(client)


def test_replies_are_filtered(client, acme):
    campaign = making.make_confirmed(acme, name="双十一")
    now = timezone.now()
    make_reply(acme, "one", phone="13800000002")
    make_reply(acme, "two TD", unsubscribed=True)
    make_reply(acme, "three", campaign_id=campaign.pk)
    make_reply(acme, "four", at=now - timedelta(days=3))

    def shown(**query) -> set[str]:
        found = page(client, **query)
        return {word for word in ("one", "two", "three", "four") if f">{word}" in found}

    today = f"{timezone.localdate():%Y-%m-%d}"
    assert shown() == {"one", "two", "three", "four"}
    assert shown(phone="+86 13800000002") == {"one"}
    assert shown(q="two") == {"two"}
    assert shown(unsubscribed="True") == {"two"}
    assert shown(unsubscribed="False") == {"one", "three", "four"}
    assert shown(campaign=campaign.pk) == {"three"}
    assert "four" not in shown(received_from=today)
    assert shown(received_to=f"{timezone.localdate() - timedelta(days=2):%Y-%m-%d}") == {"four"}
    assert shown(received_to="2001-01-01") == set()
    assert "双十一" in page(client)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"phone": "12345"}, "请输入 11 位中国大陆手机号"),
        ({"campaign": "abc"}, "请输入纯数字编码"),
        ({"received_from": "yesterday"}, "2026-11-21"),
    ],
)
def test_what_cannot_be_understood_is_said(client, acme, query, sentence):
    make_reply(acme)
    assert sentence in page(client, **query)


def test_pages_lead_on_and_back(client, acme):
    for n in range(12):
        make_reply(acme, f"reply {n}")
    first = client.get(reverse("messaging:replies")).context["listing"]
    second = client.get(first.next_url).context["listing"]
    assert len(first.items) == 10 and len(second.items) == 2
    assert client.get(second.previous_url).context["listing"].items[0].id == first.items[0].id


def test_beyond_a_bound_nobody_counts(client, acme, monkeypatch):
    monkeypatch.setattr(replies, "COUNT_MAX", 2)
    for _ in range(4):
        make_reply(acme)
    assert "超过 2 项" in page(client) or "2" in page(client)
    listing = client.get(reverse("messaging:replies")).context["listing"]
    assert (listing.total, listing.more_than) == (None, 2)


def test_a_viewer_sees_masked_numbers(client, acme):
    make_reply(acme)
    client.force_login(make_user(acme, role="viewer"))
    assert "138****0001" in page(client) and "13800000001" not in page(client)
    assert "13800000001" not in exported(client)[0].values()


def exported(client, **query) -> list[dict[str, str]]:
    answer = client.get(reverse("messaging:replies_export"), query)
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_the_file_has_what_the_filters_leave_in_harmless_cells(client, acme, monkeypatch):
    monkeypatch.setattr(replies, "PORTION", 2)
    message = make_message(make_template(acme), text="=1+1")
    make_reply(acme, "=HYPERLINK()", message_id=message.id)
    for n in range(4):
        make_reply(acme, f"reply {n}", unsubscribed=True)
    rows = exported(client)
    assert [row["回复内容"] for row in rows] == [
        "reply 3", "reply 2", "reply 1", "reply 0", "'=HYPERLINK()",
    ]  # fmt: skip
    assert rows[-1]["所回复的短信内容"] == "'=1+1"
    assert len(exported(client, unsubscribed="True")) == 4
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"replies.export"}


def test_a_strangers_replies_are_neither_shown_nor_exported(client, acme, globex):
    make_reply(globex, "秘密", message_id=make_message(make_template(globex)).id)
    make_reply(acme, "mine", message_id=make_message(make_template(globex), text="秘密").id)
    assert "秘密" not in page(client)
    assert "秘密" not in str(exported(client))
    assert "秘密" not in page(client, phone="13800000001")


def test_the_page_costs_the_same_queries_whatever_its_length(
    client, acme, django_assert_num_queries
):
    template = make_template(acme)
    for _ in range(10):
        make_reply(acme, message_id=make_message(template).id)
    client.get(reverse("messaging:replies"))
    # session, user, enterprise, bell, balance, rows, count, messages, templates
    with django_assert_num_queries(9):
        client.get(reverse("messaging:replies"))


def test_phones_and_tasks_have_indexes(acme):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'inbound_message'")
        names = {name for (name,) in cursor.fetchall()}
    assert {"inbound_message_phone", "inbound_message_campaign"} <= names
