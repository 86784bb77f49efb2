"""Imports in the portal: the form, slices, what is refused at once, the pages of a run."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import factories
from tests.contacts.files import finished, imported, sheet, waiting
from tests.web.tables import making
from yunxin.accounts.models import AuditEntry
from yunxin.contacts import groups, import_runs
from yunxin.contacts.transfers import ContactImport, RefusedContact
from yunxin.web.models import StoredFile
from yunxin.web.uploads import CHUNK_BYTES

NEW = reverse("contacts:import")
LIST = reverse("contacts:imports")
UPLOAD = reverse("contacts:import_upload")
GOOD = sheet(["13800000001", "张三"], ["1", "x"])


@pytest.fixture
def owner(client, acme):
    user = acme.users.get()
    client.force_login(user)
    return user


def page_of(run: ContactImport) -> str:
    return reverse("contacts:import_run", args=[run.pk])


def send(client, data: bytes, **fields: str):
    file = SimpleUploadedFile(fields.pop("name", "../名单.xlsx"), data)
    return client.post(NEW, {"file": file, "existing": "keep", **fields})


def test_a_file_as_an_ordinary_form(client, acme, owner):
    vip = groups.create_group(acme, name="VIP")
    answer = send(client, GOOD, group=str(vip), existing="replace")
    run = ContactImport.objects.get()
    assert answer["Location"] == page_of(run)
    assert (run.file_name, run.group_name, run.overwrite) == ("名单.xlsx", "VIP", True)
    assert run.created_by == owner
    assert ProcrastinateJob.objects.get(task_name="contacts.import").args == {"run_id": run.pk}
    entry = AuditEntry.objects.get(action="contacts.import")
    assert (entry.actor, entry.subject) == (owner, "名单.xlsx")
    assert entry.detail == {"group": "VIP", "overwrite": True}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "空的"),
        (making.OLE + bytes(600), "旧版 Office"),
        (making.OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "密码保护"),
        (b"%PDF-1.7", "文档"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"MZ\x90\x00", "既不是工作簿也不是文本"),
    ],
)
def test_what_is_no_table_is_refused_in_its_own_words(client, owner, data, sentence):
    answer = send(client, data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not StoredFile.objects.exists()
    assert not ContactImport.objects.exists()


def test_no_file_and_a_group_that_is_gone(client, acme, globex, owner):
    answer = client.post(NEW, {"existing": "keep"})
    assert (answer.status_code, "请先选择文件" in answer.text) == (422, True)
    theirs = groups.create_group(globex, name="他们")
    assert send(client, GOOD, group=str(theirs)).status_code == 422
    assert "他们" not in client.get(NEW).text


def test_the_group_of_the_menu_is_chosen(client, acme, owner):
    vip = groups.create_group(acme, name="VIP")
    below = groups.create_group(acme, name="金卡", parent_id=vip)
    text = client.get(f"{NEW}?group={below}").text
    assert f'value="{below}" selected' in text
    assert "\u3000金卡" in text


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(client, owner):
    limit = settings.CONFIG.contacts_file_bytes_max
    answer = client.generic(
        "POST", NEW, b"", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(limit * 2)
    )
    assert (answer.status_code, "100 MB" in answer.text) == (422, True)


def test_a_form_without_its_token_is_refused(acme, owner):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    assert strict.post(NEW, {"existing": "keep"}).status_code == 403
    assert strict.post(UPLOAD, {"size": "1"}).status_code == 403


def test_a_viewer_may_not_import_and_sees_no_numbers(client, acme):
    run = imported(acme, sheet(["13800000001"], ["13800000001"]))
    client.force_login(factories.make_user(acme, "viewer", role="viewer"))
    assert client.get(NEW).status_code == 403
    assert client.post(UPLOAD).status_code == 403
    page = client.get(page_of(run))
    assert page.status_code == 200
    assert "1380000" not in page.text
    refused = reverse("contacts:import_refused", args=[run.pk])
    assert refused not in page.text
    assert client.get(refused).status_code == 403
    assert NEW not in client.get(LIST).text


def test_a_viewer_sees_no_number_that_stands_where_headings_should(client, acme, owner):
    run = imported(acme, sheet(["13800000002", "李四"], headings=("13800000001", "张三")))
    assert run.problem == "no_headings"
    assert "13800000001" in client.get(page_of(run)).text
    client.force_login(factories.make_user(acme, "viewer", role="viewer"))
    text = client.get(page_of(run)).text
    assert "138****0001, 张三" in text and "1380000" not in text


def test_a_stranger_sees_404(client, acme, globex):
    run = imported(acme, GOOD)
    client.force_login(globex.users.get())
    for name in ("import_run", "import_refused", "import_piece"):
        assert client.get(reverse(f"contacts:{name}", args=[run.pk])).status_code == 404
    assert "名单" not in client.get(LIST).text


def test_the_uploaded_file_has_no_address_of_its_own(client, acme, owner):
    waiting(acme, GOOD)
    file = StoredFile.objects.get()
    assert client.get(reverse("web:file", args=[file.pk])).status_code == 404


# In slices ---------------------------------------------------------------------------------------


def begin(client, size, **fields: str):
    return client.post(
        UPLOAD, {"name": "C:\\名单.csv", "size": size, "existing": "keep", "group": "", **fields}
    )


def put(client, address: str, start: int, data: bytes):
    return client.post(f"{address}?start={start}", data, content_type="application/octet-stream")


def test_a_file_in_slices_arrives_whole_and_begins_once(client, acme, owner):
    lines = "手机号,姓名\n" + "".join(f"138{n:08},N{n:030}\n" for n in range(30_000))
    data = lines.encode()
    opened = begin(client, len(data)).json()
    run = ContactImport.objects.get()
    assert "名单.csv" not in client.get(LIST).text  # nobody sees it before it is there
    there = 0
    while there < len(data):
        assert client.get(opened["url"]).json() == {"there": there}
        told = put(client, opened["url"], there, data[there : there + CHUNK_BYTES]).json()
        there = told["there"]
    assert told["done"] == page_of(run)
    assert put(client, opened["url"], 0, data[:CHUNK_BYTES]).json()["done"] == page_of(run)
    assert ProcrastinateJob.objects.filter(task_name="contacts.import").count() == 1
    import_runs.carry_out(run.pk)
    assert acme.contacts.count() == 30_000


def test_the_first_slice_of_something_else_ends_it(client, owner):
    data = b"%PDF-1.7" + bytes(2 * CHUNK_BYTES)
    address = begin(client, len(data)).json()["url"]
    answer = put(client, address, 0, data[:CHUNK_BYTES])
    assert (answer.status_code, "文档" in answer.json()["error"]) == (422, True)
    assert not StoredFile.objects.exists()
    assert not ContactImport.objects.exists()


@pytest.mark.parametrize(("size", "sentence"), [(0, "空的"), ("x", "空的"), (10**12, "100 MB")])
def test_a_size_that_cannot_be_is_refused_at_once(client, owner, size, sentence):
    answer = begin(client, size)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]
    assert not ContactImport.objects.exists()


def test_a_slice_that_does_not_fit_says_where_to_go_on(client, owner):
    address = begin(client, 3 * CHUNK_BYTES).json()["url"]
    answer = put(client, address, 5, b"1" * 10)
    assert (answer.status_code, answer.json()) == (409, {"there": 0})


def test_a_file_that_was_complete_already_begins_its_import(client, acme, owner):
    run = waiting(acme, GOOD, state="uploading")
    address = reverse("contacts:import_piece", args=[run.pk])
    assert put(client, address, 0, GOOD).json()["done"] == page_of(run)
    run.refresh_from_db()
    assert run.state == "waiting"


def test_a_group_that_is_not_ours_is_refused(client, acme, globex, owner):
    theirs = groups.create_group(globex, name="他们")
    assert begin(client, 10, group=str(theirs)).status_code == 422


# The pages of a run ------------------------------------------------------------------------------


def test_while_it_runs_the_page_renews_itself_and_then_no_more(client, acme, owner):
    run = waiting(acme, GOOD)
    assert "every 1s" in client.get(page_of(run)).text
    assert "every 3s" in client.get(LIST).text
    import_runs.carry_out(run.pk)
    page = client.get(page_of(run)).text
    assert "every 1s" not in page
    assert "手机号不是 11 位大陆手机号码" in page
    assert "every 3s" not in client.get(LIST).text


def test_the_refused_rows_are_a_download_that_expires(client, acme, owner):
    run = imported(acme, sheet(["13800000001"], ["=1+1"], ["@x"]))
    address = reverse("contacts:import_refused", args=[run.pk])
    assert address in client.get(page_of(run)).text
    lines = b"".join(client.get(address).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "行号,内容,原因"
    assert len(lines) == 3
    assert lines[2].startswith("4,'@x,")
    ContactImport.objects.update(finished_at=timezone.now() - timedelta(days=8))
    assert client.get(address).status_code == 404
    assert address not in client.get(page_of(run)).text
    assert RefusedContact.objects.exists()  # until it is swept


@pytest.mark.parametrize("state", ["waiting", "reading", "saving", "done", "failed"])
def test_every_state_has_its_page(client, acme, owner, state):
    run = finished(acme, state=state, problem="damaged" if state == "failed" else "")
    assert client.get(page_of(run)).status_code == 200


def test_the_list_asks_as_often_for_many_as_for_few(client, acme, owner, django_assert_num_queries):
    for _ in range(12):
        finished(acme)
    client.get(LIST)
    with django_assert_num_queries(7):
        client.get(LIST)
