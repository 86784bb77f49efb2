"""A platform as a newcomer starts it, and a browser to walk through it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bench.stack import free_port
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.shots import CHROMIUM, FLAGS, SIZES

START_S = 120.0
PATIENCE_MS = 20_000


@dataclass(frozen=True)
class Platform:
    """A running `yunxin up`: where it is, and what it wrote for scripts."""

    url: str
    folder: Path
    demo: dict[str, Any]

    @property
    def database_url(self) -> str:
        return str(self.demo["database_url"])

    def password(self, username: str) -> str:
        return next(x["password"] for x in self.demo["logins"] if x["username"] == username)


@pytest.fixture(scope="package")
def platform(short_folder: Path) -> Iterator[Platform]:
    """`yunxin up` with its demo, on a free port and in a fresh folder."""
    with running(fresh(short_folder)) as started:
        yield started


def fresh(short_folder: Path) -> Path:
    """A data folder that its PostgreSQL may pass through, so that all of it is in there."""
    folder = Path(tempfile.mkdtemp(prefix="up-", dir=short_folder))
    folder.chmod(0o711)
    return folder


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Platform]:
    """`yunxin up` in this folder until the block ends; what it says is kept in up.log."""
    if os.environ.get("DATABASE_URL"):
        pytest.skip("the journeys start a platform with a database of its own")
    port = free_port()
    command = [sys.executable, "-m", "yunxin", "up", "--port", str(port), "--data", str(folder)]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], env=clean_environment(), stdout=log, stderr=log
        )
    try:
        wait_until(lambda: has_logins(folder, process), START_S)
        demo = json.loads((folder / "demo.json").read_text())
        yield Platform(f"http://127.0.0.1:{port}", folder, demo)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def is_fault(said: str) -> bool:
    """Whether an error of the console is one: a page that is left while it renews a part of itself
    only aborts that. What could not be sent, or was answered with an error, has a line of its own.
    """
    return not said.startswith(("htmx:afterRequest", "htmx:sendAbort"))


def clean_environment() -> dict[str, str]:
    """This one without settings of ours, but for the hours of marketing: tests do not rest."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("YUNXIN_", "DJANGO_"))}
    return kept | {"YUNXIN_MARKETING_FROM": "00:00", "YUNXIN_MARKETING_TO": "23:59"}


def has_logins(folder: Path, process: "subprocess.Popen[bytes]") -> bool:
    said = (folder / "up.log").read_text()
    assert process.poll() is None, said
    return "Data and logs:" in said


def wait_until(condition: Callable[[], bool], timeout_s: float) -> None:
    give_up = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up, f"not within {timeout_s:g} s"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Its loop runs in this thread, so it ends before other modules' tests."""
    expect.set_options(timeout=PATIENCE_MS)
    # Playwright's own loop runs in this thread while Django's fixtures are made.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Visitor:
    """Somebody at a browser; what the browser complained about is collected."""

    page: Page
    platform: Platform
    complaints: list[str]

    def go(self, path: str) -> None:
        self.page.goto(self.platform.url + path)

    def sign_in(self, username: str, password: str = "") -> None:
        """Sign in as somebody of the demo, or with the password that is given."""
        password = password or self.platform.password(username)
        self.go("/login/")
        self.page.get_by_label("账号").fill(username)
        self.page.get_by_label("密码", exact=True).fill(password)
        self.page.get_by_role("button", name="登 录").click()
        self.page.wait_for_url(lambda url: not url.partition("?")[0].endswith("/login/"))


@pytest.fixture
def visit(browser: Browser, platform: Platform) -> Iterator[Callable[..., Visitor]]:
    """Give a visitor a browser of their own: `visit("phone")`."""
    with visitors(browser, platform) as come:
        yield come


@contextmanager
def visitors(browser: Browser, platform: Platform) -> Iterator[Callable[..., Visitor]]:
    """A function that lets somebody come to the platform; they all leave when the block ends."""
    contexts = []

    def come(size: str = "desktop", locale: str = "zh-CN") -> Visitor:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, accept_downloads=True
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page, complaints = context.new_page(), []
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type == "error" and is_fault(m.text) else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Visitor(page, platform, complaints)

    yield come
    for context in contexts:
        context.close()
