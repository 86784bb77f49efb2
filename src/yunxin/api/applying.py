"""`POST /api/v1/signatures` and `/templates`: applications, which the pages' half carries out.

The API leaves an errand and a job for it, in one transaction, and waits a while for the answer;
whoever is not answered in time asks again at `/applications/{id}`.
"""

import asyncio

import msgspec

from yunxin.api import reading
from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused, language_of
from yunxin.api.requests import Answer, Request
from yunxin.api.sending import decode, idempotency
from yunxin.dialects import v1
from yunxin.engine.store import Row
from yunxin.vocabulary import ErrandKind

WAIT_S = 10.0
LOOK_EVERY_S = 0.1
APPLICATIONS = f"{v1.PREFIX}/applications/"


async def apply_for_signature(request: Request, key: Key, parts: Parts) -> Answer:
    """Apply for a signature."""
    body = decode(request, v1.signature_body)
    return await _apply(ErrandKind.SIGNATURE, body, request, key, parts)


async def apply_for_template(request: Request, key: Key, parts: Parts) -> Answer:
    """Apply for a template."""
    body = decode(request, v1.template_body)
    return await _apply(ErrandKind.TEMPLATE, body, request, key, parts)


async def get_application(request: Request, key: Key, parts: Parts) -> Answer:
    """What became of an application."""
    id = reading.read_id(request.path.rpartition("/")[2])
    row = await _read(id, key, parts)
    if row is None:
        raise Refused("not_found")
    kind, is_done, object_id, problems = row
    told = v1.Application(id=str(id), state=v1.ApplicationState.WAITING)
    if is_done and problems is not None:
        told.state = v1.ApplicationState.REFUSED
        told.detail = " ".join(sentence for _, sentence in problems)
    elif is_done:
        told.state = v1.ApplicationState.DONE
        setattr(told, kind, str(object_id))
    return Answer(200, msgspec.json.encode(told))


async def _apply(
    kind: ErrandKind, body: msgspec.Struct, request: Request, key: Key, parts: Parts
) -> Answer:
    id = await _leave(kind, body, request, key, parts)
    row = None
    for _ in range(round(WAIT_S / LOOK_EVERY_S)):
        row = await _read(id, key, parts)
        if row is not None and row[1]:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    else:
        waiting = v1.Application(id=str(id), state=v1.ApplicationState.WAITING)
        where = ((b"location", f"{APPLICATIONS}{id}".encode()),)
        return Answer(202, msgspec.json.encode(waiting), headers=where)
    _, _, object_id, problems = row
    if problems is not None:
        detail = " ".join(sentence for _, sentence in problems)
        raise Refused("application_refused", detail, problems[0][0])
    if kind == ErrandKind.SIGNATURE:
        told: msgspec.Struct | None = await reading.read_signature(object_id, key, parts)
    else:
        told = await reading.read_template(object_id, key, parts)
    if told is None:  # deleted in the meantime
        raise Refused("not_found")
    return Answer(201, msgspec.json.encode(told))


async def _leave(
    kind: ErrandKind, body: msgspec.Struct, request: Request, key: Key, parts: Parts
) -> int:
    """Leave the errand; its id, or that of the one which came with the key before."""
    once_key, digest = idempotency(request) or ("", b"")
    errand = {
        "enterprise_id": key.enterprise_id, "credential_id": key.credential_id,
        "kind": kind.value, "body": msgspec.json.encode(body).decode(),
        "language": "zh-hans" if language_of(request) == "zh" else "en",
        "key": once_key, "digest": digest.hex(),
    }  # fmt: skip
    async with parts.store.transaction() as tx:
        made = await tx.fetch_one("insert_errand", errand)
        if made is not None:
            await tx.fetch("defer_errand", {"id": made[0]})
            return int(made[0])
        found = await tx.fetch_one(
            "find_errand", {"enterprise_id": key.enterprise_id, "key": once_key}
        )
    if found is None or found[1] != digest.hex():
        raise Refused("idempotency_key_reused", "", "Idempotency-Key")
    return int(found[0])


async def _read(id: int, key: Key, parts: Parts) -> Row | None:
    asked = {"enterprise_id": key.enterprise_id, "id": id}
    return await parts.store.fetch_one("read_errand", asked)
