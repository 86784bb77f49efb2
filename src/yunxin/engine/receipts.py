"""Receipts (状态报告): find their message, add up the parts of long ones, make it final.

`store` runs within the transaction of `results`, after the answers, so that a receipt that came
together with its message's answer finds it. One that comes earlier still is held in the database
and tried again by `sweep`; one that comes twice changes nothing; one that contradicts the final
word leaves a line in the time line. Where ids are ours (SGIP), a try that nobody answered has its
receipt too: it settles the message, though that was sent again or is about to be.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from yunxin.config import Config
from yunxin.engine.store import Store, Transaction
from yunxin.protocols.receipt import Outcome, Receipt
from yunxin.vocabulary import CarrierName, MessageState

SWEEP_MOST = 1_000
HELD_FRESH_S = 120  # so long after its arrival a receipt's message may still be answered
HELD_GRACE_S = 900
WAIT_MARGIN_S = 3600  # a submission is looked for a little longer than its message waits
NO_ERRORS = frozenset({"", "0", "00", "000", "0000"})


class Told(NamedTuple):
    """A final receipt, in the words of the database."""

    channel_id: int
    carrier_id: str
    state: MessageState
    code: str
    done_at: str  # ISO, or empty


_STATES = {
    Outcome.DELIVERED: MessageState.DELIVERED,
    Outcome.FAILED: MessageState.FAILED,
    Outcome.EXPIRED: MessageState.EXPIRED,
    Outcome.UNKNOWN: MessageState.UNKNOWN,
}


def told(channel_id: int, carrier_id: str, receipt: Receipt) -> Told:
    """What a final receipt (not a pending one) says.

    The code is the carrier's stat, with its error number behind it where that says anything.
    """
    state = _STATES[receipt.outcome]
    code = receipt.stat
    if state is not MessageState.DELIVERED and receipt.error not in NO_ERRORS:
        code = f"{code}:{receipt.error}"
    return Told(channel_id, plain(carrier_id), state, plain(code), written(receipt.done))


WORD_SIZE_MAX = 255  # the longest that a specification allows, an id of SMPP, has 64


def plain(text: str) -> str:
    """Without what the database cannot hold (NUL, or what no index takes: kilobytes of it), and
    without what separates parts (line feed)."""
    if len(text) > WORD_SIZE_MAX:
        text = text[:WORD_SIZE_MAX]
    return text.replace("\0", "").replace("\n", " ") if "\0" in text or "\n" in text else text


_DATE_FORMATS = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S"}


@lru_cache(maxsize=4_096)
def written(done: str) -> str:
    """A carrier's `YYMMDDhhmm[ss]`, taken as Shanghai's time, in ISO; empty if it is no date."""
    try:
        moment = datetime.strptime(done, _DATE_FORMATS[len(done)])
    except (KeyError, ValueError):  # a date that cannot be is no reason to lose a receipt
        return ""
    return f"{moment.isoformat(sep=' ')}+08"


class Receipts:
    """Stores receipts within a transaction, and looks after those that came too early."""

    def __init__(
        self,
        config: Config,
        ported_to: Callable[[str, int], CarrierName | None] | None = None,
    ) -> None:
        """Args: ported_to: whose a number is now, where the code of a channel's report says so."""
        self._ported_to = ported_to
        self._wait = f"{config.receipt_wait_s + WAIT_MARGIN_S} seconds"
        self._refunded = refunded_states(config)

    async def store(self, tx: Transaction, batch: Sequence[Told]) -> None:
        """Make messages final by these receipts, in the order in which they came."""
        columns = list(zip(*batch, strict=True))
        params: dict[str, Any] = {
            "channel_ids": list(columns[0]),
            "carrier_ids": list(columns[1]),
            "states": list(map(str, columns[2])),
            "codes": list(columns[3]),
            "done_ats": list(columns[4]),
            "wait": self._wait,
            "refunded_states": self._refunded,
        }
        row = await tx.fetch_one("store_receipts", params)
        assert row is not None
        single, final, _, at, enterprise_ids, message_ids, with_tries, _ = row
        if final < single:
            await tx.execute("note_late_receipts", params)
        if at:
            finish = ("finish_parts", "finish_tries") if with_tries else ("finish_parts",)
            told = [batch[n - 1] for n in at]
            await self._finish_parts(tx, told, enterprise_ids, message_ids, finish)
        await self._note_ported(tx, batch)

    async def _note_ported(self, tx: Transaction, batch: Sequence[Told]) -> None:
        """Leave word of phones that were ported, where their reports say so; mostly none do."""
        ported_to = self._ported_to
        if ported_to is None:
            return
        news = [
            (each.channel_id, each.carrier_id, str(carrier), each.code)
            for each in batch
            if each.state != MessageState.DELIVERED
            and (carrier := ported_to(each.code, each.channel_id))
        ]
        if news:
            channel_ids, carrier_ids, carriers, codes = map(list, zip(*news, strict=True))
            params = {
                "channel_ids": channel_ids,
                "carrier_ids": carrier_ids,
                "carriers": carriers,
                "codes": codes,
                "wait": self._wait,
            }
            await tx.execute("note_ported", params)

    async def _finish_parts(
        self,
        tx: Transaction,
        batch: Sequence[Told],
        enterprise_ids: list[int],
        message_ids: list[int],
        finish: Sequence[str],
    ) -> None:
        messages = {"enterprise_ids": enterprise_ids, "message_ids": message_ids}
        await tx.execute("lock_messages", messages)
        columns = list(zip(*batch, strict=True))
        await tx.execute(
            "store_part_receipts",
            {
                "channel_ids": list(columns[0]),
                "carrier_ids": list(columns[1]),
                "states": list(map(str, columns[2])),
                "codes": list(columns[3]),
                "done_ats": list(columns[4]),
                "wait": self._wait,
            },
        )
        rules = {"wait": self._wait, "refunded_states": self._refunded}
        for name in finish:
            await tx.execute(name, {**messages, **rules})

    async def sweep(self, store: Store) -> int:
        """Store the held receipts whose message is known by now; gives how many it were."""
        async with store.transaction() as tx:
            fresh = {"fresh": f"{HELD_FRESH_S} seconds", "wait": self._wait, "most": SWEEP_MOST}
            rows = await tx.fetch("take_held_receipts", fresh)
            if rows:
                await self.store(tx, [Told(*row) for row in rows])
        return len(rows)

    async def give_up(self, store: Store) -> None:
        """Mark what nobody sent, and drop what is too old to be asked about."""
        await store.execute("give_up_held_receipts", {"grace": f"{HELD_GRACE_S} seconds"})
        await store.execute("drop_held_receipts", {"wait": self._wait})


def refunded_states(config: Config) -> list[str]:
    """The final states in which a message's price is given back."""
    states = [MessageState.CANCELLED]
    if config.refund_failed:
        states += [MessageState.FAILED, MessageState.EXPIRED]
    if config.refund_unknown:
        states.append(MessageState.UNKNOWN)
    return list(map(str, states))
