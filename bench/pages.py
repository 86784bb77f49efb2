"""How fast the records page answers over ten million messages: `scripts/bench pages`.

Makes a PostgreSQL of its own, fills it (bench/pages_fill.sql), and asks for the page as a person
would, through Django's whole stack: session, view, SQL, template. Prints one JSON object last.
`--data DIR` keeps the filled database for the next time.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from yunxin import embedded
from yunxin.vocabulary import message_id_floor

ROOT = Path(__file__).resolve().parents[1]

SHANGHAI = ZoneInfo("Asia/Shanghai")
STATEMENTS = Path(__file__).with_name("pages_fill.sql").read_text(encoding="utf-8")
DAYS = 60
TEMPLATES = 25
SIGNATURES = 5
CAMPAIGNS_A_DAY = 4
PHONES = 1_500_000
IN_FLIGHT = 4_000
FAST = {"synchronous_commit": "off", "max_wal_size": "8GB", "shared_buffers": "1GB",
        "maintenance_work_mem": "512MB"}  # fmt: skip


def statements() -> dict[str, str]:
    """The SQL of pages_fill.sql by name."""
    blocks = STATEMENTS.split("-- name: ")[1:]
    return {block.split("\n", 1)[0].strip(): block.split("\n", 1)[1] for block in blocks}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Filling:
    """Fills one database with a few enterprises, one of them huge."""

    def __init__(self, connection: "psycopg.Connection[Any]", messages: int) -> None:
        self.connection = connection
        self.messages = messages
        self.sql = statements()
        self.today = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)

    def run(self) -> None:
        """Partitions, messages without indexes, then indexes, queue, counts and statistics."""
        first = self.today - timedelta(days=DAYS)
        self.connection.execute("SELECT setseed(0.42)")
        self.connection.execute(
            "SELECT ensure_message_partitions(%s, %s)", (first, self.today + timedelta(days=1))
        )
        indexes = self._drop_indexes()
        for enterprise, share in ((1, 0.98), (2, 0.01), (3, 0.01)):
            self._fill_enterprise(enterprise, int(self.messages * share))
        self._make_rare()
        for definition in indexes:
            say(definition.replace("ON ONLY", "ON")[:70])
            self.connection.execute(definition.replace("ON ONLY", "ON"))
        for name in ("queue", "counts"):
            self.connection.execute(self.sql[name], {})
        self.connection.execute("VACUUM ANALYZE")

    def _drop_indexes(self) -> list[str]:
        rows = self.connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes"
            " WHERE tablename = 'message' AND indexname <> 'message_pkey'"
        ).fetchall()
        for name, _ in rows:
            self.connection.execute(f'DROP INDEX "{name}"')
        return [definition for _, definition in rows]

    def _fill_enterprise(self, enterprise: int, messages: int) -> None:
        for day in range(DAYS):
            start = self.today - timedelta(days=DAYS - 1 - day) + timedelta(hours=8)
            self.connection.execute(self.sql["day"], self._day(enterprise, day, start, messages))
            if enterprise == 1 and day % 10 == 9:
                say(f"{(day + 1) * messages // DAYS:,} messages")

    def _day(self, enterprise: int, day: int, start: datetime, messages: int) -> dict[str, Any]:
        base = enterprise * 100
        # API traffic only on some days; every tenth day has no campaign at all.
        campaigns = 0 if day % 10 == 3 else CAMPAIGNS_A_DAY
        return {
            "enterprise": enterprise, "n": messages // DAYS, "phones": PHONES,
            "package": enterprise,
            "channel": 1, "start_ms": message_id_floor(start) >> 22, "campaigns": campaigns,
            "first_campaign": base * 10 + day * 5, "template_count": TEMPLATES,
            "signature_count": SIGNATURES - 1,
            "templates": [base + n for n in range(TEMPLATES)],
            "signatures": [base + n for n in range(SIGNATURES)],
            "in_flight": IN_FLIGHT if enterprise == 1 and day == DAYS - 1 else 0,
        }  # fmt: skip

    def _make_rare(self) -> None:
        for day in (5, 20, 33):
            low = self.today - timedelta(days=DAYS - 1 - day) + timedelta(hours=9)
            bounds = {
                "low": message_id_floor(low),
                "high": message_id_floor(low + timedelta(minutes=30)),
            }
            ids = {"rare": 100 + TEMPLATES - 1, "rare_signature": 100 + SIGNATURES - 1}
            self.connection.execute(self.sql["rare_template"], {"enterprise": 1, **ids, **bounds})


@contextmanager
def a_filled_database(data: Path | None, messages: int) -> Iterator[str]:
    """URL of a database with that many messages; kept where a folder is given."""
    folder = data or Path(tempfile.mkdtemp(prefix="yunxin-bench-"))
    server = embedded.Server(folder, FAST, dies_with_us=True)
    url = server.start()
    try:
        fill_once(url, messages)
        yield url
    finally:
        if data:
            server.stop()
        else:
            server.remove()
            shutil.rmtree(folder, ignore_errors=True)


def fill_once(url: str, messages: int) -> None:
    """Migrate and fill, unless it was done before."""
    manage = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity=0"]
    subprocess.run(manage, env={**os.environ, "DATABASE_URL": url}, check=True)
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM message LIMIT 1").fetchone() is None:
            Filling(connection, messages).run()


def sign_in(url: str) -> Any:
    """Set Django up and return a client that is signed in as the owner of the huge enterprise."""
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "yunxin.settings"
    import django

    django.setup()
    from django.test import Client

    from yunxin.accounts.models import User

    make_names()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="bench"))
    return client


def make_names() -> None:
    """The enterprise, its user, signatures, templates and a package, under the filled ids."""
    from django.utils import timezone

    from yunxin.accounts.models import Enterprise, User
    from yunxin.billing.models import Package
    from yunxin.content.models import Signature, Template

    for number in (1, 2, 3):
        Enterprise.objects.update_or_create(
            pk=number, defaults={"name": f"Enterprise {number}", "cpcode": f"BENCH{number}"}
        )
    User.objects.get_or_create(username="bench", defaults={"enterprise_id": 1, "role": "owner"})
    state = {"enterprise_id": 1, "state": "approved"}
    for n in range(SIGNATURES):
        Signature.objects.update_or_create(
            pk=100 + n, defaults={**state, "name": f"Sign{n}", "kind": "company"}
        )
    for n in range(TEMPLATES):
        signature = SIGNATURES - 1 if n == TEMPLATES - 1 else n % (SIGNATURES - 1)
        Template.objects.update_or_create(
            pk=100 + n,
            defaults={
                **state, "name": f"Template {n}", "signature_id": 100 + signature,
                "kind": "industry", "traffic": "notice", "content": "#*#", "carriers": ["all"],
            },
        )  # fmt: skip
    now = timezone.now()
    Package.objects.update_or_create(
        pk=1,
        defaults={
            "enterprise_id": 1, "name": "Bench", "total": 20_000_000, "used": 9_800_000,
            "valid_from": now, "valid_to": now + timedelta(days=365),
        },
    )  # fmt: skip


def questions(today: datetime) -> dict[str, str]:
    """Every filter of the page, alone and in combinations that are rare, as query strings."""
    first, last = (f"{today - timedelta(days=n):%Y-%m-%d}" for n in (40, 33))
    days = f"accepted_from={first}&accepted_to={last}"
    # The second campaign of a day in the middle (see Filling._day).
    campaign = 1000 + 30 * 5 + 1
    return {
        "no filter": "",
        "days": days,
        "phone": "phone={phone}",
        "signature": "signature=101",
        "signature, rare": f"signature={100 + SIGNATURES - 1}",
        "template": "template=101",
        "template, rare": f"template={100 + TEMPLATES - 1}",
        "campaign": f"campaign={campaign}",
        "source portal": "source=portal",
        "source api": "source=api",
        "state in progress": "state=accepted",
        "state delivered": "state=delivered",
        "state failed": "state=failed",
        "state unknown": "state=unknown",
        "state expired": "state=expired",
        "state cancelled": "state=cancelled",
        "carrier mobile": "carrier=mobile",
        "carrier broadnet": "carrier=broadnet",
        "carrier unknown": "carrier=unknown",
        "message id": "message={message}",
        "days + carrier unknown": f"{days}&carrier=unknown",
        "campaign + failed": f"campaign={campaign}&state=failed",
        "campaign + cancelled": f"campaign={campaign}&state=cancelled",
        "template + cancelled": "template=102&state=cancelled",
        "template + portal": "template=102&source=portal",
        "signature + unicom": "signature=102&carrier=unicom",
        "signature + unknown carrier": "signature=102&carrier=unknown",
        "portal + unknown carrier": "source=portal&carrier=unknown",
        "api + broadnet + failed": "source=api&carrier=broadnet&state=failed",
        "mobile + expired": "carrier=mobile&state=expired",
        "days + phone + delivered": f"{days}&phone={{phone}}&state=delivered",
    }


def cpu_ms() -> float:
    """Processor time so far of this process and of its PostgreSQL session."""
    from django.db import connection

    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    session_ns = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return 1000 * time.process_time() + session_ns / 1e6


def measure(client: Any, url: str, repeats: int) -> list[tuple[float, float]]:
    """Milliseconds of several answers: by the clock, and of processor time."""
    times = []
    for _ in range(repeats):
        cpu, begin = cpu_ms(), time.perf_counter()
        answer = client.get(url)
        times.append((1000 * (time.perf_counter() - begin), cpu_ms() - cpu))
        if answer.status_code != 200:
            raise SystemExit(f"{url} answered {answer.status_code}")
    return times


def measure_all(client: Any, repeats: int) -> dict[str, dict[str, float]]:
    """Each question on its first page, from the middle (older and newer) and near the end.

    `…_ms` are medians by the clock, `max_ms` the slowest answer of all, the first included;
    `cpu_ms` is the largest median of processor time: what the clock says on a machine at rest.
    """
    from yunxin.messaging.models import Message

    today = datetime.now(SHANGHAI)
    middle = message_id_floor(today - timedelta(days=DAYS // 2))
    end = message_id_floor(today - timedelta(days=DAYS - 3))
    sample = Message.objects.filter(enterprise_id=1, id__lt=middle).order_by("-id")[0]
    places = {"first": "", "older": f"&before={middle}", "newer": f"&after={middle}",
              "end": f"&before={end}"}  # fmt: skip
    found = {}
    for name, query in questions(today).items():
        query = query.format(phone=sample.phone, message=sample.id)
        figures: dict[str, float] = {"max_ms": 0, "cpu_ms": 0}
        for place, where in places.items():
            times = measure(client, f"/statistics/records/?{query}{where}", repeats)
            walls, cpus = zip(*times, strict=True)
            figures[f"{place}_ms"] = round(statistics.median(walls), 1)
            figures["max_ms"] = max(figures["max_ms"], round(max(walls), 1))
            figures["cpu_ms"] = max(figures["cpu_ms"], round(statistics.median(cpus), 1))
        found[name] = figures
        say(f"{name:30} {figures}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=3, help="answers to each question")
    parser.add_argument("--data", type=Path, help="folder in which the database is kept")
    options = parser.parse_args()
    begin = time.monotonic()
    with a_filled_database(options.data, options.messages) as url:
        filled_s = time.monotonic() - begin
        client = sign_in(url)
        measure(client, "/statistics/records/", 3)  # templates compile at the first answer
        pages = measure_all(client, options.repeats)
    medians = [
        ms
        for figures in pages.values()
        for name, ms in figures.items()
        if name not in ("max_ms", "cpu_ms")
    ]
    result = {
        "messages": options.messages,
        "filled_s": round(filled_s, 1),
        "worst_median_ms": max(medians),
        "worst_ms": max(figures["max_ms"] for figures in pages.values()),
        "median_ms": round(statistics.median(medians), 1),
        "worst_cpu_ms": max(figures["cpu_ms"] for figures in pages.values()),
        "load_1min": round(os.getloadavg()[0], 1),
        "pages": pages,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
