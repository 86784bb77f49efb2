"""v1: who asks, may they, how often, and then the handler of the address; every refusal a problem.

The wire is in `dialects.v1`; handlers are in `sending` and `reading`.
"""

from collections.abc import Awaitable, Callable
from importlib import metadata

import msgspec
import structlog

from yunxin.api import applying, problems, reading, sending
from yunxin.api.auth import authenticate, permit
from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused
from yunxin.api.requests import Answer, Request
from yunxin.config import Config
from yunxin.dialects import openapi
from yunxin.dialects.v1 import ROUTES, Route
from yunxin.engine.store import StoreUnavailable

log = structlog.get_logger()

RETRY_AFTER_S = 1

Handler = Callable[[Request, Key, Parts], Awaitable[Answer]]
Sender = Callable[[Request, Key, Parts], Awaitable[tuple[Answer, bool]]]

SENDERS: dict[str, Sender] = {
    "send_messages": sending.send,
    "preview_messages": sending.preview,
}
HANDLERS: dict[str, Handler] = {
    "list_messages": reading.list_messages,
    "get_message": reading.get_message,
    "pull_receipts": reading.pull_receipts,
    "pull_inbound": reading.pull_inbound,
    "get_balance": reading.get_balance,
    "list_signatures": reading.list_signatures,
    "list_templates": reading.list_templates,
    "apply_for_signature": applying.apply_for_signature,
    "apply_for_template": applying.apply_for_template,
    "get_application": applying.get_application,
}


class V1:
    """Answers everything under /api/v1/."""

    def __init__(self, config: Config) -> None:
        self._base_url = config.base_url
        self._routes: dict[str, dict[str, Route]] = {}
        for route in ROUTES:
            self._routes.setdefault(route.path, {})[route.method] = route
        described = openapi.build(config.api_url or config.base_url, metadata.version("yunxin"))
        self._openapi = Answer(200, msgspec.json.encode(described))

    async def answer(self, request: Request, parts: Parts | None) -> Answer:
        """What a request gets."""
        try:
            return await self._answer(request, parts)
        except Refused as refused:
            return problems.answer(refused, request, self._base_url)
        except StoreUnavailable:
            return self._unavailable(request)
        except Exception:  # the top of a request: whatever went wrong is a problem
            log.exception("v1.failed", request=request.id)
            return problems.answer(Refused("internal"), request, self._base_url)

    def _unavailable(self, request: Request) -> Answer:
        refused = Refused("unavailable", retry_after=RETRY_AFTER_S)
        return problems.answer(refused, request, self._base_url)

    def _route(self, request: Request) -> Route:
        methods = self._routes.get(request.path)
        if methods is None:  # the last word may be an id
            folder, _, word = request.path.rpartition("/")
            methods = self._routes.get(f"{folder}/{{id}}")
            if methods is None or not (word.isascii() and word.isdigit()):
                raise Refused("not_found")
        route = methods.get(request.method)
        if route is None:
            raise Refused("method_not_allowed", allow=", ".join(sorted(methods)))
        return route

    async def _answer(self, request: Request, parts: Parts | None) -> Answer:
        route = self._route(request)
        if route.scope is None:
            return self._openapi
        if parts is None:
            raise Refused("unavailable", retry_after=RETRY_AFTER_S)
        if request.body is None:
            raise Refused("body_too_large")
        key = await authenticate(request, parts)
        outcome = "internal"
        is_slowed = False
        try:
            permit(key, route.scope)
            await _keep_limit(key, parts)
            answer, replayed = await _handle(route, request, key, parts)
            outcome = "replayed" if replayed else "ok"
            return answer
        except Refused as refused:
            outcome = refused.code
            is_slowed = refused.retry_after is not None
            raise
        except StoreUnavailable:
            outcome = "unavailable"
            raise
        finally:
            parts.usage.count(key.enterprise_id, key.credential_id, outcome, request.address)
            if is_slowed:
                await parts.limits.slow_down()


async def _handle(route: Route, request: Request, key: Key, parts: Parts) -> tuple[Answer, bool]:
    sender = SENDERS.get(route.name)
    if sender is not None:
        return await sender(request, key, parts)
    return await HANDLERS[route.name](request, key, parts), False


async def _keep_limit(key: Key, parts: Parts) -> None:
    """Raises: Refused: the key makes more requests than it may."""
    per_s = parts.keyring.ring.merchants[key.enterprise_id].requests_per_s
    limited = await parts.limits.take_request(key.enterprise_id, key.credential_id, per_s)
    if limited is not None:
        raise Refused(
            "too_many_requests", limited.limit, rule=limited.rule, window="1 s",
            retry_after=limited.retry_after,
        )  # fmt: skip
