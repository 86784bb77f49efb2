"""The front door of one address: pages by Django, `/simulator/…` by the simulated carrier, `/api/…`
and `/umcinterface/…` by the API.

`load` makes a WSGI callable. In production nothing is simulated (YUNXIN_SIMULATOR_URL is empty), a
reverse proxy sends the API's requests to the API itself, and it is Django alone. `command` runs it
in granian: a main process that holds the socket and a worker that ends with it.
"""

import argparse
import functools
import http.client
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from importlib import import_module
from typing import Any
from urllib.parse import quote, urlsplit

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from yunxin import logs, processes
from yunxin.config import Config
from yunxin.dialects import ronghe
from yunxin.dialects.problems import CONTENT_TYPE, PROBLEMS

PREFIX = "/simulator/"
API_PREFIXES = ("/api/", "/umcinterface/")
API_BODY_BYTES_MAX = 2 * 1024 * 1024  # as much as the API takes
API_TIMEOUT_S = 60
PIECE_BYTES = 64 * 1024
SIMULATOR_TIMEOUT_S = 60
BODY_BYTES_MAX = 1024 * 1024  # what a person types in the inbox is far below
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}
FORWARDED = (
    "CONTENT_TYPE",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_COOKIE",
    "HTTP_HX_REQUEST",
)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGI = Callable[[Environ, StartResponse], Iterable[bytes]]


def with_simulator(pages: WSGI, simulator_url: str, hosts: Iterable[str]) -> WSGI:
    """Put the simulator's pages beside Django's, under /simulator/."""
    address = urlsplit(simulator_url)
    known = {host.lower() for host in hosts}

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not (path + "/").startswith(PREFIX):
            return pages(environ, start_response)
        if not _is_ours(environ, known):
            return _say(start_response, HTTPStatus.FORBIDDEN, "This address is for the demo only.")
        try:
            return _forward(environ, start_response, address.hostname or "", address.port or 80)
        except OSError:
            sentence = "The simulated carrier does not answer; try again in a moment."
            return _say(start_response, HTTPStatus.BAD_GATEWAY, sentence)

    return application


def with_api(rest: WSGI, api_url: str) -> WSGI:
    """Put the API beside the pages; it decides itself who may ask."""
    address = urlsplit(api_url)
    host, port = address.hostname or "", address.port or 80

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(API_PREFIXES):
            return rest(environ, start_response)
        try:
            return _hand_to_api(environ, start_response, host, port)
        except (OSError, http.client.HTTPException):
            return _unavailable(environ, start_response)

    return application


def _unavailable(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """The API does not answer: said as it says itself that it is busy, to each in its words."""
    if environ["PATH_INFO"] == ronghe.PATH:
        status, kind, more = HTTPStatus.OK, "application/json;charset=UTF-8", []
        told: dict[str, Any] = {
            "resultcode": int(ronghe.CODE_OF["unavailable"]),
            "resultmsg": ronghe.message_for("unavailable"),
            "taskid": "",
        }
    else:
        problem = PROBLEMS["unavailable"]
        status, kind, more = HTTPStatus(problem.status), CONTENT_TYPE, [("Retry-After", "1")]
        told = {
            "type": "about:blank",
            "title": problem.title_en,
            "status": problem.status,
            "code": problem.code,
            "request": environ.get("HTTP_X_REQUEST_ID", "")[:64],
        }
    body = json.dumps(told, ensure_ascii=False).encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *more]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


def _hand_to_api(
    environ: Environ, start_response: StartResponse, host: str, port: int
) -> Iterable[bytes]:
    # Of what is too long one byte more than it takes is enough for the API to say so.
    body = environ["wsgi.input"].read(API_BODY_BYTES_MAX + 1)
    connection = http.client.HTTPConnection(host, port, timeout=API_TIMEOUT_S)
    connection.request(environ["REQUEST_METHOD"], _target(environ), body, _api_headers(environ))
    answer = connection.getresponse()
    headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP_BY_HOP]
    start_response(f"{answer.status} {answer.reason}", headers)
    return _pieces(connection, answer)


def _api_headers(environ: Environ) -> dict[str, str]:
    """All that was sent, and where it came from."""
    named = {
        name.removeprefix("HTTP_").replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers = {n: v for n, v in named.items() if n.lower() not in HOP_BY_HOP | {"expect"}}
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    before = headers.get("X-Forwarded-For")
    here = environ.get("REMOTE_ADDR", "")
    return headers | {"X-Forwarded-For": f"{before}, {here}" if before else here}


def _is_ours(environ: Environ, known: set[str]) -> bool:
    """Asked for by a name of ours, and never by a form on somebody else's page."""
    host = environ.get("HTTP_HOST", "").lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    safe = environ["REQUEST_METHOD"] in ("GET", "HEAD")
    return name in known and (safe or site in ("none", "same-origin"))


def _forward(
    environ: Environ, start_response: StartResponse, host: str, port: int
) -> Iterable[bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=SIMULATOR_TIMEOUT_S)
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > BODY_BYTES_MAX:
        return _say(start_response, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too much at once.")
    body = environ["wsgi.input"].read(length) if length else None
    connection.request(environ["REQUEST_METHOD"], _target(environ), body, _headers(environ))
    answer = connection.getresponse()
    headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP_BY_HOP]
    start_response(f"{answer.status} {answer.reason}", headers)
    return _pieces(connection, answer)


def _pieces(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
) -> Iterator[bytes]:
    """The answer as it comes, so that a stream stays one."""
    try:
        while piece := answer.read1(PIECE_BYTES):
            yield piece
    finally:
        connection.close()


def _target(environ: Environ) -> str:
    path = environ["PATH_INFO"].encode("latin-1")
    query = environ.get("QUERY_STRING", "")
    target = quote(path, safe="/:")
    return f"{target}?{query}" if query else target


def _headers(environ: Environ) -> dict[str, str]:
    names = (name for name in FORWARDED if environ.get(name))
    headers = {n.removeprefix("HTTP_").replace("_", "-").title(): environ[n] for n in names}
    return headers | {"Host": environ.get("HTTP_HOST", "localhost")}


def _say(start_response: StartResponse, status: HTTPStatus, sentence: str) -> list[bytes]:
    body = sentence.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


def load(config: Config, api_url: str = "") -> WSGI:
    """The whole application; called in the worker, as only the worker needs Django."""
    main = multiprocessing.parent_process()
    if main is not None and main.pid is not None:
        processes.ask_to_end_with_parent(main.pid)
    logs.configure(config, "web")
    pages: WSGI = import_module("yunxin.wsgi").application
    if api_url:
        pages = with_api(pages, api_url)
    if not config.simulator_url:
        return pages
    hosts = [*config.allowed_hosts, urlsplit(config.base_url).hostname or ""]
    return with_simulator(pages, config.simulator_url, hosts)


def command(config: Config, arguments: list[str]) -> int:
    """Serve the pages until told to stop."""
    parser = argparse.ArgumentParser(prog="yunxin web", description=command.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--api", default="", metavar="URL", help="hand the API's requests to it")
    options = parser.parse_args(arguments)
    server = Server(
        "yunxin.front:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=options.workers,
        blocking_threads=config.web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.error,
    )
    server.serve(target_loader=functools.partial(load, config, options.api), wrap_loader=False)
    return 0
