"""Pictures of pages on a desktop and a phone, with what axe-core and the browser complain about.

    .venv/bin/python -m tests.shots --out DIR --user acme /sms/signatures/ /account/users/

Pages are served by this process on a free port. Without `--database URL` a database of its own is
made in a temporary folder, with the users `acme` and `globex` (owners) and `operator`, and removed
in the end; `--fill module:function` names a function that puts more into it. With `--database` the
given one is used as it is (migrate it first). `--user` needs no password; leave it out for the
login page. `--language en` for English, `--size phone` for one size only, `--click SELECTOR` to
click before the picture (a dialog, a menu). The exit status is 1 if anything was complained about.
`--serve` instead of paths only serves: it prints the address and waits for its input to end.
"""

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

ROOT = Path(__file__).resolve().parents[1]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SERIOUS = ("serious", "critical")


class Server(ThreadingMixIn, WSGIServer):
    """A WSGI server that answers several requests at once: a page asks for many files."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line per request."""

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def a_database(url: str | None, fill: str | None) -> Iterator[str]:
    """The given database, or a fresh one with two enterprises and an operator."""
    if url:
        yield url
        return
    from yunxin import embedded

    folder = Path(tempfile.mkdtemp(prefix="yunxin-shots-"))
    folder.chmod(0o711)
    server = embedded.Server(folder, embedded.FAST_AND_UNSAFE, dies_with_us=True)
    try:
        os.environ["DATABASE_URL"] = server.start()
        _migrate_and_fill(fill)
        yield server.url
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _migrate_and_fill(fill: str | None) -> None:
    _set_up_django()
    from django.core.management import call_command

    from tests import factories

    call_command("migrate", verbosity=0)
    people = factories.make_enterprise("Acme", cpcode="ACMEAA")
    factories.make_user(people, "acme", full_name="王敏")
    factories.make_user(factories.make_enterprise("Globex", cpcode="GLOBEX"), "globex")
    factories.make_user(None, "operator")
    if fill:
        module, _, function = fill.partition(":")
        getattr(importlib.import_module(module), function)()


def _set_up_django() -> None:
    import django
    from django.apps import apps

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs an event loop
    os.environ.setdefault("YUNXIN_STATIC_ROOT", "/nonexistent")  # files as they lie
    if not apps.ready:
        django.setup()
        from yunxin.web.translations import compile_all

        compile_all()


@contextmanager
def served() -> Iterator[str]:
    """The pages on a free port of this machine."""
    from django.core.wsgi import get_wsgi_application

    with make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def session_of(username: str) -> str:
    """The key of a new session of this user."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from yunxin.accounts.models import User

    user = User.objects.get(username=username)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


# `wait_for_function` would need an eval in the page, which its policy refuses.
STILL = """async () => {
  const moves = () =>
    document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling') ||
    document.getAnimations().some((animation) => animation.playState === 'running');
  const giveUp = performance.now() + 5000;
  while (moves() && performance.now() < giveUp) await new Promise(requestAnimationFrame);
}"""


def check(page: Any) -> list[str]:
    """What axe-core finds serious on the open page, once nothing of it is being renewed."""
    page.evaluate(STILL)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['impact']} {violation['id']}: {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def too_wide(page: Any) -> list[str]:
    """A page that can be scrolled sideways is a fault on a phone."""
    width, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    return [f"the page is {width} px wide on {room} px"] if width > room else []


def shoot(browser: Any, address: str, path: str, size: str, options: Any) -> list[str]:
    """One picture; returns the complaints."""
    from django.conf import settings

    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai", locale="zh-CN"
    )
    cookies = {settings.LANGUAGE_COOKIE_NAME: options.language}
    if options.user:
        cookies[settings.SESSION_COOKIE_NAME] = session_of(options.user)
    context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(address + path, wait_until="networkidle")
    for selector in options.click:
        page.click(selector)
        page.wait_for_timeout(400)
    if answer.status >= 400:
        complaints.append(f"status {answer.status}")
    name = path.strip("/").replace("/", "-").replace("?", "_") or "home"
    file = Path(options.out) / f"{name}-{size}-{options.language}{options.suffix}.png"
    page.screenshot(path=file, full_page=not options.click, animations="disabled")
    complaints += too_wide(page) + check(page)
    context.close()
    print(file, *complaints, sep="\n  ! ")  # noqa: T201
    return complaints


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--out", default="shots")
    parser.add_argument("--database")
    parser.add_argument("--fill")
    parser.add_argument("--user")
    parser.add_argument("--language", default="zh-hans", choices=["zh-hans", "en"])
    parser.add_argument("--size", choices=list(SIZES))
    parser.add_argument("--click", action="append", default=[])
    parser.add_argument("--suffix", default="")
    return parser.parse_args()


def main() -> int:
    options = read_options()
    with a_database(options.database, options.fill) as url:
        os.environ["DATABASE_URL"] = url
        _set_up_django()
        with served() as address:
            if not options.serve:
                return 1 if shoot_all(address, options) else 0
            print(address, flush=True)  # noqa: T201
            sys.stdin.read()
    return 0


def shoot_all(address: str, options: argparse.Namespace) -> list[str]:
    """All pictures that were asked for; returns the complaints."""
    from playwright.sync_api import sync_playwright

    Path(options.out).mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for path in options.paths:
            for size in [options.size] if options.size else SIZES:
                complaints += shoot(browser, address, path, size, options)
        browser.close()
    return complaints


if __name__ == "__main__":
    sys.exit(main())
