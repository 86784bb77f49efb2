"""What can be asked of v1: each call with its address, its body and the shape of its answer.

`Client` and `AsyncClient` carry these out; nothing here does I/O.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from yunxin.client.answers import (
    Application,
    Balance,
    InboundMessage,
    Message,
    Page,
    Preview,
    Receipt,
    Replay,
    Sent,
    Signature,
    Template,
)
from yunxin.dialects.v1 import PAGE_MAX, PREFIX

T = TypeVar("T")
Filter = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, however often it is tried."""

    method: str
    path: str
    answer: Any  # the type of the answer, for msgspec
    query: str = ""
    body: bytes = b""
    idempotency_key: str = ""
    later: Any = None  # the type of the answer of HTTP 202, where it is another one

    @property
    def may_be_repeated(self) -> bool:
        """Whether a second try cannot have a second effect."""
        return self.method == "GET" or bool(self.idempotency_key)


@dataclass(frozen=True, slots=True)
class Recipient:
    """One phone with parameters of its own; `reference` comes back with receipts and replies."""

    phone: str
    parameters: Sequence[str] = field(default=())
    reference: str = ""


To = str | Recipient | Iterable[str | Recipient]


def send(
    template: str | int,
    to: To,
    parameters: Sequence[str] = (),
    *,
    extension: str = "",
    reference: str = "",
    idempotency_key: str = "",
) -> Call[Sent]:
    """One template to up to 1,000 recipients; `parameters` serve those that have none."""
    body = _message(template, to, parameters, extension, reference)
    return _post("/messages", body, Sent, idempotency_key)


def preview(
    template: str | int, to: To, parameters: Sequence[str] = (), *, extension: str = ""
) -> Call[Preview]:
    """The same checks as sending, with texts and prices; nothing is sent."""
    body = _message(template, to, parameters, extension, "")
    return _post("/messages:preview", body, Preview)


def message(message_id: str | int) -> Call[Message]:
    """One message with its time line."""
    return get(f"/messages/{in_path(message_id)}", Message)


def messages(
    cursor: str = "",
    *,
    reference: str = "",
    phone: str = "",
    state: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Call[Page[Message]]:
    """Messages that fit all that is given, newest first."""
    query = {"reference": reference, "phone": phone, "state": state, "from": since, "to": until}
    return page("/messages", Message, cursor, query)


def inbound(cursor: str = "") -> Call[Page[InboundMessage]]:
    """Replies since a cursor, oldest first."""
    return page("/inbound", InboundMessage, cursor)


def receipts(cursor: str = "") -> Call[Page[Receipt]]:
    """Receipts since a cursor, oldest first."""
    return page("/receipts", Receipt, cursor)


def replay_pushes(
    kind: str, since: datetime, until: datetime | None = None, *, idempotency_key: str = ""
) -> Call[Replay]:
    """Receipts or replies of a time, pushed to your URL once more."""
    body = {"kind": kind, "from": _written(since)}
    if until is not None:
        body["to"] = _written(until)
    return change("POST", "/pushes:replay", body, Replay, idempotency_key)


def balance() -> Call[Balance]:
    """What is left in the packages."""
    return get("/balance", Balance)


def signatures(cursor: str = "") -> Call[Page[Signature]]:
    """The enterprise's signatures."""
    return page("/signatures", Signature, cursor)


def templates(cursor: str = "") -> Call[Page[Template]]:
    """The enterprise's templates."""
    return page("/templates", Template, cursor)


def apply_for_signature(
    name: str, purpose: str, *, kind: str = "", idempotency_key: str = ""
) -> Call[Signature | Application]:
    """Apply for a signature; an operator reviews it."""
    body = {"name": name, "purpose": purpose, "kind": kind}
    return _apply("/signatures", body, Signature, idempotency_key)


def apply_for_template(
    name: str,
    signature: str | int,
    content: str,
    *,
    variables: Sequence[str] = (),
    kind: str = "",
    traffic: str = "",
    position: str = "",
    carriers: Sequence[str] = (),
    idempotency_key: str = "",
) -> Call[Template | Application]:
    """Apply for a template; an operator reviews it."""
    body = {
        "name": name,
        "signature": str(signature),
        "content": content,
        "variables": _strings(variables),
        "kind": kind,
        "traffic": traffic,
        "position": position,
        "carriers": _strings(carriers),
    }
    return _apply("/templates", body, Template, idempotency_key)


def application(application_id: str | int) -> Call[Application]:
    """What became of an application that was not answered at once."""
    return get(f"/applications/{in_path(application_id)}", Application)


def _message(
    template: str | int, to: To, parameters: Sequence[str], extension: str, reference: str
) -> dict[str, Any]:
    given = [to] if isinstance(to, str | Recipient) else list(to)
    body: dict[str, Any] = {
        "template": str(template),
        "recipients": [_recipient(one) for one in given],
        "parameters": _strings(parameters),
        "extension": extension,
        "reference": reference,
    }
    return {name: value for name, value in body.items() if value}


def _recipient(one: str | Recipient) -> dict[str, Any]:
    if isinstance(one, str):
        return {"phone": one}
    own = {"parameters": _strings(one.parameters), "reference": one.reference}
    return {"phone": one.phone} | {name: value for name, value in own.items() if value}


def _strings(values: Sequence[str]) -> list[str]:
    if isinstance(values, str):
        raise TypeError('Parameters are a list, one for each variable: ["1234"], not "1234".')
    return [str(value) for value in values]


def page(path: str, row: Any, cursor: str, query: Mapping[str, Filter] | None = None) -> Call[Any]:
    """A page of a list, as long as pages may be."""
    return get(path, Page[row], {**(query or {}), "cursor": cursor, "limit": PAGE_MAX})


def get(path: str, answer: Any, query: Mapping[str, Filter] | None = None) -> Call[Any]:
    """Something to read; parameters that are empty are left out."""
    given = {name: _written(value) for name, value in (query or {}).items() if value}
    return Call("GET", PREFIX + path, answer, query=urlencode(given, quote_via=quote))


def _apply(path: str, body: Mapping[str, Any], answer: Any, idempotency_key: str) -> Call[Any]:
    given = {name: value for name, value in body.items() if value}
    return _post(path, given, answer, idempotency_key, later=Application)


def _post(
    path: str, body: Any, answer: Any, idempotency_key: str = "", later: Any = None
) -> Call[Any]:
    return change("POST", path, body, answer, idempotency_key, later)


def change(
    method: str, path: str, body: Any, answer: Any, idempotency_key: str = "", later: Any = None
) -> Call[Any]:
    """Something to do, with a key that makes it count once; without a body where that is None."""
    return Call(
        method,
        PREFIX + path,
        answer,
        body=b"" if body is None else msgspec.json.encode(body),
        idempotency_key=idempotency_key or str(uuid.uuid4()),
        later=later,
    )


def in_path(id: str | int) -> str:
    """An id as it stands in an address."""
    return quote(str(id), safe="")


def written(ids: Iterable[str | int]) -> list[str]:
    """Ids as they stand in a body."""
    if isinstance(ids, str):
        raise TypeError('These are a list: ["13800000000"], not "13800000000".')
    return [str(id) for id in ids]


def _written(value: Filter) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("A time needs its zone, such as datetime.now(UTC).")
        return value.isoformat()
    return str(value)
