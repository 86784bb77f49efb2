"""How fast one campaign goes all the way, while verification codes go past it.

A fresh PostgreSQL (synchronous_commit on), engine processes, and a carrier process over TCP. A
campaign of N messages is fed, sent, answered, and every receipt is stored and settled; beside it
ten verification codes a second are accepted as an API would. Prints one JSON object last.

`--smsc host:port` takes a carrier of yours instead of the simulated one. `--protocol` sends by one
of the four; `--mixed` by all at once: China Mobile's numbers by CMPP, Unicom's by SGIP, Telecom's
by SMGP, and a share of each by SMPP, while every connection is cut twice and CMPP's carrier breaks
down for good in the middle.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import uvloop

from bench.stack import (
    SECRET_KEY,
    BenchError,
    Stack,
    answers,
    free_port,
    get_json,
    percentile,
    wait_for,
)
from yunxin.config import Config
from yunxin.engine.accept import Accepted, Acceptor, AcceptRequest
from yunxin.engine.directory import Directory
from yunxin.engine.reconcile import disagreements
from yunxin.engine.settle import Settle
from yunxin.engine.store import Store
from yunxin.sealing import seal
from yunxin.vocabulary import Source

PROBES_PER_S = 10
PROBE_NODE = 1000  # of its message ids; engines take theirs from 0 upwards
ENTERPRISE, PROBE_ENTERPRISE, CAMPAIGN = 1, 2, 1
TEMPLATE, PROBE_TEMPLATE = 1, 2
FIRST_PHONE = 13_000_010_000  # an invented block; its last digits are no magic numbers below
PROBE_PHONE = 18_900_010_000
NOTICE = "尊敬的#*#,您的订单#*#已发货,请留意查收。"
CODE = "验证码#*#,5分钟内有效。"
SYSTEM_ID, PASSWORD = "yunxin", "secret"
DONE_TIMEOUT_S = 900.0
# Protocols by whose carrier they are; SMPP is nobody's and takes a share of all.
PROTOCOLS = {"smpp": "", "cmpp": "mobile", "sgip": "unicom", "smgp": "telecom"}
PREFIXES = ("138", "130", "133")  # one of each carrier's
NODE = 3_010_012_345  # of SGIP: an invented company's
WINDOW_MAX = {"sgip": 32}  # by the specification
# What a mixed run meets on purpose.
ROUGH = {
    "refusal_rate": 0.02,
    "failure_rate": 0.03,
    "lost_rate": 0.01,
    "double_rate": 0.05,
    "early_rate": 0.02,
}


@dataclass(frozen=True)
class Carrier:
    """Where the carrier listens and, for the simulated one, where it says what it got."""

    host: str
    system_id: str
    password: str
    pages: str = ""
    ports: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, Any] | None:
        """What the simulated carrier counted."""
        return dict(get_json(f"{self.pages}/api/counts")) if self.pages else None

    def tell(self, what: str, body: dict[str, Any]) -> None:
        """Ask something of the simulated carrier."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self.pages}/api/{what}", data=data, method="POST")
        urllib.request.urlopen(request, timeout=10).close()


def main() -> None:
    options = read_options()
    quiet = {"cap_verification_per_minute": "0", "cap_verification_per_hour": "0"}
    quiet |= {"cap_verification_per_day": "0", "cap_marketing_per_day": "0"}
    with Stack(**quiet, log_level="warning") as stack:
        carrier = start_carrier(stack, options)
        fill(stack, carrier, options)
        engines = [stack.start(f"engine{n or ''}", "engine") for n in range(options.engines)]
        assert engines
        wait_for(lambda: bound(stack) == len(spoken(options)), "all channels are bound", 30)
        result = measure(stack, carrier, options)
    print(json.dumps(result, ensure_ascii=False, indent=2))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--engines", type=int, default=1)
    parser.add_argument("--window", type=int, default=500, help="unanswered submits a session")
    parser.add_argument("--sessions", type=int, default=2)
    parser.add_argument("--smsc", default="", help="host:port of another carrier")
    parser.add_argument("--system-id", default=SYSTEM_ID)
    parser.add_argument("--password", default=PASSWORD)
    parser.add_argument("--behaviour", default="", help="file for the simulated carrier")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="smpp")
    parser.add_argument(
        "--mixed", action="store_true", help="all protocols at once, with accidents"
    )
    return parser.parse_args()


def spoken(options: argparse.Namespace) -> list[str]:
    """The protocols of the run."""
    return list(PROTOCOLS) if options.mixed else [options.protocol]


def plain_carrier() -> argparse.Namespace:
    """The options of a simulated SMPP carrier of which nothing is asked, for other benchmarks."""
    return argparse.Namespace(
        smsc="", system_id=SYSTEM_ID, password=PASSWORD, behaviour="", protocol="smpp",
        mixed=False, window=500, sessions=2,
    )  # fmt: skip


def start_carrier(stack: Stack, options: argparse.Namespace) -> Carrier:
    """The carrier given, or the simulated one as a process of its own."""
    if options.smsc:
        host, _, port = options.smsc.rpartition(":")
        return Carrier(
            host, options.system_id, options.password, ports={options.protocol: int(port)}
        )
    ports = {name: free_port() for name in (*PROTOCOLS, "pages", "deliver")}
    rough = ROUGH if options.mixed else {}
    stack.start(
        "carrier", "simulator", "--http-port", str(ports["pages"]),
        *[o for name in PROTOCOLS for o in (f"--{name}-port", str(ports[name]))],
        "--sgip-deliver-to", f"127.0.0.1:{ports['deliver']}",
        "--account", f"{SYSTEM_ID}:{PASSWORD}",
        *(("--behaviour", options.behaviour) if options.behaviour else ()),
        *[o for knob, value in rough.items() for o in ("--set", f"{knob}={value}")],
    )  # fmt: skip
    wait_for(lambda: answers("127.0.0.1", ports["smpp"]), "the carrier listens", 20)
    wait_for(lambda: answers("127.0.0.1", ports["pages"]), "the carrier's pages answer", 20)
    url = f"http://127.0.0.1:{ports['pages']}/simulator"
    return Carrier("127.0.0.1", SYSTEM_ID, PASSWORD, url, ports)


def phones(first: int, count: int) -> Iterator[str]:
    """Different invented numbers, none of which ends like a magic one of the simulator."""
    number = first
    for _ in range(count):
        while number % 10_000 < 100:
            number += 1
        yield str(number)
        number += 1


def fill(stack: Stack, carrier: Carrier, options: argparse.Namespace) -> None:
    """Two enterprises, approved texts, packages, the channel, and the campaign, not yet due."""
    now = datetime.now(UTC)
    with psycopg.connect(stack.database_url) as db:
        for enterprise, name in ((ENTERPRISE, "Bench"), (PROBE_ENTERPRISE, "Probe")):
            insert(db, "accounts_enterprise", id=enterprise, name=name, cpcode=name,
                   access_number="", extension_code="", contact_name="", contact_phone="",
                   suspended_reason="", weight=1, created_at=now)  # fmt: skip
            insert(db, "content_signature", id=enterprise, enterprise_id=enterprise, name="测速",
                   kind="other", purpose="", state="approved", reject_reason="",
                   extension_code="", created_at=now, submitted_at=now)  # fmt: skip
            insert(db, "billing_package", id=enterprise, enterprise_id=enterprise, name="p",
                   kind="text", total=100_000_000, used=0, valid_from=now - timedelta(days=1),
                   valid_to=now + timedelta(days=30), created_at=now)  # fmt: skip
        insert_template(db, TEMPLATE, ENTERPRISE, "notice", NOTICE)
        insert_template(db, PROBE_TEMPLATE, PROBE_ENTERPRISE, "verification", CODE)
        for number, protocol in enumerate(spoken(options), 1):
            insert_channel(db, carrier, options, number, protocol)
        insert(db, "campaigns_campaign", id=CAMPAIGN, enterprise_id=ENTERPRISE, kind="text",
               name="bench", template_id=TEMPLATE, extension_code="", wish="draft", created_at=now,
               audience="file", typed_phones="", shared_params=[], audience_state="ready",
               audience_error="", audience_version=1, bytes_read=0, lines_read=options.messages,
               valid_count=options.messages, duplicate_count=0, invalid_count=0, blocked_count=0,
               segments_expected=options.messages)  # fmt: skip
        with db.cursor().copy("COPY campaign_recipient FROM STDIN") as rows:
            for line, phone in enumerate(phones(FIRST_PHONE, options.messages), 1):
                if options.mixed:
                    phone = PREFIXES[line % 3] + phone[3:]
                rows.write_row((ENTERPRISE, CAMPAIGN, line, phone, ["王女士", f"{line:08}"]))


def insert(db: psycopg.Connection[Any], table: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(["%s"] * len(values))
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})".encode(), list(values.values()))


def insert_template(
    db: psycopg.Connection[Any], template: int, enterprise: int, traffic: str, content: str
) -> None:
    now = datetime.now(UTC)
    insert(db, "content_template", id=template, enterprise_id=enterprise, name=traffic,
           signature_id=enterprise, kind="industry", traffic=traffic, position="front",
           content=content, variable_names="[]", carriers='["all"]', state="approved",
           reject_reason="", created_at=now, submitted_at=now)  # fmt: skip


def insert_channel(
    db: psycopg.Connection[Any],
    carrier: Carrier,
    options: argparse.Namespace,
    number: int,
    protocol: str,
) -> None:
    """One channel; in a mixed run each but SMPP's serves the carrier whose protocol it is."""
    own = {"node": NODE, "listen_host": "127.0.0.1", "listen_port": carrier.ports.get("deliver", 0)}
    served = [PROTOCOLS[protocol]] if options.mixed and PROTOCOLS[protocol] else []
    window = min(options.window, WINDOW_MAX.get(protocol, options.window))
    insert(db, "carriers_channel", id=number, name=protocol, protocol=protocol, host=carrier.host,
           port=carrier.ports[protocol], system_id=carrier.system_id,
           password_sealed=seal(SECRET_KEY, carrier.password), system_type="",
           bind_mode="transceiver", sessions=options.sessions, window=window,
           rate_per_s=0, access_number="10690000", carriers=json.dumps(served),
           weight=2 if served else 1, id_rule="as_is", alphabet="ucs2", source_ton=0,
           source_npi=1, dest_ton=1, dest_npi=1, dest_prefix="86", enquire_every_s=30,
           answer_timeout_s=30, wish="run", version=1, created_at=datetime.now(UTC),
           options=json.dumps(own if protocol == "sgip" else {}))  # fmt: skip


def bound(stack: Stack) -> int:
    """How many channels are bound."""
    stack.check_alive()
    [n] = execute(stack, "SELECT count(DISTINCT channel_id) FROM channel_state"
                         " WHERE state = 'bound'")  # fmt: skip
    return int(n)


class Prober(threading.Thread):
    """Accepts verification codes at a steady rate, the way an API process does."""

    def __init__(self, config: Config) -> None:
        super().__init__(daemon=True)
        self._config = config
        self.sent = 0
        self.refused: list[str] = []
        self.ending = threading.Event()

    def run(self) -> None:
        uvloop.run(self._probe())

    async def _probe(self) -> None:
        numbers = phones(PROBE_PHONE, 1_000_000)
        async with Store(self._config) as store:
            directory = Directory(store, self._config)
            await directory.start()
            acceptor = Acceptor(store, directory, PROBE_NODE, self._config)
            loop = asyncio.get_running_loop()
            due = loop.time()
            while not self.ending.is_set():
                request = AcceptRequest(
                    enterprise_id=PROBE_ENTERPRISE, template_id=PROBE_TEMPLATE,
                    phone=next(numbers), params=(f"{self.sent:06}",), source=Source.API,
                )  # fmt: skip
                [answer] = await acceptor.accept([request])
                self.sent += isinstance(answer, Accepted)
                if not isinstance(answer, Accepted):
                    self.refused.append(str(answer))
                due += 1 / PROBES_PER_S
                await asyncio.sleep(max(0.0, due - loop.time()))


def measure(stack: Stack, carrier: Carrier, options: argparse.Namespace) -> dict[str, Any]:
    """Let the campaign run to its end; what it took."""
    messages = options.messages
    prober = Prober(Config.from_environment(stack.environment))
    prober.start()
    time.sleep(1.0)
    stack.meter.mark()
    execute(stack, "UPDATE campaigns_campaign SET wish = 'run', confirmed_at = now()")
    execute(stack, "SELECT pg_notify('campaigns', '')")
    if options.mixed:
        accidents(stack, carrier, messages)
        prober.ending.set()
        prober.join(10)
        wait_for(lambda: is_told(stack, carrier), "every receipt is told", DONE_TIMEOUT_S, 0.5)
        close_the_rest(stack)
    wait_for(lambda: is_finished(stack), "the campaign is finished", DONE_TIMEOUT_S, 0.2)
    cpu_s = stack.meter.used_s()
    prober.ending.set()
    prober.join(10)
    wait_for(lambda: is_settled(stack), "everything is settled", 60)
    problems = [str(found) for found in disagreements(stack.database_url)]
    problems += [f"a probe was refused: {refusal}" for refusal in prober.refused[:3]]
    counts = carrier.counts()
    figures = read_figures(stack, messages)
    if counts is not None:
        sent = taken_at_last(stack) if options.mixed else messages + prober.sent
        problems += carrier_problems(counts, sent, figures["in_doubt"])
    return {
        "protocols": by_protocol(stack),
        "messages": messages,
        **figures,
        "cpu_s_per_1000": {k: round(1000 * v / messages, 4) for k, v in cpu_s.items()},
        "peak_rss_mb": stack.meter.peak_rss_mb(),
        "consistent": not problems,
        "problems": problems,
    }


def execute(stack: Stack, sql: str) -> Any:
    with psycopg.connect(stack.database_url) as db:
        cursor = db.execute(sql.encode())
        return cursor.fetchone() if cursor.description else None


def is_finished(stack: Stack) -> bool:
    stack.check_alive()
    [n] = execute(stack, "SELECT count(*) FROM campaign_progress WHERE state = 'finished'")
    return bool(n)


def accidents(stack: Stack, carrier: Carrier, messages: int) -> None:
    """Every connection is cut, one carrier breaks down for good, and every connection again."""

    def taken(share: float) -> bool:
        counts = carrier.counts()
        return counts is not None and counts["accepted"] >= share * messages

    for share, what, body in (
        (0.25, "disconnect", {}),
        (0.5, "shut", {"protocol": "cmpp"}),
        (0.75, "disconnect", {}),
    ):
        wait_for(lambda: taken(share), "a share is sent", DONE_TIMEOUT_S, 0.1)  # noqa: B023
        carrier.tell(what, body)


def is_told(stack: Stack, carrier: Carrier) -> bool:
    """Nothing waits to be sent, and the carrier has told everything that it ever will."""
    stack.check_alive()
    counts = carrier.counts()
    assert counts is not None
    [waiting] = execute(
        stack,
        "SELECT (SELECT count(*) FROM message_queue)"
        " + (SELECT count(*) FROM campaign_progress WHERE state = 'feeding')"
        " + (SELECT count(*) FROM held_receipt h JOIN submission s"
        "    USING (channel_id, carrier_message_id))",
    )
    settled = counts["receipts_acknowledged"] + counts["redelivered"]
    told = counts["receipts_waiting"] == counts["deliveries_queued"] == 0
    return bool(not waiting and told and counts["receipts_sent"] == settled)


def close_the_rest(stack: Stack) -> None:
    """Give up the receipts that broke down with their carrier, as after 72 hours."""

    async def close() -> None:
        config = Config.from_environment(stack.environment)
        later = timedelta(seconds=config.receipt_wait_s + 3600)
        async with Store(config) as store:
            await Settle(store, config, now=lambda: datetime.now(UTC) + later).close_overdue()

    asyncio.run(close())


def by_protocol(stack: Stack) -> dict[str, int]:
    """How many messages each protocol took."""
    query = (
        "SELECT c.protocol, count(*) FROM message m"
        " JOIN carriers_channel c ON c.id = m.channel_id GROUP BY 1 ORDER BY 1"
    )
    with psycopg.connect(stack.database_url) as db:
        return {str(protocol): int(n) for protocol, n in db.execute(query.encode())}


def taken_at_last(stack: Stack) -> int:
    """How many messages a carrier has by our own books: all but those that were refused."""
    [n] = execute(
        stack,
        "SELECT count(*) FROM message m WHERE state IN ('delivered', 'unknown')"
        " OR code LIKE 'UNDELIV%'",
    )
    return int(n)


def is_settled(stack: Stack) -> bool:
    [n] = execute(
        stack,
        "SELECT (SELECT count(*) FROM tally_delta)"
        " + (SELECT count(*) FROM message WHERE state = 'accepted')",
    )
    return n == 0


FIGURES = """
    SELECT extract(epoch FROM max(finished_at) - min(message_time(id))),
           extract(epoch FROM max(message_time(id)) - min(message_time(id))),
           extract(epoch FROM max(submitted_at) - min(message_time(id))),
           count(*) FILTER (WHERE state = 'delivered')
    FROM message WHERE campaign_id IS NOT NULL
"""
PROBES = """
    SELECT 1000 * extract(epoch FROM submitted_at - message_time(id))
    FROM message WHERE campaign_id IS NULL AND submitted_at IS NOT NULL
      AND id BETWEEN (SELECT min(id) FROM message WHERE campaign_id IS NOT NULL)
                 AND (SELECT max(id) FROM message WHERE campaign_id IS NOT NULL)
"""


def read_figures(stack: Stack, messages: int) -> dict[str, Any]:
    """Speeds from the times that the messages carry."""
    total_s, accepted_s, submitted_s, delivered = map(float, execute(stack, FIGURES))
    [settled_s] = execute(
        stack,
        "SELECT extract(epoch FROM p.finished_at - (SELECT min(message_time(id)) FROM message"
        " WHERE campaign_id IS NOT NULL)) FROM campaign_progress p",
    )
    with psycopg.connect(stack.database_url) as db:
        latencies = [float(row[0]) for row in db.execute(PROBES.encode())]
    [doubts] = execute(stack, "SELECT count(*) FROM message_event WHERE kind = 'in_doubt'")
    return {
        "rate_per_s": round(messages / max(total_s, float(settled_s)), 1),
        "accepted_per_s": round(messages / max(accepted_s, 0.001), 1),
        "submitted_per_s": round(messages / max(submitted_s, 0.001), 1),
        "delivered": int(delivered),
        "probes": len(latencies),
        "probe_latency_ms": {
            "p50": round(percentile(latencies, 0.50), 1),
            "p99": round(percentile(latencies, 0.99), 1),
            "max": round(max(latencies, default=0.0), 1),
        },
        "in_doubt": doubts,
    }


def carrier_problems(counts: dict[str, Any], sent: int, in_doubt: int) -> list[str]:
    """What the carrier really got, against what we say that we sent."""
    got = counts["accepted"]
    if sent <= got <= sent + in_doubt:
        return []
    return [f"the carrier took {got} messages, {sent} were sent and {in_doubt} were in doubt"]


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"endtoend: {error}")
