"""The simulated phones over HTTP: pages for people, JSON for programs, all under /simulator/.

Runs in the carrier's own process, so that a page shows what the carrier knows. `chat` and
`knobs` make the HTML; `serving` listens.

    GET  ./  behaviour  numbers        pages             POST reply  behaviour  reset  disconnect
    GET  api/counts  api/messages  api/phones  api/behaviour
    POST api/reply  api/behaviour  api/reset  api/disconnect  api/shut
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from yunxin.simulator import chat, knobs
from yunxin.simulator.behaviour import BehaviourInvalid, from_mapping
from yunxin.simulator.carrier import Carrier, ReplyImpossible
from yunxin.simulator.frame import Frame
from yunxin.simulator.ledger import Message
from yunxin.simulator.words import choose, translator
from yunxin.text.segments import TextTooLong

PREFIX = "/simulator"
STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
COOKIE = "simulator_language"
BODY_MAX = 64 * 1024
LIST_MAX = 100
LINES_AT_ONCE = 5_000
START_S = 10.0
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def application(carrier: Carrier) -> Starlette:
    """The ASGI application around a running carrier."""
    inbox = Inbox(carrier)
    routes = [
        Route("/", inbox.phones),
        Route("/parts", inbox.parts),
        Route("/behaviour", inbox.behaviour, methods=["GET", "POST"]),
        Route("/numbers", inbox.numbers),
        Route("/reply", inbox.reply, methods=["POST"]),
        Route("/reset", inbox.reset, methods=["POST"]),
        Route("/disconnect", inbox.disconnect, methods=["POST"]),
        Route("/static/{name}", static),
        Route("/api/counts", inbox.api_counts),
        Route("/api/messages", inbox.api_messages),
        Route("/api/phones", inbox.api_phones),
        Route("/api/behaviour", inbox.api_behaviour, methods=["GET", "POST"]),
        Route("/api/reply", inbox.api_reply, methods=["POST"]),
        Route("/api/reset", inbox.api_reset, methods=["POST"]),
        Route("/api/disconnect", inbox.api_disconnect, methods=["POST"]),
        Route("/api/shut", inbox.api_shut, methods=["POST"]),
    ]
    return Starlette(
        routes=[
            Route("/", lambda request: RedirectResponse(f"{PREFIX}/")),
            Mount(PREFIX, routes=routes),
        ],
        middleware=[Middleware(Guard)],
    )


class Guard:
    """Headers of safety on every answer; forms of other sites are not taken."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        site = headers.get(b"sec-fetch-site", b"none")
        if scope["method"] != "GET" and site not in (b"none", b"same-origin"):
            refusal = PlainTextResponse("This form came from another site.", 403)
            await refusal(scope, receive, send)
            return

        async def guarded(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                    (b"cache-control", b"no-store"),
                ]
            await send(message)

        await self._app(scope, receive, guarded)


class Inbox:
    """One function for each address."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    # Pages --------------------------------------------------------------------------------------

    async def phones(self, request: Request) -> Response:
        return self._phones(request, request.query_params.get("phone", ""))

    def _phones(
        self, request: Request, phone: str, error: str = "", draft: str = "", status: int = 200
    ) -> Response:
        query = _digits(request.query_params.get("q", ""))
        phone = _digits(phone)
        ledger = self._carrier.ledger
        return _page(
            request,
            chat.phones_page(
                _frame(request, "./"),
                counts=self._carrier.counts(),
                latest=ledger.latest(query, LIST_MAX),
                query=query,
                phone=phone,
                thread=ledger.thread(phone),
                received=ledger.phone_count(phone),
                error=error,
                draft=draft,
            ),
            status,
        )

    async def parts(self, request: Request) -> Response:
        """What of the page of phones changes by itself."""
        frame = _frame(request, "./")
        query = _digits(request.query_params.get("q", ""))
        phone = _digits(request.query_params.get("phone", ""))
        ledger = self._carrier.ledger
        parts = {
            "cards": chat.cards(frame, self._carrier.counts()),
            "list": chat.phone_list(frame, ledger.latest(query, LIST_MAX), phone, query),
        }
        if phone:
            parts["talk"] = chat.talk(frame, ledger.thread(phone))
        return JSONResponse(parts)

    async def behaviour(self, request: Request) -> Response:
        frame, carrier = _frame(request, "behaviour"), self._carrier
        if request.method == "GET":
            done = "done" in request.query_params
            page = knobs.behaviour_page(frame, carrier.behaviour, carrier.counts(), done=done)
            return _page(request, page)
        typed = dict.fromkeys(knobs.SWITCHES, "false") | await _form(request)
        try:
            carrier.behaviour = from_mapping(typed, base=carrier.behaviour, strict=False)
        except BehaviourInvalid as error:
            page = knobs.behaviour_page(
                frame, carrier.behaviour, carrier.counts(), typed=typed, wrong=error.knob
            )
            return _page(request, page, 422)
        return RedirectResponse("behaviour?done=1", 303)

    async def numbers(self, request: Request) -> Response:
        return _page(
            request, knobs.numbers_page(_frame(request, "numbers"), self._carrier.behaviour)
        )

    async def reply(self, request: Request) -> Response:
        form = await _form(request)
        phone, text = _digits(form.get("phone", "")), form.get("text", "").strip()
        sentence = self._replied(phone, text, form.get("access_number", ""))
        if sentence:
            say = _frame(request, "./").say
            return self._phones(request, phone, say(sentence), text, 422)
        return RedirectResponse(f"./?{urlencode({'phone': phone})}", 303)

    def _replied(self, phone: str, text: str, access_number: str) -> str:
        """Let the phone answer; gives what is wrong, or nothing."""
        if not phone or not text:
            return "Type a text before you send it."
        if access_number and not (access_number.isascii() and access_number.isdigit()):
            return "The access number must consist of digits."
        try:
            self._carrier.reply(phone, text, access_number[:20])
        except (ReplyImpossible, TextTooLong) as error:
            return str(error) or str(type(error).__doc__)
        return ""

    async def reset(self, request: Request) -> Response:
        self._carrier.reset()
        return RedirectResponse("behaviour", 303)

    async def disconnect(self, request: Request) -> Response:
        self._carrier.disconnect()
        return RedirectResponse("behaviour", 303)

    # For programs -------------------------------------------------------------------------------

    async def api_counts(self, request: Request) -> Response:
        return JSONResponse(self._carrier.counts())

    async def api_messages(self, request: Request) -> Response:
        """The kept messages of one phone, oldest first; without a phone the newest of each."""
        phone = _digits(request.query_params.get("phone", ""))
        ledger = self._carrier.ledger
        found = ledger.thread(phone) if phone else ledger.latest(limit=LIST_MAX)
        return _json([_as_dict(message) for message in found])

    async def api_phones(self, request: Request) -> Response:
        """Every phone and how many messages it got: lines of `phone,count`."""
        counts = list(self._carrier.ledger.phone_counts())
        return StreamingResponse(_lines(counts), media_type="text/csv")

    async def api_behaviour(self, request: Request) -> Response:
        """The knobs; a POST changes those that it names."""
        if request.method == "POST":
            values = await _object(request)
            if values is None:
                return _wrong("The body must be a JSON object.")
            try:
                self._carrier.behaviour = from_mapping(values, base=self._carrier.behaviour)
            except BehaviourInvalid as error:
                return _wrong(str(error))
        return _json(self._carrier.behaviour)

    async def api_reply(self, request: Request) -> Response:
        """{"phone": …, "text": …, "access_number": …}: the phone's holder writes back."""
        values = await _object(request)
        if values is None:
            return _wrong("The body must be a JSON object.")
        phone, text, to = (str(values.get(k, "")) for k in ("phone", "text", "access_number"))
        sentence = self._replied(_digits(phone), text, to)
        return _wrong(sentence) if sentence else _json({"sent": True})

    async def api_reset(self, request: Request) -> Response:
        self._carrier.reset()
        return _json(self._carrier.counts())

    async def api_disconnect(self, request: Request) -> Response:
        return _json({"connections": self._carrier.disconnect()})

    async def api_shut(self, request: Request) -> Response:
        """{"protocol": …}: one door breaks down and never comes back."""
        protocol = str((await _object(request) or {}).get("protocol", ""))
        if protocol not in self._carrier.ports:
            return _wrong("There is no door for this protocol.")
        return _json({"connections": self._carrier.shut(protocol)})


async def static(request: Request) -> Response:
    """The page's own files."""
    path = STATIC / Path(request.path_params["name"]).name
    if path.suffix not in KINDS or not path.is_file():
        return PlainTextResponse("There is no such file.", 404)
    return FileResponse(path, media_type=KINDS[path.suffix])


def _frame(request: Request, here: str) -> Frame:
    asked = request.query_params.get("lang")
    kept = request.cookies.get(COOKIE) or request.cookies.get("django_language")
    language = choose(asked, kept, request.headers.get("accept-language", ""))
    return Frame(language, translator(language), here)


def _page(request: Request, html: str, status: int = 200) -> Response:
    response = HTMLResponse(html, status)
    asked = request.query_params.get("lang")
    if asked:
        response.set_cookie(COOKIE, choose(asked, None, ""), path=f"{PREFIX}/", samesite="lax")
    return response


async def _body(request: Request) -> bytes:
    """The body within its bound; more is cut off and will not parse."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_MAX:
            return b""
    return body


async def _form(request: Request) -> dict[str, str]:
    text = (await _body(request)).decode("utf-8", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))


async def _object(request: Request) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(await _body(request), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _wrong(sentence: str) -> Response:
    return JSONResponse({"error": sentence}, 422)


def _as_dict(message: Message) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(message)
    return values


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isascii() and char.isalnum())[:21]


async def _lines(counts: list[tuple[str, int]]) -> AsyncIterator[bytes]:
    for start in range(0, len(counts), LINES_AT_ONCE):
        some = counts[start : start + LINES_AT_ONCE]
        yield "".join(f"{phone},{count}\n" for phone, count in some).encode()


@contextlib.asynccontextmanager
async def serving(carrier: Carrier, host: str, port: int) -> AsyncIterator[None]:
    """Answer HTTP in this process and loop while the block runs.

    Raises:
        OSError: the port is taken.
    """
    server = Server(
        application(carrier),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    task = asyncio.ensure_future(server.serve())
    try:
        await _listening(task, host, port)
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]  # granian's is not annotated
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _listening(task: asyncio.Future[None], host: str, port: int) -> None:
    """Wait until the port answers, or the server has failed."""
    async with asyncio.timeout(START_S):
        while True:
            if task.done():
                task.result()
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
