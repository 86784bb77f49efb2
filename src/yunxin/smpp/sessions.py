"""The rows that show who is bound: made at the bind, kept alive, taken away at the end.

They also count the sessions of an account over all programs: a bind that would be one too many is
refused in the same transaction, which goes one by one for each account.
"""

import asyncio
from collections.abc import Callable

from yunxin.engine.instance import ENGINE_LOCK
from yunxin.engine.store import Store, run_forever
from yunxin.smpp.accounts import Account
from yunxin.smpp.conversation import Conversation
from yunxin.vocabulary import SmppBindRefusal

BEAT_S = 2.0


class Sessions:
    """The rows of one program."""

    def __init__(self, store: Store, instance_id: int) -> None:
        self._store = store
        self._instance_id = instance_id
        self._open: dict[int, Conversation] = {}
        self._ended: list[Conversation] = []
        self.close_wished: Callable[[Conversation], None] = lambda _: None

    async def run(self) -> None:
        """Keep the rows alive until cancelled."""
        await run_forever("smpp_sessions", self.beat, pause_s=BEAT_S)

    async def open(self, system: Conversation, account: Account) -> SmppBindRefusal | None:
        """Make a session's row, or say that there are as many as allowed.

        Raises:
            StoreUnavailable: the database is away.
        """
        who = {
            "account_id": account.id,
            "enterprise_id": account.enterprise_id,
            "address": system.address,
        }
        async with self._store.transaction() as tx:
            await tx.fetch("lock_smpp_sessions", {"account_id": account.id})
            count = {
                "account_id": account.id, "instance_id": self._instance_id, "lock": ENGINE_LOCK,
            }  # fmt: skip
            row = await tx.fetch_one("count_smpp_sessions", count)
            refusal = None
            if row is not None and row[0] >= account.sessions_max:
                refusal = SmppBindRefusal.SESSIONS
            else:
                mode = system.stream.session.mode.value
                mine = {"instance_id": self._instance_id, "mode": mode}
                made = await tx.fetch_one("open_smpp_session", who | mine)
                assert made is not None
                system.row_id = made[0]
            await tx.execute("note_smpp_bind", who | {"refusal": refusal or ""})
        if refusal is None:
            self._open[system.row_id] = system
        return refusal

    async def note_refusal(
        self, system: Conversation, account: Account, refusal: SmppBindRefusal
    ) -> None:
        """Note why somebody could not bind, for people who wonder.

        Raises:
            StoreUnavailable: the database is away.
        """
        await self._store.execute(
            "note_smpp_bind",
            {
                "account_id": account.id,
                "enterprise_id": account.enterprise_id,
                "address": system.address,
                "refusal": refusal.value,
            },
        )

    def close(self, system: Conversation) -> None:
        """A session ended; its row goes with the next beat."""
        if self._open.pop(system.row_id, None) is not None:
            self._ended.append(system)

    async def beat(self) -> None:
        """Say that the sessions live, and which do no more; hear which shall not."""
        ended = list(self._ended)
        if ended:
            await self._store.execute("close_smpp_sessions", {"ids": [s.row_id for s in ended]})
            del self._ended[: len(ended)]
        live = list(self._open.values())
        if not live:
            return
        now = asyncio.get_running_loop().time()
        rows = await self._store.fetch(
            "beat_smpp_sessions",
            {
                "ids": [one.row_id for one in live],
                "submitted": [one.submitted for one in live],
                "refused": [one.refused for one in live],
                "throttled": [one.throttled for one in live],
                "delivered": [one.delivered for one in live],
                "unanswered": [one.stream.session.in_flight for one in live],
                "idle_ms": [
                    -1 if one.last_at is None else int((now - one.last_at) * 1000) for one in live
                ],
            },
        )
        wished = {row_id for row_id, wish in rows if wish}
        for one in live:
            if one.row_id in wished:
                self.close_wished(one)
