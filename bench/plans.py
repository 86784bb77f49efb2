"""How PostgreSQL carries out the engine's hot queries: their plans over a million queued messages.

`scripts/bench plans` fills a fresh database, prepares each query the way the engine does (same
session settings, generic plans), runs it once, and prints Markdown: docs/hot-queries.md is kept
from it. A query that reads a whole large table fails the run.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from yunxin import embedded
from yunxin.engine.push_words import RECENT
from yunxin.engine.store import SESSION_SETTINGS, Query, load_queries
from yunxin.vocabulary import message_id_floor

Connection = psycopg.Connection[tuple[Any, ...]]

CAMPAIGN, CHANNEL, ENGINE = 1, 1, 99
LARGE = ("message_2", "message_queue", "submission_2", "campaign_recipient", "carriers_blocked",
         "interface_event_2")  # fmt: skip
_NOISE = re.compile(r" *(Buffers|Planning|Batches|Cache Mode|Hits|Update on \w+_\d{8} )\b.*:?")
_PARAMETER = re.compile(r"%\((\w+)\)s")

# Enterprise 1 has most of the queue, in one campaign; 2 to 20 have the rest. Half as many messages
# again were submitted and wait for their receipts; the others are final.
FILL = """
INSERT INTO accounts_enterprise (id, name, cpcode, access_number, extension_code, contact_name,
    contact_phone, suspended_reason, weight, created_at)
SELECT n, 'E' || n, 'C' || n, '', '', '', '', '', 1, now() FROM generate_series(1, 20) n;
INSERT INTO billing_package (enterprise_id, name, kind, total, used, valid_from, valid_to,
    created_at)
SELECT n, '', 'text', 1e12::bigint, 0, now() - interval '1 day', now() + interval '90 days', now()
FROM generate_series(1, 20) n, generate_series(1, 3);
INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source, campaign_id,
    signature_id, template_id, package_id, text, segments, state, finished_at)
SELECT CASE WHEN n %% 10 = 0 THEN 2 + n / 10 %% 19 ELSE 1 END, base + ((n / 8) << 22) + n %% 8,
    '138' || lpad((n %% 5000000)::text, 8, '0'), (ARRAY['mobile', 'unicom', 'telecom'])[1 + n %% 3],
    'text', 'notice', 'portal', CASE WHEN n %% 10 = 0 THEN NULL ELSE 1 END, 1, 1, 1,
    '【云启科技】您的订单已发货,请留意查收。', 1,
    CASE WHEN n > %(final)s THEN 'accepted' ELSE 'delivered' END,
    CASE WHEN n > %(final)s THEN NULL ELSE now() END
FROM generate_series(1::bigint, %(messages)s) n,
    (SELECT (extract(epoch FROM now() - timestamptz '2024-01-01 00:00:00+00') * 1000)::bigint
        - %(messages)s / 8 AS ms) t, LATERAL (SELECT t.ms << 22 AS base) b;
INSERT INTO message_queue (enterprise_id, message_id, priority, carrier, campaign_id)
SELECT enterprise_id, id, 1, carrier, campaign_id FROM (
    SELECT *, row_number() OVER (ORDER BY id DESC) AS newest FROM message WHERE state = 'accepted'
) m WHERE newest <= %(queued)s;
INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id, part, parts,
    submitted_at)
SELECT 1, 'c' || m.id, m.enterprise_id, m.id, 1, 1, now() FROM message m
WHERE m.state = 'accepted' AND NOT EXISTS (SELECT FROM message_queue q
    WHERE q.enterprise_id = m.enterprise_id AND q.message_id = m.id);
INSERT INTO carriers_blockednumber (enterprise_id, phone, reason, note)
SELECT n %% 3, '139' || lpad(n::text, 8, '0'), 'operator', '' FROM generate_series(1, 200000) n;
INSERT INTO campaign_recipient (enterprise_id, campaign_id, position, phone, params)
SELECT 1, 1, n, '138' || lpad(n::text, 8, '0'), '{}' FROM generate_series(1, %(queued)s) n;
INSERT INTO campaign_progress (campaign_id, enterprise_id, state, hold, failure, cursor_position,
    accepted, refused, submitted, delivered, failed, expired, unknown, cancelled, segments,
    refunded_segments, replies)
SELECT n, 1, CASE WHEN n > 3 THEN 'finished' ELSE 'fed' END, '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0 FROM generate_series(1, 2000) n;
INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id, signature_id,
    carrier, package_id, state, messages, segments, refund_segments)
SELECT 1 + n %% 20, current_date, 'text', 'portal', n %% 3, 1, 1, 'mobile', 1 + n %% 20, 'accepted',
    10, 10, 0 FROM generate_series(1, 300) n;
INSERT INTO interface_event (enterprise_id, kind, object_id, source)
SELECT enterprise_id, 'receipts', id, 'api' FROM message WHERE state = 'delivered' LIMIT %(queued)s;
"""


# What has to be so before a query is run: done in the same transaction, and undone with it.
BEFORE = {
    "store_sent": "UPDATE message_queue SET claimed_by = 99, claimed_at = now()"
    " WHERE enterprise_id = 1 AND message_id = ANY (SELECT message_id FROM message_queue"
    " WHERE enterprise_id = 1 ORDER BY message_id DESC LIMIT 500)",
}


def arguments(connection: Connection) -> dict[str, dict[str, Any]]:
    """What each query is run with: a batch as the engine makes it."""
    now = datetime.now(UTC)
    queued = [
        id
        for (id,) in connection.execute(
            "SELECT message_id FROM message_queue WHERE enterprise_id = 1"
            " ORDER BY message_id DESC LIMIT 500"
        )
    ]
    submitted = connection.execute(
        "SELECT message_id, carrier_message_id FROM submission LIMIT 500"
    ).fetchall()
    events = connection.execute(
        "SELECT id FROM interface_event WHERE enterprise_id = 1 ORDER BY id DESC LIMIT 100"
    ).fetchall()
    phones = [f"138{n:08}" for n in range(500)]
    ones = [1] * 500
    group = {
        "enterprise_ids": [1], "days": [now.date()], "sources": ["portal"], "campaign_ids": [1],
        "template_ids": [1], "signature_ids": [1], "carriers": ["mobile"], "package_ids": [1],
        "messages": [500], "segments": [500],
    }  # fmt: skip
    floors = {
        f"{name}_floor": message_id_floor(now - timedelta(**{f"{name}s": 1}))
        for name in ("minute", "hour", "day")
    }
    acme = {"enterprise_id": 1, "campaign_id": CAMPAIGN}
    return {
        "find_blocked": {"enterprise_ids": ones, "phones": phones},
        "lock_packages": {"enterprise_ids": [1, 2, 3], "now": now},
        "count_recent": {
            "enterprise_ids": ones, "phones": phones, "traffics": ["notice"] * 500, **floors,
        },
        "pay": {"package_ids": [1, 2], "segments": [400, 100]},
        "tally_accepted": group,
        "live_campaigns": {"now": now},
        "new_campaigns": {"now": now},
        "count_queued": {**acme, "limit": 20_000},
        "next_recipients": {**acme, "cursor": 500_000, "limit": 500},
        "find_waiting_of_campaign": {**acme, "limit": 1000},
        "find_waiting_of_enterprise": {"enterprise_id": 1, "after": 0, "limit": 1000},
        "cancel_messages": {"enterprise_id": 1, "message_ids": queued, "code": "terminated",
                            "refunded_states": ["cancelled"]},
        "who_waits": {"most": 40},  # a thousand places among 57 groups, twice
        "claim_messages": {
            "enterprise_id": 1, "priority": 1, "carrier": "mobile", "province": "",
            "most": 500, "paused": [], "engine_id": ENGINE,
        },
        "store_sent": {
            "enterprise_ids": ones, "message_ids": queued, "channel_ids": ones,
            "part_ids": [f"a{n}" for n in range(500)], "groups": ones, "engine_id": ENGINE,
            "written_ms": [int(now.timestamp() * 1000)] * 500,
            "g_kinds": ["text"],
            **{f"g_{name}": group[name] for name in group if name not in ("messages", "segments")},
        },
        "store_receipts": {
            "channel_ids": [CHANNEL] * len(submitted), "carrier_ids": [c for _, c in submitted],
            "states": ["delivered"] * len(submitted), "codes": [""] * len(submitted),
            "done_ats": [""] * len(submitted), "refunded_states": ["failed"],
            "wait": timedelta(hours=96),
        },
        "pushed_receipts": {
            "enterprise_ids": [1] * len(events), "event_ids": [id for (id,) in events],
            "since": now - RECENT,
        },
        "fold_deltas": {"limit": 20_000},
        "refund_packages": {"package_ids": [1, 2], "segments": [0, 0]},
        "finish_campaigns": {},
        "find_overdue": {
            "enterprise_id": 1, "since": now, "after": 0, "floor": message_id_floor(now),
            "limit": 1000,
        },
        "expire_messages": {
            "enterprise_id": 1, "message_ids": [id for id, _ in submitted], "refund": False,
        },
    }  # fmt: skip


def explain(connection: Connection, query: Query, params: dict[str, Any]) -> str:
    """The plan of the query as the engine runs it, carried out and then undone."""
    names = list(dict.fromkeys(_PARAMETER.findall(query.sql)))
    numbered = _PARAMETER.sub(lambda m: f"${names.index(m[1]) + 1}", query.sql)
    values = sql.SQL(", ").join(_literal(params[name]) for name in names)
    connection.execute(f"PREPARE hot AS {numbered}".replace("%%", "%").encode())
    call = sql.SQL("EXECUTE hot({})").format(values) if names else sql.SQL("EXECUTE hot")
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(BEFORE.get(query.name, "SELECT 1").encode())
            rows = connection.execute(
                sql.SQL("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY ON) ") + call
            ).fetchall()
    finally:
        connection.execute("DEALLOCATE hot")
    return "\n".join(line for (line,) in rows)


def _literal(value: Any) -> sql.Composable:
    if isinstance(value, list):
        items = (str(item).replace("\\", "\\\\").replace('"', '\\"') for item in value)
        return sql.Literal("{" + ",".join(f'"{item}"' for item in items) + "}")
    return sql.Literal(str(value) if isinstance(value, timedelta | datetime) else value)


def reads_whole_tables(plan: str) -> list[str]:
    """The lines of a plan that go through all of a large table."""
    scans = re.findall(r"^.*Seq Scan on (\w+).*$", plan, re.MULTILINE)
    return [table for table in scans if table.startswith(LARGE)]


def shorten(plan: str) -> str:
    """A plan without what is the same for each partition and was not carried out."""
    lines, skipping = [], -1
    for line in plan.splitlines():
        depth = len(line) - len(line.lstrip(" "))
        if 0 <= skipping < depth:
            continue
        skipping = depth if "(never executed)" in line else -1
        if skipping < 0 and not _NOISE.match(line):
            lines.append(line)
    return "\n".join(lines)


@contextmanager
def filled(messages: int) -> Iterator[Connection]:
    """A fresh database with so many queued messages, as many final and half as many submitted."""
    with tempfile.TemporaryDirectory(prefix="yunxin-plans-") as folder:
        Path(folder).chmod(0o711)
        server = embedded.Server(Path(folder), {"shared_buffers": "256MB"}, dies_with_us=True)
        url = server.start()
        try:
            _migrate(url)
            options = " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items())
            with psycopg.connect(url, autocommit=True, options=options) as connection:
                fill(connection, messages)
                yield connection
        finally:
            server.stop()


def _migrate(url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    environment["DJANGO_SETTINGS_MODULE"] = "yunxin.settings"
    subprocess.run(command, check=True, env=environment)


def fill(connection: Connection, messages: int) -> None:
    """Write the rows; planned freely, as this is no query of the engine."""
    sizes = {"messages": messages * 5 // 2, "queued": messages, "final": messages}
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute("SET enable_seqscan = on; SET enable_hashjoin = on")
        cursor.execute(FILL.encode(), sizes)
        cursor.execute("RESET enable_seqscan; RESET enable_hashjoin")
    connection.execute("VACUUM ANALYZE")


def main(argv: list[str] | None = None) -> int:
    """Print the plans; 1 if one of them reads a whole large table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("names", nargs="*", help="only these queries")
    options = parser.parse_args(argv)
    queries, bad = load_queries(), []
    with filled(options.messages) as connection:
        for name, params in arguments(connection).items():
            if options.names and name not in options.names:
                continue
            plan = explain(connection, queries[name], params)
            bad += [f"{name} reads all of {table}" for table in reads_whole_tables(plan)]
            print(f"## {name}\n\n{queries[name].sentence}\n\n```\n{shorten(plan)}\n```\n")
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
