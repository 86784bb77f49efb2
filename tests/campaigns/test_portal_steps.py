"""The steps of a task: what is asked, what is shown beside it, and the one button that sends."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.campaigns.making import make_confirmed, make_draft, make_from_file, make_ready
from yunxin.campaigns import hours, lifecycle
from yunxin.campaigns.models import Campaign
from yunxin.text import placeholders, segments
from yunxin.vocabulary import CampaignWish, TemplateKind

NEW = reverse("campaigns:new")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def url(name: str, campaign: Campaign) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.pk])


@pytest.fixture
def owner(client, acme):
    user = acme.users.get()
    client.force_login(user)
    return user


# 1: the message ----------------------------------------------------------------------------------


def test_the_first_step_makes_a_draft_and_goes_on(client, acme, owner):
    template = factories.make_template(acme)
    answer = client.post(
        NEW, {"name": "账单", "template": template.pk, "param_1": "SF1", "extension_code": "08"}
    )
    made = lifecycle.of_enterprise(acme).get()
    assert answer.url == url("recipients", made)
    assert (made.name, made.shared_params, made.extension_code) == ("账单", ["SF1"], "08")
    assert made.created_by == owner


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "必填"),
        ({"template": ""}, "请选择短信模板"),
        ({"template": "999999"}, "该模板已失效"),
        ({"template": "x"}, "该模板已失效"),
        ({"extension_code": "12a"}, "只能填写数字"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(
    client, acme, owner, change, sentence
):
    template = factories.make_template(acme)
    values = {"name": "账单提醒", "template": template.pk, "param_1": "SF-77", **change}
    answer = client.post(NEW, values)
    assert answer.status_code == 422
    assert sentence in answer.text or "这个字段" in answer.text
    assert values["name"] in answer.text
    assert not Campaign.objects.exists()


def test_an_extension_code_that_does_not_fit_behind_the_number_is_refused(client, acme, owner):
    factories.make_channel(access_number="10690000000001")
    acme.extension_code = "01"
    acme.save(update_fields=["extension_code"])
    template = factories.make_template(acme)
    values = {"name": "账单提醒", "template": template.pk, "param_1": "SF-77"}
    answer = client.post(NEW, values | {"extension_code": "12345"})
    assert answer.status_code == 422 and "合计21位" in answer.text
    assert not Campaign.objects.exists()
    assert client.post(NEW, values | {"extension_code": "1234"}).status_code == 302


def test_templates_that_cannot_be_sent_are_not_offered(client, acme, owner):
    good = factories.make_template(acme, name="可用")
    factories.make_template(acme, name="待审", state="pending")
    factories.make_template(acme, name="已删", deleted_at=timezone.now())
    factories.make_template(acme, factories.make_signature(acme, state="cancelled"), name="无签名")
    assert client.get(NEW).context["templates"] == [good]


def test_without_a_template_the_page_says_where_to_get_one(client, acme, owner):
    assert "常用模板库" in client.get(NEW).text


def test_the_phone_shows_what_would_be_sent_and_what_it_costs(client, acme, owner):
    template = factories.make_template(acme, content="尊敬的#*#，" + "字" * 66)
    answer = client.get(
        reverse("campaigns:preview"), {"template": template.pk, "param_1": "王女士"}
    )
    text = placeholders.compose(
        placeholders.fill(template.content, ["王女士"]), signature=template.signature.name
    )
    preview = answer.context["preview"]
    assert preview.text == text
    assert (preview.length, preview.segments) == (segments.length(text), segments.count(text))
    assert text in answer.text


def test_a_variable_that_is_not_filled_shows_its_name(client, acme, owner):
    template = factories.make_template(acme, content="#*#您好", variable_names=["姓名"])
    answer = client.get(reverse("campaigns:preview"), {"template": template.pk})
    assert "{姓名}您好" in answer.text


def test_another_template_brings_its_own_fields(client, acme, owner):
    template = factories.make_template(acme, variable_names=["运单号"])
    query = {"template": template.pk}
    address = reverse("campaigns:preview")
    headers = {"HX-Request": "true", "HX-Trigger-Name": "template"}
    assert "param_1" in client.get(address, query, headers=headers).text
    headers["HX-Trigger-Name"] = "param_1"  # somebody types in it: it must not be replaced
    assert "param_1" not in client.get(address, query, headers=headers).text


# 3: the time -------------------------------------------------------------------------------------


def test_a_planned_time_is_that_of_shanghai(client, acme, owner):
    campaign = make_draft(acme)
    planned = (timezone.now() + timedelta(days=2)).astimezone(SHANGHAI)
    client.post(
        url("time", campaign), {"when": "later", "scheduled_at": f"{planned:%Y-%m-%dT}09:30"}
    )
    campaign.refresh_from_db()
    assert campaign.scheduled_at.astimezone(SHANGHAI).strftime("%H:%M") == "09:30"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"when": "later", "scheduled_at": ""}, "请选择执行日期和时间"),
        ({"when": "later", "scheduled_at": "2020-01-01T09:00"}, "该时间已过"),
        ({"when": "later", "scheduled_at": "2099-01-01T09:00"}, "90 天内"),
        ({"when": "later", "scheduled_at": "soon"}, "请输入日期和时间"),
    ],
)
def test_a_time_that_cannot_be_says_why(client, acme, owner, values, sentence):
    answer = client.post(url("time", make_draft(acme)), values)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_sending_at_once_forgets_a_planned_time(client, acme, owner):
    campaign = make_draft(acme)
    later = timezone.now() + timedelta(days=1)
    lifecycle.set_time(enterprise=acme, campaign_id=campaign.pk, scheduled_at=later)
    client.post(url("time", campaign), {"when": "now", "scheduled_at": "2020-01-01T09:00"})
    campaign.refresh_from_db()
    assert campaign.scheduled_at is None


def test_marketing_hours_are_explained_before_anything_is_confirmed(client, acme, owner):
    template = factories.make_template(acme, kind=TemplateKind.MARKETING)
    campaign = make_ready(acme, template=template)
    assert "08:00–21:00" in client.get(url("time", campaign)).text
    night = (timezone.now() + timedelta(days=2)).astimezone(SHANGHAI).replace(hour=22)
    lifecycle.set_time(enterprise=acme, campaign_id=campaign.pk, scheduled_at=night)
    waits_until = client.get(url("confirm", campaign)).context["waits_until"]
    assert waits_until.astimezone(SHANGHAI).hour == 8
    assert waits_until > night


@pytest.mark.parametrize(
    ("clock", "begin", "end", "opening"),
    [
        ("07:59", "08:00", "21:00", "23 08:00"),
        ("08:00", "08:00", "21:00", "23 08:00"),
        ("20:59", "08:00", "21:00", "23 20:59"),
        ("21:00", "08:00", "21:00", "24 08:00"),
        ("23:30", "22:00", "02:00", "23 23:30"),
        ("12:00", "22:00", "02:00", "23 22:00"),
        ("03:00", "00:00", "00:00", "23 03:00"),
    ],
)
def test_when_marketing_may_begin(clock, begin, end, opening):
    at = datetime.combine(datetime(2026, 11, 23).date(), time.fromisoformat(clock), SHANGHAI)
    found = hours.next_opening(at, begin=time.fromisoformat(begin), end=time.fromisoformat(end))
    assert found.strftime("%d %H:%M") == opening


# 4: confirmation ---------------------------------------------------------------------------------


def test_the_last_step_shows_all_that_will_happen(client, acme, owner):
    factories.make_package(acme, total=100)
    campaign = make_from_file(acme, "13800000001,甲\n13800000001,乙\n123,丙\n13800000004,丁\n")
    context = client.get(url("confirm", campaign)).context
    assert (context["cost"], context["left"], context["rest"]) == (2, 100, 98)
    assert [phone for phone, _ in context["samples"]] == ["13800000001", "13800000004"]
    assert context["obstacle"] == ""
    assert context["preview"].text == context["samples"][0][1]


def test_submitting_makes_it_the_engines(client, acme, owner):
    factories.make_package(acme)
    campaign = make_ready(acme)
    answer = client.post(url("confirm", campaign), {"version": campaign.audience_version})
    assert answer.url == url("campaign", campaign)
    campaign.refresh_from_db()
    assert campaign.wish == CampaignWish.RUN


def test_without_the_balance_it_says_how_much_is_missing_and_sends_nothing(client, acme, owner):
    factories.make_package(acme, total=1)
    campaign = make_ready(acme)
    page = client.get(url("confirm", campaign))
    assert "还差 2 条" in page.text
    assert "disabled" in page.text
    answer = client.post(url("confirm", campaign), {"version": campaign.audience_version})
    assert answer.status_code == 422
    assert "还差 2 条" in answer.text
    campaign.refresh_from_db()
    assert campaign.wish == CampaignWish.DRAFT


@pytest.mark.parametrize("version", ["", "x", "-1", "999", "9" * 40])
def test_what_was_edited_in_another_window_is_looked_at_again(client, acme, owner, version):
    factories.make_package(acme)
    campaign = make_ready(acme)
    answer = client.post(url("confirm", campaign), {"version": version})
    assert answer.status_code == 422
    assert "其他窗口" in answer.text


def test_submitting_twice_sends_once(client, acme, owner):
    factories.make_package(acme)
    campaign = make_ready(acme)
    for _ in range(2):
        answer = client.post(url("confirm", campaign), {"version": campaign.audience_version})
        assert answer.url == url("campaign", campaign)


def test_other_waiting_tasks_are_counted_against_the_balance(client, acme, owner):
    make_confirmed(acme, numbers=8)
    acme.packages.update(total=10)
    context = client.get(url("confirm", make_ready(acme, numbers=5))).context
    assert (context["others"], context["others_short"]) == (8, True)
    assert context["obstacle"] == ""


@pytest.mark.parametrize("name", ["content", "recipients", "time", "confirm"])
def test_a_submitted_task_has_no_steps_any_more(client, acme, owner, name):
    campaign = make_confirmed(acme)
    assert client.get(url(name, campaign)).url == url("campaign", campaign)
