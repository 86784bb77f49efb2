"""Receipts and replies to bound systems: at least once, and by one program at a time.

    smpp_deliver, due ──▶ claimed, in our hands for a while ──▶ deliver_sm ──▶ acknowledged: gone
          ▲                                                        │
          └── due again: at once, or in 5, 30, 60 s … ◀────────────┘ refused, unanswered, cut off

Whoever claims a row holds it until its lease runs out; when a program died, `upkeep` of another
sets free what it held. No more is claimed than the windows of the sessions have room for.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from random import randrange
from typing import Any, Final

import structlog

from yunxin.engine.store import Listener, Row, Store, run_forever
from yunxin.protocols.smpp.status import Code
from yunxin.smpp import letters
from yunxin.smpp.conversation import Conversation
from yunxin.smpp.statuses import word_of
from yunxin.vocabulary import MessageState, SmppDeliverKind, message_id_time

log = structlog.get_logger()

EVERY_S = 1.0
LEASE_S = 75.0  # a deliver_sm waits 30 s for its answer; a reply's later parts as long again
BATCH_MAX = 500  # rows claimed at a time
LINGER_S = 0.005  # acknowledgements that arrive within it are stored together
RETRIES_S = (5, 30, 60, 300, 900, 3600)  # after a refusal or silence; then hourly
# §5.1.3: the system will never take it; asking again would only bring the same answer.
FINAL: Final = frozenset({Code.RX_P_APPN, Code.RX_R_APPN})
REJECTED, UNDELIVERABLE = "REJECTD", "UNDELIV"


class Letter:
    """One row in our hands: how many parts have no answer yet, and the first bad answer."""

    __slots__ = ("attempt", "enterprise_id", "id", "left", "status")

    def __init__(self, enterprise_id: int, id: int, attempt: int, parts: int) -> None:
        self.enterprise_id = enterprise_id
        self.id = id
        self.attempt = attempt
        self.left = parts
        self.status = 0


class Deliveries:
    """Delivers for one program; several may run beside one another."""

    def __init__(self, store: Store, instance_id: int, listener: Listener | None = None) -> None:
        self.wake = asyncio.Event()
        self._store = store
        self._instance_id = instance_id
        self._systems: defaultdict[int, list[Conversation]] = defaultdict(list)
        self._done: list[Letter] = []
        self._again: list[tuple[Letter, float]] = []
        self._reference = randrange(256)
        if listener is not None:
            listener.on("smpp", lambda _: self.wake.set())

    async def run(self) -> None:
        """Deliver until cancelled."""
        await run_forever("deliveries", self._look, pause_s=EVERY_S, wake=self.wake)

    async def stop(self) -> None:
        """Store what was acknowledged, give back the rest."""
        await self._store_outcomes()

    # What sessions tell -------------------------------------------------------------------------

    def add(self, system: Conversation) -> None:
        """A session was bound."""
        assert system.account is not None
        if system.hears:
            self._systems[system.account.id].append(system)
            self.wake.set()

    def remove(self, system: Conversation, unanswered: Iterable[Any]) -> None:
        """A session ended: what it did not acknowledge goes out again, by another if it can."""
        if system.account is not None and system in self._systems.get(system.account.id, ()):
            self._systems[system.account.id].remove(system)
            if not self._systems[system.account.id]:
                del self._systems[system.account.id]
        broken = {id(one): one for one in unanswered if isinstance(one, Letter)}
        broken |= {id(letter): letter for _, letter in system.bodies}
        system.bodies.clear()
        for letter in broken.values():
            self._give_back(letter, 0.0)

    def answered(self, system: Conversation, tag: Any, status: int) -> None:
        """A deliver_sm was answered."""
        if not isinstance(tag, Letter):
            return
        tag.left -= 1
        tag.status = tag.status or status
        if status == 0 or status in FINAL:
            system.delivered += 1
        if tag.left == 0:
            self._judge(tag)
        system.pump()

    def unanswered(self, system: Conversation, tag: Any) -> None:
        """A deliver_sm had no answer in time."""
        if isinstance(tag, Letter):
            tag.left -= 1
            tag.status = tag.status or Code.RX_T_APPN
            if tag.left == 0:
                self._judge(tag)
        system.pump()

    def _judge(self, letter: Letter) -> None:
        if letter.status == 0 or letter.status in FINAL:
            self._done.append(letter)
            self.wake.set()
            return
        retry = min(letter.attempt, len(RETRIES_S)) - 1
        self._give_back(letter, RETRIES_S[max(retry, 0)])

    def _give_back(self, letter: Letter, wait_s: float) -> None:
        self._again.append((letter, wait_s))
        self.wake.set()

    # What is due --------------------------------------------------------------------------------

    async def _look(self) -> None:
        await asyncio.sleep(LINGER_S)
        self.wake.clear()
        await self.once()

    async def once(self) -> int:
        """Store what was acknowledged and deliver what is due; how many letters went out."""
        await self._store_outcomes()
        roomy = {
            account_id: sum(system.room for system in systems)
            for account_id, systems in self._systems.items()
        }
        asked = [
            (system.account.enterprise_id, account_id)
            for account_id, room in roomy.items()
            if room and (system := self._systems[account_id][0]).account is not None
        ]
        if not asked:
            return 0
        enterprise_ids, account_ids = map(list, zip(*asked, strict=True))
        due = await self._store.fetch(
            "smpp_accounts_due", {"enterprise_ids": enterprise_ids, "account_ids": account_ids}
        )
        sent = 0
        for enterprise_id, account_id in due:
            sent += await self._deliver(enterprise_id, account_id, roomy[account_id])
        return sent

    async def _deliver(self, enterprise_id: int, account_id: int, room: int) -> int:
        most = min(room, BATCH_MAX)
        rows = await self._store.fetch(
            "claim_smpp_delivers",
            {
                "enterprise_id": enterprise_id,
                "account_id": account_id,
                "instance_id": self._instance_id,
                "lease": f"{LEASE_S} seconds",
                "most": most,
            },
        )
        for row in rows:
            self._send(enterprise_id, account_id, row)
        for system in self._systems.get(account_id, ()):
            system.pump()
        if len(rows) == most:
            self.wake.set()  # there may be more, once there is room
        return len(rows)

    def _send(self, enterprise_id: int, account_id: int, row: Row) -> None:
        id, attempt, *told = row
        try:
            bodies = self._bodies(told)
        except Exception:  # one that cannot be written must not hold up the others
            log.exception("deliveries.not_written", deliver=id)
            bodies = []
        letter = Letter(enterprise_id, id, attempt, len(bodies))
        systems = [one for one in self._systems.get(account_id, ()) if one.hears]
        if not bodies:  # nothing is left that could be told
            self._done.append(letter)
        elif not systems:  # it went while we asked
            self._give_back(letter, 0.0)
        else:
            system = max(systems, key=lambda one: one.room)
            system.bodies.extend((body, letter) for body in bodies)

    def _bodies(self, told: list[Any]) -> list[bytes]:
        kind, told_id, *rest = told
        match kind:
            case SmppDeliverKind.RECEIPT:
                return _receipt(told_id, *rest[:6])
            case SmppDeliverKind.LOST:
                return _lost(told_id, *rest[6:10])
            case _:
                phone, access_number, text = rest[10:13]
                if phone is None:
                    return []
                self._reference = (self._reference + 1) % 256
                return letters.reply(phone, access_number, text, self._reference)

    # What became of them ------------------------------------------------------------------------

    async def _store_outcomes(self) -> None:
        done, again = self._done[:BATCH_MAX], self._again[:BATCH_MAX]
        if done:
            await self._store.execute("drop_smpp_delivers", _keys(done))
            del self._done[: len(done)]
        if again:
            waits = [int(wait_s * 1000) for _, wait_s in again]
            more = {"waits_ms": waits, "instance_id": self._instance_id}
            params = _keys([letter for letter, _ in again]) | more
            await self._store.execute("return_smpp_delivers", params)
            del self._again[: len(again)]
        if self._done or self._again:
            self.wake.set()


def _keys(some: list[Letter]) -> dict[str, Any]:
    return {
        "enterprise_ids": [one.enterprise_id for one in some],
        "ids": [one.id for one in some],
    }


def _receipt(
    told_id: int,
    back: bytes | None,
    message_id: int | None,
    state: str | None,
    code: str | None,
    done: datetime | None,
    reference: str | None,
) -> list[bytes]:
    if back is None or message_id is None or state is None or done is None:
        return []
    body = letters.receipt(
        bytes(back),
        told_id,
        word=word_of(MessageState(state), code),
        code=code or "",
        submitted=message_id_time(told_id),
        done=done,
        reference=reference,
    )
    return [body]


def _lost(
    told_id: int,
    back: bytes | None,
    outcome: str | None,
    reason: str | None,
    received_at: datetime | None,
) -> list[bytes]:
    if back is None or received_at is None:
        return []
    body = letters.receipt(
        bytes(back),
        told_id,
        word=REJECTED if outcome == "refused" else UNDELIVERABLE,
        code=reason or "",
        submitted=message_id_time(told_id),
        done=received_at,
    )
    return [body]
