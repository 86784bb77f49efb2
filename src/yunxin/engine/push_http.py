"""One POST to an address that a customer chose: guarded, bounded, and judged.

The host is resolved here, every address of it is checked, and the connection goes to the checked
address itself, with the host's name in the Host header and in TLS. Redirects are not followed,
proxies of the environment not used, an answer is read up to a limit and a time. Whatever happens
becomes a `Tried`; nothing is raised.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx
import msgspec

from yunxin.dialects.targets import Target, is_allowed, read_url
from yunxin.vocabulary import PushError, PushFormat

CONNECT_S = 5.0
READ_S = 10.0  # between two pieces of an answer
V1_BODY_S = 2.0  # for what follows an acknowledgement, which only people read
TOTAL_S = 15.0  # name, connection and answer together
ANSWER_BYTES_MAX = 65_536  # {"status":0} is 12
ANSWER_KEPT = 2_000  # characters that people may read in the log
ADDRESSES_TRIED = 3  # of one host, where the first does not answer
PER_TARGET = 4  # requests to one URL at a time
KEEP_ALIVE_S = 3.0  # shorter than receivers' own, which often is 5: they close at the wrong moment
IDLE_S = 60.0  # then a URL's connections are forgotten
# A name server that does not answer holds a thread for half a minute. One look-up for a host at a
# time, and threads of our own: those of the event loop are few and everybody's.
RESOLVERS = 32
RESOLVED_S = 10.0  # so long addresses of a host are used again; they are checked each time

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Tried(NamedTuple):
    """What came of one request."""

    status: int | None  # of HTTP; None without an answer
    answer: str  # its first `ANSWER_KEPT` characters
    error: PushError  # NONE: acknowledged

    @property
    def acked(self) -> bool:
        """Whether the receiver has the events now."""
        return self.error == PushError.NONE


class Refused(Exception):
    """The request cannot be made; the argument says why in a word of PushError."""

    def __init__(self, error: PushError) -> None:
        super().__init__(error)
        self.error = error


class _Client:
    """The connections to one URL."""

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        self.url = url
        self.in_use = 0
        self.used_at = 0.0
        self.transport = httpx.AsyncHTTPTransport(
            verify=tls,
            trust_env=False,
            limits=httpx.Limits(
                max_connections=None,  # who calls bounds them
                max_keepalive_connections=PER_TARGET,
                keepalive_expiry=KEEP_ALIVE_S,
            ),
        )


class Sender:
    """Makes the requests of one engine; `aclose` it.

    Each target has connections of its own: two hosts behind one address must not share one, as the
    name in its certificate was checked for one of them.
    """

    def __init__(
        self,
        networks: Sequence[str] = (),
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        """Args:
        networks: may be pushed to though they are not public.
        resolve: the addresses of a host; the system's resolver by default.
        tls: which certificates are trusted; those of the public authorities by default.
        """
        self._networks = networks
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver.resolve
        self._tls = tls or httpx.create_ssl_context(trust_env=False)
        self._total_s = total_s
        self._clients: dict[int, _Client] = {}

    async def post(
        self,
        target_id: int,
        url: str,
        body: bytes,
        headers: dict[str, str],
        format: PushFormat,
    ) -> Tried:
        """Send one request and judge what comes back by the rules of the format."""
        try:
            async with asyncio.timeout(self._total_s):
                return await self._post(target_id, url, body, headers, format)
        except TimeoutError:
            return Tried(None, "", PushError.TIMEOUT)
        except Refused as refused:
            return Tried(None, "", refused.error)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            word = error_of(error)
            # What is wrong with a certificate is worth reading.
            text = str(error)[:ANSWER_KEPT].replace("\0", "") if word == PushError.TLS else ""
            return Tried(None, text, word)

    async def close_idle(self) -> None:
        """Forget connections that nobody used for a while."""
        now = asyncio.get_running_loop().time()
        for target_id, client in list(self._clients.items()):
            if not client.in_use and now - client.used_at > IDLE_S:
                del self._clients[target_id]
                await client.transport.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.transport.aclose()
        self._resolver.close()

    async def _post(
        self,
        target_id: int,
        url: str,
        body: bytes,
        headers: dict[str, str],
        format: PushFormat,
    ) -> Tried:
        target = read_url(url)
        if target is None:
            raise Refused(PushError.BAD_URL)
        addresses = await self._checked(target)
        client = await self._client(target_id, url)
        client.in_use += 1
        try:
            for address in addresses[:-1]:
                try:
                    return await _send(client, target, address, body, headers, format)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue  # nothing was sent yet
            return await _send(client, target, addresses[-1], body, headers, format)
        finally:
            client.in_use -= 1
            client.used_at = asyncio.get_running_loop().time()
            if not client.in_use and self._clients.get(target_id) is not client:
                await client.transport.aclose()  # the URL was changed meanwhile

    async def _checked(self, target: Target) -> list[str]:
        """The addresses to connect to.

        A host with one forbidden address is refused altogether: nobody has such a name by chance.
        """
        try:
            addresses = list(dict.fromkeys(await self._resolve(target.host, target.port)))
        except (OSError, UnicodeError) as error:
            raise Refused(PushError.NOT_FOUND) from error
        if not addresses:
            raise Refused(PushError.NOT_FOUND)
        if not all(is_allowed(address, self._networks) for address in addresses):
            raise Refused(PushError.FORBIDDEN_ADDRESS)
        return addresses[:ADDRESSES_TRIED]

    async def _client(self, target_id: int, url: str) -> _Client:
        client = self._clients.get(target_id)
        if client is None or client.url != url:
            fresh = self._clients[target_id] = _Client(url, self._tls)
            if client is not None and not client.in_use:
                await client.transport.aclose()
            client = fresh
        return client


async def _send(
    client: _Client,
    target: Target,
    address: str,
    body: bytes,
    headers: dict[str, str],
    format: PushFormat,
) -> Tried:
    netloc = f"[{address}]" if ":" in address else address
    request = httpx.Request(
        "POST",
        httpx.URL(f"{target.scheme}://{netloc}:{target.port}").copy_with(
            raw_path=target.path.encode("ascii")
        ),
        headers={
            "Host": target.authority,
            "User-Agent": "yunxin-push/1",
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # nothing that grows when it is unpacked
            **headers,
        },
        content=body,
        extensions={
            "sni_hostname": target.host,
            "timeout": {"connect": CONNECT_S, "read": READ_S, "write": READ_S, "pool": CONNECT_S},
        },
    )
    response = await client.transport.handle_async_request(request)
    try:
        return await _judge(response, format)
    finally:
        await response.aclose()


async def _judge(response: httpx.Response, format: PushFormat) -> Tried:
    """Read the answer up to the limit, and say what it means."""
    status, data, error = response.status_code, b"", PushError.NONE
    acked = format == PushFormat.V1 and 200 <= status < 300
    try:
        async with asyncio.timeout(V1_BODY_S if acked else None):
            async for piece in response.aiter_raw():
                data += piece
                if len(data) > ANSWER_BYTES_MAX:
                    error = PushError.TOO_LONG
                    break
    except (httpx.TimeoutException, TimeoutError):
        error = PushError.TIMEOUT
    except httpx.HTTPError:
        error = PushError.BROKEN_OFF
    text = data[: ANSWER_KEPT * 4].decode("utf-8", "replace").replace("\0", "")[:ANSWER_KEPT]
    return Tried(status, text, judge(status, data, error, format))


def judge(status: int, data: bytes, error: PushError, format: PushFormat) -> PushError:
    """What an answer means.

    v1: any 2xx acknowledges, whatever follows it. The dialect: 200 and `{"status":0}` alone.

    Args:
        error: what went wrong while the answer's body was read.
    """
    if 300 <= status < 400:
        return PushError.REDIRECT
    if format == PushFormat.V1:
        return PushError.NONE if 200 <= status < 300 else PushError.STATUS
    if status != 200:
        return PushError.STATUS
    if error:
        return error
    try:
        said = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return PushError.NOT_JSON
    if not isinstance(said, dict):
        return PushError.NOT_JSON
    word = said.get("status")
    acked = isinstance(word, int) and not isinstance(word, bool) and word == 0
    return PushError.NONE if acked else PushError.SAID_NO


def error_of(error: BaseException) -> PushError:
    """The word for what made a request fail before there was an answer."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return PushError.TLS
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.TimeoutException():
            return PushError.TIMEOUT
        case httpx.ConnectError():
            return PushError.CONNECT
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | ValueError():
            return PushError.BAD_URL
        case httpx.HTTPError():
            return PushError.BROKEN_OFF
        case _:
            return PushError.CONNECT


class Resolver:
    """The system's resolver, in threads of its own, one look-up for a host at a time."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="push-resolver")
        self._asked: dict[tuple[str, int], tuple[float, asyncio.Future[list[str]]]] = {}

    async def resolve(self, host: str, port: int) -> list[str]:
        """The addresses of a host, the best first.

        Raises:
            OSError: it has none.
        """
        loop = asyncio.get_running_loop()
        for key, (at, answer) in list(self._asked.items()):
            if answer.done() and loop.time() - at > RESOLVED_S:
                del self._asked[key]
        if (host, port) not in self._asked:
            answer = loop.run_in_executor(self._threads, _addresses, host, port)
            answer.add_done_callback(lambda a: a.cancelled() or a.exception())
            self._asked[host, port] = (loop.time(), answer)
        return await asyncio.shield(self._asked[host, port][1])

    def close(self) -> None:
        """Let go of the threads; those that wait for a name server end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]
