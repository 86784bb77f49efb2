"""What a handler is given and what it gives back, whatever server is in front.

`Request` is read from an ASGI scope and its whole body, `Answer` is written as one. Where a request
comes from is decided here: only proxies that the settings name are believed.
"""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from yunxin.engine.networks import Networks

BODY_BYTES_MAX = 2 * 1024 * 1024  # 1,000 recipients with 2,000 bytes each
ID_BYTES_MAX = 64

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Request:
    """One request, read to its end; `body` is None if it was longer than is taken."""

    __slots__ = ("address", "body", "headers", "id", "method", "path", "query", "word")

    def __init__(self, scope: Scope, body: bytes | None, proxies: Networks) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.body = body
        self.address = _address(scope.get("client"), self.headers, proxies)
        self.id = _id(self.headers.get(b"x-request-id"))
        self.word = ""  # what stands for the {name} of the route's path

    def header(self, name: bytes) -> str:
        """A header by its lower-case name, as text; empty if it is not there."""
        return self.headers.get(name, b"").decode("latin-1")


class Answer(NamedTuple):
    """What goes back."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


async def read_body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body; None if it is longer than `BODY_BYTES_MAX`, or its client has gone."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
    return body if len(body) <= BODY_BYTES_MAX else None


async def write(answer: Answer, request_id: str, send: Send) -> None:
    """Send an answer."""
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", request_id.encode("ascii")),
        (b"cache-control", b"no-store"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _address(client: tuple[str, int] | None, headers: dict[bytes, bytes], proxies: Networks) -> str:
    """Who asks: the nearest of the addresses on the way that is not a proxy of ours."""
    peer = client[0] if client else ""
    forwarded = headers.get(b"x-forwarded-for")
    if forwarded is None or not proxies.hold(peer):
        return peer
    hops = [hop.strip() for hop in forwarded.decode("latin-1").split(",")]
    for hop in reversed(hops):
        if not proxies.hold(hop):
            return hop[:45]  # what is longer is no address
    return hops[0]


def _id(given: bytes | None) -> str:
    """The client's own id where it is a plain word, else a new one."""
    if given and len(given) <= ID_BYTES_MAX:
        text = given.decode("latin-1")
        if text.isascii() and text.replace("-", "").replace("_", "").isalnum():
            return text
    return secrets.token_hex(8)
