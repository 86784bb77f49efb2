"""The accounts that may bind, in memory, as one snapshot; who is told when anything changed.

A new snapshot takes the old one's place at once on NOTIFY `directory`, and by reading again every
second: so long a disabled account's sessions may live on.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from yunxin.engine.networks import Networks
from yunxin.engine.store import Listener, Row, Store, run_forever
from yunxin.smpp.reading import Rules
from yunxin.vocabulary import (
    SmppAlphabet,
    SmppSourceRule,
    SmppTextMode,
    TrafficClass,
)

POLL_S = 0.8  # with the reading itself within a second
POLL_SHARE = 50  # after a reading that took t, the next one by itself is at least 50 t later


@dataclass(frozen=True, slots=True)
class Account:
    """One account with what the program has to know of it."""

    id: int
    enterprise_id: int
    system_id: str
    password_hash: bytes
    networks: Networks  # none: from anywhere
    window: int
    rate_per_s: int  # segments, all sessions together
    sessions_max: int
    text_mode: SmppTextMode
    traffic: TrafficClass  # of free texts
    rules: Rules
    enabled: bool
    active: bool  # the enterprise is not suspended

    @property
    def open(self) -> bool:
        """Whether anybody may be bound to it."""
        return self.enabled and self.active


@dataclass(frozen=True, slots=True)
class Known:
    """All accounts at one moment. Never changed; a new one takes its place."""

    by_name: Mapping[str, Account] = field(default_factory=dict)
    by_id: Mapping[int, Account] = field(default_factory=dict)
    # How many programs have sessions of an account bound: each has its share of the rate.
    programs: Mapping[int, int] = field(default_factory=dict)


class Accounts:
    """Keeps `known` fresh. `start` before use, then `run` beside everything else."""

    def __init__(self, store: Store, listener: Listener | None = None) -> None:
        self.known = Known()
        self.changed: Callable[[], None] = lambda: None
        self._store = store
        self._rows: list[Row] = []
        self._wake = asyncio.Event()
        # One after the other, so that what was read first never takes the place of what is newer.
        self._reading = asyncio.Lock()
        self._pause_s = POLL_S
        if listener is not None:
            listener.on("directory", lambda _: self._wake.set())

    async def start(self) -> None:
        """Read everything for the first time.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        await self.refresh()

    async def run(self) -> None:
        """Keep the snapshot fresh until cancelled."""
        await run_forever("accounts", self.refresh, pause_s=lambda: self._pause_s, wake=self._wake)

    async def refresh(self) -> None:
        """Read everything again; `changed` is called only if anything differs."""
        async with self._reading:
            await self._read()

    async def _read(self) -> None:
        began = time.monotonic()
        rows = await self._store.fetch("smpp_accounts")
        if rows != self._rows:
            self._rows = rows
            accounts = [_account(row) for row in rows]
            self.known = Known(
                by_name={one.system_id: one for one in accounts},
                by_id={one.id: one for one in accounts},
                programs={row[0]: row[-1] for row in rows},
            )
            self.changed()
        self._pause_s = max(POLL_S, POLL_SHARE * (time.monotonic() - began))


def _account(row: Row) -> Account:
    (
        id, enterprise_id, system_id, password_hash, networks, window, rate_per_s, sessions_max,
        text_mode, traffic, source_rule, extension, alphabet, enabled, active, number, code, _,
    ) = row  # fmt: skip
    own = (number + code, number) if number else ()
    return Account(
        id=id,
        enterprise_id=enterprise_id,
        system_id=system_id,
        password_hash=bytes(password_hash),
        networks=Networks(networks),
        window=window,
        rate_per_s=rate_per_s,
        sessions_max=sessions_max,
        text_mode=SmppTextMode(text_mode),
        traffic=TrafficClass(traffic),
        rules=Rules(SmppSourceRule(source_rule), extension, SmppAlphabet(alphabet), own),
        enabled=enabled,
        active=active,
    )
