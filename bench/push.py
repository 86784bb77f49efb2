"""How many receipts a second reach customers' URLs, with what is theirs stored for each.

A fresh PostgreSQL (synchronous_commit on), one engine and one receiver, each a process of its own.
Messages of several enterprises become final, the engine is started, and the receiver counts what
comes until every batch is acknowledged. Prints one JSON object last; `consistent` says that every
receipt came and, where nothing died, came once.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import cast

import msgspec
import psycopg
import uvloop

from bench.stack import SECRET_KEY, BenchError, Stack, answers, free_port, wait_for
from yunxin.dialects.pushes import mint_webhook_secret
from yunxin.sealing import seal

TIMEOUT_S = 120.0
FILL = """
INSERT INTO accounts_enterprise (id, name, cpcode, access_number, extension_code, contact_name,
    contact_phone, suspended_reason, weight, created_at)
SELECT n, 'E' || n, 'C' || n, '', '', '', '', '', 1, now()
FROM generate_series(1, %(enterprises)s) n;
INSERT INTO interfaces_pushtarget (enterprise_id, kind, url, format, sealed_secret, portal_too,
    enabled, created_at, changed_at)
SELECT n, 'receipts', %(url)s, %(format)s, %(sealed)s, false, true, now(), now()
FROM generate_series(1, %(enterprises)s) n;
INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source, signature_id,
    template_id, package_id, task_id, text, segments, state, code, submitted_at, done_at,
    finished_at)
SELECT 1 + n %% %(enterprises)s, (ms << 22) + n, lpad(n::text, 11, '0'), 'mobile', 'text', 'notice',
    'api', 1, 1, 1, 'C' || n, 'text', 1, 'delivered', 'DELIVRD', now(), now(), now()
FROM generate_series(1::bigint, %(events)s) n,
    (SELECT (extract(epoch FROM now() - timestamptz '2024-01-01 00:00:00+00') * 1000)::bigint AS ms)
    base;
"""
NOTE = """
SELECT note_receipts(array_agg(enterprise_id), array_agg(id), array_agg(source))
FROM (SELECT enterprise_id, id, source FROM message ORDER BY id LIMIT 1000 OFFSET %s) m
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--enterprises", type=int, default=10)
    parser.add_argument("--format", default="ronghe", choices=("ronghe", "v1"))
    parser.add_argument("--receive", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        uvloop.run(receive(options.receive))
        write_down(options.to)
        return
    with Stack(log_level="warning", push_network="127.0.0.0/8") as stack:
        print(json.dumps(measure(stack, options), indent=2))


def measure(stack: Stack, options: argparse.Namespace) -> dict[str, object]:
    port, counted = free_port(), stack.folder / "counted.json"
    command = [sys.executable, __file__, "--receive", str(port), "--to", str(counted)]
    receiver = subprocess.Popen(command)
    stack.meter.watch("receiver", receiver.pid)
    try:
        wait_for(lambda: answers("127.0.0.1", port), "the receiver answers", 30)
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            fill(connection, options, f"http://127.0.0.1:{port}/in")
            stack.start("engine", "engine")
            wait_for(lambda: bool(count(connection, "push_batch")), "the first batch", 30, 0.01)
            stack.meter.mark()
            started = time.monotonic()
            wait_for(lambda: done(connection), "everything is acknowledged", TIMEOUT_S)
            seconds = time.monotonic() - started
            batches = count(connection, "push_batch")
            used = stack.meter.used_s()
            again = connection.execute("SELECT count(*) FROM push_attempt WHERE attempt > 1")
            (retries,) = again.fetchone() or (0,)
    finally:
        receiver.terminate()
        receiver.wait()
    told = json.loads(counted.read_text())
    return {
        "events": options.events,
        "enterprises": options.enterprises,
        "format": options.format,
        "pushed_per_s": round(options.events / seconds),
        "requests": batches,
        "retries": retries,
        "cpu_s_per_1000": {n: round(s / options.events * 1000, 3) for n, s in used.items()},
        "received_twice": told["twice"],
        "consistent": told["different"] == options.events and (retries > 0 or not told["twice"]),
    }


def fill(
    connection: "psycopg.Connection[tuple[int]]", options: argparse.Namespace, url: str
) -> None:
    """Messages that are final, each told of as the engine tells of them."""
    params = {
        "enterprises": options.enterprises,
        "events": options.events,
        "format": options.format,
        "url": url,
        "sealed": seal(SECRET_KEY, mint_webhook_secret()),
    }
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(FILL, params)
    connection.execute("ANALYZE")
    for offset in range(0, options.events, 1000):
        connection.execute(NOTE, (offset,))
    if count(connection, "push_queue") != options.events:
        raise BenchError("Not every message was told of.")


def done(connection: "psycopg.Connection[tuple[int]]") -> bool:
    """Whether nothing waits any more."""
    row = connection.execute(
        "SELECT (NOT EXISTS (SELECT FROM push_queue)"
        " AND NOT EXISTS (SELECT FROM push_batch WHERE state = 'waiting'))::int"
    ).fetchone()
    return bool(row and row[0])


def count(connection: "psycopg.Connection[tuple[int]]", table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return row[0] if row else 0


class Customer(asyncio.Protocol):
    """Acknowledges everything, and counts what it got."""

    seen: Counter[str] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, gap, body = self._data.partition(b"\r\n\r\n")
        if not gap:
            return
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < size:
            return
        told = msgspec.json.decode(body)
        entries = told if isinstance(told, list) else told["events"]
        self.seen.update(entry.get("mobile") or entry["phone"] for entry in entries)
        self._data = b""
        self._transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"status":0}')


async def receive(port: int) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(Customer, "127.0.0.1", port)
    await ended.wait()
    server.close()


def write_down(path: Path) -> None:
    """What came, for the process that measures."""
    twice = sum(times > 1 for times in Customer.seen.values())
    path.write_text(json.dumps({"different": len(Customer.seen), "twice": twice}))


if __name__ == "__main__":
    main()
