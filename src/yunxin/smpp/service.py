"""`yunxin smpp`: the SMPP server on one port, until it is told to stop.

    store · listener                 the database, and its hints
    directory · accounts             people's decisions, as snapshots
    instance · acceptor              who we are in message ids; the one way in for messages
    intake · deliveries · questions  from systems, to systems, and what they ask
    server                           the port
    sessions · upkeep                who is bound; what became ownerless

Others may declare this program lost when it was cut off from the database for long; all connections
are cut then, and everything starts anew under another number.
"""

import argparse
import asyncio
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import structlog
import uvloop

from yunxin.config import Config
from yunxin.engine.accept import Acceptor
from yunxin.engine.directory import Directory
from yunxin.engine.instance import Instance, register
from yunxin.engine.store import Backoff, Listener, Store, StoreUnavailable
from yunxin.smpp.accounts import Accounts
from yunxin.smpp.deliveries import Deliveries
from yunxin.smpp.intake import Intake
from yunxin.smpp.queries import FOLDER
from yunxin.smpp.questions import Questions
from yunxin.smpp.server import Server
from yunxin.smpp.sessions import Sessions
from yunxin.smpp.texts import Texts
from yunxin.smpp.upkeep import Upkeep

log = structlog.get_logger()

ROLE = "smpp"
DEFAULT_PORT = 2775  # registered for SMPP


class Program:
    """All parts of one SMPP server, running: `async with Program(config, port=0) as program`."""

    def __init__(
        self,
        config: Config,
        *,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        ssl: ssl.SSLContext | None = None,
    ) -> None:
        self.config = config
        self._host, self._port, self._ssl = host, port, ssl
        self._stack = AsyncExitStack()
        self.store: Store
        self.directory: Directory
        self.accounts: Accounts
        self.instance: Instance
        self.deliveries: Deliveries
        self.upkeep: Upkeep
        self.server: Server

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    async def __aenter__(self) -> "Program":
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        log.info("smpp.started", instance=self.instance.id, port=self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        log.info("smpp.stopped", instance=self.instance.id)

    async def _start(self) -> None:
        config, enter = self.config, self._stack.enter_async_context
        store = self.store = await enter(Store(config, more_queries=(FOLDER,)))
        listener = Listener(store)
        self.directory = Directory(store, config, listener)
        self.accounts = Accounts(store, listener)
        await self.directory.start()
        await self.accounts.start()
        self.instance = instance = await register(store, role=ROLE)
        self._stack.push_async_callback(instance.close)
        acceptor = Acceptor(store, self.directory, instance.node, config)
        texts = Texts(self.directory)
        intake = Intake(store, acceptor, self.accounts, texts)
        sessions = Sessions(store, instance.id)
        self.deliveries = Deliveries(store, instance.id, listener)
        self.upkeep = Upkeep(store, config, instance.id)
        await self.upkeep.clean()
        self.server = Server(
            config.secret_key,
            self.accounts,
            sessions,
            intake,
            self.deliveries,
            Questions(store, config),
        )
        self._run(self.directory.run, self.accounts.run, instance.run, listener.run)
        self._stack.push_async_callback(self._last_words, sessions)
        self._run(sessions.run, self.deliveries.run, self.upkeep.rescue, self.upkeep.tidy)
        await self.server.start(self._host, self._port, self._ssl)
        self._stack.push_async_callback(self._close)

    async def _close(self) -> None:
        if self.instance.lost.is_set():
            self.server.cut()
        else:
            await self.server.stop()

    async def _last_words(self, sessions: Sessions) -> None:
        """What was acknowledged and who is gone."""
        with suppress(StoreUnavailable):
            await self.deliveries.stop()
            await sessions.beat()

    def _run(self, *parts: Callable[[], Awaitable[None]]) -> None:
        for part in parts:
            task = asyncio.ensure_future(part())
            self._stack.push_async_callback(_cancel, task)


async def _cancel(task: "asyncio.Future[None]") -> None:
    """End a part. A connection that breaks at that moment may swallow the first word."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)


async def run(config: Config, options: argparse.Namespace) -> None:
    """Serve until a signal comes, one program after the other if need be.

    Raises:
        OSError: the port cannot be had, or a file of the certificate not be read.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context = tls_of(options.certificate, options.key)
    backoff = Backoff()
    while not stop.is_set():
        try:
            async with Program(
                config, host=options.host, port=options.port, ssl=context
            ) as program:
                backoff.reset()
                await _either(stop, program.instance.lost)
        except StoreUnavailable as error:
            log.warning("smpp.waits_for_database", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff.next_s()):
                    await stop.wait()


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def tls_of(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """How TLS is spoken with a certificate; not at all without one.

    Raises:
        OSError: a file cannot be read, or is no certificate or key.
    """
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def command(config: Config, arguments: list[str]) -> int:
    """Serve enterprises' systems over SMPP 3.4 until told to stop."""
    parser = argparse.ArgumentParser(prog="yunxin smpp", description=command.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: 2775")
    parser.add_argument("--certificate", type=Path, help="PEM file; then only TLS is spoken")
    parser.add_argument("--key", type=Path, help="PEM file of its key, unless it is in the same")
    options = parser.parse_args(arguments)
    try:
        uvloop.run(run(config, options))
    except OSError as error:
        print(f"yunxin smpp: it cannot listen: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0
