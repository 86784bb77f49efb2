"""What a flood on one enterprise's key does to another enterprise's requests.

One enterprise asks steadily, a few requests a second, and its latencies are taken twice: while all
is quiet, and while callers of another enterprise ask as fast as they are answered, far beyond their
limit. Both ask v1 for single messages, on the stack of `bench/api.py`. Prints one JSON object last.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import uvloop

from bench import api
from bench.callers import Wire
from bench.stack import BenchError, Stack, percentile

NEIGHBOUR = 2
NEIGHBOUR_PHONE = 15_000_010_000
FLOOD_PHONE = 13_500_010_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=20, help="of each half")
    parser.add_argument("--rate", type=int, default=20, help="the neighbour's requests per second")
    parser.add_argument("--concurrency", type=int, default=64, help="callers of the flood")
    options = parser.parse_args()
    with Stack(log_level="warning", push_network="127.0.0.0/8") as stack:
        bench = api.start(stack, workers=1)
        with psycopg.connect(stack.database_url) as db:
            key = api.add_enterprise(db, NEIGHBOUR, "NEIGHB")
            db.execute("DELETE FROM interfaces_limits")  # the settings' own limits hold
            db.execute("SELECT pg_notify('directory', '')")
        time.sleep(2.0)
        print(json.dumps(uvloop.run(measure(bench, key, options)), indent=2))


async def measure(bench: api.Bench, key: str, options: argparse.Namespace) -> dict[str, Any]:
    """The neighbour's latencies without and with the flood."""
    numbers = api.phones(NEIGHBOUR_PHONE, 1_000_000)
    await steady(bench, numbers, key, options.rate, 3)  # warm
    quiet = await steady(bench, numbers, key, options.rate, options.seconds)
    ending = asyncio.Event()
    statuses: Counter[int] = Counter()
    flood = [
        asyncio.create_task(ask_without_end(bench, n, ending, statuses))
        for n in range(options.concurrency)
    ]
    await asyncio.sleep(2)
    flooded = await steady(bench, numbers, key, options.rate, options.seconds)
    ending.set()
    await asyncio.gather(*flood)
    before, after = shown(quiet), shown(flooded)
    return {
        "quiet_ms": before,
        "flooded_ms": after,
        "p99_ratio": round(after["p99"] / before["p99"], 2),
        "flood_answers": dict(statuses),
    }


async def steady(
    bench: api.Bench, numbers: Iterator[str], key: str, rate: int, seconds: int
) -> list[float]:
    """Latencies of requests at a steady rate, none waiting for the one before; milliseconds."""
    loop = asyncio.get_running_loop()
    requests = api.v1_requests(numbers, rate * seconds, key, NEIGHBOUR)
    idle: list[Wire] = []
    latencies: list[float] = []

    async def ask(request: bytes) -> None:
        began = loop.time()
        wire = idle.pop() if idle else await connect(bench)
        status, body = await wire.ask(request)
        latencies.append(1000 * (loop.time() - began))
        idle.append(wire)
        if not api.v1_accepts((status, body)):
            raise BenchError(f"The neighbour was refused: {status} {body[:200]!r}")

    due, tasks = loop.time(), []
    for request in requests:
        tasks.append(asyncio.create_task(ask(request)))
        due += 1 / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
    await asyncio.gather(*tasks)
    for wire in idle:
        wire.close()
    return latencies


async def ask_without_end(
    bench: api.Bench, caller: int, ending: asyncio.Event, statuses: Counter[int]
) -> None:
    """One caller of the flood: asks again as soon as it is answered."""
    numbers = api.phones(FLOOD_PHONE + 1_000_000 * caller, 900_000)
    wire = await connect(bench)
    for _ in itertools.count():
        if ending.is_set():
            break
        [request] = api.v1_requests(numbers, 1, bench.key)
        status, _ = await wire.ask(request)
        statuses[status] += 1
    wire.close()


async def connect(bench: api.Bench) -> Wire:
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(Wire, "127.0.0.1", bench.api_port)
    return wire


def shown(millis: list[float]) -> dict[str, float]:
    """The figures that are told of latencies."""
    shares = {"p50": 0.50, "p99": 0.99}
    return {name: round(percentile(millis, share), 1) for name, share in shares.items()} | {
        "max": round(max(millis), 1)
    }


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"flood: {error}")
