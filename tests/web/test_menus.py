"""Menus show what exists and mark where one is."""

from collections.abc import Iterator

import pytest
from django.urls import path

from yunxin.web import menus
from yunxin.web.menus import Page, Section

urlpatterns = [
    path("", lambda request: None, name="home"),
    path("sms/a/", lambda request: None, name="a"),
    path("sms/a/b/", lambda request: None, name="b"),
]
ENTRIES = (
    Section("Home", "home", [Page("home", "Home")]),
    Section("SMS", "send", [Page("a", "A"), Page("b", "B", ("owner",)), Page("missing", "C")]),
    Section("Later", "clock", [Page("also-missing", "D")]),
)


@pytest.fixture(autouse=True)
def these_urls(settings: object) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__  # type: ignore[attr-defined]
    yield


def test_what_does_not_exist_is_not_shown() -> None:
    built = menus.build(ENTRIES, "owner", "/")
    assert [section.label for section in built] == ["Home", "SMS"]
    assert [page.label for page in built[1].pages] == ["A", "B"]


def test_pages_of_other_roles_are_not_shown() -> None:
    built = menus.build(ENTRIES, "viewer", "/")
    assert [page.label for page in built[1].pages] == ["A"]


@pytest.mark.parametrize(
    ("where", "current"),
    [("/", "Home"), ("/sms/a/", "A"), ("/sms/a/7/edit/", "A"), ("/sms/a/b/", "B"),
     ("/elsewhere/", None)],
)  # fmt: skip
def test_the_longest_beginning_of_the_path_is_current(where: str, current: str | None) -> None:
    marked = [
        page.label
        for section in menus.build(ENTRIES, "owner", where)
        for page in section.pages
        if page.is_current
    ]
    assert marked == ([current] if current else [])
