"""Push settings and the push log, as people of an enterprise meet them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.interfaces.scene import make_batch, make_event, make_target, owner_of
from yunxin.accounts.models import User
from yunxin.interfaces.models import (
    PushAttempt,
    PushBatch,
    PushTarget,
    PushTargetState,
    PushWish,
)
from yunxin.vocabulary import PushWishKind

pytestmark = pytest.mark.django_db
PUSHES, LOG = "/support/pushes/", "/support/log/"


@pytest.fixture
def owner(client: Client, acme: Any) -> Any:
    client.force_login(owner_of(acme))
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


# Settings ----------------------------------------------------------------------------------------


def test_a_url_is_entered_and_its_secret_shown_once(owner: Client, acme: Any) -> None:
    assert "Status reports are not pushed." in text_of(owner.get(PUSHES))
    form = {"url": "https://example.com/r", "format": "v1", "enabled": "on", "portal_too": "on"}
    answer = owner.post(PUSHES + "receipts/", form, follow=True)
    assert "whsec_" in text_of(answer) and "no-store" in answer["Cache-Control"]
    row = PushTarget.objects.get()
    assert (row.kind, row.portal_too, row.enabled) == ("receipts", True, True)
    page = text_of(owner.get(PUSHES))
    assert "https://example.com/r" in page and "whsec_" not in page
    answer = owner.post(PUSHES + "receipts/", {**form, "enabled": ""})
    assert answer.status_code == 302, "nothing to be shown"
    assert "Switched off" in text_of(owner.get(PUSHES))


def test_a_bad_url_is_kept_beside_its_error(owner: Client) -> None:
    answer = owner.post(PUSHES + "replies/", {"url": "ftp://example.com", "format": "v1"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "This is no URL that can be pushed to" in page and "ftp://example.com" in page


def test_a_url_in_trouble_says_why(owner: Client, acme: Any) -> None:
    target, now = make_target(acme), timezone.now()
    state = PushTargetState.objects.create(
        target_id=target.pk, enterprise_id=acme.pk, failures=7, last_error_at=now,
        open_until=now + timedelta(minutes=1), last_error="connect",
    )  # fmt: skip
    page = text_of(owner.get(PUSHES))
    assert "so nothing is pushed before" in page and "No connection could be made." in page
    state.open_until = None
    state.save()
    assert "They are repeated for up to 72 hours." in text_of(owner.get(PUSHES))


def test_the_secret_is_renewed_after_a_question(owner: Client, acme: Any) -> None:
    target = make_target(acme, format="v1")
    path = f"{PUSHES}{target.pk}/secret/"
    assert "Make a new signing secret?" in text_of(owner.get(path))
    assert "whsec_" in text_of(owner.post(path, follow=True))


# Tests of a URL ----------------------------------------------------------------------------------


def test_a_test_tells_what_came_back(owner: Client, acme: Any) -> None:
    target = make_target(acme)
    answer = owner.post(f"{PUSHES}{target.pk}/test/")
    wish = PushWish.objects.get()
    path = f"{LOG}wishes/{wish.pk}/"
    assert (wish.kind, answer["Location"]) == (PushWishKind.TEST, path)
    page = text_of(owner.get(path))
    assert "It begins in a moment." in page and 'hx-trigger="every 1s"' in page

    wish.taken_at = timezone.now()
    wish.save()
    batch = make_batch(target, kind="test", wish_id=wish.pk, tries=0, state="waiting")
    assert "the answer is awaited" in text_of(owner.get(path))
    acknowledge(acme, batch, target)
    page = text_of(owner.get(path))
    assert "acknowledged" in page and "HTTP 200" in page and "{&quot;status&quot;:0}" in page
    assert "hx-trigger" not in page.partition('id="wish"')[2], "nothing more is awaited"


def acknowledge(enterprise: Any, batch_id: int, target: Any) -> None:
    PushAttempt.objects.create(
        enterprise_id=enterprise.pk, batch_id=batch_id, attempt=1, at=timezone.now(),
        duration_ms=12, url=target.url, status=200, answer='{"status":0}', error="",
    )  # fmt: skip
    PushBatch.objects.filter(id=batch_id).update(
        state="acked", attempt=1, finished_at=timezone.now()
    )


def test_a_failed_test_says_why_in_a_sentence(owner: Client, acme: Any) -> None:
    target = make_target(acme)
    wish = PushWish.objects.create(
        enterprise=acme, target=target, kind="test", taken_at=timezone.now(), events=1
    )
    make_batch(target, kind="test", wish_id=wish.pk, state="dead")
    page = text_of(owner.get(f"{LOG}wishes/{wish.pk}/"))
    assert "HTTP status that is no acknowledgement" in page and "oops &lt;b&gt;" in page


def test_it_says_when_nobody_takes_it_up(owner: Client, acme: Any) -> None:
    wish = PushWish.objects.create(enterprise=acme, target=make_target(acme), kind="test")
    PushWish.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    assert "Nobody has taken this up yet" in text_of(owner.get(f"{LOG}wishes/{wish.pk}/"))


# The log -----------------------------------------------------------------------------------------


def test_the_log_is_filtered(owner: Client, acme: Any) -> None:
    receipts, replies = make_target(acme), make_target(acme, "replies")
    acked, dead = make_batch(receipts), make_batch(replies, state="dead", tries=9)
    waiting = make_batch(receipts, state="waiting", tries=1)
    old = make_batch(receipts, at=timezone.now() - timedelta(days=3))

    def shown(query: str) -> set[int]:
        page = text_of(owner.get(f"{LOG}?{query}"))
        return {one for one in (acked, dead, waiting, old) if f"{LOG}{one}/" in page}

    today = f"{timezone.localdate():%Y-%m-%d}"
    assert shown("") == {acked, dead, waiting, old}
    assert shown("state=dead") == {dead}
    assert shown("state=waiting") == {waiting}
    assert shown("kind=replies") == {dead}
    assert shown("kind=receipts&state=acked") == {acked, old}
    assert old not in shown(f"created_from={today}") and acked in shown(f"created_from={today}")
    assert shown("created_to=2026-01-01") == set()
    assert "Enter dates such as" in text_of(owner.get(f"{LOG}?created_from=soon"))
    assert "Given up" in text_of(owner.get(LOG)) and "Tried again" in text_of(owner.get(LOG))


def test_the_log_is_paged_by_id(owner: Client, acme: Any) -> None:
    target = make_target(acme)
    ids = [make_batch(target) for _ in range(12)]
    page = text_of(owner.get(LOG))
    assert f"before={ids[2]}" in page
    older = text_of(owner.get(f"{LOG}?before={ids[2]}"))
    assert f"{LOG}{ids[1]}/" in older and f"{LOG}{ids[2]}/" not in older


def test_a_push_shows_what_was_sent_and_answered(owner: Client, acme: Any) -> None:
    body = '[{"mobile":"13800001234","state":"0"}]'
    batch = make_batch(make_target(acme), body=body.encode(), tries=2)
    page = text_of(owner.get(f"{LOG}{batch}/"))
    assert (
        "13800001234" in page and "oops &lt;b&gt;" in page and "Acknowledged with HTTP 200" in page
    )


def test_a_viewer_sees_masked_numbers_and_changes_nothing(client: Client, acme: Any) -> None:
    target = make_target(acme)
    batch = make_batch(target, body=b'[{"mobile":"13800001234"}]')
    client.force_login(factories.make_user(acme, role=User.Role.VIEWER))
    page = text_of(client.get(f"{LOG}{batch}/"))
    assert "138****1234" in page and "13800001234" not in page and "Push again" not in page
    for path in (
        f"{PUSHES}receipts/", f"{PUSHES}{target.pk}/test/", f"{PUSHES}{target.pk}/secret/",
        f"{LOG}again/", f"{LOG}{batch}/again/",
    ):  # fmt: skip
        assert client.post(path).status_code == 403
    assert not PushWish.objects.exists()


def test_a_push_is_made_again(owner: Client, acme: Any) -> None:
    target = make_target(acme)
    batch = make_batch(target, state="dead")
    assert "Push it again?" in text_of(owner.get(f"{LOG}{batch}/again/"))
    answer = owner.post(f"{LOG}{batch}/again/")
    wish = PushWish.objects.get()
    assert answer["Location"] == f"{LOG}wishes/{wish.pk}/"
    assert (wish.kind, wish.batch_id) == ("batch", batch)
    target.enabled = False
    target.save()
    answer = owner.post(f"{LOG}{batch}/again/", follow=True)
    assert "This URL is switched off." in text_of(answer)


def test_a_range_is_counted_before_it_is_pushed_again(owner: Client, acme: Any) -> None:
    make_target(acme)
    for _ in range(3):
        make_event(acme)
    now = timezone.localtime()
    form = {"kind": "receipts", "from_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
            "to_at": f"{now + timedelta(minutes=2):%Y-%m-%dT%H:%M}"}  # fmt: skip
    page = text_of(owner.post(f"{LOG}again/", form))
    assert "3 events will be pushed again." in page and not PushWish.objects.exists()
    token = page.partition('name="confirmed" value="')[2].partition('"')[0].replace("&#x27;", "'")
    later = {**form, "from_at": f"{now + timedelta(minutes=1):%Y-%m-%dT%H:%M}"}
    page = text_of(owner.post(f"{LOG}again/", {**later, "confirmed": token}))
    assert "Nothing happened in this time" in page and not PushWish.objects.exists()
    owner.post(f"{LOG}again/", {**form, "confirmed": token})
    wish = PushWish.objects.get()
    assert (wish.kind, wish.from_at < wish.to_at) == ("range", True)


def test_a_range_too_long_says_so(owner: Client, acme: Any) -> None:
    make_target(acme)
    form = {"kind": "receipts", "from_at": "2026-01-01T00:00", "to_at": "2026-02-01T00:00"}
    answer = owner.post(f"{LOG}again/", form)
    assert answer.status_code == 422 and "at most 7 days" in text_of(answer)


def test_without_a_url_there_is_nothing_to_push_again(owner: Client) -> None:
    assert owner.get(f"{LOG}again/")["Location"] == PUSHES


def test_a_stranger_sees_404(client: Client, acme: Any, globex: Any) -> None:
    target = make_target(acme)
    batch = make_batch(target)
    wish = PushWish.objects.create(enterprise=acme, target=target, kind="test")
    client.force_login(owner_of(globex))
    for path in (
        f"{PUSHES}{target.pk}/test/", f"{PUSHES}{target.pk}/secret/", f"{LOG}{batch}/",
        f"{LOG}{batch}/again/", f"{LOG}wishes/{wish.pk}/",
    ):  # fmt: skip
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404
    assert str(batch) not in text_of(client.get(LOG)).partition('id="listing"')[2]


@pytest.mark.parametrize(("path", "queries"), [(PUSHES, 9), (LOG, 8)])
def test_the_pages_cost_the_same_queries_whatever_they_show(
    owner: Client, acme: Any, django_assert_num_queries: Any, path: str, queries: int
) -> None:
    for kind in ("receipts", "replies"):
        target = make_target(acme, kind)
        for _ in range(10):
            make_batch(target)
    owner.get(path)
    with django_assert_num_queries(queries):
        owner.get(path)
