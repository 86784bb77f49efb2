"""How fast the records page answers over ten million messages: `scripts/bench pages`.

Makes a PostgreSQL of its own, fills it (bench/pages_fill.sql), and asks for the page as a person
would, through Django's whole stack: session, view, SQL, template. Prints one JSON object last.
`--data DIR` keeps the filled database for the next time.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from yunxin import embedded
from yunxin.vocabulary import message_id_floor

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
            "enterprise": enterprise, "n": messages // DAYS, "phones": PHONES, "package": enterprise,
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
