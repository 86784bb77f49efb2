"""Picking contacts for typed numbers, as it works without scripts: every button sends the form."""

import pytest
from django.urls import reverse

from tests import factories
from tests.campaigns.book import add_people, make_book, phone
from tests.campaigns.making import make_draft
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.portal_picker import PICKED_MAX, with_numbers


def url(campaign: Campaign) -> str:
    return reverse("campaigns:pick", args=[campaign.pk])


@pytest.fixture
def campaign(client, acme):
    client.force_login(acme.users.get())
    return make_draft(acme, factories.make_template(acme, variable_names=["单号"]))


def shown(answer) -> list[str]:
    return [contact.phone for contact in answer.context["people"]]


def picked(answer) -> list[str]:
    return [contact.phone for contact in answer.context["picked"]]


def ids(enterprise, *numbers: int) -> list[int]:
    return [enterprise.contacts.get(phone=phone(n)).pk for n in numbers]


@pytest.mark.parametrize(
    ("search", "numbers"),
    [("张", [1]), ("ls", [2]), ("00003", [3]), ("无人", []), ("", [5, 4, 3, 2, 1])],
)
def test_people_are_found_by_name_initials_and_phone(client, acme, campaign, search, numbers):
    make_book(acme)
    answer = client.post(url(campaign), {"search": search, "do": "search"})
    assert shown(answer) == [phone(n) for n in numbers]


def test_a_group_shows_those_below_it_too(client, acme, campaign):
    outer, inner = make_book(acme)
    answer = client.post(url(campaign), {"group": outer, "do": "search"})
    assert shown(answer) == [phone(n) for n in (4, 3, 2, 1)]
    answer = client.post(url(campaign), {"group": inner, "do": "search"})
    assert shown(answer) == [phone(4), phone(3)]
    assert f'value="{inner}" checked' in answer.text


def test_added_twice_counts_once(client, acme, campaign):
    make_book(acme)
    one, two = ids(acme, 1, 2)
    answer = client.post(url(campaign), {"tick": [one], "do": "add"})
    assert picked(answer) == [phone(1)]
    answer = client.post(url(campaign), {"picked": [one], "tick": [one, two, two], "do": "add"})
    assert picked(answer) == [phone(1), phone(2)]
    assert "2 / 200" in answer.text


def test_at_most_two_hundred(client, acme, campaign):
    made = add_people(acme, range(100, 305))
    values = {"picked": made[:199], "tick": made[199:], "do": "add"}
    answer = client.post(url(campaign), values)
    assert len(picked(answer)) == PICKED_MAX
    assert "有 5 人未添加" in answer.text
    answer = client.post(url(campaign), {"picked": made, "do": "search"})
    assert len(picked(answer)) == PICKED_MAX


def test_taking_out_and_emptying(client, acme, campaign):
    make_book(acme)
    one, two = ids(acme, 1, 2)
    answer = client.post(url(campaign), {"picked": [one, two], "do": f"remove:{one}"})
    assert picked(answer) == [phone(2)]
    answer = client.post(url(campaign), {"picked": [one, two], "do": "clear"})
    assert picked(answer) == []


def test_nothing_ticked_is_said(client, acme, campaign):
    make_book(acme)
    assert "请先在列表中勾选联系人" in client.post(url(campaign), {"do": "add"}).text


def test_pages_keep_what_was_picked(client, acme, campaign):
    add_people(acme, range(100, 125))
    (first,) = ids(acme, 100)
    answer = client.post(url(campaign), {"picked": [first], "do": "page:3"})
    assert (len(shown(answer)), answer.context["people"].number) == (5, 3)
    assert picked(answer) == [phone(100)]
    answer = client.post(url(campaign), {"do": "page:99"})
    assert answer.context["people"].number == 3


def test_ok_leads_back_with_the_numbers_and_what_was_typed(client, acme, campaign):
    make_book(acme)
    values = {
        "picked": ids(acme, 2, 1),
        "typed": f"13900000009\n+86 {phone(1)}",
        "param_1": "SF100",
        "do": "done",
    }
    answer = client.post(url(campaign), values)
    form = answer.context["form"]
    assert form["typed"].value() == f"13900000009\n+86 {phone(1)}\n{phone(2)}"
    assert form["param_1"].value() == "SF100"
    assert reverse("campaigns:recipients", args=[campaign.pk]) + "?by=typed" in answer.text
    campaign.refresh_from_db()
    assert campaign.typed_phones == ""  # nothing is kept before it is checked


def test_the_form_of_step_2_may_be_sent_here_with_what_is_typed(client, acme, campaign):
    answer = client.post(url(campaign), {"typed": "13900000009", "param_1": "甲"})
    assert '<input type="hidden" name="typed" value="13900000009">' in answer.text
    assert '<input type="hidden" name="param_1" value="甲">' in answer.text
    assert "通讯录中还没有联系人" in answer.text


def test_strangers_contacts_cannot_be_picked(client, acme, globex, campaign):
    outer, _inner = make_book(globex)
    theirs = ids(globex, 1, 2)
    answer = client.post(url(campaign), {"picked": theirs, "tick": theirs, "do": "add"})
    assert picked(answer) == []
    answer = client.post(url(campaign), {"group": outer, "do": "search"})
    assert shown(answer) == []
    answer = client.post(url(campaign), {"picked": theirs, "do": "done"})
    assert phone(1) not in answer.text


@pytest.mark.parametrize(
    "values",
    [
        {"group": "x", "page": "-1", "tick": ["a"], "picked": ["9" * 40], "do": "remove:x"},
        {"group": "9" * 18, "do": "page:" + "9" * 18, "search": "\0" * 300},
        {"do": "nonsense", "picked": [str(2**63)]},
    ],
)
def test_nonsense_is_left_out(client, acme, campaign, values):
    make_book(acme)
    assert client.post(url(campaign), values).status_code == 200


def test_htmx_gets_only_what_changes(client, acme, campaign):
    make_book(acme)
    headers = {"HX-Request": "true"}
    body = client.post(url(campaign), {"do": "search"}, headers=headers).text
    assert "<form" not in body
    assert 'id="picker-body"' in body
    whole = client.get(url(campaign), headers=headers).text
    assert 'id="picker"' in whole
    assert "<html" not in whole


@pytest.mark.parametrize(
    ("typed", "numbers", "text"),
    [
        ("", ["1"], "1"),
        ("13800000001\n", ["13800000001", "13800000002"], "13800000001\n13800000002"),
        ("138 0000 0001, x", ["13800000001"], "138 0000 0001, x"),
        ("x", [], "x"),
    ],
)
def test_numbers_join_what_is_typed(typed, numbers, text):
    assert with_numbers(typed, numbers) == text
