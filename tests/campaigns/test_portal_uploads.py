"""Step 2: typed numbers, a file as a form, a file in slices; and what is refused on the way."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.campaigns.making import make_draft, make_ready
from yunxin.campaigns import preparation
from yunxin.campaigns.models import Campaign
from yunxin.vocabulary import AudienceState
from yunxin.web import slices
from yunxin.web.models import StoredFile
from yunxin.web.uploads import CHUNK_BYTES

GOOD = "13800000001,甲\n13800000002,乙\n".encode()
XLSX = b"PK\x03\x04\x14\x00[Content_Types].xml....xl/workbook.xml"


def url(name: str, campaign: Campaign, *more: int) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.pk, *more])


@pytest.fixture
def owner(client, acme):
    user = acme.users.get()
    client.force_login(user)
    return user


@pytest.fixture
def campaign(acme, owner):
    return make_draft(acme)


def prepare(campaign: Campaign) -> Campaign:
    """What the background job does."""
    campaign.refresh_from_db()
    preparation.prepare(campaign_id=campaign.pk, version=campaign.audience_version)
    campaign.refresh_from_db()
    return campaign


# Typed -------------------------------------------------------------------------------------------


def test_typed_numbers_are_checked_at_once(client, campaign):
    step = url("recipients", campaign)
    answer = client.post(
        f"{step}?by=typed",
        {"typed": "13800000001 13800000001\n123", "param_1": "SF1"},
        follow=True,
    )
    campaign.refresh_from_db()
    assert (campaign.valid_count, campaign.duplicate_count, campaign.invalid_count) == (1, 1, 1)
    assert "号码与第 1 行重复" in answer.text
    assert url("time", campaign) in answer.text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"typed": "", "param_1": "a"}, "手机号"),
        ({"typed": " ,, ", "param_1": "a"}, "至少填写一个手机号"),
        ({"typed": "13800000001\n" * 1001, "param_1": "a"}, "1,001"),
        ({"typed": "13800000001", "param_1": ""}, "13800000001"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(client, campaign, values, sentence):
    answer = client.post(url("recipients", campaign) + "?by=typed", values)
    assert answer.status_code == 422
    assert sentence in answer.text
    campaign.refresh_from_db()
    assert campaign.audience_version == 0


def test_only_bad_numbers_cannot_go_on(client, campaign):
    step = url("recipients", campaign) + "?by=typed"
    answer = client.post(step, {"typed": "123 456", "param_1": "a"}, follow=True)
    assert "没有可发送的号码" in answer.text
    assert url("time", campaign) not in answer.text


# As a form ---------------------------------------------------------------------------------------


def send(client, campaign: Campaign, data: bytes, name: str = "a.txt"):
    file = SimpleUploadedFile(name, data, "text/plain")
    return client.post(url("recipients", campaign) + "?by=file", {"file": file})


def test_a_file_as_an_ordinary_form(client, campaign):
    answer = send(client, campaign, GOOD, "../../名单.txt")
    assert answer.status_code == 302
    assert prepare(campaign).valid_count == 2
    assert campaign.file.name == "名单.txt"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "文件为空"),
        (b"  \n\n", "文件为空"),
        (XLSX, "Excel"),
        (b"PK\x03\x04\x14\x00word/document.xml", "办公文档"),
        (b"\x89PNG\r\n\x1a\n", "图片"),
        (b"PK\x03\x04\x14\x00readme.txt", "压缩文件"),
        (b"MZ\x90\x00\x03\x00", "不是文本文件"),
        ("13800000001".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_text_file_is_refused_in_its_own_words(client, campaign, data, sentence):
    answer = send(client, campaign, data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not StoredFile.objects.exists()


def test_no_file_at_all(client, campaign):
    answer = client.post(url("recipients", campaign) + "?by=file")
    assert answer.status_code == 422
    assert "请先选择文件" in answer.text


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(client, campaign):
    limit = settings.CONFIG.audience_bytes_max
    answer = client.generic(
        "POST", url("recipients", campaign) + "?by=file", b"", "multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(limit * 2),
    )  # fmt: skip
    assert answer.status_code == 422
    assert "200 MB" in answer.text


def test_a_form_without_its_token_is_refused(acme, campaign):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(acme.users.get())
    assert strict.post(url("recipients", campaign), {"typed": "1"}).status_code == 403
    assert strict.post(url("upload", campaign), {"size": "1"}).status_code == 403


def test_a_file_of_only_bad_lines_offers_them_as_a_download(client, campaign):
    send(client, campaign, b"name,amount\n")
    assert prepare(campaign).audience_state == AudienceState.FAILED
    page = client.get(url("recipients", campaign)).text
    assert "没有一行可以发送" in page
    assert url("refused", campaign) in page


# In slices ---------------------------------------------------------------------------------------


def begin(client, campaign: Campaign, size: int, name: str = "a.txt"):
    return client.post(url("upload", campaign), {"name": name, "size": size})


def put(client, address: str, start: int, data: bytes):
    return client.post(f"{address}?start={start}", data, content_type="application/octet-stream")


def lines(count: int) -> bytes:
    return b"".join(b"138%08d,SF%020d\n" % (number, number) for number in range(count))


def test_a_file_in_slices_arrives_whole(client, campaign):
    data = lines(40_000)
    opened = begin(client, campaign, len(data), "C:\\名单.txt").json()
    assert opened["slice"] == CHUNK_BYTES
    there = 0
    while there < len(data):
        told = put(client, opened["url"], there, data[there : there + CHUNK_BYTES]).json()
        there = told["there"]
    assert told["done"] == url("recipients", campaign) + "?by=file"
    assert prepare(campaign).valid_count == 40_000
    assert campaign.file.name == "名单.txt"


def test_a_slice_whose_answer_got_lost_is_sent_again(client, campaign):
    data = lines(40_000)
    address = begin(client, campaign, len(data)).json()["url"]
    for _ in range(2):
        assert put(client, address, 0, data[:CHUNK_BYTES]).json() == {"there": CHUNK_BYTES}
    assert client.get(address).json() == {"there": CHUNK_BYTES}


def test_the_last_slice_sent_again_says_done_again(client, campaign):
    address = begin(client, campaign, len(GOOD)).json()["url"]
    assert "done" in put(client, address, 0, GOOD).json()
    assert "done" in put(client, address, 0, GOOD).json()
    campaign.refresh_from_db()
    assert campaign.audience_version == 1


@pytest.mark.parametrize(("start", "size"), [(CHUNK_BYTES, 10), (5, 10), (0, 7), (-1, 10)])
def test_a_slice_that_does_not_fit_says_where_to_go_on(client, campaign, start, size):
    address = begin(client, campaign, 3 * CHUNK_BYTES).json()["url"]
    answer = put(client, address, start, b"1" * size)
    assert (answer.status_code, answer.json()) == (409, {"there": 0})


def test_more_bytes_than_were_announced_are_refused(client, campaign):
    address = begin(client, campaign, 10).json()["url"]
    assert put(client, address, 0, b"1" * 11).status_code == 409


@pytest.mark.parametrize(
    ("size", "sentence"), [(0, "空的"), ("x", "空的"), (10**12, "200 MB"), ("", "空的")]
)
def test_a_size_that_cannot_be_is_refused_at_once(client, campaign, size, sentence):
    answer = begin(client, campaign, size)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]


def test_the_first_slice_of_a_workbook_ends_it(client, campaign):
    data = XLSX + b"\x00" * 2 * CHUNK_BYTES
    address = begin(client, campaign, len(data)).json()["url"]
    answer = put(client, address, 0, data[:CHUNK_BYTES])
    assert answer.status_code == 422
    assert "Excel" in answer.json()["error"]
    assert not StoredFile.objects.exists()


def test_files_that_nobody_completed_are_swept(acme):
    file = slices.begin(name="a", size_bytes=9, enterprise_id=1, by_id=1, size_bytes_max=9)
    assert slices.discard_abandoned() == 0
    StoredFile.objects.filter(pk=file.pk).update(
        created_at=file.created_at - 2 * slices.ABANDONED_AFTER
    )
    assert slices.discard_abandoned() == 1


# While it is read --------------------------------------------------------------------------------


def test_the_status_says_how_far_it_is_and_then_renews_the_page(client, campaign):
    send(client, campaign, GOOD)
    answer = client.get(url("status", campaign), headers={"HX-Request": "true"})
    assert "正在逐行校验" in answer.text
    prepare(campaign)
    answer = client.get(url("status", campaign), headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_a_million_lines_are_not_counted_for_the_page(
    client, campaign, django_assert_max_num_queries
):
    send(client, campaign, GOOD)
    prepare(campaign)
    with django_assert_max_num_queries(12):
        client.get(url("recipients", campaign))


def test_another_way_keeps_the_former_one_until_it_is_given(client, acme, owner):
    campaign = make_ready(acme)
    page = client.get(url("recipients", campaign) + "?by=file")
    assert url("time", campaign) not in page.text
    assert url("time", campaign) in client.get(url("recipients", campaign)).text


def test_a_template_without_variables_asks_for_no_parameters(client, acme, owner):
    campaign = make_draft(acme, factories.make_template(acme, content="门店今日开业"))
    page = client.get(url("recipients", campaign) + "?by=typed").text
    assert "param_1" not in page
