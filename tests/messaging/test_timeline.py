"""The time line of one message: every source of lines, in order."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from tests.factories import make_template
from tests.messaging.records_world import make_message, queue
from yunxin.messaging.models import Message, MessageEvent, Submission
from yunxin.messaging.record_filters import SHANGHAI
from yunxin.messaging.timeline import read_story
from yunxin.vocabulary import MessageEventKind, MessageState

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture
def template(acme):
    return make_template(acme)


def submit(message: Message, part: int = 1, parts: int = 1, **fields) -> None:
    at = fields.pop("at", AT + timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_submission_partitions(%s, %s)", [at, at])
    Submission(
        channel_id=7, carrier_message_id=f"c{part}", enterprise_id=message.enterprise_id,
        message_id=message.id, part=part, parts=parts, submitted_at=at, **fields,
    ).save(force_insert=True)  # fmt: skip


def tell(message: Message, kind: MessageEventKind, seconds: int, **fields) -> None:
    MessageEvent(
        enterprise_id=message.enterprise_id, message_id=message.id, kind=kind,
        at=AT + timedelta(seconds=seconds), **fields,
    ).save(force_insert=True)  # fmt: skip


def titles(acme, message: Message) -> list[str]:
    return [line.title for line in read_story(acme.pk, message.id).lines]


def test_the_ordinary_way_has_three_lines(acme, template):
    message = make_message(template, AT, code="DELIVRD", done_at=AT + timedelta(seconds=4))
    submit(message)
    story = read_story(acme.pk, message.id)
    assert [line.title for line in story.lines] == ["已受理并扣费", "已提交运营商", "已送达"]
    taken, final = story.lines[1:]
    assert (taken.carrier_message_id, taken.channel_id) == ("c1", 7)
    assert (final.code, str(final.explained)) == ("DELIVRD", "已送达手机")
    assert "2026-11-20 09:00:04" in final.detail
    assert story.state == MessageState.DELIVERED


def test_where_submissions_are_gone_the_message_remembers_when(acme, template):
    message = make_message(template, AT)
    assert titles(acme, message) == ["已受理并扣费", "已提交运营商", "已送达"]


def test_every_part_of_a_long_text_has_its_own_lines(acme, template):
    message = make_message(template, AT, segments=2, text="长" * 90, state="failed", refunded=True)
    submit(message, 1, 2, state="delivered", code="DELIVRD", done_at=AT + timedelta(seconds=2))
    submit(message, 2, 2, state="failed", code="UNDELIV", done_at=AT + timedelta(seconds=3))
    assert titles(acme, message) == [
        "已受理并扣费", "已提交运营商", "已提交运营商", "分段状态报告：已送达",
        "分段状态报告：发送失败", "发送失败", "已退还至套餐",
    ]  # fmt: skip


def test_a_try_in_doubt_is_told_of_when_a_receipt_was(acme, template):
    message = make_message(template, AT, code="DELIVRD")
    submit(message, 1, -2, at=AT - timedelta(seconds=9))
    submit(message, 2, -2, at=AT - timedelta(seconds=9), state="failed", code="UNDELIV",
           done_at=AT + timedelta(seconds=2))  # fmt: skip
    submit(message)
    told = read_story(acme.pk, message.id).lines
    assert [line.title for line in told if line.carrier_message_id] == [
        "已提交运营商", "已提交运营商", "分段状态报告：发送失败",
    ]  # fmt: skip
    assert "2" in told[0].detail and "-" not in told[0].detail


def test_what_went_another_way_stands_where_it_happened(acme, template):
    message = make_message(template, AT, state="accepted", submitted_at=None)
    tell(message, MessageEventKind.RETRY, 1, code="0x58", channel_id=7)
    tell(message, MessageEventKind.IN_DOUBT, 2)
    tell(message, MessageEventKind.SENT_AGAIN, 3)
    queue(message, claimed_by=1)
    story = read_story(acme.pk, message.id)
    assert [line.title for line in story.lines] == [
        "已受理并扣费", "运营商未接收，自动重试", "未收到应答时连接中断",
        "无法确认是否已发出，等待重新发送", "已交给线路",
    ]  # fmt: skip
    assert story.state == MessageState.SENDING


@pytest.mark.parametrize(
    ("is_queued", "claimed_by", "state"),
    [
        (True, None, "accepted"),
        (True, 3, "sending"),
        (True, 0, "accepted"),
        (False, None, "submitted"),
    ],
)
def test_what_is_not_final_is_told_apart_by_its_queue_row(
    acme, template, is_queued, claimed_by, state
):
    message = make_message(template, AT, state="accepted")
    if is_queued:
        queue(message, claimed_by=claimed_by)
    assert read_story(acme.pk, message.id).state == state


def test_a_message_with_a_time_of_its_own_waits_for_it(acme, template):
    message = make_message(template, AT, state="accepted", submitted_at=None)
    queue(message, claimed_by=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE message_queue SET not_before = now() + interval '1 hour'")
    assert titles(acme, message) == ["已受理并扣费", "定时于此时发送"]


@pytest.mark.parametrize("kind", MessageEventKind)
def test_every_kind_of_event_has_words(acme, template, kind):
    message = make_message(template, AT)
    tell(message, kind, 2)
    assert len(titles(acme, message)) == 4


def test_a_stranger_finds_nothing(globex, template):
    message = make_message(template, AT)
    with pytest.raises(Message.DoesNotExist):
        read_story(globex.pk, message.id)
