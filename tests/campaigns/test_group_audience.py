"""Sending to groups: from the choice to recipients, what an edit or a copy makes of it."""

import pytest
from django.db import transaction

from tests import factories
from tests.campaigns.book import (
    add_people,
    fill_book,
    give_groups,
    make_book,
    phone,
    prepare,
    prepared,
)
from tests.campaigns.making import make_draft, make_file
from yunxin.campaigns import lifecycle, members, preparation, states
from yunxin.campaigns.errors import GroupsGone, NotADraft
from yunxin.campaigns.lifecycle import Content
from yunxin.campaigns.models import Campaign, CampaignRecipient, RefusedLine
from yunxin.campaigns.states import State
from yunxin.carriers.models import BlockedNumber, ForbiddenWord
from yunxin.contacts import groups, people
from yunxin.vocabulary import AudienceKind, AudienceState


@pytest.fixture
def campaign(acme):
    return make_draft(acme, factories.make_template(acme, content="尊敬的#*#您好"))


def recipients(campaign: Campaign) -> list[tuple[int, str, list[str]]]:
    rows = CampaignRecipient.objects.filter(campaign_id=campaign.pk).order_by("position")
    return list(rows.values_list("position", "phone", "params"))


def refused(campaign: Campaign) -> list[tuple[int, str, str, str]]:
    rows = RefusedLine.objects.filter(campaign_id=campaign.pk).order_by("line")
    return list(rows.values_list("line", "content", "reason", "detail"))


def state_of(campaign: Campaign) -> State:
    return lifecycle.shown(lifecycle.of_enterprise(campaign.enterprise).get(pk=campaign.pk)).state


def test_everybody_in_the_groups_gets_it_once(acme, campaign):
    outer, inner = make_book(acme)
    campaign = prepared(campaign, outer, inner)
    assert recipients(campaign) == [
        (1, phone(1), ["张三"]),
        (2, phone(2), ["李四"]),
        (3, phone(3), ["王五"]),
        (4, phone(4), ["赵六"]),
    ]
    assert campaign.audience_state == AudienceState.READY
    assert (campaign.lines_read, campaign.people_found, campaign.valid_count) == (4, 4, 4)
    assert (campaign.duplicate_count, campaign.invalid_count, campaign.segments_expected) == (
        0,
        0,
        4,
    )


def test_who_cannot_be_sent_to_is_left_out_with_the_reason(acme):
    outer, _inner = make_book(acme)
    BlockedNumber.objects.create(enterprise_id=acme.pk, phone=phone(2))
    ForbiddenWord.objects.create(word="王五")
    template = factories.make_template(acme, content="#*#的#*#您好")
    campaign = prepared(
        make_draft(acme, template), outer, sources=["company", "name"], texts=["", ""]
    )
    assert [row[1] for row in recipients(campaign)] == [phone(1)]
    assert refused(campaign) == [
        (2, f"{phone(2)} 李四", "params_missing", "empty 1"),
        (3, f"{phone(3)} 王五", "params_missing", "empty 1"),
        (4, f"{phone(4)} 赵六", "params_missing", "empty 1"),
    ]
    campaign = prepared(campaign, outer, sources=["company", "name"], texts=["贵公司", ""])
    assert [row[2] for row in recipients(campaign)] == [["锦程仓储", "张三"], ["贵公司", "赵六"]]
    assert [row[2] for row in refused(campaign)] == ["blocked_enterprise", "forbidden_word"]
    assert (campaign.valid_count, campaign.blocked_count, campaign.invalid_count) == (2, 1, 1)


def test_a_field_with_anything_in_it_is_sent_as_it_stands(acme, campaign):
    group = groups.create_group(acme, name="怪")
    names = ['"引号"', "a\\b", "{大,括号}", "#*#", "%s", "NULL"]
    for number, name in enumerate(names, 50):
        add_people(acme, (number,), group, name=name)
    assert [row[2] for row in recipients(prepared(campaign, group))] == [[name] for name in names]


def test_a_template_without_variables_needs_nothing_from_contacts(acme):
    outer, _inner = make_book(acme)
    campaign = make_draft(acme, factories.make_template(acme, content="今日休息"))
    campaign = prepared(campaign, outer, sources=[], texts=[])
    assert [row[2] for row in recipients(campaign)] == [[], [], [], []]


def test_groups_without_anybody_say_so(acme, campaign):
    empty = groups.create_group(acme, name="空")
    campaign = prepared(campaign, empty)
    assert (campaign.audience_state, campaign.audience_error) == (AudienceState.FAILED, "nobody")
    assert state_of(campaign) == State.DRAFT


def test_a_stranger_s_groups_cannot_be_chosen(acme, globex, campaign):
    outer, inner = make_book(globex)
    with pytest.raises(GroupsGone):
        give_groups(campaign, outer, inner)
    own, _inner = make_book(acme)
    campaign = prepared(campaign, own, outer)
    assert list(campaign.groups.values_list("group_id", flat=True)) == [own]
    assert campaign.valid_count == 4


def test_it_is_being_checked_until_the_job_has_run(acme, campaign):
    outer, _inner = make_book(acme)
    campaign = give_groups(campaign, outer)
    assert state_of(campaign) == State.PREPARING
    prepare(campaign)
    assert state_of(campaign) == State.DRAFT


def test_recipients_are_as_they_were_until_it_is_read_again(acme, campaign):
    outer, _inner = make_book(acme)
    campaign = prepared(campaign, outer)
    assert not lifecycle.book_has_moved(campaign)
    people.delete_people(acme, [acme.contacts.get(phone=phone(1)).pk])
    add_people(acme, (9,), outer)
    assert lifecycle.book_has_moved(campaign)
    assert [row[1] for row in recipients(campaign)] == [phone(n) for n in (1, 2, 3, 4)]
    before = campaign.audience_version
    campaign = prepare(lifecycle.read_again(enterprise=acme, campaign_id=campaign.pk))
    assert campaign.audience_version == before + 1
    assert [row[1] for row in recipients(campaign)] == [phone(n) for n in (2, 3, 4, 9)]
    assert not lifecycle.book_has_moved(campaign)


def test_what_was_submitted_is_not_read_again(acme, campaign):
    outer, _inner = make_book(acme)
    factories.make_package(acme)
    campaign = prepared(campaign, outer)
    lifecycle.confirm(enterprise=acme, campaign_id=campaign.pk, version=campaign.audience_version)
    with pytest.raises(NotADraft):
        lifecycle.read_again(enterprise=acme, campaign_id=campaign.pk)


def test_an_edit_meanwhile_makes_a_run_come_to_nothing(acme, campaign):
    outer, inner = make_book(acme)
    campaign = give_groups(campaign, outer)
    version = campaign.audience_version
    give_groups(campaign, inner)
    preparation.prepare(campaign_id=campaign.pk, version=version)
    assert recipients(campaign) == []
    assert [row[1] for row in recipients(prepare(campaign))] == [phone(3), phone(4)]


def test_a_run_that_is_cut_off_leaves_nothing_and_is_begun_again(acme, campaign, monkeypatch):
    outer, _inner = make_book(acme)
    campaign = give_groups(campaign, outer)
    monkeypatch.setattr(members, "BLOCK_PEOPLE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(preparation.timezone, "now", cut_off)  # all is loaded, nothing in place
        with pytest.raises(ConnectionResetError), transaction.atomic():
            prepare(campaign)
    campaign.refresh_from_db()
    assert (recipients(campaign), state_of(campaign)) == ([], State.PREPARING)
    assert [row[0] for row in recipients(prepare(campaign))] == [1, 2, 3, 4]


def cut_off() -> None:
    raise ConnectionResetError


def test_a_copy_has_its_groups_and_reads_them_as_they_are_then(acme, campaign):
    outer, inner = make_book(acme)
    original = prepared(campaign, inner, with_subgroups=False, texts=["朋友"])
    add_people(acme, (9,), inner)
    made = lifecycle.copy(enterprise=acme, campaign_id=original.pk, by=acme.users.get())
    assert state_of(made) == State.PREPARING
    assert (made.audience, made.with_subgroups) == (AudienceKind.GROUPS, False)
    assert (made.sources, made.shared_params) == (["name"], ["朋友"])
    assert [row[1] for row in recipients(prepare(made))] == [phone(n) for n in (3, 4, 9)]
    assert len(recipients(original)) == 2


def test_a_copy_outlives_its_groups(acme, campaign):
    _outer, inner = make_book(acme)
    original = prepared(campaign, inner)
    groups.delete_group(acme, inner)
    made = lifecycle.copy(enterprise=acme, campaign_id=original.pk, by=acme.users.get())
    assert [str(group) for group in made.groups.all()] == ["金卡"]
    assert prepare(made).audience_error == "nobody"


def test_reopening_keeps_the_groups(acme, campaign):
    outer, _inner = make_book(acme)
    factories.make_package(acme)
    campaign = prepared(campaign, outer)
    lifecycle.confirm(enterprise=acme, campaign_id=campaign.pk, version=campaign.audience_version)
    lifecycle.reopen(enterprise=acme, campaign_id=campaign.pk)
    assert [group.group_id for group in campaign.groups.all()] == [outer]
    assert len(recipients(campaign)) == 4


def edit(campaign: Campaign, **fields: object) -> Campaign:
    content = Content(name=campaign.name, template=campaign.template, params=["客户"])
    for name, value in fields.items():
        object.__setattr__(content, name, value)
    lifecycle.edit_content(enterprise=campaign.enterprise, campaign_id=campaign.pk, content=content)
    campaign.refresh_from_db()
    return campaign


def test_another_template_asks_for_its_variables_again(acme, campaign):
    outer, _inner = make_book(acme)
    campaign = edit(prepared(campaign, outer), template=factories.make_template(acme))
    assert (campaign.audience_state, campaign.audience_error) == (AudienceState.FAILED, "variables")
    assert (state_of(campaign), campaign.valid_count) == (State.DRAFT, 0)
    assert prepared(campaign, outer).valid_count == 4


def test_another_name_leaves_the_recipients_alone(acme, campaign):
    outer, _inner = make_book(acme)
    campaign = prepared(campaign, outer)
    version = campaign.audience_version
    assert edit(campaign, name="新名").audience_version == version
    assert edit(campaign, params=["朋友"]).audience_version == version + 1


def test_changing_to_another_way_forgets_the_groups_people(acme, campaign):
    outer, _inner = make_book(acme)
    campaign = prepared(campaign, outer)
    file = make_file(acme, "13900000001,甲\n")
    campaign = prepare(lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file))
    assert recipients(campaign) == [(1, "13900000001", ["甲"])]
    assert (campaign.people_found, campaign.book_version) == (0, None)
    campaign = lifecycle.give_numbers(
        enterprise=acme, campaign_id=campaign.pk, typed="13900000002", params=("乙",)
    )
    assert recipients(campaign) == [(1, "13900000002", ["乙"])]
    assert states.shown(campaign, None, campaign.created_at).state == State.DRAFT


def test_many_contacts_with_figures_that_are_right(acme):
    """The 200,000 of it are bench/groups.py."""
    group = groups.create_group(acme, name="大组")
    fill_book(acme, 20_000, group)
    campaign = make_draft(acme, factories.make_template(acme, content="#*#您好，#*#"))
    campaign = prepared(campaign, group, sources=["name", "company"], texts=["客户", ""])
    assert (campaign.people_found, campaign.lines_read) == (20_000, 20_000)
    assert (campaign.valid_count, campaign.invalid_count) == (18_000, 2_000)
    assert campaign.segments_expected == 18_000
    rows = CampaignRecipient.objects.filter(campaign_id=campaign.pk)
    assert rows.count() == 18_000
    assert rows.get(position=19_999).params == ["客户19999", "公司19999"]
