"""The engine program: starts every part in order, watches, stops in reverse.

    store · listener · directory      what everything stands on
    instance                          who we are among the engines
    results · lines · dispatcher      towards the carriers (read dispatch.py, link.py, results.py)
    push                              receipts and replies to customers' URLs
    acceptor · feed · settle          from the campaigns, and into the books
    rescue · health                   what became ownerless; how we are

Every part survives by itself; this file only knows the order. Should a part end all the same,
everything stops in order and starts anew. When other engines have declared this one dead (it was
cut off from the database for long), its claims are theirs: all connections are cut at once and
everything starts anew under another id.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import structlog
import uvloop

from yunxin.config import Config
from yunxin.engine.accept import Acceptor
from yunxin.engine.cancel import Sweeper
from yunxin.engine.directory import Directory
from yunxin.engine.dispatch import Dispatcher
from yunxin.engine.feed import Feed
from yunxin.engine.health import Health, MetricsServer
from yunxin.engine.inbound import Inbound
from yunxin.engine.instance import Instance, register
from yunxin.engine.lines import Lines
from yunxin.engine.push import Push
from yunxin.engine.push_wishes import PushUpkeep, PushWishes
from yunxin.engine.rescue import Rescue
from yunxin.engine.results import Results
from yunxin.engine.settle import Settle
from yunxin.engine.store import Backoff, Listener, Store, StoreUnavailable
from yunxin.engine.tries import Tries

log = structlog.get_logger()

DRAIN_S = 8.0  # how long answers are waited for when we stop
STORE_S = 5.0  # and how long what they said may take to be stored


def run(config: Config) -> None:
    """Run the engine until SIGTERM or SIGINT."""
    uvloop.run(_until_told(config))


async def _until_told(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(config, stop)


async def serve(config: Config, stop: asyncio.Event) -> None:
    """Run engines, one after the other if need be, until `stop` is set."""
    backoff = Backoff()
    while not stop.is_set():
        try:
            async with Engine(config) as engine:
                backoff.reset()
                await engine.wait(stop)
        except StoreUnavailable as error:
            log.warning("engine.waits_for_database", error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff.next_s()):
                    await stop.wait()


class Engine:
    """All parts of one engine, running: `async with Engine(config) as engine`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stack = AsyncExitStack()
        self._parts: dict[asyncio.Future[None], str] = {}
        self.store: Store
        self.directory: Directory
        self.instance: Instance
        self.acceptor: Acceptor
        self.dispatcher: Dispatcher
        self.results: Results
        self.lines: Lines
        self.settle: Settle
        self.inbound: Inbound
        self.push: Push
        self.health: Health

    async def wait(self, stop: asyncio.Event) -> None:
        """Until we are told to stop, are declared dead, or a part ended, as none should."""
        ends = [asyncio.create_task(stop.wait()), asyncio.create_task(self.instance.lost.wait())]
        everything: list[asyncio.Future[Any]] = [*ends, *self._parts]
        try:
            await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        for part, name in self._parts.items():
            if part.done():
                why = None if part.cancelled() else part.exception()
                log.error("engine.part_ended", part=name, exc_info=why)

    async def __aenter__(self) -> "Engine":
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        log.info("engine.started", engine=self.instance.id)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        log.info("engine.stopped", engine=self.instance.id)

    async def _start(self) -> None:
        config = self._config
        self.store = store = await self._stack.enter_async_context(Store(config))
        listener = Listener(store)
        self.directory = Directory(store, config, listener)
        await self.directory.start()
        self.settle = Settle(store, config)
        await self._make_partitions()
        self.instance = await register(store)
        self._stack.push_async_callback(self.instance.close)
        self._run(self.directory.run, self.instance.run)
        self._start_pushing(listener)
        self._start_sending(listener)
        self.acceptor = Acceptor(store, self.directory, self.instance.node, config)
        feed = Feed(store, self.acceptor, config, listener)
        sweeper = Sweeper(store, self.directory)
        self._run(self.settle.run, feed.run, sweeper.run, listener.run)

    async def _make_partitions(self) -> None:
        """Before anything is to be stored: we may have been away for longer than they were made."""
        try:
            await self.settle.make_partitions()
        except StoreUnavailable as error:  # somebody reads for long: there are some for days
            log.warning("engine.partitions_later", error=str(error))

    def _start_pushing(self, listener: Listener) -> None:
        config, store = self._config, self.store
        self.push = push = Push(store, config, listener, engine_id=self.instance.id)
        self._stack.push_async_callback(push.stop)
        wishes = PushWishes(push, listener)
        upkeep = PushUpkeep(store, config, now=push.now)
        self._run(push.run, wishes.run, upkeep.run)

    def _start_sending(self, listener: Listener) -> None:
        config, store, engine_id = self._config, self.store, self.instance.id
        directory = self.directory
        self.inbound = inbound = Inbound(self.directory, self.instance.node)
        self.lines = Lines(store, config, engine_id, listener)
        self.dispatcher = Dispatcher(store, self.directory, config, self.lines, engine_id, listener)
        self.results = Results(
            store,
            config,
            engine_id,
            inbound,
            another=self.lines.another,
            withdrawn=self.dispatcher.withdrawn,
            stored=self.dispatcher.stored,
            line_changed=self.dispatcher.wake.set,
            decision=lambda code, protocol: directory.snapshot.codes.decision(code, protocol),
            ported_to=lambda code, channel: directory.snapshot.ported_to(code, channel),
        )
        self.lines.desk = self.dispatcher.desk = self.results
        rescue = Rescue(store, self.instance, self.dispatcher, self.results, inbound, self.push)
        self.health = Health(
            store, engine_id, self.lines, self.dispatcher, self.results, rescue, self.push
        )
        if self._config.metrics_port:
            server = MetricsServer(self.health.metrics, self._config.metrics_port)
            self._stack.callback(server.close)
        self._run(self.results.run)
        self._stack.push_async_callback(self._drain)
        self._run(
            self.lines.run,
            Tries(store, config, self.lines, listener).run,
            self.dispatcher.run,
            rescue.find_the_dead,
            rescue.sweep,
            rescue.tidy,
            self.health.run,
        )

    def _run(self, *parts: Callable[[], Awaitable[None]]) -> None:
        """Let parts run until what was started before them is stopped."""
        for part in parts:
            task = asyncio.ensure_future(part())
            self._parts[task] = getattr(part, "__qualname__", "")
            self._stack.push_async_callback(_cancel, task)

    async def _drain(self) -> None:
        """Claims have stopped; let answers come in, store them, give back what was not sent."""
        if self.instance.lost.is_set():
            self.lines.kill()
            return
        await self.lines.stop(DRAIN_S)
        with suppress(TimeoutError, StoreUnavailable):
            async with asyncio.timeout(STORE_S):
                await self.results.settled()
                await self.dispatcher.free_unknown()


async def _cancel(task: "asyncio.Future[None]") -> None:
    """End a part. A connection that breaks at that moment may swallow the first word."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)
