"""Exports: what is in the files, at once and in the background, and who may have them."""

import csv
import datetime
import io
import re
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone, translation
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import factories
from tests.contacts.files import finished, imported
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.contacts import export_files, export_runs, groups, people
from yunxin.contacts.export_files import Scope
from yunxin.contacts.transfers import ContactExport, ContactImport, ImportState, RefusedContact
from yunxin.text.people import FIELDS, clean
from yunxin.text.people_columns import field_of
from yunxin.web.models import StoredChunk, StoredFile

NEW = reverse("contacts:export")
LIST = reverse("contacts:exports")


@pytest.fixture
def owner(client, acme):
    user = acme.users.get()
    client.force_login(user)
    return user


def add(enterprise, count: int, **fields: str) -> None:
    named = [clean({"phone": f"1380000{n:04}", "name": f"N{n}", **fields}) for n in range(count)]
    people.take_people(enterprise, named)


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def rows_of_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def rows_of_xlsx(data: bytes) -> list[list[str]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return [[cell.value or "" for cell in row] for row in sheet.rows]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_every_field_comes_out(client, acme, owner, form):
    raw = {
        "phone": "13800000001", "name": "张三", "gender": "男", "birthday": "1990-12-12",
        "industry": "娱乐", "position": "前台", "company": "某公司", "remark": "老客户",
    }  # fmt: skip
    people.take_people(acme, [clean(raw)])
    answer = client.post(NEW, {"format": form})
    assert f".{form}" in answer["Content-Disposition"]
    read = rows_of_csv if form == "csv" else rows_of_xlsx
    assert read(body(answer)) == [
        ["手机号", "姓名", "性别", "生日", "行业", "职位", "单位", "备注"], list(raw.values()),
    ]  # fmt: skip


def test_no_cell_is_taken_for_a_formula(client, acme, owner):
    add(acme, 1, remark="=cmd|'/c calc'!A1")
    (_head, row) = rows_of_csv(body(client.post(NEW, {"format": "csv"})))
    assert row[-1] == "'=cmd|'/c calc'!A1"
    data = body(client.post(NEW, {"format": "xlsx"}))
    cell = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["H2"]
    assert (cell.data_type, cell.value) == ("s", "=cmd|'/c calc'!A1")


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_goes_out_comes_in_again(client, acme, globex, owner, form):
    add(acme, 5, remark="=1+1", gender="女", birthday="1990-01-02")
    imported(globex, body(client.post(NEW, {"format": form})))
    fields = list(FIELDS)
    assert list(globex.contacts.order_by("phone").values_list(*fields)) == list(
        acme.contacts.order_by("phone").values_list(*fields)
    )


def test_a_group_a_search_or_some_that_were_chosen(client, acme, owner):
    add(acme, 4)
    top = groups.create_group(acme, name="主")
    below = groups.create_group(acme, name="下", parent_id=top)
    ids = list(acme.contacts.order_by("phone").values_list("pk", flat=True))
    people.add_to_groups(acme, [top], ids[:1])
    people.add_to_groups(acme, [below], ids[1:2])

    def names(query: str) -> list[str]:
        data = body(client.post(f"{NEW}?{query}", {"format": "csv"}))
        return [row[1] for row in rows_of_csv(data)[1:]]

    assert names("") == ["N3", "N2", "N1", "N0"]
    assert names(f"group={top}") == ["N0"]
    assert names(f"group={top}&below=1") == ["N1", "N0"]
    assert names("q=N3") == ["N3"]
    assert names(f"id={ids[0]}&id={ids[2]}") == ["N2", "N0"]


def test_rows_come_in_portions_and_each_once(acme, monkeypatch):
    monkeypatch.setattr(export_files, "ROWS_AT_ONCE", 3)
    add(acme, 10)
    found = [row[0] for row in export_files.rows(Scope().people(acme))]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == 10


def test_a_stranger_gets_nothing_of_it(client, acme, globex, owner):
    add(acme, 2)
    mine = list(acme.contacts.values_list("pk", flat=True))
    vip = groups.create_group(acme, name="VIP")
    client.force_login(globex.users.get())
    assert client.get(f"{NEW}?group={vip}").status_code == 404
    data = body(client.post(f"{NEW}?id={mine[0]}&id={mine[1]}", {"format": "csv"}))
    assert len(rows_of_csv(data)) == 1


def test_a_viewer_may_not_export(client, acme, owner):
    viewer = factories.make_user(acme, "viewer", role="viewer")
    client.force_login(viewer)
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, {"format": "csv"}).status_code == 403
    assert client.get(LIST).status_code == 200


def test_every_export_is_in_the_audit_log(client, acme, owner):
    add(acme, 2)
    client.post(f"{NEW}?q=N1", {"format": "csv"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.enterprise) == ("contacts.export", owner, acme)
    assert entry.detail == {"format": "csv", "records": 1, "search": "N1"}


# In the background -------------------------------------------------------------------------------


@pytest.fixture
def large(client, acme, owner, monkeypatch):
    """An export beyond what is sent at once; its job has not seen it yet."""
    monkeypatch.setattr("yunxin.contacts.portal_exports.AT_ONCE_MAX", 3)
    add(acme, 5)
    answer = client.post(NEW, {"format": "xlsx"})
    assert answer["Location"] == LIST
    return ContactExport.objects.get()


def download(run: ContactExport) -> str:
    return reverse("contacts:export_download", args=[run.pk])


def test_a_large_export_becomes_a_download(client, acme, large):
    assert ProcrastinateJob.objects.get(task_name="contacts.export").args == {"run_id": large.pk}
    assert "hx-trigger" in client.get(LIST).text
    export_runs.carry_out(large.pk)
    large.refresh_from_db()
    assert (large.state, large.written, large.total) == ("done", 5, 5)
    assert Notice.objects.get().kind == "contacts.exported"
    page = client.get(LIST).text
    assert download(large) in page
    assert 'hx-trigger="every' not in page
    answer = client.get(download(large))
    assert answer["Cache-Control"] == "private, no-store"
    assert len(rows_of_xlsx(body(answer))) == 6
    assert AuditEntry.objects.filter(action="contacts.download").count() == 1


def test_a_job_that_is_begun_again_writes_one_file(large):
    for _ in range(2):
        export_runs.carry_out(large.pk)
    assert StoredFile.objects.count() == 1
    assert Notice.objects.count() == 1


def test_sent_twice_it_is_written_once(client, large):
    page = client.get(NEW).text
    number = re.search(r'name="form_number" value="([^"]+)"', page)
    for _ in range(2):
        client.post(NEW, {"format": "csv", "form_number": number[1]})
    assert ContactExport.objects.count() == 2


def test_the_headings_are_in_the_language_of_who_asked(client, large):
    ContactExport.objects.update(language="en")
    export_runs.carry_out(large.pk)
    assert rows_of_xlsx(body(client.get(download(large))))[0][:2] == ["Mobile number", "Name"]


def test_a_download_expires(client, large):
    export_runs.carry_out(large.pk)
    ContactExport.objects.update(expires_at=timezone.now())
    assert client.get(download(large)).status_code == 404
    export_runs.forget_old()
    assert not StoredFile.objects.exists()
    assert not StoredChunk.objects.exists()
    assert "已过期" in client.get(LIST).text


def test_the_file_is_for_those_who_may_send_and_for_nobody_by_its_number(client, acme, large):
    export_runs.carry_out(large.pk)
    by_number = reverse("web:file", args=[StoredFile.objects.get().pk])
    assert client.get(by_number).status_code == 404
    client.force_login(factories.make_user(acme, "viewer", role="viewer"))
    assert client.get(download(large)).status_code == 403
    assert download(large) not in client.get(LIST).text
    client.force_login(factories.make_user(factories.make_enterprise("Globex"), "stranger"))
    assert client.get(download(large)).status_code == 404


def test_an_export_that_cannot_be_written_says_so(client, large):
    export_runs.give_up(large.pk)
    assert "未完成" in client.get(LIST).text


def test_old_refused_rows_and_given_up_uploads_are_deleted(acme):
    run = finished(acme, refused_count=1, finished_at=timezone.now() - timedelta(days=8))
    young = finished(acme, refused_count=1)
    for each in (run, young):
        RefusedContact.objects.create(
            enterprise_id=acme.pk, run_id=each.pk, line=2, content="x", faults="phone:phone"
        )
    finished(acme, state=ImportState.UPLOADING)
    ContactImport.objects.filter(state="uploading").update(
        created_at=timezone.now() - timedelta(days=2)
    )
    export_runs.forget_old()
    assert RefusedContact.objects.get().run_id == young.pk
    assert not ContactImport.objects.filter(state="uploading").exists()


# Templates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_headings_of_every_language_are_known(language):
    with translation.override(language):
        assert [field_of(heading) for heading in export_files.headings()] == list(FIELDS)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_template_that_is_filled_in_can_be_imported(client, acme, owner, form):
    answer = client.get(reverse("contacts:template", args=[form]))
    data = body(answer)
    if form == "csv":
        filled = data.decode() + "13800000001,张三,男,1990-12-12\r\n"
        data = filled.encode()
    else:
        book = openpyxl.load_workbook(io.BytesIO(data))
        book.worksheets[0].append(["13800000001", "张三", "男", datetime.date(1990, 12, 12)])
        file = io.BytesIO()
        book.save(file)
        data = file.getvalue()
        assert book.sheetnames == ["联系人", "填写说明"]
    run = imported(acme, data)
    assert (run.problem, run.created_count) == ("", 1)


def test_an_unknown_template_is_404(client, owner):
    assert client.get(reverse("contacts:template", args=["exe"])).status_code == 404


def test_what_was_searched_for_shows_no_viewer_and_no_log_a_whole_number(client, acme, owner):
    add(acme, 3)
    form = {"format": "csv"}
    client.post(f"{NEW}?q=13800000001", form)
    assert AuditEntry.objects.get(action="contacts.export").detail["search"] == "138****0001"
    make_export(acme, search="13800000001")
    assert "13800000001" in client.get(LIST).text
    client.force_login(factories.make_user(acme, "viewer", role="viewer"))
    text = client.get(LIST).text
    assert "138****0001" in text and "13800000001" not in text


def make_export(enterprise, **fields) -> ContactExport:
    return ContactExport.objects.create(
        enterprise=enterprise, created_by=enterprise.users.first(), format="csv", language="en",
        **fields,
    )  # fmt: skip
