"""Due campaigns become messages, a batch of recipients at a time, by a cursor.

One transaction reads the next recipients, accepts them (`accept_in`), notes the refused and moves
the cursor past them: whatever dies at whatever moment, nobody is lost and nobody is taken twice.
Each batch holds the campaign's row as people left it, so after a pause is committed not one more
is accepted, and one engine at a time holds the progress row.

    recipients ──▶ accepted ──▶ all done: fed, or failed if every one was refused
                      ├──▶ nobody can pay, or marketing rests: hold; the cursor stays before him
                      └──▶ signature, template or enterprise gone: failed
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from yunxin.config import Config
from yunxin.engine.accept import Accepted, Acceptor, AcceptRequest, Answer, Refused
from yunxin.engine.cancel import BATCH as CANCEL_BATCH
from yunxin.engine.cancel import TERMINATED, cancel_messages
from yunxin.engine.receipts import refunded_states
from yunxin.engine.store import Listener, Row, Store, StoreUnavailable, Transaction, run_forever
from yunxin.vocabulary import (
    CampaignFailure,
    CampaignHold,
    CampaignState,
    CampaignWish,
    Refusal,
    Source,
)

log = structlog.get_logger()

BATCH = 500  # recipients in one transaction: their package is locked for about 15 ms
BATCHES_A_TURN = 8  # then the next campaign has its turn
TICK_S = 0.25  # how long a free place in the queue or a due hour may go unnoticed
LOOK_EVERY_S = 2.0  # for campaigns to begin with, besides each hint
HELD_RETRY_S = 2.0  # a held campaign asks again this often, and at once when packages change

HOLDS = {
    Refusal.NO_BALANCE: CampaignHold.NO_BALANCE,
    Refusal.QUIET_HOURS: CampaignHold.QUIET_HOURS,
}
FAILURES = {
    Refusal.SIGNATURE_NOT_APPROVED: CampaignFailure.SIGNATURE,
    Refusal.TEMPLATE_NOT_APPROVED: CampaignFailure.TEMPLATE,
    Refusal.ENTERPRISE_SUSPENDED: CampaignFailure.ENTERPRISE,
}


class Due(NamedTuple):
    """A campaign that something has to be done about."""

    id: int
    enterprise_id: int
    wish: CampaignWish
    begun: bool
    hold: str


class Verdict(NamedTuple):
    """What the answers of a batch mean for its campaign."""

    done: int  # so many recipients from the first are dealt with
    hold: CampaignHold
    failure: CampaignFailure


def judge(answers: Sequence[Answer]) -> Verdict:
    """How far a batch got, and why no further.

    A recipient's own refusal (blocked, capped, a bad parameter) does not stop the campaign; what
    would refuse all that follow does.
    """
    for at, answer in enumerate(answers):
        if isinstance(answer, Refused):
            hold = HOLDS.get(answer.reason, CampaignHold.NONE)
            failure = FAILURES.get(answer.reason, CampaignFailure.NONE)
            if hold or failure:
                if any(isinstance(later, Accepted) for later in answers[at:]):
                    raise RuntimeError("a recipient was accepted past one that must wait")
                return Verdict(at, hold, failure)
    return Verdict(len(answers), CampaignHold.NONE, CampaignFailure.NONE)


@dataclass(slots=True)
class _Turn:
    """What a campaign may do before the next one comes."""

    room: int  # places left in the queue
    batches: int = BATCHES_A_TURN


class Feed:
    """Turns due campaigns into messages; several engines may do it beside one another."""

    def __init__(
        self,
        store: Store,
        acceptor: Acceptor,
        config: Config,
        listener: Listener | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Args: listener: whose hints to follow; without one it only polls."""
        self._store = store
        self._acceptor = acceptor
        self._ahead = max(1, config.feed_ahead)
        self._refunded = refunded_states(config)
        self._now = now
        self._busy = False
        self._wake = asyncio.Event()
        self._retry_at: dict[int, float] = {}  # held campaigns, by the monotonic clock
        self._hears = listener is not None
        self._look_at = 0.0  # when to look for new campaigns, by the monotonic clock
        if listener is not None:
            listener.on("campaigns", self._hear)
            listener.on("directory", self._hear)

    async def run(self) -> None:
        """Feed until cancelled."""
        await run_forever("feed", self.once, pause_s=self._pause_s, wake=self._wake)

    async def once(self) -> bool:
        """Give every due campaign one turn; whether any of them got further."""
        self._busy = False
        for row in await self._due():
            due = Due(row[0], row[1], CampaignWish(row[2]), row[3], row[4])
            if self._may_try(due):
                try:
                    self._busy |= await self._advance(due)
                except StoreUnavailable:
                    raise
                except Exception:
                    log.exception("feed.failed", campaign=due.id)  # the others go on
        return self._busy

    async def _due(self) -> list[Row]:
        """The campaigns on their way and, on a hint or after a while, those to begin with."""
        now = {"now": self._now()}
        rows = await self._store.fetch("live_campaigns", now)
        if not self._hears or time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY_S
            rows += await self._store.fetch("new_campaigns", now)
        return rows

    def _pause_s(self) -> float:
        return 0 if self._busy else TICK_S

    def _hear(self, _: str) -> None:
        self._retry_at.clear()
        self._look_at = 0.0
        self._wake.set()

    def _may_try(self, due: Due) -> bool:
        if due.hold == CampaignHold.NONE or due.wish == CampaignWish.TERMINATE:
            self._retry_at.pop(due.id, None)
            return True
        now = time.monotonic()
        if self._retry_at.get(due.id, 0) > now:
            return False
        self._retry_at[due.id] = now + HELD_RETRY_S
        return True

    async def _advance(self, due: Due) -> bool:
        if due.wish == CampaignWish.TERMINATE:
            return await self._terminate(due)
        turn = await self._turn(due)
        got_further = False
        while turn.batches and turn.room >= min(BATCH, self._ahead):
            turn.batches -= 1
            async with self._store.transaction() as tx:
                fed = await self._feed_batch(tx, due, turn)
            if not fed:
                break
            turn.room -= fed
            got_further = True
        return got_further

    async def _turn(self, due: Due) -> _Turn:
        row = await self._store.fetch_one(
            "count_queued",
            {"enterprise_id": due.enterprise_id, "campaign_id": due.id, "limit": self._ahead},
        )
        return _Turn(self._ahead - (row[0] if row else 0))

    async def _feed_batch(self, tx: Transaction, due: Due, turn: _Turn) -> int:
        """Take the next recipients; how many were dealt with, 0 when there is no going on."""
        keys = {"campaign_id": due.id, "enterprise_id": due.enterprise_id}
        campaign = await tx.fetch_one("lock_campaign", keys | {"wish": CampaignWish.RUN.value})
        if campaign is None:
            return 0  # paused, ended or deleted since
        if not due.begun:
            await tx.execute("begin_progress", keys)
        progress = await tx.fetch_one("lock_progress", keys)
        if progress is None or progress[0] != CampaignState.FEEDING:
            return 0  # another engine has it, or it is through
        _, cursor, hold = progress
        limit = 1 if hold else min(BATCH, turn.room)  # a held one asks with its next recipient
        recipients = await tx.fetch("next_recipients", keys | {"cursor": cursor, "limit": limit})
        if not recipients:
            await tx.execute("end_feeding", keys)
            return 0
        answers, verdict = await self._accept(tx, _requests(due, campaign, recipients))
        await _write_outcome(tx, keys, cursor, recipients, answers, verdict, hold)
        return verdict.done

    async def _accept(
        self, tx: Transaction, requests: Sequence[AcceptRequest]
    ) -> tuple[list[Answer], Verdict]:
        answers = await self._acceptor.accept_in(tx, requests, in_order=True)
        verdict = judge(answers)
        if verdict.failure and not verdict.done:
            # For good only by what is so now: a template may have been approved this instant.
            await self._acceptor.directory.refresh()
            answers = await self._acceptor.accept_in(tx, requests, in_order=True)
            verdict = judge(answers)
        return answers, verdict

    async def _terminate(self, due: Due) -> bool:
        """Cancel a batch of what waits; at the end, when nothing is queued, say so."""
        keys = {"campaign_id": due.id, "enterprise_id": due.enterprise_id}
        async with self._store.transaction() as tx:
            wish = {"wish": CampaignWish.TERMINATE.value}
            if await tx.fetch_one("lock_campaign", keys | wish) is None:
                return False
            if not due.begun:
                await tx.execute("begin_progress", keys)
            if await tx.fetch_one("lock_progress", keys) is None:
                return False
            rows = await tx.fetch("find_waiting_of_campaign", keys | {"limit": CANCEL_BATCH})
            if rows:
                ids = sorted(id for (id,) in rows)
                await cancel_messages(tx, due.enterprise_id, ids, TERMINATED, self._refunded)
                return True
            await tx.execute("end_terminated", keys)
            return False


def _requests(due: Due, campaign: Row, recipients: Sequence[Row]) -> list[AcceptRequest]:
    template_id, extension = campaign
    return [
        AcceptRequest(
            due.enterprise_id, template_id, phone, tuple(params), Source.PORTAL, due.id, extension
        )
        for _, phone, params in recipients
    ]


async def _write_outcome(
    tx: Transaction,
    keys: dict[str, int],
    cursor: int,
    recipients: Sequence[Row],
    answers: Sequence[Answer],
    verdict: Verdict,
    hold_before: str,
) -> None:
    """Note the refused, move the cursor past what is done, and say why it stands if it does."""
    refused = [
        (position, phone, answer)
        for (position, phone, _), answer in zip(
            recipients[: verdict.done], answers[: verdict.done], strict=True
        )
        if isinstance(answer, Refused)
    ]
    if refused:
        await tx.execute(
            "write_refusals",
            keys
            | {
                "positions": [position for position, _, _ in refused],
                "phones": [phone for _, phone, _ in refused],
                "reasons": [answer.reason.value for _, _, answer in refused],
                "details": [answer.detail for _, _, answer in refused],
            },
        )
    if verdict.done or verdict.hold != hold_before:
        if verdict.done:
            cursor = recipients[verdict.done - 1][0]
        await tx.execute(
            "move_cursor",
            keys | {"cursor": cursor, "hold": verdict.hold.value, "refused": len(refused)},
        )
    if verdict.failure:
        await tx.execute("fail_campaign", keys | {"failure": verdict.failure.value})
