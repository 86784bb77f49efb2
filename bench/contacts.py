"""How long 200,000 contacts take from a file into the address book and out again, and how much
memory.

A fresh PostgreSQL (synchronous_commit on), the pages and the jobs as processes of their own. A
person signs in and uploads a workbook (or `--format csv`) in slices as the browser does; its page
is asked for until the import has ended. Then everything is exported in the background and
downloaded. Prints one JSON object last.

`import_s` runs from the first byte sent to the last contact saved. `peak_rss_mb` is the largest
resident set of any single process by name; for PostgreSQL it holds the pages of shared_buffers
that the process touched, which all its processes share (`peak_private_mb` does not).
"""

import argparse
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.stack import MEBIBYTE, BenchError, Stack, answers, free_port, wait_for
from bench.upload import (
    ASK_EVERY_S,
    MAKE_DATA,
    PASSWORD,
    TIMEOUT_S,
    USER,
    PrivateMeter,
    phones,
    post,
    token_of,
)

HEADINGS = ("手机号", "姓名", "性别", "生日", "行业", "职位", "单位", "备注")
NAMES = ("王小明", "李雷", "欧阳锋", "陈思远", "赵敏", "单雄信")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--format", default="xlsx", choices=("xlsx", "csv"))
    parser.add_argument("--groups", type=int, default=1_000, help="groups of the address book")
    options = parser.parse_args()
    port = free_port()
    with Stack(log_level="warning", base_url=f"http://127.0.0.1:{port}") as stack:
        stack.manage("shell", "--command", MAKE_DATA.format(
            user=USER, password=PASSWORD, content="x"))  # fmt: skip
        group = make_groups(stack, options.groups)
        path = stack.folder / f"contacts.{options.format}"
        expected = write_file(path, options)
        stack.start("web", "web", "--port", str(port))
        stack.start("jobs", "jobs")
        wait_for(lambda: answers("127.0.0.1", port), "the pages answer", 30)
        result = measure(stack, port, path, options, group)
    result |= {"rows": options.rows, "format": options.format, "groups": options.groups}
    result["consistent"] = result["found"] == expected
    print(json.dumps(result, ensure_ascii=False, indent=2))
    if not result["consistent"]:
        print(f"expected {expected}", file=sys.stderr)
        sys.exit(1)


def make_groups(stack: Stack, count: int) -> int:
    """Groups in groups; returns one that stands three deep."""
    made = 0
    with psycopg.connect(stack.database_url, autocommit=True) as db:
        row = db.execute("SELECT id FROM accounts_enterprise").fetchone()
        assert row is not None
        path: list[int | None] = [None]
        for number in range(count):
            parent = path[number % 3] if number % 3 < len(path) else None
            (made,) = db.execute(
                "SELECT contact_group_create(%s, %s, %s)", (row[0], parent, f"G{number}")
            ).fetchone() or (0,)
            path = [*path[: number % 3 + 1], made]
    return made


def write_file(path: Path, options: argparse.Namespace) -> dict[str, int]:
    """All eight columns; one in 100 a number given twice, one in 200 a bad one; what is in it."""
    chance = random.Random(20261125)
    bad = duplicates = 0
    lines: list[list[Any]] = []
    for number, phone in enumerate(phones(options.rows), 1):
        if number % 200 == 0:
            bad += 1
            phone = phone[:10]
        elif number % 100 == 1 and number > 1:
            duplicates += 1
            phone = "13000010001"
        lines.append([
            phone, chance.choice(NAMES), "女", f"19{number % 90 + 10}-0{number % 9 + 1}-11", "零售",
            "店长", f"第{number % 5000}分公司", f"会员号 SF{number:010}",
        ])  # fmt: skip
    if options.format == "csv":
        text = "\r\n".join(",".join(cells) for cells in [HEADINGS, *lines])
        path.write_text("\ufeff" + text, encoding="utf-8", newline="")
    else:
        write_workbook(path, lines)
    return {
        "created": options.rows - bad - duplicates,
        "duplicate": duplicates,
        "refused": bad,
        "contacts": options.rows - bad - duplicates,
        "members": options.rows - bad - duplicates,
    }


def write_workbook(path: Path, lines: list[list[Any]]) -> None:
    """As openpyxl saves it, in a process of its own whose memory nobody measures here."""
    script = (
        "import json, sys, openpyxl\n"
        "book = openpyxl.Workbook(write_only=False)\n"
        "for line in json.load(sys.stdin): book.active.append(line)\n"
        "book.save(sys.argv[1])\n"
    )
    rows = json.dumps([list(HEADINGS), *lines])
    subprocess.run([sys.executable, "-c", script, str(path)], input=rows, text=True, check=True)


def measure(
    stack: Stack, port: int, path: Path, options: argparse.Namespace, group: int
) -> dict[str, Any]:
    meter = PrivateMeter(stack)
    meter.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S) as browser:
        post(browser, "/login/", {"username": USER, "password": PASSWORD})
        stack.meter.mark()
        began = time.monotonic()
        page = send(browser, path, group)
        uploaded = time.monotonic()
        wait_until(lambda: 'hx-trigger="every' not in browser.get(page).text, stack)
        saved = time.monotonic()
        size = export(browser, stack, options)
        exported = time.monotonic()
        stack.check_alive()
    return {
        "file_mb": round(path.stat().st_size / MEBIBYTE, 1),
        "import_s": round(saved - began, 2),
        "upload_s": round(uploaded - began, 2),
        "export_s": round(exported - saved, 2),
        "export_mb": round(size / MEBIBYTE, 1),
        "peak_rss_mb": stack.meter.peak_rss_mb(),
        "peak_private_mb": meter.end(),
        "cpu_s": {name: round(used, 1) for name, used in stack.meter.used_s().items()},
        "found": read_counts(stack),
    }


def send(browser: httpx.Client, path: Path, group: int) -> str:
    """As static/upload.js does; returns the page of the import."""
    headers = {"X-CSRFToken": token_of(browser, "/contacts/imports/new/")}
    given = {
        "name": path.name, "size": str(path.stat().st_size), "group": str(group),
        "existing": "keep",
    }  # fmt: skip
    opened = browser.post("/contacts/imports/upload/", data=given, headers=headers).json()
    with path.open("rb") as file:
        told: dict[str, Any] = {"there": 0}
        while data := file.read(opened["slice"]):
            told = browser.post(
                opened["url"], params={"start": told["there"]}, content=data, headers=headers
            ).json()
    if "done" not in told:
        raise BenchError(f"the upload did not end: {told}")
    return str(told["done"])


def export(browser: httpx.Client, stack: Stack, options: argparse.Namespace) -> int:
    """Export everything and download it; returns how many bytes it is."""
    token = token_of(browser, "/contacts/exports/new/")
    asked = browser.post(
        "/contacts/exports/new/", data={"format": options.format, "csrfmiddlewaretoken": token}
    )
    if asked.status_code != 302:  # up to 20,000: it came at once
        return len(asked.content)
    found: list[str] = []

    def is_written() -> bool:
        found[:] = re.findall(r'href="(/contacts/exports/\d+/download/)"', page())
        return bool(found)

    def page() -> str:
        return browser.get("/contacts/exports/").text

    wait_until(is_written, stack)
    with browser.stream("GET", found[0]) as answer:
        return sum(len(piece) for piece in answer.iter_bytes())


def wait_until(condition: Any, stack: Stack) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"not ready in time:\n{stack.log_end('jobs')}")
        stack.check_alive()
        time.sleep(ASK_EVERY_S)


def read_counts(stack: Stack) -> dict[str, int]:
    with psycopg.connect(stack.database_url) as db:
        row = db.execute(
            "SELECT created_count, duplicate_count, refused_count,"
            " (SELECT contacts FROM address_book),"
            " (SELECT count(*) FROM contact_membership) FROM contact_import"
        ).fetchone()
    names = ("created", "duplicate", "refused", "contacts", "members")
    return dict(zip(names, row or (), strict=False))


if __name__ == "__main__":
    try:
        main()
    except (BenchError, httpx.HTTPError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
