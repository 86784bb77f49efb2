"""Who may ask, and with what: credentials, networks and limits in memory, as one snapshot.

A new snapshot takes the old one's place when anything differs: at once on NOTIFY `directory`, and
by reading again every second. Secrets are unsealed once and kept as long as their row lives.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from yunxin.config import Config
from yunxin.engine.networks import Networks
from yunxin.engine.store import Listener, Row, Store, run_forever
from yunxin.sealing import SealBroken, unseal
from yunxin.vocabulary import CredentialKind

log = structlog.get_logger()

POLL_S = 1.0
POLL_SHARE = 50  # after a reading that took t, the next one by itself is at least 50 t later


@dataclass(frozen=True, slots=True)
class Key:
    """One credential that opens something at this moment."""

    credential_id: int
    enterprise_id: int
    secret: str  # the AccessKey; of v1 the key for signing requests
    secret_hash: bytes = b""
    scopes: frozenset[str] = frozenset()
    networks: Networks = field(default_factory=lambda: Networks(()))  # none: from anywhere
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the overlap after its rotation has not ended."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Merchant:
    """What the interfaces need to know of an enterprise."""

    enterprise_id: int
    active: bool
    ronghe_allowed: bool
    requests_per_s: int
    recipients_per_s: int
    access_keys: tuple[Key, ...]
    networks: Networks  # of the dialect; none: from nowhere


@dataclass(frozen=True, slots=True)
class Ring:
    """All of it at one moment. Never changed; a new one takes its place."""

    keys: Mapping[str, Key] = field(default_factory=dict)  # of v1, by key id
    merchants: Mapping[int, Merchant] = field(default_factory=dict)
    by_cpcode: Mapping[str, Merchant] = field(default_factory=dict)


class Keyring:
    """Keeps `ring` fresh. `start` before use, then `run` beside everything else."""

    def __init__(self, store: Store, config: Config, listener: Listener | None = None) -> None:
        self.ring = Ring()
        self._store = store
        self._config = config
        self._rows: dict[str, list[Row]] = {}
        self._opened: dict[str, str | None] = {}  # sealed → its secret
        self._wake = asyncio.Event()
        # One after the other, so that what was read first never takes the place of what is newer.
        self._reading = asyncio.Lock()
        self._pause_s = POLL_S
        if listener is not None:
            listener.on("directory", self._hear)

    async def start(self) -> None:
        """Read everything for the first time.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        await self.refresh()

    async def run(self) -> None:
        """Keep the ring fresh until cancelled."""
        await run_forever("keyring", self.refresh, pause_s=lambda: self._pause_s, wake=self._wake)

    async def refresh(self) -> None:
        """Read everything again; a new ring only if anything differs."""
        async with self._reading:
            await self._read()

    async def _read(self) -> None:
        began = time.monotonic()
        async with self._store.transaction() as tx:
            rows = {name: await tx.fetch(f"keyring_{name}") for name in _TABLES}
        if rows != self._rows:
            self.ring = self._build(rows)
            self._rows = rows
        self._pause_s = max(POLL_S, POLL_SHARE * (time.monotonic() - began))

    def _hear(self, _: str) -> None:
        self._wake.set()

    def _build(self, rows: Mapping[str, list[Row]]) -> Ring:
        keys: dict[str, Key] = {}
        access_keys: dict[int, list[Key]] = {}
        opened: dict[str, str | None] = {}
        for row in rows["credentials"]:
            credential_id, enterprise_id, kind, key_id, secret_hash, sealed, *rest = row
            secret = opened[sealed] = self._open(sealed, credential_id)
            if secret is None:
                continue
            scopes, networks, expires_at = rest
            if kind == CredentialKind.RONGHE:
                key = Key(credential_id, enterprise_id, secret, expires_at=expires_at)
                access_keys.setdefault(enterprise_id, []).append(key)
            else:
                keys[key_id] = Key(
                    credential_id,
                    enterprise_id,
                    secret,
                    bytes(secret_hash),
                    frozenset(scopes),
                    Networks(networks),
                    expires_at,
                )
        self._opened = opened
        allowed: dict[int, list[str]] = {}
        for enterprise_id, network in rows["networks"]:
            allowed.setdefault(enterprise_id, []).append(network)
        merchants, by_cpcode = {}, {}
        for enterprise_id, cpcode, active, ronghe_allowed, requests, recipients in rows[
            "enterprises"
        ]:
            merchant = Merchant(
                enterprise_id,
                active,
                ronghe_allowed,
                self._config.api_requests_per_s if requests is None else requests,
                self._config.api_recipients_per_s if recipients is None else recipients,
                tuple(access_keys.get(enterprise_id, ())),
                Networks(allowed.get(enterprise_id, ())),
            )
            merchants[enterprise_id] = by_cpcode[cpcode] = merchant
        return Ring(keys, merchants, by_cpcode)

    def _open(self, sealed: str, credential_id: int) -> str | None:
        """The secret; None if it was sealed with another key of the platform."""
        if sealed in self._opened:
            return self._opened[sealed]
        try:
            return unseal(self._config.secret_key, sealed)
        except SealBroken:
            log.error("keyring.seal_broken", credential=credential_id)
            return None


_TABLES = ("enterprises", "credentials", "networks")
