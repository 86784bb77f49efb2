"""The ASGI application of one worker: reads a request, finds its handler, writes the answer.

Plain ASGI, no framework: there are a dozen addresses, and each microsecond here is paid with every
message. `/umcinterface/sendtempletmsg` goes to `ronghe`, `/api/v1/…` to `v1`.
"""

from yunxin.api import ronghe
from yunxin.api.parts import Keeper
from yunxin.api.requests import Answer, Receive, Request, Scope, Send, read_body, write
from yunxin.api.v1 import V1
from yunxin.config import Config
from yunxin.dialects.ronghe import PATH as RONGHE_PATH
from yunxin.dialects.v1 import PREFIX as V1_PREFIX
from yunxin.engine.networks import Networks

START_S = 15.0  # a worker that has no database by then answers that it is unavailable

_NOT_FOUND = Answer(404, b'{"title":"Nothing is here."}', b"application/problem+json")
_POST_ONLY = Answer(405, b"", b"text/plain", ((b"allow", b"POST"),))


class App:
    """The application; `parts` of its own live from the server's start to its end."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._proxies = Networks(config.api_proxies)
        self._v1 = V1(config)
        self._keeper: Keeper | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            body = await read_body(scope, receive)
            request = Request(scope, body, self._proxies)
            await write(await self.answer(request), request.id, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def answer(self, request: Request) -> Answer:
        """What a request gets."""
        parts = self._keeper.parts if self._keeper is not None else None
        if request.path == RONGHE_PATH:
            if request.method != "POST":
                return _POST_ONLY
            return await ronghe.send(request, parts)
        if request.path.startswith(V1_PREFIX):
            return await self._v1.answer(request, parts)
        return _NOT_FOUND

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def start(self) -> None:
        """Start the parts; without a database they go on trying."""
        self._keeper = Keeper(self._config)
        await self._keeper.start(START_S)

    async def stop(self) -> None:
        """End the parts in good order."""
        if self._keeper is not None:
            await self._keeper.stop()
