"""A customer's server on this machine that behaves, or misbehaves in any way one asks for."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tests.engine.world import World
from yunxin.config import Config
from yunxin.dialects.pushes import mint_webhook_secret
from yunxin.engine.push import Push
from yunxin.sealing import seal
from yunxin.vocabulary import PushFormat, PushKind, message_id_floor


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


Behaviour = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b'{"status":0}', status: str = "200 OK", headers: str = "") -> Behaviour:
    """Answers like this."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return behave


async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.Event().wait()


async def break_off(request: Request, writer: asyncio.StreamWriter) -> None:
    """Closes in the middle of the body."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"stat')
    writer.close()


async def close(request: Request, writer: asyncio.StreamWriter) -> None:
    """Closes without a word."""
    writer.close()


async def babble(request: Request, writer: asyncio.StreamWriter) -> None:
    """A body without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()


async def trickle(request: Request, writer: asyncio.StreamWriter) -> None:
    """A byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def nonsense(request: Request, writer: asyncio.StreamWriter) -> None:
    """No HTTP."""
    writer.write(b"\x00\xffSSH-2.0-OpenSSH\r\n\r\n")
    writer.close()


@dataclass
class Receiver:
    """The server; `behave` may be changed at any time."""

    behave: Behaviour = field(default_factory=answer)
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/in"

    @property
    def entries(self) -> list[Any]:
        """What came in, entry by entry, in either format."""
        bodies = [request.json() for request in self.requests]
        return [e for body in bodies for e in (body if isinstance(body, list) else body["events"])]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                pairs = (line.split(": ", 1) for line in head[1:] if line)
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(head[0], headers, body)
                self.requests.append(request)
                await self.behave(request, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.drain()


@asynccontextmanager
async def receiver(
    behave: Behaviour | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    running = Receiver(behave or answer(), scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.create_task(running.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


async def kill(push: Push) -> None:
    """End what a push does as kill -9 would: without a word to the database."""
    tasks = list(push._tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Customers:
    """Enterprises with URLs and with messages that have their final word."""

    def __init__(self, world: World, config: Config) -> None:
        self.world = world
        self.config = config
        self.clock = datetime.now(UTC)
        self._next = message_id_floor(self.clock)

    def now(self) -> datetime:
        return self.clock

    def passes(self, **time: float) -> None:
        """Let time pass."""
        self.clock += timedelta(**time)

    def target(self, enterprise_id: int, url: str, **values: Any) -> int:
        """A URL that wants to hear of receipts in the dialect, or as the values say."""
        now = datetime.now(UTC)
        self.secret = mint_webhook_secret()
        defaults: dict[str, Any] = {
            "enterprise_id": enterprise_id, "kind": PushKind.RECEIPTS, "url": url,
            "format": PushFormat.RONGHE, "portal_too": False, "enabled": True, "created_at": now,
            "changed_at": now, "sealed_secret": seal(self.config.secret_key, self.secret),
        }  # fmt: skip
        return self.world.insert("interfaces_pushtarget", **(defaults | values))

    def messages(self, enterprise_id: int, count: int = 1, **values: Any) -> list[int]:
        """Messages that became final just now, told as the engine tells of them."""
        now = datetime.now(UTC)
        ids = []
        for _ in range(count):
            self._next += 1
            defaults: dict[str, Any] = {
                "enterprise_id": enterprise_id, "id": self._next,
                "phone": f"138{self._next % 10**8:08}", "carrier": "mobile", "kind": "text",
                "traffic": "notice", "source": "api", "signature_id": 1, "template_id": 1,
                "package_id": 1, "task_id": "C1", "text": "您好", "segments": 1,
                "state": "delivered", "code": "DELIVRD", "submitted_at": now, "done_at": now,
                "finished_at": now,
            }  # fmt: skip
            ids.append(self.world.insert("message", **(defaults | values)))
        source = values.get("source", "api")
        self.world.do(
            "SELECT note_receipts(%s, %s, %s)",
            [enterprise_id] * count,
            ids,
            [source] * count,
        )
        return ids

    def batches(self, columns: str = "state") -> list[Any]:
        """The batches in order: of one column its values, of more the rows."""
        rows = self.world.rows(f"SELECT {columns} FROM push_batch ORDER BY id")
        return [row[0] for row in rows] if "," not in columns else rows

    def attempts(self) -> list[tuple[Any, ...]]:
        return self.world.rows(
            "SELECT batch_id, attempt, status, error FROM push_attempt ORDER BY batch_id, attempt"
        )

    def wish(self, target_id: int, kind: str, **values: Any) -> int:
        """What the page would leave."""
        enterprise_id = self.world.one(
            "SELECT enterprise_id FROM interfaces_pushtarget WHERE id = %s", target_id
        )
        defaults: dict[str, Any] = {
            "enterprise_id": enterprise_id, "target_id": target_id, "kind": kind, "events": 0,
            "created_at": datetime.now(UTC),
        }  # fmt: skip
        return self.world.insert("interfaces_pushwish", **(defaults | values))
