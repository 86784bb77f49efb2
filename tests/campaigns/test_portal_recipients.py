"""Step 2 by groups: what is offered, chosen, refused, shown; and that the book may have moved."""

import pytest
from django.urls import reverse

from tests import factories
from tests.campaigns.book import add_people, give_groups, make_book, phone, prepare, prepared
from tests.campaigns.making import make_draft
from yunxin.campaigns.models import Campaign
from yunxin.contacts import groups
from yunxin.vocabulary import AudienceKind, AudienceState


def url(name: str, campaign: Campaign) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.pk])


def by_groups(campaign: Campaign) -> str:
    return url("recipients", campaign) + "?by=groups"


@pytest.fixture
def owner(client, acme):
    user = acme.users.get()
    client.force_login(user)
    return user


@pytest.fixture
def campaign(acme, owner):
    template = factories.make_template(acme, content="尊敬的#*#您好", variable_names=["姓名"])
    return make_draft(acme, template)


def test_the_groups_stand_as_a_tree_with_their_counts(client, acme, campaign):
    make_book(acme)
    answer = client.get(by_groups(campaign))
    assert "(3 / 4)" in answer.text
    assert "(2 / 2)" in answer.text
    assert [(node.name, node.depth) for node in answer.context["tree"]] == [
        ("会员", 0),
        ("金卡", 1),
    ]


def test_without_groups_the_page_says_what_to_do(client, campaign):
    answer = client.get(by_groups(campaign))
    assert "通讯录中还没有分组" in answer.text
    assert "校验联系人" not in answer.text


def test_a_variable_s_name_makes_the_first_choice(client, acme, campaign):
    make_book(acme)
    answer = client.get(by_groups(campaign))
    assert '<option value="name" selected>' in answer.text


def test_chosen_groups_are_checked_and_go_on(client, acme, campaign):
    outer, inner = make_book(acme)
    values = {"groups": [outer], "with_subgroups": "on", "source_1": "name", "param_1": "客户"}
    answer = client.post(by_groups(campaign), values)
    assert answer.url == by_groups(campaign)
    assert "正在校验每位联系人" in client.get(answer.url).text
    campaign = prepare(campaign)
    assert (campaign.audience, campaign.valid_count) == (AudienceKind.GROUPS, 4)
    answer = client.get(answer.url)
    assert "尊敬的张三您好" in answer.text
    assert url("time", campaign) in answer.text
    assert inner not in answer.context["chosen"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"groups": []}, "请至少选择一个分组"),
        ({"groups": [999_999]}, "已被删除的分组"),
        ({"groups": ["x"]}, "已被删除的分组"),
        ({"groups": ["9" * 30]}, "已被删除的分组"),
        ({"source_1": "text", "param_1": ""}, "请填写文字，或选择联系人的字段"),
        ({"source_1": "nonsense"}, "选择"),
    ],
)
def test_what_is_wrong_stands_beside_it_and_what_was_chosen_is_kept(
    client, acme, campaign, change, sentence
):
    outer, inner = make_book(acme)
    values = {"groups": [inner], "source_1": "company", "param_1": "贵公司", **change}
    answer = client.post(by_groups(campaign), values)
    assert answer.status_code == 422
    assert sentence in answer.text
    if "groups" not in change:
        assert f'value="{inner}" checked' in answer.text
    assert not campaign.groups.exists()


def test_all_groups_that_there_may_be_can_be_ticked_at_once(client, acme, campaign):
    outer, _inner = make_book(acme)
    values = {"groups": [outer] * 2_000, "source_1": "name"}
    assert client.post(by_groups(campaign), values).status_code == 302


def test_a_stranger_s_group_is_none_of_the_choices(client, acme, globex, campaign):
    make_book(acme)
    theirs, _inner = make_book(globex)
    answer = client.post(by_groups(campaign), {"groups": [theirs], "source_1": "name"})
    assert answer.status_code == 422
    values = {"groups": [theirs], "source_1": "phone", "with_subgroups": "on"}
    assert phone(1) not in client.post(url("first_messages", campaign), values).text


def test_the_first_messages_follow_the_choice_and_keep_nothing(client, acme, campaign):
    outer, _inner = make_book(acme)
    values = {"groups": [outer], "with_subgroups": "on", "source_1": "company", "param_1": "客户"}
    answer = client.post(url("first_messages", campaign), values)
    texts = [text.partition("】")[2] for _phone, _name, text, _why in answer.context["first"]]
    assert texts == ["尊敬的锦程仓储您好", "尊敬的客户您好", "尊敬的客户您好"]
    answer = client.post(url("first_messages", campaign), {**values, "param_1": ""})
    assert [bool(why) for *_text, why in answer.context["first"]] == [False, True, True]
    assert "「姓名」为空，跳过此联系人" in answer.text
    assert not campaign.groups.exists()


def test_deleted_groups_are_named(client, acme, campaign):
    outer, inner = make_book(acme)
    give_groups(campaign, outer, inner)
    groups.delete_group(acme, inner)
    assert "以下分组在选择之后已被删除：金卡" in client.get(by_groups(campaign)).text


def test_a_book_that_moved_is_said_and_read_again(client, acme, campaign):
    outer, _inner = make_book(acme)
    campaign = prepared(campaign, outer)
    for step in ("recipients", "confirm"):
        answer = client.get(url(step, campaign))
        assert "读取的为准" in answer.text
        assert "重新读取" not in answer.text
    add_people(acme, (9,), outer)
    for step in ("recipients", "confirm"):
        answer = client.get(url(step, campaign))
        assert "此后通讯录已有变动" in answer.text
        assert url("read_again", campaign) in answer.text
    answer = client.post(url("read_again", campaign))
    assert answer.url == by_groups(campaign)
    assert prepare(campaign).valid_count == 5
    assert "重新读取" not in client.get(url("confirm", campaign)).text


def test_the_last_step_names_the_groups(client, acme, campaign):
    ids = [groups.create_group(acme, name=f"组{n}") for n in range(5)]
    add_people(acme, (1,), *ids)
    prepared(campaign, *ids)
    answer = client.get(url("confirm", campaign))
    assert "组0、组1、组2 等，另有 2 个分组" in answer.text
    assert "分组发送" in answer.text


def test_what_went_wrong_with_all_of_them_is_a_sentence(client, acme, campaign):
    outer, _inner = make_book(acme)
    empty = groups.create_group(acme, name="空")
    prepared(campaign, empty)
    assert "所选分组中没有联系人" in client.get(by_groups(campaign)).text
    prepared(campaign, outer, sources=["remark"], texts=[""])
    assert "这些联系人均无法发送" in client.get(by_groups(campaign)).text
    campaign.refresh_from_db()
    assert campaign.audience_state == AudienceState.FAILED


def test_strangers_and_viewers_get_nothing(client, acme, globex, campaign):
    client.force_login(globex.users.get())
    for name in ("recipients", "first_messages", "read_again", "pick"):
        assert client.post(url(name, campaign)).status_code == 404
    viewer = factories.make_user(acme, role="viewer")
    client.force_login(viewer)
    for name in ("recipients", "first_messages", "read_again", "pick"):
        assert client.post(url(name, campaign)).status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_groups(
    client, acme, campaign, django_assert_max_num_queries
):
    for number in range(30):
        groups.create_group(acme, name=f"组{number}")
    with django_assert_max_num_queries(24):
        client.get(by_groups(campaign))
