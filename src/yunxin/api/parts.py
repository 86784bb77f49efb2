"""What one worker of the API stands on, running: `async with Parts(config) as parts`.

    store · listener                 the database, and its hints
    directory · keyring              people's decisions, as snapshots
    instance · acceptor · task_ids   who we are in message ids; the one way in for messages
    limits · usage                   how much a key may do, and how much it did
    turns                            who may use the database for the address book

Others may declare this worker lost when it was cut off from the database for long; its number in
message ids is then somebody else's, and everything starts anew under another one (`keep`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import structlog

from yunxin.api.keyring import Keyring
from yunxin.api.limits import Limits
from yunxin.api.queries import FOLDER
from yunxin.api.turns import Turns
from yunxin.api.usage import Usage
from yunxin.config import Config
from yunxin.engine.accept import Acceptor
from yunxin.engine.directory import Directory
from yunxin.engine.ids import IdMaker
from yunxin.engine.instance import Instance, register
from yunxin.engine.store import Backoff, Listener, Store, StoreUnavailable

log = structlog.get_logger()

ROLE = "api"


class Parts:
    """All parts of one worker, running."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._stack = AsyncExitStack()
        self.store: Store
        self.directory: Directory
        self.keyring: Keyring
        self.instance: Instance
        self.acceptor: Acceptor
        self.task_ids: IdMaker
        self.limits: Limits
        self.usage: Usage
        self.turns = Turns()

    async def __aenter__(self) -> "Parts":
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        log.info("api.started", instance=self.instance.id, node=self.instance.node)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        log.info("api.stopped", instance=self.instance.id)

    async def _start(self) -> None:
        config, enter = self.config, self._stack.enter_async_context
        store = self.store = await enter(Store(config, more_queries=(FOLDER,)))
        listener = Listener(store)
        self.directory = Directory(store, config, listener)
        self.keyring = Keyring(store, config, listener)
        await self.directory.start()
        await self.keyring.start()
        self.instance = await register(store, role=ROLE)
        self._stack.push_async_callback(self.instance.close)
        self.acceptor = Acceptor(store, self.directory, self.instance.node, config)
        self.task_ids = IdMaker(self.instance.node)
        self.limits = Limits(store)
        self.usage = Usage(store, config)
        self._stack.push_async_callback(self._last_counts)
        self._run(
            self.directory.run,
            self.keyring.run,
            self.instance.run,
            self.usage.run,
            self.usage.tidy,
            listener.run,
        )

    def _run(self, *parts: Callable[[], Awaitable[None]]) -> None:
        for part in parts:
            task = asyncio.ensure_future(part())
            self._stack.push_async_callback(_cancel, task)

    async def _last_counts(self) -> None:
        with suppress(StoreUnavailable):
            await self.usage.flush()


class Keeper:
    """Keeps parts running for as long as the worker lives; `parts` is None while there are none."""

    def __init__(self, config: Config) -> None:
        self.parts: Parts | None = None
        self._config = config
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, within_s: float) -> None:
        """Begin; returns when the parts run or the time is over, whichever comes first."""
        self._task = asyncio.create_task(self._keep())
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._ready.wait()

    async def stop(self) -> None:
        """End in good order."""
        if self._task is not None:
            await _cancel(self._task)

    async def _keep(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async with Parts(self._config) as parts:
                    backoff.reset()
                    self.parts = parts
                    self._ready.set()
                    try:
                        await parts.instance.lost.wait()
                    finally:
                        self.parts = None
            except StoreUnavailable as error:
                log.warning("api.waits_for_database", error=str(error))
                await backoff.wait()
            except Exception:  # the top of a loop that must go on
                log.exception("api.failed")
                await backoff.wait()


async def _cancel(task: "asyncio.Future[None]") -> None:
    """End a part. A connection that breaks at that moment may swallow the first word."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)
