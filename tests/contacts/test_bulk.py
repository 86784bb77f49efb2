"""Changes of many contacts: in slices, seen as they go, safe to kill, each contact once."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import factories
from tests.contacts.counting import check_counts
from tests.contacts.scene import make_contact, make_group
from yunxin.accounts.models import AuditEntry, Enterprise, Notice, User
from yunxin.contacts import bulk, bulk_runs, groups, people
from yunxin.contacts.models import BulkChange

LIST = reverse("contacts:contacts")
DELETE = reverse("contacts:delete_chosen")
JOIN = reverse("contacts:join_chosen")
LEAVE = reverse("contacts:leave_chosen")


@pytest.fixture
def owner(client: Client, acme: Enterprise) -> Client:
    client.force_login(acme.users.get())
    return client


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight contacts are many, and a slice is three."""
    monkeypatch.setattr(bulk, "AT_ONCE_MAX", 7)
    monkeypatch.setattr(bulk_runs, "SLICE", 3)


def eight(enterprise: Enterprise, *groups: int) -> list[int]:
    return [make_contact(enterprise, number, groups=groups) for number in range(8)]


def begun(answer: Any) -> BulkChange:
    """The change that an answer leads to; nothing of it has been done."""
    run = BulkChange.objects.get()
    assert answer["Location"] == reverse("contacts:change", args=[run.pk])
    assert ProcrastinateJob.objects.get(task_name="contacts.change").args == {"run_id": run.pk}
    assert (run.state, run.done) == ("waiting", 0)
    return run


def carried_out(run: BulkChange) -> BulkChange:
    bulk_runs.carry_out(run.pk)
    run.refresh_from_db()
    return run


def test_many_are_deleted_in_the_background(owner: Client, acme: Enterprise) -> None:
    group_id = make_group(acme, "G")
    ids = eight(acme, group_id)
    other = make_contact(acme, 50, "别人")
    query = f"?all=1&group={group_id}&until={ids[-1]}"
    assert "将在后台处理" in owner.get(DELETE + query).content.decode()
    run = begun(owner.post(DELETE + query))
    assert acme.contacts.count() == 9
    late = make_contact(acme, 60, "后来", groups=[group_id])
    run = carried_out(run)
    assert (run.state, run.total, run.done, run.changed) == ("done", 8, 8, 8)
    assert set(acme.contacts.values_list("pk", flat=True)) == {other, late}
    check_counts(acme)
    made = AuditEntry.objects.filter(enterprise=acme, actor=None)
    actions = AuditEntry.objects.filter(enterprise=acme).exclude(pk__in=made).order_by("id")
    assert [(one.action, one.detail) for one in actions] == [
        ("contacts.delete", {"count": 8}), ("contact.delete", {"count": 8}),
    ]  # fmt: skip
    assert {one.actor for one in actions} == {acme.users.get()}
    notice = Notice.objects.get(enterprise=acme)
    assert (notice.kind, notice.subject) == ("contacts.deleted", "8")


def test_many_join_groups_and_leave_them(owner: Client, acme: Enterprise) -> None:
    top, below = make_group(acme, "Top"), make_group(acme, "Below")
    ids = eight(acme)
    people.add_to_groups(acme, [below], ids[:2])
    run = carried_out(begun(owner.post(f"{JOIN}?all=1&until={ids[-1]}", {"groups": [top, below]})))
    assert (run.done, run.changed) == (8, 14)  # two were in one of them
    check_counts(acme)
    assert acme.contact_groups.get(pk=below).members == 8
    BulkChange.objects.all().delete()
    ProcrastinateJob.objects.all().delete()
    run = carried_out(begun(owner.post(f"{LEAVE}?all=1&group={top}&until={ids[-1]}")))
    assert (run.done, run.changed) == (8, 8)
    assert [one.members for one in acme.contact_groups.order_by("pk")] == [0, 8]
    assert acme.contacts.count() == 8
    check_counts(acme)
    told = AuditEntry.objects.filter(enterprise=acme, action__startswith="contact_group.")
    told = told.exclude(actor=None)
    assert [(one.action, one.subject, one.detail) for one in told.order_by("id")] == [
        ("contact_group.join", "Top, Below", {"count": 14}),
        ("contact_group.leave", "Top", {"count": 8}),
    ]


def test_a_run_that_was_killed_goes_on_where_it_was(owner: Client, acme: Enterprise) -> None:
    ids = eight(acme)
    run = begun(owner.post(f"{DELETE}?all=1&until={ids[-1]}"))
    assert bulk_runs._change_slice(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, acme.contacts.count()) == ("working", 3, 5)
    page = owner.get(LIST).content.decode()
    assert "已处理 3 / 8" in page and reverse("contacts:change", args=[run.pk]) in page
    assert "已处理 3 / 8" in owner.get(reverse("contacts:change", args=[run.pk])).content.decode()
    run = carried_out(run)
    carried_out(run)  # a second worker finds nothing to do
    assert (run.state, run.done, run.changed) == ("done", 8, 8)
    assert Notice.objects.filter(enterprise=acme).count() == 1
    assert "后台批量" not in owner.get(LIST).content.decode()


def test_a_run_that_cannot_go_on_says_so(owner: Client, acme: Enterprise) -> None:
    ids = eight(acme)
    run = begun(owner.post(f"{DELETE}?all=1&until={ids[-1]}"))
    bulk_runs._change_slice(run.pk)
    bulk_runs.give_up(run.pk)
    page = owner.get(reverse("contacts:change", args=[run.pk])).content.decode()
    assert "系统多次出错" in page and "未完成" in page
    assert AuditEntry.objects.get(action="contact.delete").detail == {"count": 3}
    assert not bulk_runs._change_slice(run.pk)
    assert acme.contacts.count() == 5


def test_sent_twice_is_begun_once(owner: Client, acme: Enterprise) -> None:
    ids = eight(acme)
    for _time in range(2):
        answer = owner.post(f"{DELETE}?all=1&until={ids[-1]}", {"form_number": "a"})
        begun(answer)


def test_a_group_that_goes_meanwhile_stops_nothing_else(owner: Client, acme: Enterprise) -> None:
    ids = eight(acme)
    first, second = make_group(acme, "A"), make_group(acme, "B")
    run = begun(owner.post(f"{JOIN}?all=1&until={ids[-1]}", {"groups": [first, second]}))
    bulk_runs._change_slice(run.pk)
    groups.delete_group(acme, first)
    run = carried_out(run)
    assert (run.state, run.done, run.changed) == ("done", 8, 6 + 5)
    check_counts(acme)


def test_a_search_is_kept_as_the_list_had_it(owner: Client, acme: Enterprise) -> None:
    eight(acme)
    make_contact(acme, 50, "别人")
    run = begun(owner.post(f"{DELETE}?all=1&until={2**62}&q=Person"))
    assert carried_out(run).changed == 8
    assert acme.contacts.get().name == "别人"


def test_a_viewer_sees_how_far_it_is_and_changes_nothing(acme: Enterprise) -> None:
    viewer = Client()
    viewer.force_login(factories.make_user(acme, "looker", role=User.Role.VIEWER))
    ids = eight(acme)
    assert viewer.post(f"{DELETE}?all=1&until={ids[-1]}").status_code == 403
    assert not BulkChange.objects.exists()


def test_two_workers_at_once_change_everybody_once(committed: None) -> None:
    acme = factories.make_enterprise("Acme", cpcode="ACMEAA")
    user = factories.make_user(acme, "acme")
    group_id = make_group(acme, "G")
    ids = [make_contact(acme, number) for number in range(60)]
    run = BulkChange.objects.create(
        enterprise=acme, created_by=user, kind="join", groups=[group_id], until=ids[-1], total=60
    )

    def work() -> None:
        bulk_runs.carry_out(run.pk)
        connection.close()

    workers = [threading.Thread(target=work) for _each in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    run.refresh_from_db()
    assert (run.state, run.done, run.changed) == ("done", 60, 60)
    assert Notice.objects.filter(enterprise=acme).count() == 1
    check_counts(acme)
