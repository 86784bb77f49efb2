"""All carrier accounts of this engine: a link for each channel that the operator wants to run.

Rows are looked at every second, and at once on NOTIFY `channels`. A channel that was started gets
a link; one that was stopped gives back what is not written yet, waits for answers and unbinds; one
whose `version` grew does the same and is connected anew; one that is to drain writes what it has,
takes nothing new, and unbinds then; other changes take effect while connected. Where several
engines run the same channel each takes its share of the rate.
"""

import asyncio
from collections.abc import Container
from dataclasses import replace
from datetime import datetime, time

import structlog

from yunxin.config import Config
from yunxin.engine.accounts.choose import Accounts
from yunxin.engine.channel import Channel
from yunxin.engine.directory import SHANGHAI
from yunxin.engine.link import Desk, Link
from yunxin.engine.store import Listener, Row, Store, run_forever
from yunxin.routing import Line, Need, is_open, may_try_another
from yunxin.sealing import SealBroken, unseal
from yunxin.vocabulary import BindMode, BreakerState, CarrierProtocol, IdRule, WireAlphabet

log = structlog.get_logger()

POLL_S = 1.0


class Lines:
    """The links of one engine, by channel."""

    def __init__(
        self,
        store: Store,
        config: Config,
        engine_id: int,
        listener: Listener | None = None,
    ) -> None:
        self._store = store
        self._config = config
        self._engine_id = engine_id
        self.desk: Desk | None = None  # set before `run`
        self.accounts = Accounts(config.secret_key)
        self._links: dict[int, Link] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._lines: dict[int, Line] = {}
        self._unreadable: set[tuple[int, int]] = set()
        self._wake = asyncio.Event()
        if listener is not None:
            listener.on("channels", lambda _: self._wake.set())

    # What others ask ----------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """The channels that are bound, or rest, with the room that they have now."""
        bound, clock = [], datetime.now(SHANGHAI).time()
        for channel_id, link in self._links.items():
            if link.takes:
                line = self._lines[channel_id]
                _shape(line, link.channel, clock)
                line.broken = link.breaker is BreakerState.OPEN
                line.room, rest = link.room()
                line.kept = max(0, line.room - rest)
                bound.append(line)
        self._level(bound)
        return bound

    def get(self, channel_id: int) -> Link | None:
        """The link of a channel, if there is one."""
        return self._links.get(channel_id)

    def all(self) -> list[Link]:
        """All links, bound or not."""
        return list(self._links.values())

    def another(self, need: Need, refused_by: Container[int]) -> bool:
        """Whether a channel that takes messages and did not refuse yet could carry one."""
        lines = [self._lines[n] for n, link in self._links.items() if link.takes]
        return may_try_another(need, lines, refused_by)

    # Their life ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the operator's rows until cancelled."""
        await run_forever("lines", self.refresh, pause_s=POLL_S, wake=self._wake)

    async def refresh(self) -> None:
        """Look at the rows once."""
        wanted = {row[0]: _channel(row) for row in await self._rows()}
        for channel_id, link in self._links.items():
            channel = wanted.get(channel_id)
            if channel is None or channel.version != link.channel.version:
                link.stop()
            else:
                link.change(channel)
                if link.drained:
                    link.stop()
        for channel_id, channel in wanted.items():
            if channel_id not in self._links and not channel.draining:
                self._start(channel)

    async def read(self, channel_id: int) -> Channel | None:
        """A channel as its row has it right now, whatever is wanted of it."""
        rows = await self._rows(channel_id)
        return _channel(rows[0]) if rows else None

    async def _rows(self, only: int | None = None) -> list[Row]:
        return await self._store.fetch(
            "channels",
            {
                "engine_id": self._engine_id,
                "protocols": list(map(str, CarrierProtocol)),
                "only": only,
            },
        )

    async def stop(self, within_s: float) -> None:
        """Drain all links; what is not drained in time is cut off."""
        for link in self._links.values():
            link.stop()
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=within_s)
            if late:
                self.kill()
                await asyncio.wait(late, timeout=1.0)

    def kill(self) -> None:
        """Cut all connections at once."""
        for link in self._links.values():
            link.kill()

    def _start(self, channel: Channel) -> None:
        try:
            password = unseal(self._config.secret_key, channel.password_sealed)
        except SealBroken:
            if (channel.id, channel.version) not in self._unreadable:
                log.error("lines.password_unreadable", channel=channel.id)
                self._unreadable.add((channel.id, channel.version))
            return
        assert self.desk is not None, "the desk is set before the first link"
        limit_s = min(channel.answer_timeout_s, self._config.submit_timeout_s)
        channel = replace(channel, answer_timeout_s=limit_s)
        link = Link(self.accounts.account_of(channel, password), self.desk)
        self._links[channel.id] = link
        self._lines[channel.id] = Line(channel.id)
        _shape(self._lines[channel.id], channel, datetime.now(SHANGHAI).time())
        task = asyncio.create_task(link.run(), name=f"link {channel.id}")
        task.add_done_callback(lambda task: self._ended(channel.id, task))
        self._tasks[channel.id] = task

    def _ended(self, channel_id: int, task: asyncio.Task[None]) -> None:
        del self._links[channel_id], self._tasks[channel_id], self._lines[channel_id]
        if not task.cancelled() and task.exception() is not None:
            log.error("lines.link_failed", channel=channel_id, exc_info=task.exception())
        self._wake.set()

    def _level(self, bound: list[Line]) -> None:
        """A line that just came up starts level with the others, or all would go to it."""
        loads = [line.load for line in bound if line.load]
        if loads:
            least = min(loads)
            for line in bound:
                line.load = max(line.load, least)


def _shape(line: Line, channel: Channel, clock: time) -> None:
    """Make a line what its operator wants it to be, at this time of the day."""
    line.carriers, line.weight = channel.carriers, channel.weight
    line.traffics, line.enterprises = channel.traffics, channel.enterprises
    line.provinces = channel.provinces
    line.open = is_open(channel.open_from, channel.open_to, clock)


def _channel(row: Row) -> Channel:
    (
        id, name, host, port, system_id, password_sealed, system_type, bind_mode, sessions, window,
        rate_per_s, access_number, carriers, weight, id_rule, alphabet, source_ton, source_npi,
        dest_ton, dest_npi, dest_prefix, enquire_every_s, answer_timeout_s, version, protocol,
        options, traffics, open_from, open_to, provinces, enterprises, others, draining,
    ) = row  # fmt: skip
    return Channel(
        id=id,
        name=name,
        host=host,
        port=port,
        system_id=system_id,
        password_sealed=password_sealed,
        system_type=system_type,
        bind_mode=BindMode(bind_mode),
        sessions=max(1, sessions),
        window=max(1, window),
        rate_per_s=rate_per_s / (others + 1),
        access_number=access_number,
        carriers=frozenset(carriers),
        weight=weight,
        provinces=frozenset(provinces),
        traffics=frozenset(traffics),
        enterprises=frozenset(enterprises),
        open_from=open_from,
        open_to=open_to,
        id_rule=IdRule(id_rule),
        alphabet=WireAlphabet(alphabet),
        source_ton=source_ton,
        source_npi=source_npi,
        dest_ton=dest_ton,
        dest_npi=dest_npi,
        dest_prefix=dest_prefix,
        enquire_every_s=max(1, enquire_every_s),
        answer_timeout_s=max(1, answer_timeout_s),
        version=version,
        protocol=CarrierProtocol(protocol),
        options=options,
        draining=draining,
    )
