"""How long a million recipients take from upload to ready, and how much memory.

A fresh PostgreSQL (synchronous_commit on), the pages and the jobs as processes of their own. A
person signs in, makes a draft and uploads a file, all over HTTP as the browser does it: in slices
(or with `--plain` as one ordinary form), then the status is asked for until the draft is ready.
Prints one JSON object last.

`seconds` runs from the first byte of the file sent to the recipients in place. `peak_rss_mb` is the
largest resident set of any single process by name; for PostgreSQL it holds the pages of
shared_buffers that the process touched, which all its processes share (`peak_private_mb` does not).
"""

import argparse
import html
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from bench.stack import MEBIBYTE, SAMPLE_EVERY_S, BenchError, Stack, answers, free_port, wait_for

USER, PASSWORD = "bench", "a password of the benchmarks"
NAMES = ("王女士", "李先生", "欧阳女士", "陈思远", "赵")
TIMEOUT_S = 600.0
ASK_EVERY_S = 0.5  # as often as an impatient page; pages ask once a second
CONTENT = "尊敬的#*#,您的订单#*#已发货,请留意查收。"
MAKE_DATA = """
from datetime import timedelta
from django.utils import timezone
from yunxin.accounts.models import Enterprise, User
from yunxin.billing.models import Package
from yunxin.content.models import Signature, Template
e = Enterprise.objects.create(name="Bench", cpcode="BENCHX", access_number="10690000")
u = User(username={user!r}, enterprise=e, role="owner")
u.set_password({password!r}); u.save()
s = Signature.objects.create(enterprise=e, name="测速", kind="other", purpose="", state="approved")
Template.objects.create(enterprise=e, signature=s, name="t", kind="industry", traffic="notice",
    content={content!r}, variable_names=["姓名", "单号"], carriers=["all"], state="approved")
n = timezone.now()
Package.objects.create(enterprise=e, name="p", total=10**8, valid_from=n - timedelta(days=1),
    valid_to=n + timedelta(days=30))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--plain", action="store_true", help="one ordinary form, no slices")
    parser.add_argument("--encoding", default="utf-8", choices=("utf-8", "gb18030"))
    parser.add_argument("--pad", type=int, default=0, help="characters more in a parameter")
    options = parser.parse_args()
    port = free_port()
    with Stack(log_level="warning", base_url=f"http://127.0.0.1:{port}") as stack:
        stack.manage("shell", "--command", MAKE_DATA.format(
            user=USER, password=PASSWORD, content=CONTENT))  # fmt: skip
        path = stack.folder / "recipients.txt"
        expected = write_file(path, options)
        stack.start("web", "web", "--port", str(port))
        stack.start("jobs", "jobs")
        wait_for(lambda: answers("127.0.0.1", port), "the pages answer", 30)
        result = measure(stack, port, path, options)
    result |= {"lines": options.lines, "file_mb": result.pop("size") // MEBIBYTE}
    result["consistent"] = result["found"] == expected
    print(json.dumps(result, ensure_ascii=False, indent=2))
    if not result["consistent"]:
        print(f"expected {expected}", file=sys.stderr)
        sys.exit(1)


def write_file(path: Path, options: argparse.Namespace) -> dict[str, int]:
    """Lines in random order of numbers: one in 100 given twice, one in 200 bad; what is in it."""
    chance = random.Random(20261123)
    bad = duplicates = 0
    with path.open("w", encoding=options.encoding, newline="\n") as file:
        for number, phone in enumerate(phones(options.lines), 1):
            if number % 200 == 0:
                bad += 1
                file.write(f"{phone}，{NAMES[0]}，{number}\n")
            elif number % 100 == 1 and number > 1:
                duplicates += 1
                file.write(f"13000010001,{NAMES[1]},{number}\n")
            else:
                file.write(f"{phone},{chance.choice(NAMES)},SF{number:010}{'x' * options.pad}\n")
    valid = options.lines - bad - duplicates
    return {"valid": valid, "duplicate": duplicates, "invalid": bad, "rows": valid}


def phones(count: int) -> Iterator[str]:
    """Different invented numbers in an order that no index likes; the first one is 13000010001."""
    for number in range(count):
        yield str(13_000_000_000 + (10_001 + number * 7_919_777) % 999_999_937)


class PrivateMeter(threading.Thread):
    """The largest private memory (what is not shared) of any process below a few roots."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._stack = stack
        self._ending = threading.Event()
        self.peak: dict[str, int] = {}

    def run(self) -> None:
        while not self._ending.wait(2 * SAMPLE_EVERY_S):
            for name, root in list(self._stack.meter.roots.items()):
                self._sample(name, root)

    def _sample(self, name: str, root: psutil.Process) -> None:
        try:
            for process in [root, *root.children(recursive=True)]:
                private = process.memory_full_info().uss
                self.peak[name] = max(self.peak.get(name, 0), private)
        except psutil.Error:
            return

    def end(self) -> dict[str, float]:
        """MiB by name."""
        self._ending.set()
        self.join()
        return {name: round(peak / MEBIBYTE, 1) for name, peak in self.peak.items()}


def measure(stack: Stack, port: int, path: Path, options: argparse.Namespace) -> dict[str, Any]:
    meter = PrivateMeter(stack)
    meter.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S) as browser:
        pk = make_draft(browser)
        stack.meter.mark()
        began = time.monotonic()
        (send_whole if options.plain else send_in_slices)(browser, pk, path)
        uploaded = time.monotonic()
        wait_until_read(browser, pk, stack)
        ready = time.monotonic()
        stack.check_alive()
    return {
        "seconds": round(ready - began, 2),
        "upload_s": round(uploaded - began, 2),
        "prepare_s": round(ready - uploaded, 2),
        "size": path.stat().st_size,
        "way": "form" if options.plain else "slices",
        "peak_rss_mb": stack.meter.peak_rss_mb(),
        "peak_private_mb": meter.end(),
        "cpu_s": {name: round(used, 1) for name, used in stack.meter.used_s().items()},
        "found": read_counts(stack),
    }


def make_draft(browser: httpx.Client) -> int:
    """Sign in and fill in the first step; returns the number of the campaign."""
    post(browser, "/login/", {"username": USER, "password": PASSWORD})
    page = browser.get("/sms/campaigns/new/")
    template = re.search(r'name="template" value="(\d+)"', page.text)
    if template is None:
        raise BenchError("the first step lists no template")
    made = post(browser, "/sms/campaigns/new/", {"name": "bench", "template": template[1]})
    found = re.search(r"/sms/campaigns/(\d+)/", made.headers.get("Location", ""))
    if found is None:
        raise BenchError(f"the draft was not made: {made.status_code}")
    return int(found[1])


def token_of(browser: httpx.Client, path: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(path).text)
    if found is None:
        raise BenchError(f"{path} has no form")
    return html.unescape(found[1])


def post(browser: httpx.Client, path: str, values: dict[str, Any]) -> httpx.Response:
    token = token_of(browser, path)
    return browser.post(path, data={**values, "csrfmiddlewaretoken": token})


def send_in_slices(browser: httpx.Client, pk: int, path: Path) -> None:
    """As static/upload.js does."""
    token = token_of(browser, f"/sms/campaigns/{pk}/recipients/?by=file")
    headers = {"X-CSRFToken": token}
    opened = browser.post(
        f"/sms/campaigns/{pk}/upload/",
        data={"name": path.name, "size": str(path.stat().st_size)},
        headers=headers,
    ).json()
    with path.open("rb") as file:
        there = 0
        while data := file.read(opened["slice"]):
            told = browser.post(
                opened["url"], params={"start": there}, content=data, headers=headers
            ).json()
            there = told["there"]
    if "done" not in told:
        raise BenchError(f"the upload did not end: {told}")


def send_whole(browser: httpx.Client, pk: int, path: Path) -> None:
    """As a browser without scripts does: one form with the file in it."""
    step = f"/sms/campaigns/{pk}/recipients/?by=file"
    token = token_of(browser, step)
    with path.open("rb") as file:
        answer = browser.post(
            step, data={"csrfmiddlewaretoken": token}, files={"file": (path.name, file)}
        )
    if answer.status_code != 302:
        raise BenchError(f"the form was refused: {answer.status_code}")


def wait_until_read(browser: httpx.Client, pk: int, stack: Stack) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while (
        "HX-Refresh"
        not in browser.get(
            f"/sms/campaigns/{pk}/recipients/status/", headers={"HX-Request": "true"}
        ).headers
    ):
        if time.monotonic() > deadline:
            raise BenchError(f"not ready in time:\n{stack.log_end('jobs')}")
        stack.check_alive()
        time.sleep(ASK_EVERY_S)


def read_counts(stack: Stack) -> dict[str, int]:
    with psycopg.connect(stack.database_url) as db:
        row = db.execute(
            "SELECT valid_count, duplicate_count, invalid_count,"
            " (SELECT count(*) FROM campaign_recipient) FROM campaigns_campaign"
        ).fetchone()
    return dict(zip(("valid", "duplicate", "invalid", "rows"), row or (), strict=False))


if __name__ == "__main__":
    try:
        main()
    except (BenchError, httpx.HTTPError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
