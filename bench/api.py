"""How many requests the API accepts, durably, and how fast their receipts are pushed.

Single-message requests over keep-alive connections, through the dialect and then through v1 (with
an idempotency key each), on a fresh PostgreSQL (synchronous_commit on), with the API, an engine, a
simulated carrier and a customer's receiver as processes of their own, all on this machine. Every
message is sent and its receipt stored and pushed. Prints one JSON object last.

With `--kill` the API, the engine and the receiver are killed (SIGKILL) in the middle, one after the
other, and started again, while the callers repeat what was not answered: then it measures nothing
and only proves that each request counted once.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import uvloop

from bench.callers import Told, ask_all, post
from bench.endtoend import (
    Carrier,
    bound,
    carrier_problems,
    execute,
    insert,
    insert_channel,
    insert_template,
    phones,
    plain_carrier,
    start_carrier,
)
from bench.stack import SECRET_KEY, BenchError, Stack, answers, free_port, percentile
from bench.stack import wait_for as wait
from yunxin.dialects import keys, pushes, ronghe
from yunxin.engine.reconcile import disagreements
from yunxin.sealing import seal

ENTERPRISE, TEMPLATE = 1, 1
CPCODE, ACCESS_KEY = "BENCHA", "f75b9467e1112239"
NOTICE = "尊敬的#*#,您的订单#*#已发货,请留意查收。"
FIRST_PHONE = 13_000_010_000
DONE_TIMEOUT_S = 300.0
IN_FLIGHT_MAX = 4 * 100 * 3  # receipts: batches of one URL under way, at each of three kills
UNLIMITED = 1_000_000

Request = bytes
Maker = Callable[[Iterator[str], int, str], list[Request]]


def main() -> None:
    options = read_options()
    with Stack(log_level="warning", push_network="127.0.0.0/8") as stack:
        bench = start(stack, options.workers)
        result = {
            face: measure(bench, face, options.requests, options.concurrency, kill=options.kill)
            for face in (FACES if options.face == "both" else [options.face])
        }
        problems = check(bench)
    faces = result.values()
    consistent = not problems and all(face["consistent"] for face in faces)
    print(
        json.dumps(
            {
                "requests": options.requests,
                "concurrency": options.concurrency,
                "accepted_per_s": min(face["accepted_per_s"] for face in faces),
                "latency_ms": max((f["latency_ms"] for f in faces), key=lambda ms: ms["p99"]),
                "pushed_per_s": min(face["pushed_per_s"] for face in faces),
                "cpu_s_per_1000": {name: face["cpu_s_per_1000"] for name, face in result.items()},
                "faces": result,
                "consistent": consistent,
                "problems": problems,
            },
            ensure_ascii=False,
            indent=2,
        )
    )


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--requests", type=int, default=20_000, help="of each face")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--face", choices=["both", *FACES], default="both")
    parser.add_argument("--workers", type=int, default=1, help="of the API")
    parser.add_argument("--kill", action="store_true", help="kill programs in the middle")
    return parser.parse_args()


@dataclass
class Bench:
    """What runs, and where."""

    stack: Stack
    api_port: int
    receiver_port: int
    workers: int
    bodies: str  # the receiver's file
    carrier: Carrier
    key: str
    numbers: Iterator[str]
    sent: int = 0
    was_killed: bool = False


def start(stack: Stack, workers: int) -> Bench:
    """Everything that takes part, each in a process of its own; so many workers of the API."""
    line = plain_carrier()
    carrier = start_carrier(stack, line)
    api_port, receiver_port = free_port(), free_port()
    bodies = str(stack.folder / "bodies.jsonl")
    key = fill(stack, f"http://127.0.0.1:{receiver_port}/pushes")
    with psycopg.connect(stack.database_url) as db:
        insert_channel(db, carrier, line, number=1, protocol="smpp")
    start_receiver(stack, receiver_port, bodies)
    start_api(stack, api_port, workers)
    stack.start("engine", "engine")
    wait(lambda: bound(stack) == 1, "the channel is bound", 30)
    wait(lambda: answers("127.0.0.1", api_port), "the API listens", 30)
    numbers = phones(FIRST_PHONE, 100_000_000)
    return Bench(stack, api_port, receiver_port, workers, bodies, carrier, key, numbers)


def start_receiver(stack: Stack, port: int, bodies: str) -> None:
    """The customer's server; what it acknowledged is in the file `bodies`."""
    stack.start("receiver", "--port", str(port), "--file", bodies, module="bench.receiver")
    wait(lambda: answers("127.0.0.1", port), "the receiver listens", 20)


def start_api(stack: Stack, port: int, workers: int = 1) -> None:
    """The API, with so many workers."""
    stack.start("api", "api", "--port", str(port), "--workers", str(workers))


def fill(stack: Stack, url: str) -> str:
    """An enterprise with an approved text, a package, credentials and a URL; its key of v1."""
    now = datetime.now(UTC)
    with psycopg.connect(stack.database_url) as db:
        key = add_enterprise(db, ENTERPRISE, CPCODE)
        insert(db, "interfaces_limits", enterprise_id=ENTERPRISE, ronghe_allowed=True,
               requests_per_s=UNLIMITED, recipients_per_s=UNLIMITED)  # fmt: skip
        insert(db, "interfaces_pushtarget", enterprise_id=ENTERPRISE, kind="receipts", url=url,
               format="ronghe", sealed_secret=seal(SECRET_KEY, pushes.mint_webhook_secret()),
               portal_too=False, enabled=True, created_at=now, changed_at=now)  # fmt: skip
    return key


def add_enterprise(db: psycopg.Connection[Any], id: int, cpcode: str) -> str:
    """An enterprise that can send, its rows all of the same id; its key of v1."""
    now = datetime.now(UTC)
    minted = keys.mint()
    insert(db, "accounts_enterprise", id=id, name=cpcode, cpcode=cpcode,
           access_number="", extension_code="", contact_name="", contact_phone="",
           suspended_reason="", weight=1, created_at=now)  # fmt: skip
    insert(db, "content_signature", id=id, enterprise_id=id, name="测速",
           kind="other", purpose="", state="approved", reject_reason="", extension_code="",
           created_at=now, submitted_at=now)  # fmt: skip
    insert(db, "billing_package", id=id, enterprise_id=id, name="p", kind="text",
           total=100_000_000, used=0, valid_from=now - timedelta(days=1),
           valid_to=now + timedelta(days=30), created_at=now)  # fmt: skip
    insert_template(db, id, id, "notice", NOTICE)
    credential = {"enterprise_id": id, "name": "bench", "hint": "0000", "networks": "[]",
                  "created_at": now}  # fmt: skip
    insert(db, "interfaces_credential", kind="ronghe", key_id="", scopes="[]",
           sealed=seal(SECRET_KEY, ACCESS_KEY), **credential)  # fmt: skip
    insert(db, "interfaces_credential", kind="v1", key_id=minted.key_id,
           secret_hash=minted.secret_hash, sealed=seal(SECRET_KEY, minted.signing_key),
           scopes='["messages:send", "messages:read"]', **credential)  # fmt: skip
    insert(db, "interfaces_allowednetwork", enterprise_id=id, network="127.0.0.1/32",
           note="", state="approved", reject_reason="", created_at=now)  # fmt: skip
    return minted.key


def ronghe_requests(numbers: Iterator[str], count: int, _: str) -> list[Request]:
    """Requests of the dialect, each for a phone of its own."""
    made = []
    for n in range(count):
        msg, mobile = f"王女士,{n:08}", next(numbers)
        sign = ronghe.sign(CPCODE, msg, mobile, "", str(TEMPLATE), ACCESS_KEY)
        body = {"cpcode": CPCODE, "msg": msg, "mobiles": mobile, "excode": "",
                "templetid": str(TEMPLATE), "sign": sign}  # fmt: skip
        made.append(post(ronghe.PATH, json.dumps(body, ensure_ascii=False).encode()))
    return made


def v1_requests(
    numbers: Iterator[str], count: int, key: str, template: int = TEMPLATE
) -> list[Request]:
    """Requests of v1, each for a phone and with an idempotency key of its own."""
    made = []
    for n in range(count):
        mobile = next(numbers)
        body = {"template": str(template), "recipients": [
            {"phone": mobile, "parameters": ["王女士", f"{n:08}"]}]}  # fmt: skip
        headers = (f"Authorization: Bearer {key}", f"Idempotency-Key: {mobile}")
        text = json.dumps(body, ensure_ascii=False).encode()
        made.append(post("/api/v1/messages", text, headers))
    return made


def ronghe_accepts(answer: tuple[int, bytes] | None) -> bool:
    """Whether the dialect said yes."""
    return answer is not None and json.loads(answer[1])["resultcode"] == 0


def v1_accepts(answer: tuple[int, bytes] | None) -> bool:
    """Whether v1 accepted the only recipient."""
    return answer is not None and answer[0] == 200 and json.loads(answer[1])["accepted"] == 1


FACES: dict[str, tuple[Maker, Callable[[tuple[int, bytes] | None], bool]]] = {
    "ronghe": (ronghe_requests, ronghe_accepts),
    "v1": (v1_requests, v1_accepts),
}


class Killer:
    """Kills the programs in the middle of a run, and starts them again at once."""

    def __init__(self, bench: Bench, count: int) -> None:
        self._bench = bench
        bench.was_killed = True
        self._due = {
            count // 4: self._kill_api,
            count // 2: self._kill_engine,
            3 * count // 4: self._kill_receiver,
        }

    def asked(self, done: int) -> None:
        """So many requests are answered."""
        if done in self._due:
            self._due[done]()

    def _kill_api(self) -> None:
        self._bench.stack.kill("api")
        start_api(self._bench.stack, self._bench.api_port, self._bench.workers)

    def _kill_engine(self) -> None:
        self._bench.stack.kill("engine")
        self._bench.stack.start("engine", "engine")

    def _kill_receiver(self) -> None:
        bench = self._bench
        bench.stack.kill("receiver")
        start_receiver(bench.stack, bench.receiver_port, bench.bodies)


def measure(
    bench: Bench, face: str, count: int, concurrency: int, *, kill: bool = False
) -> dict[str, Any]:
    """Ask so many requests, and wait until all their receipts are pushed."""
    stack = bench.stack
    make, accepts = FACES[face]
    requests = make(bench.numbers, count, bench.key)
    warm = make(bench.numbers, 200, bench.key)
    uvloop.run(ask_all("127.0.0.1", bench.api_port, warm, concurrency))
    bench.sent += 200
    began = execute(stack, "SELECT now()")[0]
    stack.meter.mark()
    asked = Killer(bench, count).asked if kill else lambda _: None
    told: Told = uvloop.run(
        ask_all("127.0.0.1", bench.api_port, requests, concurrency, asked=asked)
    )
    stack.check_alive()
    wait(lambda: is_pushed(stack), "everything is pushed", DONE_TIMEOUT_S, 0.1)
    cpu_s = stack.meter.used_s()
    bench.sent += count
    refused = Counter(str(a) for a in told.answers if not accepts(a))
    [pushed_s] = execute(
        stack,
        "SELECT extract(epoch FROM max(finished_at)) FROM push_batch WHERE state = 'acked'",
    )
    millis = [1000 * s for s in told.latencies_s]
    return {
        "accepted_per_s": round(count / told.took_s, 1),
        "latency_ms": {
            "p50": round(percentile(millis, 0.50), 1),
            "p99": round(percentile(millis, 0.99), 1),
            "max": round(max(millis), 1),
        },
        "pushed_per_s": round(count / (float(pushed_s) - began.timestamp()), 1),
        "cpu_s_per_1000": {k: round(1000 * v / count, 4) for k, v in cpu_s.items()},
        "repeats": told.repeats,
        "consistent": not refused,
        "refused": dict(refused.most_common(3)),
    }


def is_pushed(stack: Stack) -> bool:
    """Whether every message is final and nothing waits to be pushed."""
    stack.check_alive()
    [n] = execute(
        stack,
        "SELECT (SELECT count(*) FROM message WHERE state = 'accepted')"
        " + (SELECT count(*) FROM tally_delta) + (SELECT count(*) FROM push_queue)"
        " + (SELECT count(*) FROM push_batch WHERE state = 'waiting')",
    )
    return bool(n == 0)


def check(bench: Bench) -> list[str]:
    """Whether carrier, messages, package, counts and what the customer was told agree.

    Only what was in doubt when an engine was killed may have come to a phone twice, and only what
    was on its way when a program was killed may have been pushed twice.
    """
    problems = [str(found) for found in disagreements(bench.stack.database_url)]
    [messages, paid] = execute(
        bench.stack,
        "SELECT (SELECT count(*) FROM message), (SELECT sum(used) FROM billing_package)",
    )
    if messages != bench.sent or paid != bench.sent:
        problems.append(f"{bench.sent} were asked for, {messages} accepted, {paid} paid")
    [doubts] = execute(bench.stack, "SELECT count(*) FROM message_event WHERE kind = 'in_doubt'")
    problems += carrier_problems(bench.carrier.counts() or {}, bench.sent, doubts)
    told = pushed_phones(bench.bodies)
    if len(told) != bench.sent:
        problems.append(f"{len(told)} phones of {bench.sent} were pushed")
    twice, may_be = sum(told.values()) - len(told), IN_FLIGHT_MAX if bench.was_killed else 0
    if twice > may_be:
        problems.append(f"{twice} receipts were pushed twice")
    return problems


def pushed_phones(bodies: str) -> Counter[str]:
    """How often the receiver was told of each phone."""
    with open(bodies, encoding="utf-8") as lines:
        return Counter(entry["mobile"] for line in lines for entry in json.loads(line))


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"api: {error}")
