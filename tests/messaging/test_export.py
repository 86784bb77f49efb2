"""The CSV file: what the filters say, harmless cells, masked where it must be."""

import csv
import io
import types

import pytest
from django.urls import reverse

from tests.factories import make_template, make_user
from tests.messaging.records_world import make_message, queue
from yunxin.accounts.models import AuditEntry
from yunxin.messaging import export
from yunxin.messaging.record_filters import RecordFilters
from yunxin.vocabulary import MessageState
from yunxin.web import csv_files

pytestmark = pytest.mark.django_db


def rows_of(enterprise, filters) -> list[dict[str, str]]:
    """The file as somebody reads it who opens it."""
    rows = export.file_rows(enterprise.pk, filters, is_masked=False)
    content = "".join(csv_files.lines(export.file_headings(), rows))
    return list(csv.DictReader(io.StringIO(content.removeprefix(csv_files.BOM))))


def test_the_file_says_what_the_page_says(acme):
    template = make_template(acme, name="=HYPERLINK()")
    make_message(template, text='第一行,\n"第二行"', phone="13800000001")
    waiting = make_message(template, state="accepted", submitted_at=None)
    queue(waiting)
    rows = rows_of(acme, RecordFilters())
    assert [row["状态"] for row in rows] == ["待发送", "已送达"]
    assert rows[1]["短信内容"] == '第一行,\n"第二行"'
    assert rows[1]["手机号"] == "13800000001"
    assert rows[1]["模板"] == "'=HYPERLINK()"
    assert rows[1]["运营商"] == "中国移动"
    assert rows[0]["短信编号"] == str(waiting.id)


def test_filters_hold_for_the_file(acme, globex):
    template, other = make_template(acme), make_template(acme)
    make_message(template, state="failed")
    make_message(template)
    make_message(other, state="failed")
    make_message(make_template(globex), state="failed")
    asked = RecordFilters(state=MessageState.FAILED, template_id=template.pk)
    assert len(rows_of(acme, asked)) == 1
    by_signature = RecordFilters(signature_id=other.signature_id)
    assert len(rows_of(acme, by_signature)) == 1


def test_the_file_comes_in_portions(acme, monkeypatch):
    monkeypatch.setattr(export, "PORTION", 2)
    template = make_template(acme)
    for _ in range(5):
        make_message(template)
    rows = export.file_rows(acme.pk, RecordFilters(), is_masked=False)
    assert isinstance(rows, types.GeneratorType)
    assert len({row[0] for row in rows}) == 5


def test_a_viewer_gets_masked_numbers(client, acme):
    make_message(make_template(acme), phone="13812345678")
    client.force_login(make_user(acme, role="viewer"))
    answer = client.get(reverse("messaging:records_export"))
    content = b"".join(answer.streaming_content).decode()
    assert "138****5678" in content
    assert "13812345678" not in content


def test_an_export_is_recorded_and_named(client, acme):
    make_message(make_template(acme))
    client.force_login(acme.users.get())
    answer = client.get(reverse("messaging:records_export"), {"state": "delivered"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="records-')
    b"".join(answer.streaming_content)
    entry = AuditEntry.objects.get(action="records.export")
    assert (entry.enterprise, entry.subject, entry.detail) == (
        acme, "state=delivered", {"records": 1},
    )  # fmt: skip


def test_too_many_records_are_refused_with_a_way_out(client, acme, monkeypatch):
    monkeypatch.setattr(export, "ROWS_MAX", 1)
    template = make_template(acme)
    make_message(template)
    make_message(template)
    client.force_login(acme.users.get())
    answer = client.get(reverse("messaging:records_export"), {"source": "portal"}, follow=True)
    assert answer.redirect_chain[0][0] == reverse("messaging:records") + "?source=portal"
    assert "请缩短时间范围" in answer.content.decode()
    assert not AuditEntry.objects.exists()
