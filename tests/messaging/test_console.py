"""Operators' pages: how the platform is, records over all enterprises, receipts that wait."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_channel, make_signature, make_template
from tests.interfaces.scene import make_network
from tests.messaging.records_world import make_message, queue
from yunxin.carriers.models import ChannelState, EngineInstance
from yunxin.messaging.health import read_health
from yunxin.vocabulary import LinkState, Priority, ReviewState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signed_in(client, operator):
    client.force_login(operator)


def shown(client, name, *args, **query) -> str:
    answer = client.get(reverse(f"messaging:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def start_engine(seconds_ago: int = 1) -> None:
    now = timezone.now()
    EngineInstance.objects.create(
        id=1, node=1, host="node-a", pid=7, version="1", started_at=now,
        heartbeat_at=now - timedelta(seconds=seconds_ago),
    )  # fmt: skip


def test_an_api_is_no_engine(db):
    start_engine()
    EngineInstance.objects.update(role="api")
    assert read_health().alive == 0


def hold_receipt(carrier_id: str, *, unmatched: bool, channel_id: int = 0) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO held_receipt (channel_id, carrier_message_id, phone, state, code,"
            " received_at, unmatched)"
            " VALUES (%s, %s, '13800000001', 'delivered', 'DELIVRD', now(), %s)",
            [channel_id, carrier_id, unmatched],
        )


def test_health_says_what_runs_waits_and_is_to_be_done(acme):
    start_engine()
    channel = make_channel()
    ChannelState.objects.create(
        channel=channel, engine_id=1, state=LinkState.BOUND, at=timezone.now()
    )
    template = make_template(acme)
    queue(make_message(template, state="accepted"))
    queue(make_message(template, state="accepted"), claimed_by=1)
    make_signature(acme, state=ReviewState.PENDING)
    hold_receipt("a", unmatched=False)
    hold_receipt("b", unmatched=True)
    health = read_health()
    assert (health.alive, health.bound_channels, health.running_channels) == (1, 1, 1)
    notice = next(queue for queue in health.queues if queue.priority == Priority.NOTICE)
    assert (notice.waiting, notice.sending, notice.is_complete) == (1, 1, True)
    assert (health.receipts.waiting, health.receipts.unmatched) == (1, 1)
    assert (health.pending_signatures, health.pending_templates, health.pending) == (1, 0, 1)
    make_network(acme)
    health = read_health()
    assert (health.pending_networks, health.pending) == (1, 2)
    assert health.is_folding
    assert health.database_bytes > 1_000_000


def test_the_first_page_warns_when_nothing_sends(client):
    make_channel()
    page = shown(client, "console_home")
    assert "没有运行中的发送引擎" in page
    assert "已启动的 1 个通道中只有 0 个已连接" in page


def test_a_silent_engine_is_no_engine(client):
    start_engine(seconds_ago=60)
    assert "失联" in shown(client, "console_home")
    assert read_health().alive == 0


def test_records_are_shown_once_an_enterprise_is_chosen(client, acme, globex):
    make_message(make_template(acme), phone="13800000001")
    make_message(make_template(globex), phone="13900000002")
    assert "请选择企业或输入手机号" in shown(client, "console_records")
    page = shown(client, "console_records", enterprise=acme.pk)
    assert "13800000001" in page
    assert "13900000002" not in page
    assert "共 1 项" in page
    narrowed = shown(client, "console_records", enterprise=acme.pk, state="failed")
    assert "13800000001" not in narrowed


def test_a_phone_alone_is_looked_for_everywhere(client, acme, globex):
    for enterprise in (acme, globex):
        make_message(make_template(enterprise), phone="13800000001")
    listing = client.get(
        reverse("messaging:console_records"), {"phone": "13800000001", "state": "failed"}
    ).context["listing"]
    assert sorted(row.enterprise for row in listing.items) == ["Acme", "Globex"]


def test_the_detail_names_enterprise_and_channel(client, acme):
    channel = make_channel("North line")
    message = make_message(make_template(acme), channel_id=channel.pk)
    page = shown(client, "console_record", acme.pk, message.id)
    assert "Acme" in page
    assert "North line" in page


def test_a_record_of_another_enterprise_than_said_is_404(client, acme, globex):
    message = make_message(make_template(acme))
    url = reverse("messaging:console_record", args=[globex.pk, message.id])
    assert client.get(url).status_code == 404


def test_receipts_without_a_message_are_listed_and_filtered(client):
    channel = make_channel("North line")
    for n in range(12):
        hold_receipt(f"early-{n}", unmatched=False, channel_id=channel.pk)
    hold_receipt("stray-1", unmatched=True)
    page = shown(client, "console_receipts")
    assert "stray-1" in page
    assert "North line" in page
    assert "early-0<" not in page
    first = client.get(reverse("messaging:console_receipts")).context["listing"]
    assert "early-0<" in client.get(first.next_url).content.decode()
    stray = shown(client, "console_receipts", kind="unmatched")
    assert "stray-1" in stray
    assert "early-11" not in stray


@pytest.mark.parametrize("bound", ["before", "after"])
def test_numbers_beyond_any_id_are_harmless(client, bound):
    hold_receipt("early-1", unmatched=False)
    shown(client, "console_receipts", **{bound: "9" * 19})


def test_the_console_is_not_for_enterprises(client, acme):
    message = make_message(make_template(acme))
    client.force_login(acme.users.get())
    for name in ("console_home", "console_records", "console_receipts"):
        assert client.get(reverse(f"messaging:{name}")).status_code == 403
    url = reverse("messaging:console_record", args=[acme.pk, message.id])
    assert client.get(url).status_code == 403
