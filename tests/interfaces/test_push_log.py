"""The push log: finding pushes, and wanting them again."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.interfaces.scene import make_batch, make_event, make_target, owner_of
from yunxin.accounts.models import AuditEntry
from yunxin.interfaces import push_log
from yunxin.interfaces.errors import InterfaceError, TargetOff
from yunxin.interfaces.models import PushBatch, PushWish
from yunxin.vocabulary import PushWishKind

pytestmark = pytest.mark.django_db


def batch_of(target: Any, **fields: Any) -> PushBatch:
    return PushBatch.objects.get(id=make_batch(target, **fields))


def test_days_narrow_without_losing_any(acme: Any) -> None:
    target, now = make_target(acme), timezone.now()
    old, new = batch_of(target, at=now - timedelta(days=2)), batch_of(target, at=now)
    rows = push_log.batches(acme)
    middle = now - timedelta(days=1)
    assert list(push_log.since(rows, middle)) == [new]
    assert list(push_log.until(rows, middle)) == [old]
    assert list(push_log.since(rows, now + timedelta(days=1))) == []
    assert set(push_log.until(rows, now + timedelta(days=1))) == {old, new}


def test_what_waits_is_found_by_its_urls(acme: Any, globex: Any) -> None:
    waiting = batch_of(make_target(acme), state="waiting")
    batch_of(make_target(acme, "replies"))
    batch_of(make_target(globex), state="waiting")
    assert list(push_log.waiting_of(acme, push_log.batches(acme))) == [waiting]


def test_a_body_is_masked_for_viewers(acme: Any) -> None:
    body = '[{"mobile":"13800001234","taskid":"C2051117068821713800001234","msg":"好"}]'
    batch = batch_of(make_target(acme), body=body.encode())
    assert push_log.body_of(batch, is_masked=False) == body
    masked = push_log.body_of(batch, is_masked=True)
    assert '"138****1234"' in masked and "C2051117068821713800001234" in masked
    assert push_log.body_of(batch_of(make_target(acme, "replies"), body=None), is_masked=True) == ""


def test_a_batch_is_wanted_again(acme: Any) -> None:
    target = make_target(acme)
    batch = batch_of(target, state="dead")
    wish = push_log.replay_batch(acme, batch, by=owner_of(acme))
    assert (wish.kind, wish.batch_id, wish.target) == (PushWishKind.BATCH, batch.id, target)
    assert AuditEntry.objects.get().action == "push.replay"


def test_a_url_that_is_off_gets_nothing_again(acme: Any) -> None:
    target = make_target(acme, enabled=False)
    with pytest.raises(TargetOff):
        push_log.replay_batch(acme, batch_of(target), by=owner_of(acme))
    target.enabled = True
    target.save()
    with pytest.raises(InterfaceError, match="A test is not pushed again"):
        push_log.replay_batch(acme, batch_of(target, kind="test"), by=owner_of(acme))
    assert not PushWish.objects.exists()


@pytest.mark.parametrize(
    ("begin", "end", "says"),
    [(1, 1, "after the beginning"), (1, 2, "after the beginning"), (8, 0.5, "at most 7 days"),
     (13, 8, "nothing is left")],
)  # fmt: skip
def test_a_range_that_makes_no_sense_is_refused(begin: float, end: float, says: str) -> None:
    now = timezone.now()
    with pytest.raises(InterfaceError, match=says):
        push_log.check_range(now - timedelta(days=begin), now - timedelta(days=end), now)


def test_a_range_counts_what_it_will_push(acme: Any, globex: Any) -> None:
    target, now = make_target(acme), timezone.now()
    for at in (now - timedelta(hours=2), now - timedelta(hours=1), now):
        make_event(acme, at=at)
    make_event(acme, source="portal", at=now - timedelta(hours=1))
    make_event(acme, "replies", at=now - timedelta(hours=1))
    make_event(globex, at=now - timedelta(hours=1))
    begin, end = now - timedelta(hours=2), now
    assert push_log.count_events(target, begin, end) == 2, "from the first until before the last"
    target.portal_too = True
    assert push_log.count_events(target, begin, end) == 3
