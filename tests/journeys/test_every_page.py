"""Every page there is, in both languages, on a desktop and a phone: it opens, and nothing is amiss.

The pages are read from the URL resolver, so that a new one is looked at by itself. An address that
is no page is named in `NO_PAGES` with what it is, and a test holds it to that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page

from tests.journeys.addresses import Address, every_address
from tests.journeys.conftest import PATIENCE_MS, Platform
from tests.journeys.exhibits import (
    NEWCOMER,
    OPERATOR,
    OWNER,
    SENDER,
    VIEWER,
    Exhibits,
    database_of,
    path_of,
    prepare,
)
from tests.shots import SIZES, check, too_wide

POSTED, REDIRECT, DOWNLOAD, PIECE = "only posted to", "leads on", "a download", "a piece of a page"
NO_PAGES = {
    "web:language": POSTED,
    "web:file": DOWNLOAD,
    "accounts:logout": POSTED,
    "accounts:mark_notices_read": POSTED,
    "campaigns:preview": PIECE,
    "campaigns:status": PIECE,
    "campaigns:sample": DOWNLOAD,
    "campaigns:refused": DOWNLOAD,
    "campaigns:outcomes": DOWNLOAD,
    "campaigns:upload": POSTED,
    "campaigns:piece": POSTED,
    "campaigns:pause": POSTED,
    "campaigns:resume": POSTED,
    "campaigns:copy": POSTED,
    "carriers:console_start_channel": REDIRECT,
    "content:template_preview": POSTED,
    "content:console_library_preview": POSTED,
    "content:console_library_switch": POSTED,
    "content:console_library_move": POSTED,
    "content:console_reason_move": POSTED,
    "messaging:records_export": DOWNLOAD,
}
ADDRESSES = every_address()
PAGES = [each for each in ADDRESSES if each.name not in NO_PAGES]
# A page that has another face behind a question mark.
FACES = {
    "campaigns:recipients": ("", "?by=file"),
    "carriers:console_numbers": ("", "?try=13800020101"),
    "content:signatures": ("", "?q=nothing-has-this-name"),
}
NOBODY = ""
CHINESE, ENGLISH = "zh-hans", "en"
LOOKS = (("desktop", CHINESE), ("phone", CHINESE), ("desktop", ENGLISH))


def visitor_of(address: Address) -> str:
    """Who is sent to look at the page."""
    others = {"accounts:login": NOBODY, "accounts:first_password": NEWCOMER}
    return others.get(address.name, OPERATOR if address.is_console else OWNER)


# Looking -----------------------------------------------------------------------------------------


@dataclass
class Tab:
    """A page of the browser that goes from address to address, and what it complains about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda m: self.complaints.append(m.text) if m.type == "error" else None
        )


@dataclass
class Gallery:
    """The platform with its exhibits; everybody signs in once."""

    browser: Browser
    platform: Platform
    exhibits: Exhibits
    states: dict[str, Any] = field(default_factory=dict)
    tabs: dict[tuple[str, str, str], Tab] = field(default_factory=dict)

    def path(self, address: Address) -> str:
        return path_of(address, self.exhibits)

    def tab(self, username: str, size: str, language: str) -> Tab:
        """The one tab of this person at this size in this language."""
        key = (username, size, language)
        if key not in self.tabs:
            width, height = SIZES[size]
            context = self.browser.new_context(
                viewport={"width": width, "height": height},
                storage_state=self.state_of(username),
                reduced_motion="reduce",
                base_url=self.platform.url,
            )
            context.set_default_timeout(PATIENCE_MS)
            context.add_cookies(
                [{"name": "yunxin_language", "value": language, "url": self.platform.url}]
            )
            self.tabs[key] = Tab(context.new_page())
        return self.tabs[key]

    def state_of(self, username: str) -> Any:
        """The cookies of somebody who has signed in."""
        if username and username not in self.states:
            password = self.platform.password(OWNER if username == NEWCOMER else username)
            with self.browser.new_context(base_url=self.platform.url) as context:
                page = context.new_page()
                page.goto("/login/")
                page.fill("#id_username", username)
                page.fill("#id_password", password)
                page.click("form button.btn-primary")
                page.wait_for_url(lambda url: urlsplit(url).path != "/login/")
                self.states[username] = context.storage_state()
        return self.states.get(username)


@pytest.fixture(scope="module")
def gallery(
    browser: Browser,
    platform: Platform,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
) -> Iterator[Gallery]:
    with database_of(platform.database_url, django_db_blocker):
        exhibits = prepare()
    yield Gallery(browser, platform, exhibits)


@pytest.mark.parametrize("address", PAGES, ids=str)
def test_a_page_is_in_order(gallery: Gallery, address: Address) -> None:
    amiss = []
    for size, language in LOOKS:
        tab = gallery.tab(visitor_of(address), size, language)
        for face in FACES.get(address.name, ("",)):
            seen = look(tab, gallery.path(address) + face, language)
            amiss += [f"{size} {language}{face}: {each}" for each in seen]
    assert amiss == []


def look(tab: Tab, path: str, language: str) -> list[str]:
    """What is wrong with the page at this path."""
    page = tab.page
    tab.complaints.clear()
    answer = page.goto(path, wait_until="load")
    assert answer is not None
    if answer.status != HTTPStatus.OK:
        return [f"status {answer.status}"]
    amiss = too_wide(page)
    if page.url.removeprefix(path_base(page)) != path:
        amiss.append(f"it leads on to {page.url}")
    headings = page.locator("h1:visible").count()
    if headings != 1:
        amiss.append(f"{headings} headings of the first rank")
    if language == CHINESE:
        amiss += [f"not in Chinese: {word}" for word in english_words(page)]
        amiss += check(page)
    return amiss + tab.complaints


def path_base(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}"


# Words that no translation is missing for: names, logins, formats, terms of the trade.
LATIN = {
    "yunxin", "yunqi", "jincheng", "operator", "newcomer", "sender", "viewer",  # who
    "support", "example", "com", "https", "localhost",  # where
    "english", "csv", "txt", "system", "id", "utf", "smpp", "app",
}  # fmt: skip
WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
# Everything that somebody can see or hear on the page, except what is code or in another language.
TEXTS = """() => {
  const skipped = 'script, style, template, noscript, code, .mono, .secret, [lang="en"]';
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest(skipped)) texts.push(walker.currentNode.data);
  }
  for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'data-label']) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (!element.closest(skipped)) texts.push(element.getAttribute(name));
    }
  }
  return [document.title, ...texts].join('\\n');
}"""


def english_words(page: Page) -> list[str]:
    """Words in Latin letters that should have been translated; codes are in capitals."""
    words = set(WORD.findall(page.evaluate(TEXTS)))
    return sorted(w for w in words if not w.isupper() and w.lower() not in LATIN)


# What is no page ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NO_PAGES)
def test_what_is_no_page_is_what_it_is_said_to_be(gallery: Gallery, name: str) -> None:
    address = next(each for each in ADDRESSES if each.name == name)
    context = gallery.tab(visitor_of(address), "desktop", CHINESE).page.context
    if name == "campaigns:piece":
        path = address.path(pk=gallery.exhibits["campaigns", "pk"], file_pk=0)
        assert context.request.get(path).status == HTTPStatus.NOT_FOUND
        return
    answer = context.request.get(gallery.path(address), max_redirects=0)
    expected = {
        POSTED: answer.status == HTTPStatus.METHOD_NOT_ALLOWED,
        REDIRECT: answer.status == HTTPStatus.FOUND,
        DOWNLOAD: answer.ok and answer.headers["content-disposition"].startswith("attachment"),
        PIECE: answer.ok and "<html" not in answer.text(),
    }
    assert expected[NO_PAGES[name]], answer.status


# Who may do what ---------------------------------------------------------------------------------


class Ways(HTMLParser):
    """Where a page lets one go: its links, its forms, and what its scripts fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"a": ("href",), "form": ("action",)}.get(tag, ())
        given = dict(attrs)
        for name in (*names, "hx-get", "hx-post"):
            if given.get(name):
                self.found.add(str(given[name]))


WAYS_OF_A_KIND = 3  # rows of a list lead to the same address with other objects


@pytest.mark.parametrize("username", [OWNER, SENDER, VIEWER, OPERATOR])
def test_no_page_leads_to_what_is_refused_or_missing(gallery: Gallery, username: str) -> None:
    """Nobody sees a button that answers 403, and no link is dead."""
    context = gallery.tab(username, "desktop", CHINESE).page.context
    wrong, seen, opened = [], {}, 0
    for address in PAGES:
        if address.is_console != (username == OPERATOR):
            continue
        path = gallery.path(address)
        answer = context.request.get(path)
        if answer.status == HTTPStatus.FORBIDDEN and username in (SENDER, VIEWER):
            continue  # no link may lead here: that is what is tried below
        assert answer.ok, path
        opened += 1
        for way in ways_of(answer):
            if way not in seen and count_kind(way, seen):
                seen[way] = context.request.get(way).status
                if seen[way] in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND) or seen[way] >= 500:
                    wrong.append(f"{path} leads to {way}: {seen[way]}")
    assert opened > 5
    assert wrong == []


def ways_of(answer: APIResponse) -> list[str]:
    """Paths on this platform that the page leads to."""
    ways = (urlsplit(urljoin(answer.url, way)) for way in Ways(answer.text()).found)
    here = urlsplit(answer.url).netloc
    return sorted({w._replace(fragment="").geturl() for w in ways if w.netloc == here})


def count_kind(way: str, seen: dict[str, int]) -> bool:
    """Whether few enough of the same address have been tried."""
    kind = kind_of(way)
    return sum(kind_of(each) == kind for each in seen) < WAYS_OF_A_KIND


def kind_of(way: str) -> str:
    path = urlsplit(way).path
    try:
        return str(resolve(path).view_name)
    except Resolver404:
        return path


@pytest.fixture
def viewers_tab(gallery: Gallery) -> Iterator[BrowserContext]:
    yield gallery.tab(VIEWER, "desktop", CHINESE).page.context


def test_a_viewer_changes_nothing(gallery: Gallery, viewers_tab: BrowserContext) -> None:
    """What a viewer may post to is their own account and what only shows something."""
    allowed = set()
    for address in ADDRESSES:
        if address.is_console or address.name in ("accounts:logout", "campaigns:piece"):
            continue
        path = gallery.path(address)
        headers = {"X-CSRFToken": csrf_token(viewers_tab), "Referer": gallery.platform.url + path}
        status = viewers_tab.request.post(path, headers=headers, max_redirects=0).status
        if status not in (HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED):
            allowed.add(address.name)
    assert allowed == set()


def csrf_token(context: BrowserContext) -> str:
    return next(c["value"] for c in context.cookies() if "csrf" in c["name"])
