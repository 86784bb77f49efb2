"""Replies (上行): parts joined, the owner found, unsubscribe words obeyed.

A part of a long reply waits in the database until all are there, whatever connection or engine
they came by. The owner is who wrote to the phone from that very number, extension and all; else the
enterprise, or its signature, whose digits stand behind the channel's access number; where these say
nothing, the last one that wrote to the phone.
What a carrier tells of a phone's own account is kept for people to see, and blocks nothing: it is
nobody's wish, and a number that was cancelled is somebody else's soon.
`results` calls `store` in its transaction; the carrier gets its acknowledgement after the commit.
One that does not reach it makes it deliver the reply again: `inbound_seen` knows that one.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

import structlog

from yunxin.engine.accounts.base import PhoneNews
from yunxin.engine.channel import Channel
from yunxin.engine.directory import Directory, Enterprise, Snapshot
from yunxin.engine.ids import IdMaker
from yunxin.engine.receipts import plain
from yunxin.engine.store import Row, Store, Transaction
from yunxin.protocols.concat import Part
from yunxin.protocols.events import Alphabet, InboundArrived
from yunxin.text import alphabets
from yunxin.text.phones import PhoneInvalid, mask, normalise
from yunxin.vocabulary import message_id_floor

log = structlog.get_logger()

SEEN_FOR_H = 72  # carriers deliver again for two days at most
ANSWERS_WITHIN = timedelta(days=7)  # what a reply most likely answers is not older
NEWS_KEPT_DAYS = 90  # a guess: about as long carriers let a cancelled number rest
MISSING = "…"  # stands for a part that never came
_COUNTRY = re.compile(r"\A(?:\+|00)?86(?=[19])")
_UNSUBSCRIBE = re.compile(r"(?:R|T|N|TD\d*|退订)[.。!！]?")


class Reply(NamedTuple):
    """A message from a phone, or a part of one, as it arrived."""

    id: int
    channel_id: int
    own_number: str  # the channel's access number
    phone: str
    access_number: str  # what was replied to
    data: bytes
    alphabet: Alphabet
    part: Part | None
    delivery: str = ""  # the same when the carrier delivers it again; empty: nothing tells


class ToldPhone(NamedTuple):
    """What a channel's carrier told of a phone; an empty condition: it is in order again."""

    phone: str
    condition: str
    channel_id: int


class Answered(NamedTuple):
    """What a reply most likely answers; 0 and None where nothing is known."""

    enterprise_id: int = 0
    message_id: int | None = None
    campaign_id: int | None = None


def unsubscribes(text: str) -> bool:
    """Whether a reply says no more and no less than that its sender wants no more messages.

    R, T, N, TD with or without digits, 退订: in any case and width, spaces around them or not.
    """
    said = unicodedata.normalize("NFKC", text).strip().upper()
    return bool(_UNSUBSCRIBE.fullmatch(said))


def decode(data: bytes, alphabet: Alphabet) -> str:
    """The text of a reply; what cannot be read becomes U+FFFD."""
    match alphabet:
        case Alphabet.UCS2 if data[:2] == b"\xff\xfe":  # a mark: the other end first
            text = data[2:].decode("utf-16-le", "replace")
        case Alphabet.UCS2:
            text = alphabets.decode_ucs2(data.removeprefix(b"\xfe\xff"))
        case Alphabet.GSM7:
            text = alphabets.decode_gsm7(data)
        case Alphabet.GBK:
            text = data.decode("gb18030", "replace")
        case Alphabet.ASCII:
            text = data.decode("ascii", "replace")
        case _:
            text = data.decode("latin-1")
    return text.replace("\0", "")


def owner_by_number(access_number: str, own_number: str, snapshot: Snapshot) -> int | None:
    """The enterprise whose digits stand behind the channel's number, or whose whole number it is.

    Its own digits, and those of one of its signatures behind them. The longest match wins; where
    two enterprises match equally long, nobody does.
    """
    found: dict[int, int] = {}
    for enterprise in snapshot.enterprises.values():
        if access_number.startswith(enterprise.access_number):
            found[enterprise.id] = len(enterprise.access_number)
        _note(found, enterprise, enterprise.extension_code, access_number, own_number)
    for signature in snapshot.signatures.values():
        owner = snapshot.enterprises.get(signature.enterprise_id)
        if owner is not None and signature.extension_code:
            digits = owner.extension_code + signature.extension_code
            _note(found, owner, digits, access_number, own_number)
    longest = max(found.values(), default=0)
    if not longest:
        return None
    best = [enterprise_id for enterprise_id, length in found.items() if length == longest]
    return best[0] if len(best) == 1 else None


def _note(
    found: dict[int, int], owner: Enterprise, digits: str, access_number: str, own_number: str
) -> None:
    """Note how long the owner's number is, if the one replied to begins with it.

    The digits stand behind the channel's number, or behind the enterprise's own, which may be one
    that it shares with others.
    """
    if not digits:
        return
    for start in (own_number, owner.access_number):
        if start and access_number.startswith(start + digits):
            found[owner.id] = max(len(start + digits), found.get(owner.id, 0))


def extension_of(access_number: str, own_number: str) -> str:
    """What stands behind the channel's number; nothing where it is not the channel's at all."""
    return access_number.removeprefix(own_number) if own_number else ""


class Inbound:
    """Stores replies; one for each engine."""

    def __init__(self, directory: Directory, node: int) -> None:
        self._directory = directory
        self._ids = IdMaker(node)

    def reply(self, channel: Channel, event: InboundArrived) -> Reply:
        """What a link heard, with an id of its own."""
        return Reply(
            id=self._ids.next(),
            channel_id=channel.id,
            own_number=channel.access_number,
            phone=_phone(event.source),
            access_number=_called(event.destination, channel.access_number),
            data=event.data,
            alphabet=event.alphabet,
            part=event.part if event.part and event.part.total > 1 else None,
            delivery=_delivery(event),
        )

    def told(self, channel: Channel, news: PhoneNews) -> ToldPhone:
        """What a link heard of a phone's account, in the words of the database."""
        return ToldPhone(_phone(news.phone), str(news.condition or ""), channel.id)

    async def store_news(self, tx: Transaction, news: Sequence[ToldPhone]) -> None:
        """Keep the last word on each phone."""
        phones, conditions, channel_ids = map(list, zip(*news, strict=True))
        params = {"phones": phones, "conditions": conditions, "channel_ids": channel_ids}
        await tx.execute("store_phone_news", params)

    async def store(self, tx: Transaction, replies: Sequence[Reply]) -> None:
        """Store replies that are whole, keep parts of those that are not."""
        replies = await _unseen(tx, replies)
        await _lock_parts(tx, replies)
        campaign_ids = []
        for reply in replies:
            if reply.part is None:
                text = decode(reply.data, reply.alphabet)
                campaign_ids.append(await self._store_whole(tx, reply, text))
            else:
                campaign_ids.append(await self._store_part(tx, reply, reply.part))
        await _count(tx, campaign_ids)

    async def sweep(self, store: Store) -> None:
        """Store long replies that miss a part, a mark in its place; drop what is old.

        Old are deliveries that no carrier repeats any more, and news of phones.
        """
        await store.execute("forget_deliveries", {"kept": f"{SEEN_FOR_H} hours"})
        await store.execute("drop_phone_news", {"kept": f"{NEWS_KEPT_DAYS} days"})
        for *row, own_number in await store.fetch("stale_inbound_parts"):
            key = dict(zip(_KEY, row, strict=True))
            async with store.transaction() as tx:
                parts = await tx.fetch("inbound_parts", key)
                await tx.execute("drop_inbound_parts", key)
                if parts:
                    reply = self._from_parts(key, own_number)
                    text = _joined(parts, key["total"])
                    await _count(tx, [await self._store_whole(tx, reply, text)])

    async def _store_part(self, tx: Transaction, reply: Reply, part: Part) -> int | None:
        """The campaign that the reply answers, if this was its last part and it answers one."""
        key = {
            "channel_id": reply.channel_id,
            "phone": reply.phone,
            "access_number": reply.access_number,
            "reference": part.reference,
            "total": part.total,
        }
        kept = {"number": part.number, "alphabet": str(reply.alphabet), "data": reply.data}
        await tx.execute("keep_inbound_part", {**key, **kept})
        parts = await tx.fetch("inbound_parts", key)
        if len(parts) < part.total:
            return None
        await tx.execute("drop_inbound_parts", key)
        return await self._store_whole(tx, reply, _joined(parts, part.total))

    async def _store_whole(self, tx: Transaction, reply: Reply, text: str) -> int | None:
        """The campaign that the reply answers, if it answers one and is new."""
        answered = await self._answered(tx, reply)
        leaves = unsubscribes(text) and bool(answered.enterprise_id)
        stored = await tx.fetch_one(
            "store_reply",
            {
                "id": reply.id,
                "enterprise_id": answered.enterprise_id,
                "phone": reply.phone,
                "access_number": reply.access_number,
                "text": text,
                "channel_id": reply.channel_id,
                "message_id": answered.message_id,
                "campaign_id": answered.campaign_id,
                "unsubscribed": leaves,
            },
        )
        if leaves:
            blocked = {"enterprise_id": answered.enterprise_id, "phone": reply.phone}
            await tx.execute("block_unsubscribed", blocked)
        if not answered.enterprise_id:
            log.info("inbound.no_owner", reply=reply.id, phone=mask(reply.phone))
        return stored[0] if stored else None

    async def _answered(self, tx: Transaction, reply: Reply) -> Answered:
        """What the reply answers: who wrote from that number, whose it is, who wrote last."""
        snapshot = self._directory.snapshot
        extension = extension_of(reply.access_number, reply.own_number)
        asked: dict[str, Any] = {
            "phone": reply.phone,
            "floor": message_id_floor(datetime.now(UTC) - ANSWERS_WITHIN),
            "extension": extension,
            # Only they can have written from it.
            "enterprise_ids": [
                enterprise.id
                for enterprise in snapshot.enterprises.values()
                if extension.startswith(enterprise.extension_code)
            ],
        }
        row = await tx.fetch_one("last_message_to", asked) if extension else None
        if row is not None:
            return Answered(*row)
        owner = owner_by_number(reply.access_number, reply.own_number, snapshot)
        asked |= {
            "enterprise_ids": [owner] if owner else list(snapshot.enterprises),
            "extension": None,
        }
        row = await tx.fetch_one("last_message_to", asked)
        return Answered(*row) if row else Answered(owner or 0)

    def _from_parts(self, key: Mapping[str, Any], own_number: str) -> Reply:
        return Reply(
            id=self._ids.next(),
            channel_id=key["channel_id"],
            own_number=own_number,
            phone=key["phone"],
            access_number=key["access_number"],
            data=b"",
            alphabet=Alphabet.UCS2,
            part=None,
        )


_KEY = ("channel_id", "phone", "access_number", "reference", "total")


def _delivery(event: InboundArrived) -> str:
    """What two deliveries of one reply have in common, and no two replies have.

    The carrier's id alone is not enough: the parts of a long reply may share one, and there are
    gateways that count badly.
    """
    if not event.message_id:
        return ""
    number = event.part.number if event.part else 0
    told = f"{event.message_id} {number} {event.source} {event.destination} ".encode()
    return blake2b(told + event.data, digest_size=16).hexdigest()


async def _unseen(tx: Transaction, replies: Sequence[Reply]) -> Sequence[Reply]:
    """Those of the replies that were not stored before; they count as stored from now on."""
    known = {(reply.channel_id, reply.delivery) for reply in replies if reply.delivery}
    if not known:
        return replies
    channel_ids, deliveries = zip(*sorted(known), strict=True)
    params = {"channel_ids": list(channel_ids), "deliveries": list(deliveries)}
    fresh = {(row[0], row[1]) for row in await tx.fetch("note_deliveries", params)}
    unseen = []
    for reply in replies:
        key = (reply.channel_id, reply.delivery)
        if not reply.delivery or key in fresh:
            fresh.discard(key)  # a second one of the same batch is not new
            unseen.append(reply)
    return unseen


async def _count(tx: Transaction, campaign_ids: Iterable[int | None]) -> None:
    """Count replies for the campaigns that they answer, all at once at the end.

    Settling and other engines touch the same campaigns: in one order nobody waits in a circle.
    """
    answered = [campaign_id for campaign_id in campaign_ids if campaign_id is not None]
    if answered:
        await tx.execute("count_replies", {"campaign_ids": answered})


async def _lock_parts(tx: Transaction, replies: Sequence[Reply]) -> None:
    """One engine at a time joins the parts of a long reply, or each would miss the other's part.

    All locks at once and in order, so that no two engines wait for each other.
    """
    texts = [
        f"{reply.channel_id} {reply.phone} {reply.access_number} {reply.part.reference}"
        for reply in replies
        if reply.part is not None
    ]
    if texts:
        await tx.fetch("lock_inbound_parts", {"texts": texts})


def _phone(source: str) -> str:
    """The 11 digits of a reply's sender; what is no mainland mobile stays as it came."""
    try:
        return normalise(source)
    except PhoneInvalid:
        return plain(source)[:20]


def _called(destination: str, own_number: str) -> str:
    """The access number that was replied to, without the country's code that some put before it.

    Access numbers begin with 1 or 9; one that the operator entered with the code stays as it is.
    """
    number = plain(destination)
    if own_number and number.startswith(own_number):
        return number
    return _COUNTRY.sub("", number)


def _joined(parts: Sequence[Row], total: int) -> str:
    """The text of the parts in order; a character may begin in one part and end in the next."""
    if len(parts) == total and len({alphabet for _, alphabet, _ in parts}) == 1:
        return decode(b"".join(data for *_, data in parts), Alphabet(parts[0][1]))
    texts = {number: decode(data, Alphabet(alphabet)) for number, alphabet, data in parts}
    return "".join(texts.get(number, MISSING) for number in range(1, total + 1))
