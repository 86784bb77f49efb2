"""How long a group of 200,000 contacts takes from the choice to ready, and how much memory.

A fresh PostgreSQL (synchronous_commit on), the pages and the jobs as processes of their own. The
address book is filled by the functions that alone write it; one contact in ten has no company, one
in two stands in a second group too. A person signs in, makes a draft and chooses both groups over
HTTP as the browser does it; then the status is asked for until the draft is ready. Prints one JSON
object last.

`seconds` runs from the form with the choice to the recipients in place; `fill_s` is the filling of
the book, which is not part of it. Memory as in bench/upload.py.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

import httpx
import psycopg

from bench.stack import BenchError, Stack, answers, free_port, wait_for
from bench.upload import (
    CONTENT,
    MAKE_DATA,
    PASSWORD,
    TIMEOUT_S,
    USER,
    PrivateMeter,
    make_draft,
    post,
    read_counts,
    wait_until_read,
)

BATCH = 5_000
GROUPS = ("All", "Half")
UPSERT = """
SELECT count(*) FROM contact_upsert((SELECT id FROM accounts_enterprise), (
    SELECT jsonb_agg(jsonb_build_object(
        'phone', (13000000000 + (n * 7919777) %% 999999937)::text, 'name', 'Customer ' || n,
        'company', CASE WHEN n %% 10 = 0 THEN '' ELSE 'Company ' || n END) ORDER BY n)
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n), false, %(groups)s::bigint[])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--contacts", type=int, default=200_000)
    options = parser.parse_args()
    port = free_port()
    with Stack(log_level="warning", base_url=f"http://127.0.0.1:{port}") as stack:
        stack.manage("shell", "--command", MAKE_DATA.format(
            user=USER, password=PASSWORD, content=CONTENT))  # fmt: skip
        began = time.monotonic()
        groups = fill_book(stack.database_url, options.contacts)
        filled = time.monotonic()
        stack.start("web", "web", "--port", str(port))
        stack.start("jobs", "jobs")
        wait_for(lambda: answers("127.0.0.1", port), "the pages answer", 30)
        result = measure(stack, port, groups)
    left_out = options.contacts // 10
    result |= {"contacts": options.contacts, "fill_s": round(filled - began, 2)}
    valid = options.contacts - left_out
    expected = {"valid": valid, "duplicate": 0, "invalid": left_out, "rows": valid}
    result["consistent"] = result["found"] == expected
    print(json.dumps(result, ensure_ascii=False, indent=2))
    if not result["consistent"]:
        print(f"expected {expected}", file=sys.stderr)
        sys.exit(1)


def fill_book(url: str, contacts: int) -> list[int]:
    """Everybody in the first group, every second batch in the other too; their ids."""
    with psycopg.connect(url, autocommit=True) as db:
        ids = [
            row[0]
            for name in GROUPS
            for row in db.execute(
                "SELECT contact_group_create((SELECT id FROM accounts_enterprise), NULL, %s)",
                [name],
            )
        ]
        for at, first in enumerate(range(1, contacts + 1, BATCH)):
            last = min(first + BATCH - 1, contacts)
            into = ids if at % 2 else ids[:1]
            db.execute(UPSERT, {"first": first, "last": last, "groups": into})
    return ids


def measure(stack: Stack, port: int, groups: list[int]) -> dict[str, Any]:
    meter = PrivateMeter(stack)
    meter.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT_S) as browser:
        pk = make_draft(browser)
        stack.meter.mark()
        began = time.monotonic()
        choose(browser, pk, groups)
        wait_until_read(browser, pk, stack)
        ready = time.monotonic()
        stack.check_alive()
    return {
        "seconds": round(ready - began, 2),
        "peak_rss_mb": stack.meter.peak_rss_mb(),
        "peak_private_mb": meter.end(),
        "cpu_s": {name: round(used, 1) for name, used in stack.meter.used_s().items()},
        "found": read_counts(stack),
    }


def choose(browser: httpx.Client, pk: int, groups: list[int]) -> None:
    """The form of step 2: both groups, names and companies; without a company nobody gets it."""
    values: dict[str, Any] = {"groups": groups, "with_subgroups": "on"}
    values |= {"source_1": "name", "param_1": "", "source_2": "company", "param_2": ""}
    answer = post(browser, f"/sms/campaigns/{pk}/recipients/?by=groups", values)
    if answer.status_code != 302:
        raise BenchError(f"the choice was refused: {answer.status_code}")


if __name__ == "__main__":
    try:
        main()
    except (BenchError, httpx.HTTPError, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
