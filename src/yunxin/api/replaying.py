"""`POST /api/v1/pushes:replay`: receipts or replies of a time, dead letters too, pushed once more.

The API leaves a wish, as the page of the push log does; the engine makes batches of it. The answer
waits a moment for their count.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec

from yunxin.api.auth import permit
from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused
from yunxin.api.requests import Answer, Request
from yunxin.api.sending import KEPT_S, decode, idempotency
from yunxin.dialects import v1
from yunxin.engine.store import Transaction

SCOPE = "replays"  # of idempotency keys
RANGE_MAX = timedelta(days=7)
PAUSE_S = 10  # between two replays of one URL, as each may be a million events
WAIT_S = 3.0
LOOK_EVERY_S = 0.1


async def replay_pushes(request: Request, key: Key, parts: Parts) -> tuple[Answer, bool]:
    """Push a time once more; whether it was an answer of before."""
    body = decode(request, v1.replay_body)
    if body.kind == v1.ReplayKind.REPLIES:
        permit(key, v1.Scope.INBOUND_READ)
    until = body.until or datetime.now(UTC)
    if not timedelta() < until - body.since <= RANGE_MAX:
        raise Refused("invalid_body", "The time is empty or longer than 7 days.", "from")
    asked: dict[str, object] = {
        "enterprise_id": key.enterprise_id, "kind": body.kind.value, "from_at": body.since,
        "to_at": until,
    }  # fmt: skip
    async with parts.store.transaction() as tx:
        wish_id, replayed = await _wish(tx, asked, idempotency(request))
    told = v1.Replay(id=str(wish_id), kind=body.kind, events=await _events(wish_id, key, parts))
    headers = ((b"idempotency-replayed", b"true"),) if replayed else ()
    return Answer(200, msgspec.json.encode(told), headers=headers), replayed


async def _wish(
    tx: Transaction, asked: dict[str, object], once: tuple[str, bytes] | None
) -> tuple[int, bool]:
    """Leave the wish; its id, or that of the one which came with the key before."""
    target = await tx.fetch_one("lock_target_to_replay", asked)  # one request at a time
    if target is None:
        raise Refused("no_push_url")
    own = {"enterprise_ids": [asked["enterprise_id"]], "scopes": [SCOPE]}
    if once is not None:
        asked_before = {**own, "keys": [once[0]], "kept_s": [str(KEPT_S)]}
        known = await tx.fetch_one("recall_answers", asked_before)
        if known is not None:
            if bytes(known[3]) != once[1]:
                raise Refused("idempotency_key_reused", "", "Idempotency-Key")
            return int(bytes(known[4])), True
    aimed = {**asked, "target_id": target[0]}
    last = await tx.fetch_one("read_last_replay", aimed)
    pause_s = last[0] if last is not None else PAUSE_S
    if pause_s < PAUSE_S:
        raise Refused(
            "replays_too_soon", f"1/{PAUSE_S} s", rule=SCOPE, window=f"{PAUSE_S} s",
            retry_after=max(1, round(PAUSE_S - pause_s)),
        )  # fmt: skip
    row = await tx.fetch_one("insert_replay", aimed)
    assert row is not None
    if once is not None:
        made = {"keys": [once[0]], "digests": [once[1].hex()], "answers": [str(row[0])]}
        await tx.execute("remember_answers", {**own, **made})
    return int(row[0]), False


async def _events(wish_id: int, key: Key, parts: Parts) -> int | None:
    """How many events the engine pushes; None if it did not begin in time."""
    asked = {"enterprise_id": key.enterprise_id, "id": wish_id}
    for _ in range(round(WAIT_S / LOOK_EVERY_S)):
        row = await parts.store.fetch_one("read_replay", asked)
        if row is not None:
            return int(row[0])
        await asyncio.sleep(LOOK_EVERY_S)
    return None
