"""What scripts add to the pages, in Chromium: partial refresh, dialogs, the drawer, no complaints.

One browser and one server for all of it; the fuller roads are in tests/journeys.
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.auth.hashers import make_password

from tests.factories import PASSWORD
from tests.shots import CHROMIUM, FLAGS, SIZES, check, too_wide


@pytest.fixture
def address(database: str) -> Iterator[str]:
    """The pages on a database of their own, in a process of their own."""
    _fill(database)
    command = [sys.executable, "-m", "tests.shots", "--serve", "--database", database]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin and server.stdout
    try:
        yield server.stdout.readline().strip()
    finally:
        server.stdin.close()
        server.wait(timeout=30)
        server.stdout.close()


def _fill(url: str) -> None:
    """An enterprise, its owner and thirty users, written without Django's connection."""
    password = make_password(PASSWORD)
    with psycopg.connect(url) as connection:
        (enterprise,) = connection.execute(
            "INSERT INTO accounts_enterprise (name, cpcode, access_number, extension_code,"
            " contact_name, contact_phone, suspended_reason, weight, created_at)"
            " VALUES ('Acme', 'ACMEAA', '', '', '', '', '', 1, now()) RETURNING id"
        ).fetchone() or (0,)
        connection.execute(
            "INSERT INTO accounts_user (password, username, enterprise_id, role, full_name, phone,"
            " email, is_active, must_change_password, language, created_at)"
            " SELECT %s, CASE n WHEN 0 THEN 'acme' ELSE 'person' || n END, %s,"
            " CASE n WHEN 0 THEN 'owner' ELSE 'sender' END, 'Name ' || n, '', '', true, false, '',"
            " now() FROM generate_series(0, 30) AS n",
            [password, enterprise],
        )


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def _open(browser: Any, size: str, **options: Any) -> tuple[Any, list[str]]:
    """A page of this size, and the list in which its complaints gather."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        # A form with errors answers 422, which the browser reports as a failed resource.
        lambda m: complaints.append(m.text) if m.type == "error" and "422" not in m.text else None,
    )
    return page, complaints


def _sign_in(page: Any, address: str, path: str) -> None:
    page.goto(f"{address}{path}")
    page.fill("#id_username", "acme")
    page.fill("#id_password", PASSWORD)
    page.click("form button.btn-primary")


def test_lists_and_dialogs_on_a_desktop(address: str, browser: Any) -> None:
    page, complaints = _open(browser, "desktop")
    _sign_in(page, address, "/account/users/")
    page.wait_for_selector("text=共 31 项")
    _search_refreshes_in_place(page)
    _a_dialog_asks_and_acts(page)
    assert complaints + too_wide(page) + check(page) == []


def _search_refreshes_in_place(page: Any) -> None:
    page.evaluate("window.sameDocument = true")
    page.type("input[type=search]", "person7")
    page.wait_for_selector("text=共 1 项")
    page.wait_for_url("**?q=person7&role=&active=")
    assert page.evaluate("window.sameDocument && document.activeElement.type") == "search"
    page.reload()
    assert page.input_value("input[type=search]") == "person7"


def _a_dialog_asks_and_acts(page: Any) -> None:
    page.click("#listing >> text=禁用")
    page.wait_for_selector("dialog[open] h2")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog:not([open])", state="attached")
    page.click("#listing >> text=禁用")
    page.click("dialog[open] button[type=submit]")
    page.wait_for_selector(".toast-success")
    page.fill("input[type=search]", "person7")
    page.wait_for_selector("#listing >> text=已禁用")


def test_the_drawer_and_cards_on_a_phone(address: str, browser: Any) -> None:
    page, complaints = _open(browser, "phone")
    _sign_in(page, address, "/account/users/")
    assert not page.is_visible("#menu a.side-link >> nth=0")
    page.click("[data-menu-open]")
    page.wait_for_selector("#menu a.side-link >> nth=0")
    page.keyboard.press("Escape")
    page.wait_for_selector("#menu", state="hidden")
    assert not page.is_visible(".rows thead") and page.is_visible("td.cell-title >> nth=0")
    assert complaints + too_wide(page) + check(page) == []


def test_everything_works_without_scripts(address: str, browser: Any) -> None:
    page, _complaints = _open(browser, "phone", java_script_enabled=False)
    _sign_in(page, address, "/account/users/?q=person7")
    page.click("[data-menu-open]")
    page.wait_for_selector("#menu a.side-link >> nth=0")
    page.goto(f"{address}/account/users/?q=person7")
    page.click("#listing >> text=禁用")
    page.click("#question button[type=submit]")
    page.wait_for_selector(".toast-success")
    page.goto(f"{address}/account/users/?active=False")
    assert page.inner_text(".paging-total").startswith("共 1 项")
