"""Pages of 群发助手: who sees what, what the list asks the database, what decisions answer."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.campaigns.making import (
    engine_begins,
    make_confirmed,
    make_draft,
    make_file,
    make_from_file,
    make_progress,
    make_ready,
)
from yunxin.accounts.models import User
from yunxin.campaigns import lifecycle, urls
from yunxin.campaigns.models import Campaign, CampaignMinute, CampaignRefusal
from yunxin.campaigns.states import State
from yunxin.vocabulary import CampaignState, CampaignWish, Refusal
from yunxin.web import slices
from yunxin.web.models import StoredFile

LIST = reverse("campaigns:campaigns")


def url(name: str, campaign: Campaign, *more: int) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.pk, *more])


@pytest.fixture
def owner(client, acme):
    user = acme.users.get()
    client.force_login(user)
    return user


def texts(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


# Isolation ---------------------------------------------------------------------------------------


def addresses_of(campaign: Campaign, file: StoredFile) -> list[str]:
    """Every address of the room with an id in it, for what belongs to Acme."""
    found = []
    for pattern in urls.urlpatterns:
        names = set(pattern.pattern.converters)
        if names == {"pk"}:
            pk = campaign.template_id if pattern.name == "sample" else campaign.pk
            found.append(reverse(f"campaigns:{pattern.name}", args=[pk]))
        elif names == {"pk", "file_pk"}:
            found.append(reverse(f"campaigns:{pattern.name}", args=[campaign.pk, file.pk]))
        else:
            assert not names, f"{pattern.name} needs a line in this test"
    return found


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("make", [make_draft, make_confirmed])
def test_what_is_acmes_does_not_exist_for_globex(client, acme, globex, make, method):
    campaign = make(acme)
    file = slices.begin(
        name="a.txt", size_bytes=9, enterprise_id=acme.pk, by_id=0, size_bytes_max=9
    )
    client.force_login(globex.users.get())
    addresses = addresses_of(campaign, file)
    assert len(addresses) > 15
    for address in addresses:
        answer = getattr(client, method)(address)
        assert answer.status_code in (404, 405), address
    campaign.refresh_from_db()
    assert campaign.deleted_at is None


def test_globex_cannot_put_a_slice_into_acmes_file_through_a_task_of_its_own(client, acme, globex):
    file = slices.begin(
        name="a.txt", size_bytes=9, enterprise_id=acme.pk, by_id=0, size_bytes_max=9
    )
    campaign = make_draft(globex)
    client.force_login(globex.users.get())
    assert client.get(url("piece", campaign, file.pk)).status_code == 404


def test_globex_cannot_use_acmes_template(client, acme, globex):
    template = factories.make_template(acme)
    client.force_login(globex.users.get())
    answer = client.post(reverse("campaigns:new"), {"name": "x", "template": template.pk})
    assert answer.status_code == 422
    assert template.content not in answer.text
    preview = client.get(reverse("campaigns:preview"), {"template": template.pk})
    assert template.content[:5] not in preview.text


def test_the_list_shows_only_what_is_ones_own(client, acme, globex):
    make_draft(acme, name="秘密任务")
    client.force_login(globex.users.get())
    assert "秘密任务" not in client.get(LIST).text


def test_a_stranger_is_sent_to_the_login(client, acme):
    for address in (LIST, url("campaign", make_draft(acme))):
        assert client.get(address).status_code == 302


def test_an_operator_has_no_tasks(client, operator, acme):
    client.force_login(operator)
    assert client.get(url("campaign", make_draft(acme))).status_code == 403


# A viewer only looks -----------------------------------------------------------------------------


@pytest.fixture
def viewer(client, acme):
    user = factories.make_user(acme, "viewer", role=User.Role.VIEWER)
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    "name",
    ["pause", "resume", "change", "terminate", "delete", "copy", "content", "recipients", "time",
     "confirm", "upload", "refused"],
)  # fmt: skip
def test_a_viewer_decides_nothing(client, acme, viewer, name):
    campaign = make_confirmed(acme)
    assert client.post(url(name, campaign)).status_code in (403, 405)
    assert client.get(url(name, campaign)).status_code in (403, 405)
    campaign.refresh_from_db()
    assert campaign.wish == CampaignWish.RUN


def test_a_viewer_sees_list_and_figures_without_buttons(client, acme, viewer):
    campaign = make_confirmed(acme)
    for page in (LIST, url("campaign", campaign)):
        text = client.get(page).text
        assert campaign.name in text
        assert url("pause", campaign) not in text
        assert url("delete", campaign) not in text
    assert reverse("campaigns:new") not in client.get(LIST).text


def test_a_viewer_gets_masked_numbers(client, acme, viewer):
    campaign = make_confirmed(acme)
    text = b"".join(client.get(url("outcomes", campaign)).streaming_content).decode()
    assert "138****0001" in text
    assert "13800000001" not in text
    assert "SF100" not in text


# The list ----------------------------------------------------------------------------------------


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    client, acme, owner, django_assert_num_queries
):
    factories.make_package(acme)
    for number in range(9):
        campaign = make_draft(acme, name=f"任务{number}")
        if number % 2:
            Campaign.objects.filter(pk=campaign.pk).update(wish=CampaignWish.RUN)
            make_progress(campaign, accepted=number)
    client.get(LIST)
    # session, user, enterprise; count, rows; days, states, signatures, templates; balance, bell
    with django_assert_num_queries(11):
        client.get(LIST)


def test_a_refresh_of_the_list_leaves_the_figures_alone(
    client, acme, owner, django_assert_num_queries
):
    make_draft(acme)
    with django_assert_num_queries(7):
        client.get(LIST, headers={"HX-Request": "true"})


def test_an_empty_list_says_what_to_do_next(client, acme, owner):
    text = client.get(LIST).text
    assert reverse("campaigns:new") in text
    assert "还没有群发任务" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [({"q": "账单"}, 1), ({"q": "模板乙"}, 1), ({"q": "nothing"}, 0), ({"state": "draft"}, 2),
     ({"state": "running"}, 0), ({"state": "nonsense"}, 2)],
)  # fmt: skip
def test_search_and_filters(client, acme, owner, query, found):
    make_draft(acme, factories.make_template(acme, name="模板甲"), name="十月账单")
    make_draft(acme, factories.make_template(acme, name="模板乙"), name="通知")
    assert len(client.get(LIST, query).context["listing"].items) == found


def test_a_task_is_found_by_its_code(client, acme, owner):
    campaign = make_draft(acme)
    make_draft(acme)
    rows = client.get(LIST, {"q": str(campaign.pk)}).context["listing"].items
    assert campaign.pk in [row.campaign.pk for row in rows]


def test_only_a_list_in_which_something_moves_renews_itself(client, acme, owner):
    campaign = make_confirmed(acme)
    make_progress(campaign, state=CampaignState.FINISHED)
    assert client.get(LIST).context["listing"].refresh_s == 0
    make_confirmed(acme)
    assert client.get(LIST).context["listing"].refresh_s > 0


# One task ----------------------------------------------------------------------------------------


def test_one_task_in_all_its_figures(client, acme, owner, django_assert_max_num_queries):
    campaign = make_confirmed(acme)
    began = timezone.now().replace(second=0, microsecond=0)
    make_progress(
        campaign, accepted=3, submitted=3, delivered=1, failed=1, replies=2, started_at=began
    )
    for minute in (0, 3):
        CampaignMinute.objects.create(
            enterprise_id=acme.pk,
            campaign_id=campaign.pk,
            minute=began + timedelta(minutes=minute),
            delivered=1,
        )
    CampaignRefusal.objects.create(
        enterprise_id=acme.pk, campaign_id=campaign.pk, position=9, phone="13800000009",
        reason=Refusal.FREQUENCY, at=began,
    )  # fmt: skip
    with django_assert_max_num_queries(16):
        answer = client.get(url("campaign", campaign))
    counts = answer.context["counts"]
    assert (counts.total, counts.done, counts.delivered, counts.awaited) == (3, 3, 1, 1)
    assert answer.context["chart"]["delivered"] == [1, 0, 0, 1]  # gaps are shown as such
    assert answer.context["refusals"] == [("超出发送频次", 1)]


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_page_and_a_line(client, acme, owner, state):
    campaign = make_ready(acme)
    wish, progress = {
        State.DRAFT: (CampaignWish.DRAFT, None),
        State.PREPARING: (CampaignWish.DRAFT, None),
        State.WAITING: (CampaignWish.RUN, None),
        State.PAUSED: (CampaignWish.PAUSE, None),
        State.RUNNING: (CampaignWish.RUN, CampaignState.FEEDING),
        State.SUCCEEDED: (CampaignWish.RUN, CampaignState.FINISHED),
        State.FAILED: (CampaignWish.RUN, CampaignState.FAILED),
        State.TERMINATED: (CampaignWish.TERMINATE, CampaignState.TERMINATED),
    }[state]
    Campaign.objects.update(wish=wish)
    if state == State.PREPARING:
        file = make_file(acme, "13800000001,a\n")
        lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    if progress:
        make_progress(campaign, state=progress)
    page = client.get(url("campaign", campaign))
    assert page.status_code == 200
    assert page.context["row"].seen.state == state
    assert str(page.context["row"].label) in client.get(LIST).text


# Decisions ---------------------------------------------------------------------------------------


def test_pause_and_resume(client, acme, owner):
    campaign = make_confirmed(acme)
    client.post(url("pause", campaign))
    campaign.refresh_from_db()
    assert campaign.wish == CampaignWish.PAUSE
    client.post(url("resume", campaign))
    campaign.refresh_from_db()
    assert campaign.wish == CampaignWish.RUN


@pytest.mark.parametrize("name", ["terminate", "delete", "change"])
def test_a_look_at_the_question_decides_nothing(client, acme, owner, name):
    campaign = make_confirmed(acme)
    if name == "terminate":
        engine_begins(campaign)
    answer = client.get(url(name, campaign))
    assert campaign.name in answer.text
    campaign.refresh_from_db()
    assert (campaign.wish, campaign.deleted_at) == (CampaignWish.RUN, None)


def test_what_came_too_late_is_said_in_one_sentence(client, acme, owner):
    campaign = make_confirmed(acme)
    engine_begins(campaign)
    answer = client.post(url("delete", campaign), follow=True)
    assert texts(answer) == [
        "任务刚刚已开始执行，不能再修改或删除。您可以暂停任务，或终止尚未发送的部分。"
    ]
    assert client.post(url("change", campaign), follow=True).redirect_chain[-1][0] == LIST


def test_changing_leads_to_the_first_step(client, acme, owner):
    campaign = make_confirmed(acme)
    assert client.post(url("change", campaign)).url == url("content", campaign)


def test_send_again_makes_a_draft(client, acme, owner):
    campaign = make_confirmed(acme)
    client.post(url("copy", campaign))
    assert lifecycle.of_enterprise(acme).count() == 2


# Downloads ---------------------------------------------------------------------------------------


def test_the_sample_fits_the_template(client, acme, owner):
    template = factories.make_template(
        acme, content="#*#您好，#*#元", variable_names=["姓名", "金额"]
    )
    sample = client.get(reverse("campaigns:sample", args=[template.pk])).content
    assert sample.decode("utf-8-sig").splitlines()[0] == "13800000001,姓名,金额"
    assert make_from_file(acme, sample, template=template).valid_count == 3


def test_refused_lines_come_with_number_and_reason_and_never_as_formulas(client, acme, owner):
    campaign = make_from_file(acme, "13800000001,a\n=cmd|' /C calc'!A0,b\n13800000001,c\n")
    text = b"".join(client.get(url("refused", campaign)).streaming_content).decode("utf-8-sig")
    assert text.splitlines() == [
        "行号,内容,原因",
        "2,\"'=cmd|' /C calc'!A0,b\",不是有效的 11 位大陆手机号。",
        "3,13800000001,号码与第 1 行重复。",
    ]


def test_what_became_of_each_recipient(client, acme, owner):
    campaign = make_confirmed(acme)
    CampaignRefusal.objects.create(
        enterprise_id=acme.pk, campaign_id=campaign.pk, position=2, phone="13800000002",
        reason=Refusal.FREQUENCY, at=timezone.now(),
    )  # fmt: skip
    text = b"".join(client.get(url("outcomes", campaign)).streaming_content).decode("utf-8-sig")
    lines = text.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("1,13800000001,SF100,,尚未发送")
    assert "近期接收的短信已达频次上限" in lines[2]


def test_a_draft_has_no_outcomes(client, acme, owner):
    assert client.get(url("outcomes", make_draft(acme))).status_code == 404
