"""All four protocols at once, a carrier that breaks down for good in the middle: accounts agree.

Set PROOF_MESSAGES for more than what a test run can wait for, 100,000 for example.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from bench.stack import free_port

from tests.engine.sending import NODE, channel
from tests.engine.world import World
from tests.journeys.proof import BEHAVIOUR, PATIENCE_S, Run, Sent, Stand, stack_with_carrier
from yunxin.config import Config
from yunxin.engine.reconcile import disagreements
from yunxin.vocabulary import MessageEventKind, MessageState

MESSAGES = int(os.environ.get("PROOF_MESSAGES", "4000"))
WINDOW = {"smpp": 100, "cmpp": 50, "sgip": 32, "smgp": 50}
IN_FLIGHT_MAX = sum(WINDOW.values())
CARRIERS = {"cmpp": "mobile", "sgip": "unicom", "smgp": "telecom"}
PREFIXES = ("138", "130", "133")  # one of each carrier's
WILD = BEHAVIOUR + "early_rate = 0.02\nshuffle = true\n"


class Four(Stand):
    """A carrier with four doors; SMPP takes a share of everybody's, and what the others lose."""

    recipients = MESSAGES
    sessions = 4
    patience_s = max(PATIENCE_S, MESSAGES / 100)
    ports: dict[str, int]

    def make_channels(self, world: World, config: Config, smpp_port: int) -> None:
        options = {
            "cmpp": {"version": "3.0"},
            "sgip": {"node": NODE, "listen_host": "127.0.0.1", "listen_port": self.ports["listen"]},
            "smgp": {"version": "3.0"},
        }
        for protocol, carrier in CARRIERS.items():
            channel(
                world, config, self.ports[protocol], protocol=protocol, name=protocol,
                window=WINDOW[protocol], weight=2, carriers=json.dumps([carrier]),
                options=json.dumps(options[protocol]),
            )  # fmt: skip
        channel(world, config, smpp_port, name="smpp", window=WINDOW["smpp"], weight=1)

    def phone(self, line: int) -> str:
        return f"{PREFIXES[line % 3]}{line:08}"

    def break_down(self, run: Run, protocol: str) -> None:
        """One door is gone for good."""
        run.cuts += 1
        self.sessions = 3
        self.post("shut", json.dumps({"protocol": protocol}).encode())

    def by_protocol(self) -> dict[str, int]:
        """How many messages went by each channel."""
        return dict(
            self.rows(
                "SELECT c.protocol, count(*) FROM message m"
                " JOIN carriers_channel c ON c.id = m.channel_id GROUP BY 1"
            )
        )


@contextmanager
def standing() -> Iterator[Four]:
    """Four doors and an engine."""
    ports = {name: free_port() for name in ("cmpp", "sgip", "smgp", "listen")}
    doors = [o for name in CARRIERS for o in (f"--{name}-port", str(ports[name]))]
    reach = ["--sgip-deliver-to", f"127.0.0.1:{ports['listen']}"]
    with stack_with_carrier(*doors, *reach, behaviour=WILD) as (stack, smpp_port, http_port):
        Four.ports = ports
        stand = Four(stack, smpp_port, http_port)
        stand.start_engine()
        yield stand


def test_all_accounts_agree_though_one_carrier_breaks_down_for_good() -> None:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("the stand brings a database of its own")
    with standing() as stand:
        run = stand.begin()
        stand.taken(1 / 4)
        stand.cut(run)
        stand.taken(1 / 2)
        stand.break_down(run, "cmpp")
        stand.taken(3 / 4)
        stand.cut(run)
        stand.finish(run)
        messages = stand.messages(run)
        compare(stand, run, messages)
        went = stand.by_protocol()
    assert len(messages) == MESSAGES
    assert went.keys() == WINDOW.keys()
    assert went["smpp"] > went["cmpp"] > MESSAGES / 20, "it took over what was CMPP's"
    assert min(went["sgip"], went["smgp"]) > MESSAGES / 10


def compare(stand: Four, run: Run, messages: list[Sent]) -> None:
    """As `Stand.compare`, but for the receipts that broke down together with their carrier."""
    stand.compare_recipients(run, messages)
    stand.compare_phones(messages)
    stand.compare_figures(run, messages)
    stand.compare_package(run, messages)
    assert list(map(str, disagreements(stand.database_url))) == []

    states = Counter(message.state for message in messages)
    assert states.keys() == {MessageState.DELIVERED, MessageState.FAILED, MessageState.UNKNOWN}
    counts, events = stand.counts(), stand.events(run)
    again = sum(message.again for message in messages)
    assert again == events[MessageEventKind.SENT_AGAIN] == events[MessageEventKind.IN_DOUBT]
    assert counts["duplicates"] <= again <= run.cuts * IN_FLIGHT_MAX
    dropped = counts["deliveries_dropped"]
    assert states[MessageState.UNKNOWN] <= counts["receipts_lost"] + dropped + again
    assert counts["refused"] and counts["receipts_lost"] and counts["receipts_sent"]
