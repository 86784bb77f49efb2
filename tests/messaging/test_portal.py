"""Portal pages of the records: filters as typed, isolation, a fixed number of queries."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_package, make_template, make_user
from tests.messaging.records_world import make_message

pytestmark = pytest.mark.django_db
RECORDS = "messaging:records"


@pytest.fixture
def template(acme):
    return make_template(acme, name="Parcel")


@pytest.fixture(autouse=True)
def signed_in(client, acme):
    client.force_login(acme.users.get())


def page(client, **query) -> str:
    answer = client.get(reverse(RECORDS), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_records_are_listed_newest_first_and_counted(client, template):
    now = timezone.now()
    make_message(template, now.replace(microsecond=0), phone="13800000001")
    make_message(template, phone="13800000002")
    shown = page(client)
    assert shown.index("13800000001") < shown.index("13800000002")
    assert "共 2 项" in shown
    assert "Parcel" in shown


def test_without_records_the_page_says_so(client):
    assert "还没有发送记录" in page(client)


def test_pages_lead_on_and_back(client, template):
    for n in range(25):
        make_message(template, phone=f"1380000{n:04}")
    first = client.get(reverse(RECORDS)).context["listing"]
    assert first.previous_url == ""
    second = client.get(first.next_url).context["listing"]
    third = client.get(second.next_url).context["listing"]
    assert third.next_url == ""
    seen = [row.id for listing in (first, second, third) for row in listing.items]
    assert len(set(seen)) == 25
    back = client.get(third.previous_url).context["listing"]
    assert [row.id for row in back.items] == [row.id for row in second.items]
    assert back.pages[0][0] == "最新"
    assert client.get(back.pages[0][1]).context["listing"].previous_url == ""


@pytest.mark.parametrize("typed", ["13800000001", "+86 138 0000 0001", "138-0000-0001"])
def test_a_phone_is_found_however_it_is_typed(client, template, typed):
    make_message(template, phone="13800000001")
    make_message(template, phone="13800000002")
    shown = page(client, phone=typed)
    assert "13800000001" in shown
    assert "13800000002" not in shown


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"phone": "12345"}, "请输入 11 位中国大陆手机号"),
        ({"campaign": "abc"}, "请输入纯数字编码"),
        ({"message": "9" * 30}, "请输入纯数字编码"),
        ({"accepted_from": "yesterday"}, "2026-11-21"),
    ],
)
def test_what_cannot_be_understood_is_said(client, template, query, sentence):
    make_message(template)
    assert sentence in page(client, **query)


@pytest.mark.parametrize(
    "query",
    [
        {"before": "9" * 19}, {"after": "9" * 18}, {"before": "0"}, {"before": "x"},
        {"signature": "999"}, {"template": "x"}, {"state": "sending"}, {"carrier": "mars"},
        {"size": "7"}, {"campaign": "9" * 18}, {"message": "0"},
        {"accepted_from": "0001-01-01"}, {"accepted_to": "9999-12-31"}, {"after": "9" * 19},
        {"accepted_from": "2000-01-01"}, {"accepted_to": "2100-12-31", "source": "portal"},
        {"before": "9" * 19, "source": "portal"}, {"after": "9" * 19, "source": "portal"},
    ],
)  # fmt: skip
def test_odd_addresses_never_break_the_page(client, template, query):
    make_message(template)
    page(client, **query)


def test_each_filter_narrows(client, template, acme):
    other = make_template(acme, name="Other")
    make_message(template, phone="13800000001", carrier="unicom", source="api", campaign_id=None)
    make_message(other, phone="13800000002", state="failed", code="UNDELIV", campaign_id=7)
    for query, phone in [
        ({"template": template.pk}, "1"), ({"template": other.pk}, "2"),
        ({"signature": template.signature_id}, "1"), ({"state": "failed"}, "2"),
        ({"carrier": "unicom"}, "1"), ({"source": "portal"}, "2"), ({"campaign": "7"}, "2"),
    ]:  # fmt: skip
        shown = page(client, **query)
        assert f"1380000000{phone}" in shown, query
        assert f"1380000000{3 - int(phone)}" not in shown, query
        assert "共 1 项" in shown, query


def test_what_came_in_over_smpp_is_found_and_says_so(client, template):
    make_message(template, phone="13800000001", source="smpp", text="【测试】自由文本")
    make_message(template, phone="13800000002")
    shown = page(client, source="smpp")
    assert "13800000001" in shown and "13800000002" not in shown
    assert '<option value="smpp" selected>SMPP</option>' in shown
    assert shown.count("SMPP") > 1


def test_a_refusal_shows_its_code_and_what_it_means(client, template):
    make_message(template, state="failed", code="UNDELIV")
    shown = page(client)
    assert "UNDELIV" in shown
    assert "无法送达该手机" in shown


def test_the_detail_shows_the_time_line_the_parts_and_the_package(client, template, acme):
    package = make_package(acme, name="Autumn")
    message = make_message(
        template, text="长" * 71, segments=2, package_id=package.pk, state="failed", refunded=True
    )
    shown = client.get(reverse("messaging:record", args=[message.id])).content.decode()
    for words in ("时间线", "已受理并扣费", "已退还至套餐", "第 2 / 2 段", "Autumn", "Parcel"):
        assert words in shown


def test_a_stranger_sees_404(client, template, globex):
    message = make_message(template)
    client.force_login(globex.users.get())
    assert client.get(reverse("messaging:record", args=[message.id])).status_code == 404
    assert message.phone not in page(client)
    for query in ({"phone": message.phone}, {"template": str(template.pk)}):
        assert client.get(reverse(RECORDS), query).context["listing"].items == []
    exported = client.get(reverse("messaging:records_export"))
    assert message.phone not in b"".join(exported.streaming_content).decode()


@pytest.mark.parametrize("message_id", [0, 1, 2**63 - 1, 2**63, 10**30])
def test_ids_that_do_not_exist_are_404(client, message_id):
    assert client.get(reverse("messaging:record", args=[message_id])).status_code == 404


def test_a_viewer_sees_masked_numbers(client, template, acme):
    message = make_message(template, phone="13812345678")
    client.force_login(make_user(acme, role="viewer"))
    detail = client.get(reverse("messaging:record", args=[message.id])).content.decode()
    for shown in (page(client), detail):
        assert "138****5678" in shown
        assert "13812345678" not in shown


def test_the_number_of_queries_does_not_grow_with_the_rows(
    client, acme, template, django_assert_num_queries
):
    for n in range(10):
        make_message(make_template(acme), campaign_id=n + 1, state="accepted")
    page(client)
    # session, user with enterprise (2), signatures and templates of the filters (2), balance,
    # notices, rows, queue rows, names of templates and campaigns (2), what codes mean (2), total
    with django_assert_num_queries(14):
        page(client)


def test_signed_out_people_are_sent_to_the_login_page(client, template):
    message = make_message(template)
    client.logout()
    for name, args in [
        ("records", []),
        ("record", [message.id]),
        ("records_export", []),
        ("home", []),
    ]:
        answer = client.get(reverse(f"messaging:{name}", args=args))
        assert answer.status_code == 302
        assert answer.url.startswith("/login/")
