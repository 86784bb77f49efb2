"""What acceptance and dispatch need to know of people's decisions, in memory, as one snapshot.

Signatures, templates, enterprises, forbidden words, tables of numbers and campaigns change seldom
and are asked for with every message. `Directory` keeps an immutable `Snapshot` of them and puts a
new one in its place when something changed: at once on a hint (NOTIFY `directory` or
`campaigns`), and by reading everything again every second or, where that takes long, so seldom
that it costs 2 % of the time. Packages and the blocklist are not here: they are asked for in the
transaction that accepts.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import structlog

from yunxin.config import Config
from yunxin.engine.porting import PortingRules
from yunxin.engine.store import Listener, Row, Store, Transaction, run_forever
from yunxin.text.codes import CodeBook, Meaning
from yunxin.text.phones import PREFIXES
from yunxin.text.placeholders import variables
from yunxin.text.places import Place, PlaceMap
from yunxin.text.words import WordList
from yunxin.vocabulary import (
    PRIORITY_OF,
    CampaignWish,
    CarrierName,
    ReviewState,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)

log = structlog.get_logger()

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991
POLL_S = 1.0
POLL_SHARE = 50  # after a reading that took t, the next one by itself is at least 50 t later
ALL_CARRIERS = "all"


@dataclass(frozen=True, slots=True)
class Enterprise:
    """What sending needs to know of an enterprise."""

    id: int
    active: bool
    weight: int
    access_number: str
    extension_code: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, in whatever state."""

    id: int
    enterprise_id: int
    name: str
    state: ReviewState
    extension_code: str

    @property
    def approved(self) -> bool:
        """Whether it may be sent with."""
        return self.state == ReviewState.APPROVED


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template; `signature` may have been cancelled since."""

    id: int
    enterprise_id: int
    signature: Signature
    kind: TemplateKind
    traffic: TrafficClass
    priority: int
    position: SignaturePosition
    content: str
    variables: int
    carriers: frozenset[str] | None  # None: all

    def serves(self, carrier: CarrierName) -> bool:
        """Whether the carrier is in its 发送范围; an unknown one only when all are."""
        return self.carriers is None or carrier in self.carriers


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it at one moment. Never changed; a new one takes its place."""

    enterprises: Mapping[int, Enterprise] = field(default_factory=dict)
    signatures: Mapping[int, Signature] = field(default_factory=dict)
    templates: Mapping[int, Template] = field(default_factory=dict)
    words: WordList = field(default_factory=lambda: WordList(()))
    prefixes: Mapping[str, CarrierName] = field(default_factory=lambda: PREFIXES)
    has_ported: bool = False  # whether the table of ported numbers has any
    places: PlaceMap = field(default_factory=PlaceMap)  # where numbers are from
    provinces_asked: frozenset[str] = frozenset()  # that some channel is bound to
    porting: PortingRules = field(default_factory=PortingRules)
    # Whose the digits behind an access number are: of enterprises, and of their signatures.
    digits_given: Mapping[str, int] = field(default_factory=dict)
    access_digits: int = 0  # of the longest access number; behind it stand the extension codes
    codes: CodeBook = field(default_factory=CodeBook)
    protocols: Mapping[int, str] = field(default_factory=dict)  # of each channel
    paused_campaigns: frozenset[int] = frozenset()
    terminated_campaigns: frozenset[int] = frozenset()

    def may_send(self, enterprise_id: int, signature_id: int) -> bool:
        """Whether a message that was accepted earlier may still go out."""
        enterprise = self.enterprises.get(enterprise_id)
        signature = self.signatures.get(signature_id)
        return bool(enterprise and enterprise.active and signature and signature.approved)

    def leads_elsewhere(self, enterprise_id: int, digits: str) -> bool:
        """Whether the digits behind an access number begin as another enterprise's do."""
        given = self.digits_given
        owners = (given.get(digits[:cut]) for cut in range(1, len(digits) + 1))
        return any(owner is not None and owner != enterprise_id for owner in owners)

    def province_of(self, phone: str) -> str:
        """Where a number is from, as far as a channel asks for it; else, and unknown, empty.

        Args:
            phone: 11 digits.
        """
        return self.asked(self.places.find(phone))

    def asked(self, place: Place) -> str:
        """A place's province where some channel is bound to it, else empty."""
        return place.province if place.province in self.provinces_asked else ""

    def ported_to(self, code: str, channel_id: int) -> CarrierName | None:
        """Whose a number is now, where a report with this code says so and operators believe it."""
        return self.porting.carrier(code, self.protocols.get(channel_id, ""))

    def explain(self, code: str | None, channel_id: int | None) -> Meaning | None:
        """What the code means that came by this channel, if anybody knows."""
        return self.codes.meaning(code, self.protocols.get(channel_id or 0, ""))

    def cancelled_signatures(self) -> frozenset[int]:
        """Signatures whose queued messages must not go out any more."""
        return frozenset(s.id for s in self.signatures.values() if s.state == ReviewState.CANCELLED)

    def suspended_enterprises(self) -> frozenset[int]:
        """Enterprises whose queued messages must not go out any more."""
        return frozenset(e.id for e in self.enterprises.values() if not e.active)


def marketing_rests(config: Config, now: datetime) -> bool:
    """Whether marketing messages must wait at this moment (aware), by the clock of Shanghai.

    From `marketing_from` until before `marketing_to` they are sent. Where the two are the same
    they always are; where the first is the later one, the hours run over midnight.
    """
    first, last = config.marketing_from, config.marketing_to
    if first == last:
        return False
    clock = now.astimezone(SHANGHAI).time()
    allowed = first <= clock < last if first < last else clock >= first or clock < last
    return not allowed


class Directory:
    """Keeps `snapshot` fresh. `start` before use, then `run` beside everything else."""

    def __init__(self, store: Store, config: Config, listener: Listener | None = None) -> None:
        """Args: listener: whose hints to follow; without one it only polls."""
        self.snapshot = Snapshot()
        self.config = config
        self._store = store
        self._rows: dict[str, list[Row]] = {}
        self._places = PlaceMap()
        self._wake = asyncio.Event()
        # One after the other, so that what was read first never takes the place of what is newer.
        self._reading = asyncio.Lock()
        self._pause_s = POLL_S
        if listener is not None:
            listener.on("directory", self._hear)
            listener.on("campaigns", self._hear)

    async def start(self) -> None:
        """Read everything for the first time.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        await self.refresh()

    async def run(self) -> None:
        """Keep the snapshot fresh until cancelled."""
        await run_forever("directory", self.refresh, pause_s=lambda: self._pause_s, wake=self._wake)

    async def refresh(self) -> None:
        """Read everything again; a new snapshot only if anything differs."""
        async with self._reading:
            await self._read()

    async def _read(self) -> None:
        began = time.monotonic()
        async with self._store.transaction() as tx:
            rows = {name: await tx.fetch(f"directory_{name}") for name in _TABLES}
            if rows["places"] != self._rows.get("places"):
                self._places = await _read_places(tx)
        if rows != self._rows:
            self.snapshot = _build(rows, self._rows, self.snapshot, self._places)
            self._rows = rows
        self._pause_s = max(POLL_S, POLL_SHARE * (time.monotonic() - began))

    def _hear(self, _: str) -> None:
        self._wake.set()


# Templates before signatures, as each is read by itself: a template's signature is always there.
_TABLES = (
    "enterprises", "templates", "signatures", "words", "prefixes", "ported", "numbers", "codes",
    "protocols", "campaigns", "places", "provinces", "porting",
)  # fmt: skip


async def _read_places(tx: Transaction) -> PlaceMap:
    """The table of places as its room packed it: 700 kB, and only when its version changed."""
    row = await tx.fetch_one("read_places")
    try:
        return PlaceMap(bytes(row[0])) if row else PlaceMap()
    except ValueError as error:  # it was packed by another version: go on without
        log.error("directory.places_unreadable", error=str(error))
        return PlaceMap()


def _build(
    rows: dict[str, list[Row]], before: dict[str, list[Row]], last: Snapshot, places: PlaceMap
) -> Snapshot:
    """A snapshot of these rows; the word list, slow to make, is taken over if it is the same."""
    signatures = {
        id: Signature(id, enterprise_id, name, ReviewState(state), extension)
        for id, enterprise_id, name, state, extension in rows["signatures"]
    }
    words_are_the_same = rows["words"] == before.get("words")
    return Snapshot(
        enterprises={row[0]: Enterprise(*row) for row in rows["enterprises"]},
        signatures=signatures,
        templates={row[0]: _template(row, signatures) for row in rows["templates"]},
        words=last.words if words_are_the_same else WordList(word for (word,) in rows["words"]),
        # An empty table: the shipped one, so that a carrier is known before anybody edits it.
        prefixes={p: CarrierName(c) for p, c in rows["prefixes"]} or PREFIXES,
        has_ported=rows["ported"][0][0],
        places=places,
        provinces_asked=frozenset(province for (province,) in rows["provinces"]),
        porting=PortingRules(rows["porting"]),
        digits_given=_digits(rows["enterprises"], signatures),
        access_digits=rows["numbers"][0][0],
        codes=last.codes if rows["codes"] == before.get("codes") else CodeBook(rows["codes"]),
        protocols=dict(rows["protocols"]),
        paused_campaigns=_wishing(rows["campaigns"], CampaignWish.PAUSE),
        terminated_campaigns=_wishing(rows["campaigns"], CampaignWish.TERMINATE),
    )


def _digits(enterprises: list[Row], signatures: Mapping[int, Signature]) -> dict[str, int]:
    own = {row[0]: row[4] for row in enterprises}
    given = {
        own[signature.enterprise_id] + signature.extension_code: signature.enterprise_id
        for signature in signatures.values()
        if signature.extension_code and signature.enterprise_id in own
    }
    return given | {code: id for id, code in own.items() if code}


def _template(row: Row, signatures: Mapping[int, Signature]) -> Template:
    id, enterprise_id, signature_id, kind, traffic, position, content, carriers = row
    return Template(
        id=id,
        enterprise_id=enterprise_id,
        signature=signatures[signature_id],
        kind=TemplateKind(kind),
        traffic=TrafficClass(traffic),
        priority=int(PRIORITY_OF[TrafficClass(traffic)]),
        position=SignaturePosition(position),
        content=content,
        variables=variables(content),
        carriers=None if ALL_CARRIERS in carriers or not carriers else frozenset(carriers),
    )


def _wishing(rows: list[Row], wish: CampaignWish) -> frozenset[int]:
    return frozenset(campaign_id for campaign_id, wanted in rows if wanted == wish)
