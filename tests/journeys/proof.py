"""Do carrier, messages, package and campaign agree to the message? The stand and the comparison.

`Stand` is PostgreSQL, `yunxin engine` and `yunxin simulator` as processes of their own, over TCP;
the first two can be killed. `Run` is one campaign of one enterprise with one package. `compare`
holds what the carrier really got (its own ledger, over HTTP) against what we wrote down.
"""

import asyncio
import http.client
import json
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from bench.stack import Stack, answers, free_port, get_json, wait_for

from tests.engine.sending import channel
from tests.engine.world import World, phone
from yunxin.config import Config
from yunxin.engine.reconcile import disagreements
from yunxin.engine.settle import Settle
from yunxin.engine.store import Store
from yunxin.vocabulary import (
    FINAL_STATES,
    CampaignState,
    CampaignWish,
    MessageEventKind,
    MessageState,
)

RECIPIENTS = 3_000
RATE_PER_S = 700  # segments; a campaign has about 4,600 of them
SESSIONS, WINDOW = 2, 50
IN_FLIGHT_MAX = SESSIONS * WINDOW  # parts, so never more messages
FEED_AHEAD = 1_500  # less than a campaign: it is still being fed when something dies
PACKAGE = 100_000
PATIENCE_S = 120.0  # on a machine with much else to do
SAMPLE = 20  # of the phones that got their message, one in so many is looked at
BEHAVIOUR = """
magic = false
answer_delay_s = 0.08
answer_jitter_s = 0.04
refusal_rate = 0.05
failure_rate = 0.05
lost_rate = 0.02
double_rate = 0.05
"""
# As that behaviour has it. Only SMPP has a word for the refusal; UNDELIV has an error behind it, in
# SGIP in fewer digits, in CMPP none.
REFUSED_CODE, UNDELIVERED_WORD = "RSUBMITFAIL", "UNDELIV"
REFUSED_CODES = (REFUSED_CODE, "69", "SP_ID")
WORDS = {MessageState.DELIVERED: "DELIVRD", MessageState.FAILED: "UNDELIV"}


@dataclass
class Run:
    """One campaign, and what the test knows of its disturbances."""

    id: int
    enterprise_id: int
    package_id: int
    began: datetime
    in_doubt: set[int] = field(default_factory=set)  # ids in the hands of engines when killed
    kills: int = 0
    cuts: int = 0


class Sent(NamedTuple):
    """A row of `message`, and how often it was sent again."""

    id: int
    phone: str
    text: str
    segments: int
    state: str
    code: str | None
    refunded: bool
    again: int

    @property
    def refused(self) -> bool:
        """The carrier refused it, or a part of it, for good."""
        return self.state == MessageState.FAILED and self.code in REFUSED_CODES

    @property
    def taken(self) -> bool:
        """The carrier took all of it, whatever became of it then."""
        word = (self.code or "").partition(":")[0]
        undelivered = self.state == MessageState.FAILED and word == UNDELIVERED_WORD
        if self.code in REFUSED_CODES:  # of what was in doubt before, nobody knows
            return False
        return undelivered or self.state in (MessageState.DELIVERED, MessageState.UNKNOWN)

    def may_have_come(self, times: int) -> bool:
        """Whether a phone can have got it so often: once, or more or less only where in doubt."""
        expected = 1 if self.taken else 0
        if not self.again:
            return times == expected
        return expected <= times <= 1 + self.again


class Stand:
    """The running programs; made by `standing`."""

    recipients = RECIPIENTS
    sessions = SESSIONS
    patience_s = PATIENCE_S

    def __init__(self, stack: Stack, smpp_port: int, http_port: int) -> None:
        self._stack = stack
        self._http_port = http_port
        self._runs = self._engines = 0
        config = Config.from_environment(stack.environment)
        with self.world() as world:
            self.make_channels(world, config, smpp_port)

    def make_channels(self, world: World, config: Config, smpp_port: int) -> None:
        """The account at the carrier."""
        channel(world, config, smpp_port, sessions=SESSIONS, window=WINDOW, rate_per_s=RATE_PER_S)

    @property
    def database_url(self) -> str:
        """Where the rows are."""
        return self._stack.database_url

    # What can be asked --------------------------------------------------------------------------

    @contextmanager
    def world(self) -> Iterator[World]:
        """The rows, over a connection of its own that no kill can have broken."""
        with psycopg.connect(self._stack.database_url, autocommit=True) as connection:
            yield World(connection)

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        with self.world() as world:
            return world.rows(query, *params)

    def one(self, query: str, *params: Any) -> Any:
        with self.world() as world:
            return world.one(query, *params)

    def counts(self) -> dict[str, Any]:
        """What the carrier counted since the campaign began."""
        return dict(get_json(f"http://127.0.0.1:{self._http_port}/simulator/api/counts"))

    def phones(self) -> dict[str, int]:
        """How many whole messages the carrier has for each phone."""
        url = f"http://127.0.0.1:{self._http_port}/simulator/api/phones"
        with urllib.request.urlopen(url, timeout=30) as response:
            lines = response.read().decode().split()
        return {number: int(count) for number, count in (line.split(",") for line in lines)}

    def threads(self, numbers: Iterable[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """What some phones show, as the carrier kept it."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._http_port)) as connection:
            for number in numbers:
                connection.request("GET", f"/simulator/api/messages?phone={number}")
                yield number, json.load(connection.getresponse())

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something is so, as long as all programs live."""

        def so() -> bool:
            self._stack.check_alive()
            return true()

        wait_for(so, what, self.patience_s, pause_s=0.1)

    # What can be done ---------------------------------------------------------------------------

    def start_engine(self) -> None:
        """Start an engine and wait until it is connected to the carrier."""
        self._engines += 1
        self._stack.start(self._engine, "engine")
        self.until(lambda: self.counts()["sessions"] >= self.sessions, "the engine is connected")

    @property
    def _engine(self) -> str:
        return f"engine{self._engines}"

    def ensure_engine(self) -> None:
        """Start an engine if there is none: the last test may have ended badly."""
        if self._engine not in self._stack.programs:
            self.start_engine()

    def kill_engine(self, run: Run) -> None:
        """End the engine as a crash would, and note what it had in its hands."""
        self._stack.kill(self._engine)
        self.until(lambda: self._clients() == 0, "the dead engine's connections are gone")
        claimed = self.rows("SELECT message_id FROM message_queue WHERE claimed_by > 0")
        run.kills += 1
        run.in_doubt.update(message_id for (message_id,) in claimed)

    def _clients(self) -> int:
        return int(
            self.one(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        )

    def kill_database(self) -> None:
        """End PostgreSQL, the postmaster and all backends, with SIGKILL, and start it again."""
        self._stack.kill_database()
        self._stack.start_database()

    def cut(self, run: Run) -> None:
        """Let the carrier cut all connections; the engine comes back by itself."""
        run.cuts += 1
        self.post("disconnect")
        self.until(lambda: self.counts()["sessions"] >= self.sessions, "the engine is back")

    def post(self, what: str, body: bytes = b"{}") -> None:
        """Tell the carrier something."""
        url = f"http://127.0.0.1:{self._http_port}/simulator/api/{what}"
        request = urllib.request.Request(url, data=body, method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def begin(self) -> Run:
        """A new campaign to phones of its own starts; the carrier counts anew."""
        self.ensure_engine()
        self.until(self.carrier_is_idle, "the carrier is idle")
        self.post("reset")
        self._runs += 1
        with self.world() as world:
            number = self._runs
            enterprise_id = world.enterprise(name=f"Acme {number}", cpcode=f"ACME{number:02}")
            package_id = world.package(enterprise_id, max(PACKAGE, 3 * self.recipients))
            campaign_id = world.campaign(
                enterprise_id, world.template(enterprise_id, "#*#"), 0,
                wish=CampaignWish.DRAFT, valid_count=self.recipients,
            )  # fmt: skip
            self.write_recipients(world, enterprise_id, campaign_id)
            run = Run(campaign_id, enterprise_id, package_id, world.one("SELECT now()"))
        self.decide(run, CampaignWish.RUN)
        return run

    def phone(self, line: int) -> str:
        """The phone in a line of the campaign that is begun last."""
        return phone(self._runs * 100_000 + line)

    def write_recipients(self, world: World, enterprise_id: int, campaign_id: int) -> None:
        """Phones of one campaign, with texts of one, two and three segments."""
        with world.connection.cursor().copy("COPY campaign_recipient FROM STDIN") as rows:
            for line in range(1, self.recipients + 1):
                rows.write_row(
                    (enterprise_id, campaign_id, line, self.phone(line), [text_of(line)])
                )

    def decide(self, run: Run, wish: CampaignWish) -> None:
        """What a person does on the page."""
        with self.world() as world:
            world.wish(run.id, wish)
            world.do("NOTIFY campaigns")

    def taken(self, share: float) -> None:
        """Wait until the carrier has this share of a campaign's messages."""
        self.until(lambda: self.counts()["accepted"] >= share * self.recipients, "a share is sent")

    # How it ends --------------------------------------------------------------------------------

    def carrier_is_idle(self) -> bool:
        """Nothing is to be answered or delivered any more, and everything was acknowledged."""
        counts = self.counts()
        settled = counts["receipts_acknowledged"] + counts["redelivered"]
        return (
            counts["receipts_waiting"] == counts["deliveries_queued"] == 0
            and counts["receipts_sent"] == settled
        )

    def finish(self, run: Run, state: CampaignState = CampaignState.FINISHED) -> None:
        """Wait until all is sent and stored; then lost receipts are given up, as after 72 hours."""
        self.until(lambda: self.is_through(run), "everything is sent and told")
        self.until(self.carrier_is_idle, "every receipt is stored")
        self.until(lambda: not self._matched(run), "early receipts have found their messages")
        asyncio.run(self._give_up_lost())
        self.until(lambda: self.is_counted(run, state), "everything is counted")

    def is_through(self, run: Run) -> bool:
        """All recipients are messages, and none of them waits."""
        return bool(
            self.one(
                "SELECT count(*) FROM campaign_progress p WHERE campaign_id = %s"
                " AND state <> 'feeding' AND NOT EXISTS (SELECT FROM message_queue q"
                " WHERE q.enterprise_id = p.enterprise_id)",
                run.id,
            )
        )

    def _matched(self, run: Run) -> int:
        return int(
            self.one(
                "SELECT count(*) FROM held_receipt h JOIN submission s"
                " USING (channel_id, carrier_message_id) WHERE s.enterprise_id = %s",
                run.enterprise_id,
            )
        )

    async def _give_up_lost(self) -> None:
        config = Config.from_environment(self._stack.environment)
        later = timedelta(seconds=config.receipt_wait_s + 3600)
        async with Store(config) as store:
            await Settle(store, config, now=lambda: datetime.now(UTC) + later).close_overdue()

    def is_counted(self, run: Run, state: CampaignState) -> bool:
        """The campaign says that it has ended, and no delta waits."""
        query = (
            "SELECT state FROM campaign_progress"
            " WHERE campaign_id = %s AND NOT EXISTS (SELECT FROM tally_delta)"
        )
        return self.rows(query, run.id) == [(state.value,)]

    # What must agree ----------------------------------------------------------------------------

    def messages(self, run: Run) -> list[Sent]:
        """The campaign's rows of the message table."""
        rows = self.rows(
            "SELECT m.id, m.phone, m.text, m.segments, m.state, m.code, m.refunded,"
            " (SELECT count(*) FROM message_event e WHERE e.enterprise_id = m.enterprise_id"
            "  AND e.message_id = m.id AND e.kind = 'sent_again')"
            " FROM message m WHERE m.campaign_id = %s ORDER BY m.id",
            run.id,
        )
        return [Sent(*row) for row in rows]

    def events(self, run: Run) -> Counter[str]:
        """How many lines of each kind the time lines of the campaign have."""
        query = "SELECT kind, count(*) FROM message_event WHERE enterprise_id = %s GROUP BY kind"
        return Counter(dict(self.rows(query, run.enterprise_id)))

    def compare(self, run: Run) -> list[Sent]:
        """Everything that is known twice; gives the messages for what a test adds."""
        messages = self.messages(run)
        self.compare_recipients(run, messages)
        self.compare_phones(messages)
        self.compare_parts(run, messages)
        self.compare_threads(messages)
        self.compare_doubts(run, messages)
        self.compare_figures(run, messages)
        self.compare_package(run, messages)
        assert list(map(str, disagreements(self._stack.database_url))) == []
        return messages

    def compare_recipients(self, run: Run, messages: list[Sent]) -> None:
        """Each recipient up to the cursor has exactly one message."""
        recipients = self.rows(
            "SELECT phone FROM campaign_recipient JOIN campaign_progress p"
            " USING (enterprise_id, campaign_id)"
            " WHERE campaign_id = %s AND position <= p.cursor_position ORDER BY phone",
            run.id,
        )
        assert sorted((message.phone,) for message in messages) == recipients

    def compare_phones(self, messages: list[Sent]) -> None:
        """Each phone has its message as often as the message table says; nobody else has any."""
        phones, counts = self.phones(), self.counts()
        assert phones.keys() <= {message.phone for message in messages}
        wrong = [
            (m.id, m.phone, m.state, m.code, m.again, phones.get(m.phone, 0))
            for m in messages
            if not m.may_have_come(phones.get(m.phone, 0))
        ]
        assert not wrong, wrong[:10]
        assert counts["accepted"] == sum(phones.values())
        assert counts["duplicates"] == sum(phones.values()) - len(phones)

    def compare_parts(self, run: Run, messages: list[Sent]) -> None:
        """What the carrier said of each part is what we stored of it, word for word."""
        counts = self.counts()
        assert counts["submits"] == counts["refused"] + counts["parts"]
        assert set(counts["refused_by_status"]) <= {REFUSED_CODE}
        assert counts["parts"] == sum(counts["outcomes"].values()) + counts["receipts_lost"]
        stored, held = self._stored_parts(run), self._held_parts(run)
        for state, word in WORDS.items():
            assert stored[state] + held[state] == counts["outcomes"].get(word, 0), word
        doubtful = sum(message.segments * message.again for message in messages)
        unstored = counts["parts"] - stored.total()  # taken, but the answer was lost in a kill
        assert held.total() <= unstored <= doubtful
        assert stored[MessageState.UNKNOWN] == counts["receipts_lost"] - unstored + held.total()

    def _stored_parts(self, run: Run) -> Counter[str]:
        """What became of parts: of the only part that is the message's own state."""
        rows = self.rows(
            "SELECT CASE s.parts WHEN 1 THEN m.state ELSE coalesce(s.state, 'unknown') END,"
            " count(*) FROM submission s"
            " JOIN message m ON m.enterprise_id = s.enterprise_id AND m.id = s.message_id"
            " WHERE s.enterprise_id = %s GROUP BY 1",
            run.enterprise_id,
        )
        return Counter(dict(rows))

    def _held_parts(self, run: Run) -> Counter[str]:
        """Receipts of parts whose answer we never stored."""
        rows = self.rows(
            "SELECT state, count(DISTINCT carrier_message_id) FROM held_receipt"
            " WHERE received_at >= %s GROUP BY state",
            run.began,
        )
        return Counter(dict(rows))

    def compare_threads(self, messages: list[Sent]) -> None:
        """Phones show our texts, in as many parts as were paid, with the fate that we stored.

        Looks at whoever did not simply get the message, and at some of the others.
        """
        odd = [m for m in messages if m.taken and m.state != MessageState.DELIVERED]
        chosen = {m.phone: m for m in (*odd, *[m for m in messages if m.taken][::SAMPLE])}
        for number, thread in self.threads(chosen):
            message = chosen[number]
            shown = {(kept["text"], kept["parts"]) for kept in thread}
            assert shown == {(message.text, message.segments)}
            if not message.again and message.state in WORDS:
                assert [kept["stat"] for kept in thread] == [WORDS[MessageState(message.state)]]

    def compare_doubts(self, run: Run, messages: list[Sent]) -> None:
        """Doubles are counted: each comes from a line of a time line, each line from a kill."""
        events = self.events(run)
        again = Counter({message.id: message.again for message in messages if message.again})
        assert again.total() == events[MessageEventKind.SENT_AGAIN]
        assert events[MessageEventKind.IN_DOUBT] == events[MessageEventKind.SENT_AGAIN]
        assert self.counts()["duplicates"] <= again.total()
        assert again.total() <= (run.kills + run.cuts) * IN_FLIGHT_MAX
        assert run.in_doubt <= again.keys()
        if not run.cuts:  # what was on a cut connection is known to the engine alone
            assert again.keys() == run.in_doubt
        if run.kills == 1 and not run.cuts:
            assert again.total() == len(run.in_doubt)

    def compare_figures(self, run: Run, messages: list[Sent]) -> None:
        """The campaign's and the day's figures are those of the messages."""
        states = Counter(message.state for message in messages)
        expected = {
            "accepted": len(messages),
            "submitted": sum(message.taken for message in messages),
            **{state.value: states[state] for state in FINAL_STATES},
            "segments": sum(message.segments for message in messages),
            "refunded_segments": sum(m.segments for m in messages if m.refunded),
        }
        with self.world() as world:
            progress = world.progress(run.id)
        assert {name: progress[name] for name in expected} == expected
        assert progress["refused"] == 0
        sums = ", ".join(f"sum({name})::bigint" for name in expected)
        [day] = self.rows(f"SELECT {sums} FROM daily_count WHERE campaign_id = %s", run.id)
        assert dict(zip(expected, day, strict=True)) == expected

    def compare_package(self, run: Run, messages: list[Sent]) -> None:
        """What failed or was cancelled was given back, and nothing else."""
        given_back = (MessageState.FAILED, MessageState.CANCELLED)
        assert [m for m in messages if m.refunded != (m.state in given_back)] == []
        used = self.one("SELECT used FROM billing_package WHERE id = %s", run.package_id)
        assert used == sum(message.segments for message in messages if not message.refunded)


@contextmanager
def standing() -> Iterator[Stand]:
    """A stand with an engine, until the end of the `with`."""
    with stack_with_carrier() as (stack, smpp_port, http_port):
        stand = Stand(stack, smpp_port, http_port)
        stand.start_engine()
        yield stand


@contextmanager
def stack_with_carrier(
    *options: str, behaviour: str = BEHAVIOUR
) -> Iterator[tuple[Stack, int, int]]:
    """PostgreSQL and the carrier; its SMPP port and its pages'.

    Args:
        options: of `yunxin simulator` beside the usual.
    """
    with Stack(feed_ahead=str(FEED_AHEAD), log_level="warning") as stack:
        file = stack.folder / "behaviour.toml"
        file.write_text(behaviour)
        smpp_port, http_port = free_port(), free_port()
        stack.start(
            "carrier", "simulator", "--smpp-port", str(smpp_port), "--http-port", str(http_port),
            "--behaviour", str(file), "--seed", "20", *options,
        )  # fmt: skip
        for port in (smpp_port, http_port):
            wait_for(lambda: answers("127.0.0.1", port), "the carrier listens", PATIENCE_S)  # noqa: B023
        yield stack, smpp_port, http_port


def text_of(line: int) -> str:
    """Texts of one, two and three segments, by the line of the recipient."""
    more = (0, 12, 0, 25, 0)[line % 5]
    return f"您的订单{line:08}已发货" + "，请留意查收" * more
