"""From the queue to the links: who goes first, claim, hand over.

`plan` is the fairness, as a pure function: traffic classes strictly in order, within a class a
fair share between enterprises by weight, within an enterprise the oldest first. It never gives
more than the links have room for. `Dispatcher` asks who waits, plans, claims (the claim is
committed before anything is written to a socket: after a crash it is the mark) and hands over.
"""

import asyncio
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Protocol

import structlog

from yunxin.config import Config
from yunxin.engine import outcomes
from yunxin.engine.directory import Directory, marketing_rests
from yunxin.engine.ids import day_of
from yunxin.engine.link import Link
from yunxin.engine.outcomes import Verdict
from yunxin.engine.outgoing import Outgoing
from yunxin.engine.relabel import Relabeller
from yunxin.engine.store import Listener, Row, Store, StoreUnavailable, run_forever
from yunxin.routing import Line, Need, candidates, turn
from yunxin.vocabulary import PRIORITY_OF, InDoubtPolicy, MessageEventKind, Priority

log = structlog.get_logger()

POLL_S = 0.1
REST_S = 0.004  # between two claims while everything is busy: many small claims cost more
CLAIM_MOST = 300  # rows in one claim: about 8 ms
COUNT_LEAST = 20  # of a group, however many groups there are
GRANTS_MOST = 64  # claims in one round
UNPARK_MOST = 2_000
ROUNDS_OF_SHARE = 8  # an enterprise's turn takes an eighth of what it could have
TURN_MOST = 50  # messages in a turn, so that channels share evenly too
TRAFFIC_OF = {int(priority): str(traffic) for traffic, priority in PRIORITY_OF.items()}
GUESSED_SEGMENTS = 1.0  # of a message, before any of its kind was seen


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many messages of one enterprise, class, carrier and province wait; `count` may be cut off.

    `province` is empty wherever no channel asks for it, see `Snapshot.province_of`.
    """

    priority: int
    enterprise_id: int
    carrier: str
    count: int
    province: str = ""

    @property
    def traffic(self) -> str:
        """The traffic class of its priority."""
        return TRAFFIC_OF[self.priority]


@dataclass(slots=True)
class Grant:
    """So many messages of a group may be claimed, for these channels."""

    priority: int
    enterprise_id: int
    carrier: str
    slots: dict[int, int]  # channel → messages
    province: str = ""

    @property
    def messages(self) -> int:
        """How many in all."""
        return sum(self.slots.values())


Grants = dict[tuple[int, int, str, str], Grant]  # by class, enterprise, carrier and province


def plan(
    waiting: Iterable[Waiting],
    lines: Sequence[Line],
    *,
    weights: Mapping[int, int],
    served: dict[int, float],
    segments: Callable[[Waiting], float] = lambda _: GUESSED_SEGMENTS,
) -> list[Grant]:
    """Share the room of the lines among those who wait.

    A lower priority number is served until nothing of it can be; only then the next. Within one,
    whoever was served least for its weight gets the next turn.

    Args:
        lines: of the bound channels; their `room` and `load` are used up by this.
        weights: of enterprises; 1 where nothing is said.
        served: segments each enterprise was given so far, divided by its weight; kept from call
            to call. Who comes back after a rest starts level with the others.
        segments: how many a message of a group has on average.
    """
    grants: Grants = {}
    ordered = sorted(waiting, key=attrgetter("priority"))
    for priority, group in groupby(ordered, key=attrgetter("priority")):
        _share(int(priority), list(group), lines, weights, served, segments, grants)
    return list(grants.values())


def _share(
    priority: int,
    group: Sequence[Waiting],
    lines: Sequence[Line],
    weights: Mapping[int, int],
    served: dict[int, float],
    segments: Callable[[Waiting], float],
    grants: Grants,
) -> None:
    """One class: turns of a quantum each, always to the enterprise that is furthest behind."""
    left: dict[int, list[list[object]]] = {}
    for entry in group:
        left.setdefault(entry.enterprise_id, []).append([entry, entry.count])
    floor = min((served[e] for e in left if e in served), default=0.0)
    turns = [(max(served.get(e, floor), floor), e) for e in left]
    heapq.heapify(turns)
    room = sum(_room(line, priority) for line in lines)
    quantum = max(1, min(TURN_MOST, int(room / (len(left) * ROUNDS_OF_SHARE))))
    while turns:
        level, enterprise_id = heapq.heappop(turns)
        given = _turn(priority, left[enterprise_id], lines, quantum, segments, grants)
        level += given / (weights.get(enterprise_id) or 1)
        served[enterprise_id] = level
        if given:
            heapq.heappush(turns, (level, enterprise_id))


def _turn(
    priority: int,
    entries: list[list[object]],
    lines: Sequence[Line],
    quantum: int,
    segments: Callable[[Waiting], float],
    grants: Grants,
) -> float:
    """One enterprise's turn: segments given, 0 when nothing of it waits or fits any more."""
    while entries:
        entry, count = entries[0]
        assert isinstance(entry, Waiting) and isinstance(count, int)
        line = _best(entry, priority, lines) if count else None
        if line is None:
            entries.pop(0)
            continue
        size = segments(entry)
        # The last place of a line may go to a message that is longer than it, or it never would.
        messages = max(1, min(count, quantum, int(_room(line, priority) / size)))
        _give(grants, entry, line.channel_id, messages)
        line.take(max(1, round(messages * size)))
        entries.append([entry, count - messages])  # its carriers take turns
        entries.pop(0)
        return messages * size
    return 0.0


def _give(grants: Grants, entry: Waiting, channel_id: int, messages: int) -> None:
    key = (entry.priority, entry.enterprise_id, entry.carrier, entry.province)
    grant = grants.get(key)
    if grant is None:
        grant = grants[key] = Grant(*key[:3], slots={}, province=entry.province)
    grant.slots[channel_id] = grant.slots.get(channel_id, 0) + messages


def _best(need: Need, priority: int, lines: Sequence[Line]) -> Line | None:
    for line in candidates(need, lines):
        if _room(line, priority) > 0:
            return line
    return None


def _room(line: Line, priority: int) -> int:
    """What of a line's room is open to a class: the last of it is kept for verification codes."""
    return line.room if priority == Priority.VERIFICATION else max(0, line.room - line.kept)


class Links(Protocol):
    """The links of this engine; `lines` is one."""

    def lines(self) -> list[Line]:
        """The bound channels with their room."""

    def get(self, channel_id: int) -> Link | None:
        """The link of a channel, if it is running."""


class Desk(Protocol):
    """Where verdicts go that need no carrier; `results` is one."""

    def judged(self, message: Outgoing, verdict: Verdict) -> None:
        """What became of a message."""


class Dispatcher:
    """Claims and hands over; one for each engine."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        config: Config,
        links: Links,
        engine_id: int,
        listener: Listener | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._config = config
        self._links = links
        self._engine_id = engine_id
        self._relabeller = Relabeller(store, directory)
        self.desk: Desk | None = None
        self.in_hand: dict[int, Outgoing] = {}  # claimed by us, outcome not stored
        self.claimed = 0
        self._served: dict[int, float] = {}
        self._segments: dict[tuple[int, int], float] = {}
        self._groups = 1  # that waited the last time
        self._unsure = True  # whether the database may hold claims of ours that we know nothing of
        # Claimed again before we heard that their release is stored; it may be stored once more, so
        # they are not sent before it is over.
        self._early: set[int] = set()
        self._counting = asyncio.Lock()  # held while the database and `in_hand` may not agree
        self._closed = False
        self.wake = asyncio.Event()
        if listener is not None:
            listener.on("queue", lambda _: self.wake.set())

    async def run(self) -> None:
        """Claim and hand over until cancelled."""
        await run_forever("dispatch", self.once, pause_s=POLL_S, wake=self.wake)

    def close(self) -> None:
        """Claim nothing more; what is in hand goes on."""
        self._closed = True

    def stored(self, messages: Sequence[Outgoing]) -> None:
        """These outcomes are stored: there is room again."""
        for message in messages:
            self.in_hand.pop(message.message_id, None)
        if self._early:
            self._early.difference_update(message.message_id for message in messages)
            self._unsure = True
        self.wake.set()

    async def once(self) -> int:
        """One round: plan, claim, hand over; gives how many messages it claimed."""
        if self._closed:
            return 0
        if self._unsure:
            await self.free_unknown()
        lines = self._links.lines()
        room = sum(max(0, line.room) for line in lines)
        if not room:
            return 0
        # Each group is counted as far as its share could go, so that many groups cost no more.
        most = min(CLAIM_MOST, max(COUNT_LEAST, 2 * room // self._groups))
        rows = await self._store.fetch("who_waits", {"most": most})
        self._groups = max(1, len(rows))
        waiting = self._allowed(rows)
        if not waiting:
            return 0
        if await self._relabeller.look(waiting, lines):
            self.wake.set()
        enterprises = self._directory.snapshot.enterprises
        weights = {
            e: enterprises[e].weight
            for e in {w.enterprise_id for w in waiting} & enterprises.keys()
        }
        grants = plan(waiting, lines, weights=weights, served=self._served, segments=self._size)
        claimed = 0
        for grant in grants[:GRANTS_MOST]:
            claimed += await self._claim(grant, lines)
        if claimed:
            await asyncio.sleep(REST_S)
            self.wake.set()
        self._forget_served(waiting)
        return claimed

    def _allowed(self, rows: Sequence[Row]) -> list[Waiting]:
        rests = marketing_rests(self._config, datetime.now(UTC))
        return [
            Waiting(*row) for row in rows if row[3] and not (rests and row[0] == Priority.MARKETING)
        ]

    async def _claim(self, grant: Grant, lines: Sequence[Line]) -> int:
        try:
            rows = await self._store.fetch(
                "claim_messages",
                {
                    "engine_id": self._engine_id,
                    "enterprise_id": grant.enterprise_id,
                    "priority": grant.priority,
                    "carrier": grant.carrier,
                    "province": grant.province,
                    "most": grant.messages,
                    "paused": list(self._directory.snapshot.paused_campaigns),
                },
            )
        except (StoreUnavailable, asyncio.CancelledError):
            self._unsure = True
            raise
        self.claimed += len(rows)
        if rows:
            self._hand_over(grant, rows, lines)
        return len(rows)

    def _hand_over(self, grant: Grant, rows: Sequence[Row], lines: Sequence[Line]) -> None:
        taken: dict[int, list[Outgoing]] = {}
        slots = dict(grant.slots)
        segments = 0
        for row in rows:
            message = outgoing(
                grant.enterprise_id, grant.priority, grant.carrier, grant.province, row
            )
            if message.message_id in self.in_hand:
                self._early.add(message.message_id)
                continue
            self.in_hand[message.message_id] = message
            segments += message.segments
            withdrawn = not self._directory.snapshot.may_send(message.enterprise_id, row[12])
            message.was_in_doubt = row[15]
            if row[14] or withdrawn:
                verdict = outcomes.WITHDRAWN if withdrawn else outcomes.BLOCKED
                self._judge(message, outcomes.kept_back(verdict, was_in_doubt=row[15]))
                continue
            channel_id = _slot(slots, message, lines)
            if channel_id is None:
                self._judge(message, outcomes.NO_ROOM)
            else:
                taken.setdefault(channel_id, []).append(message)
        self._learn(grant, segments / len(rows))
        for channel_id, messages in taken.items():
            link = self._links.get(channel_id)
            if link is None or not link.takes:
                for message in messages:
                    self._judge(message, outcomes.UNSENT)
            else:
                link.take(messages)

    def _size(self, waiting: Waiting) -> float:
        return self._segments.get((waiting.enterprise_id, waiting.priority), GUESSED_SEGMENTS)

    def _learn(self, grant: Grant, segments: float) -> None:
        key = (grant.enterprise_id, grant.priority)
        last = self._segments.get(key, segments)
        self._segments[key] = max(1.0, last * 0.7 + segments * 0.3)

    def _forget_served(self, waiting: Sequence[Waiting]) -> None:
        """Whoever rests keeps no credit and no debt."""
        if len(self._served) > 2 * len(waiting) + 100:
            here = {w.enterprise_id for w in waiting}
            self._served = {e: level for e, level in self._served.items() if e in here}

    async def free_unknown(self) -> None:
        """Set free what the database says is ours and we do not have."""
        async with self._counting:
            params = {"engine_id": self._engine_id, "in_hand": list(self.in_hand)}
            freed = await self._store.execute("free_unknown_claims", params)
            self._unsure = False
        if freed:
            log.info("dispatch.freed_unknown_claims", messages=freed)

    async def adopt(self, dead_id: int, policy: Callable[[Outgoing], InDoubtPolicy]) -> int:
        """Take over some claims of an engine that is gone; nobody knows whether they were sent."""
        params = {"engine_id": self._engine_id, "dead_id": dead_id, "most": CLAIM_MOST}
        async with self._counting:
            try:
                rows = await self._store.fetch("adopt_claims", params)
            except (StoreUnavailable, asyncio.CancelledError):
                self._unsure = True
                raise
            messages = [outgoing(row[14], row[15], row[16], row[17], row) for row in rows]
            self.in_hand |= {message.message_id: message for message in messages}
        for message in messages:
            verdict = outcomes.in_doubt(
                policy(message), attempt=message.attempt, why=MessageEventKind.IN_DOUBT
            )
            self._judge(message, verdict)
        return len(messages)

    def _judge(self, message: Outgoing, verdict: Verdict) -> None:
        assert self.desk is not None, "the desk is set before anything is claimed"
        self.desk.judged(message, verdict)

    def withdrawn(self, message: Outgoing) -> bool:
        """Whether people do not want it to go out any more: it is not to be sent again either."""
        _, _, _, _, campaign_id, _, signature_id, *_ = message.group
        snapshot = self._directory.snapshot
        ended = campaign_id in snapshot.terminated_campaigns
        return ended or not snapshot.may_send(message.enterprise_id, signature_id)

    async def unpark(self) -> None:
        """Let parked messages wait for their turn: those whose time has come, and those of
        campaigns that go on."""
        due = UNPARK_MOST
        while due == UNPARK_MOST:
            due = await self._store.execute("unpark_due", {"most": UNPARK_MOST})
            if due:
                self.wake.set()
        rows = await self._store.fetch("parked_campaigns")
        snapshot = self._directory.snapshot
        resting = snapshot.paused_campaigns | snapshot.terminated_campaigns
        going_on = [campaign_id for (campaign_id,) in rows if campaign_id not in resting]
        while going_on:
            params = {"campaign_ids": going_on, "most": UNPARK_MOST}
            if await self._store.execute("unpark", params) < UNPARK_MOST:
                self.wake.set()
                return


def outgoing(enterprise_id: int, priority: int, carrier: str, province: str, row: Row) -> Outgoing:
    """The message of a claimed row."""
    (
        message_id, attempt, refused_by, phone, text, segments, extension, traffic, kind, source,
        campaign_id, template_id, signature_id, package_id, *_,
    ) = row  # fmt: skip
    return Outgoing(
        enterprise_id,
        message_id,
        priority=priority,
        carrier=carrier,
        province=province,
        traffic=traffic,
        phone=phone,
        text=text,
        segments=segments,
        extension=extension,
        attempt=attempt,
        refused_by=tuple(refused_by or ()),
        group=(
            enterprise_id, day_of(message_id), kind, source, campaign_id or 0, template_id,
            signature_id, carrier, package_id,
        ),
    )  # fmt: skip


def _slot(slots: dict[int, int], message: Outgoing, lines: Sequence[Line]) -> int | None:
    """The channel for the next message of a grant; None: whose turn it is has no room now.

    A message that came back goes to the channel whose turn it is, of the grant or not, before one
    that tried it in vain gets it again.

    Args:
        lines: of the bound channels, as the plan left them; their room is used up by this.
    """
    tried = message.refused_by
    best = max(slots, key=lambda channel: (-turn(channel, tried), slots[channel]))
    if best in tried:
        earlier = [
            line
            for line in candidates(message, lines, tried)
            if turn(line.channel_id, tried) < turn(best, tried)
        ]
        for line in earlier:
            if _room(line, message.priority) > 0:
                line.take(message.segments)
                return line.channel_id
        if earlier:
            return None
    slots[best] -= 1
    return best
