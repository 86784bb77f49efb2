"""Callers of an HTTP interface: connections kept alive, one request at a time on each.

Written on asyncio's own protocols, so that asking costs little beside what is asked. A caller that
loses its connection, or hears that the server has trouble, asks the same again, as a careful client
does.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

PATIENCE_S = 60.0  # for one request, with all its repetitions
PAUSE_S = 0.05
TIMEOUT_S = 10.0  # for one answer


class Lost(Exception):
    """The connection ended before the answer was whole."""


class Wire(asyncio.Protocol):
    """One connection; answers have a Content-Length."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Lost())

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        if self._transport is None or self._transport.is_closing():
            raise Lost
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        async with asyncio.timeout(TIMEOUT_S):
            return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def post(path: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """The bytes of a request."""
    lines = [
        f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
        f"Content-Length: {len(body)}", *headers,
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Told:
    """What came back for all requests."""

    answers: list[tuple[int, bytes] | None]  # in the order of the requests; None: never answered
    latencies_s: list[float] = field(default_factory=list)
    repeats: int = 0
    took_s: float = 0.0


async def ask_all(
    host: str,
    port: int,
    requests: Sequence[bytes],
    concurrency: int,
    *,
    asked: Callable[[int], None] = lambda _: None,
) -> Told:
    """Ask all requests over so many connections, each until it is answered.

    Args:
        asked: called with the number of those that are answered, each time.
    """
    told = Told([None] * len(requests))
    places = iter(range(len(requests)))
    done = 0

    async def call() -> None:
        nonlocal done
        wire: Wire | None = None
        for place in places:
            began = time.perf_counter()
            give_up = began + PATIENCE_S
            while time.perf_counter() < give_up:
                try:
                    wire = wire or await _connect(host, port)
                    status, body = await wire.ask(requests[place])
                except (Lost, OSError, TimeoutError):
                    wire = _drop(wire)
                else:
                    if status < 500:
                        told.answers[place] = status, body
                        break
                told.repeats += 1
                await asyncio.sleep(PAUSE_S)
            told.latencies_s.append(time.perf_counter() - began)
            done += 1
            asked(done)
        _drop(wire)

    began = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(concurrency)))
    told.took_s = time.perf_counter() - began
    return told


async def _connect(host: str, port: int) -> Wire:
    _, wire = await asyncio.get_running_loop().create_connection(Wire, host, port)
    return wire


def _drop(wire: Wire | None) -> None:
    if wire is not None:
        wire.close()
