"""Search, filters, sort and paging of lists, tried on users and login events."""

from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from tests import factories
from yunxin.accounts.models import LoginEvent, User
from yunxin.web.listing import Choice, Column, Dates, Exact, KeysetListing, Listing

pytestmark = pytest.mark.django_db


class People(Listing):
    columns = (Column("username", "Account", "title", sort="username"), Column("role", "Role"))
    search = ("username", "full_name")
    filters = (
        Choice("role", "All roles", User.Role.choices),
        Exact("phone", "Phone"),
        Dates("created", "Created", "created_at"),
    )
    order = ("id",)


class Events(KeysetListing):
    columns = (Column("username", "Account"),)


def people(query: str = "") -> People:
    return People(RequestFactory().get(f"/people/?{query}"), User.objects.all())


def names(listing: Listing) -> list[str]:
    return [row.username for row in listing.items]


@pytest.fixture
def fifty(acme: Any) -> None:
    for number in range(49):
        factories.make_user(acme, f"person{number:02}", role=User.Role.SENDER)


def test_ten_a_page_by_default_and_the_rest_on_others(fifty: None) -> None:
    first, last = people(), people("page=5")
    assert (len(first.items), first.total) == (10, 50)
    assert first.previous_url == "" and first.next_url == "/people/?page=2"
    assert last.next_url == "" and last.current == "5"
    assert [number for number, _ in first.pages] == ["1", "2", "…", "5"]


@pytest.mark.parametrize("size", ["20", "50", "100"])
def test_other_sizes_can_be_chosen(fifty: None, size: str) -> None:
    assert len(people(f"size={size}").items) == min(int(size), 50)


@pytest.mark.parametrize("query", ["page=99", "page=x", "page=-1", "size=7", "size=1000000"])
def test_nonsense_in_the_address_is_harmless(fifty: None, query: str) -> None:
    assert 0 < len(people(query).items) <= 10


@pytest.mark.parametrize("query", ["q=%00person", "phone=%00", "role=%00", "created_from=%00"])
def test_a_nul_character_is_left_out(fifty: None, query: str) -> None:
    assert len(people(query).items) == 10


def test_search_looks_into_all_its_fields(fifty: None) -> None:
    User.objects.filter(username="person07").update(full_name="Zhao")
    assert names(people("q=zhao")) == names(people("q=PERSON07")) == ["person07"]


def test_search_takes_percent_and_underscore_as_they_are(fifty: None) -> None:
    assert names(people("q=%25")) == names(people("q=_")) == []


def test_filters_narrow_and_unknown_choices_do_not(fifty: None) -> None:
    assert people("role=owner").total == 1
    assert people("role=emperor").total == 50


def test_dates_include_both_days(fifty: None) -> None:
    today = timezone.localdate().isoformat()
    assert people(f"created_from={today}&created_to={today}").total == 50
    assert people("created_to=2020-01-01").total == 0


@pytest.mark.parametrize(
    "query", ["created_from=yesterday", "created_from=2026-02-02&created_to=2026-01-01"]
)
def test_a_wrong_date_is_said_and_does_not_filter(fifty: None, query: str) -> None:
    listing = people(query)
    assert listing.total == 50
    assert [shown.filter.name for shown in listing.shown_filters if shown.error] == ["created"]


def test_sorting_goes_down_up_and_back(fifty: None) -> None:
    header = people().headers[0]
    assert header.url == "/people/?sort=-username"
    assert names(people("sort=-username"))[0] == "person48"
    assert people("sort=username").headers[0].direction == "ascending"
    assert people("sort=username").headers[0].url == "/people/"


def test_only_declared_columns_sort(fifty: None) -> None:
    assert names(people("sort=password")) == names(people())


def test_clearing_keeps_order_and_size(fifty: None) -> None:
    assert people("q=x&role=owner&sort=username&size=20&page=2").clear_url == (
        "/people/?sort=username&size=20"
    )


def events(query: str = "") -> Events:
    return Events(RequestFactory().get(f"/events/?{query}"), LoginEvent.objects.all())


def test_keyset_paging_walks_down_and_up_without_counting(db: None) -> None:
    rows = [LoginEvent.objects.create(username=f"u{n}", succeeded=True) for n in range(25)]
    ids = [row.pk for row in rows][::-1]
    first = events()
    assert [row.pk for row in first.items] == ids[:10]
    assert (first.previous_url, first.total) == ("", None)
    second = events(first.next_url.partition("?")[2])
    assert [row.pk for row in second.items] == ids[10:20]
    third = events(second.next_url.partition("?")[2])
    assert [row.pk for row in third.items] == ids[20:] and third.next_url == ""
    back = events(third.previous_url.partition("?")[2])
    assert [row.pk for row in back.items] == ids[10:20]
    top = events(back.previous_url.partition("?")[2])
    assert [row.pk for row in top.items] == ids[:10] and top.previous_url == ""


@pytest.mark.parametrize("query", ["before=x", "before=-3", "after=" + "9" * 30])
def test_a_broken_position_shows_the_first_page(db: None, query: str) -> None:
    LoginEvent.objects.create(username="u", succeeded=True)
    assert len(events(query).items) == 1
