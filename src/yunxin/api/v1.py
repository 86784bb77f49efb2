"""v1: who asks, may they, how often, and then the handler of the address; every refusal a problem.

The wire is in `dialects.v1`; handlers are in `sending` and `reading`, those of the address book in
`contacts` and `contact_writing`.
"""

import re
from collections.abc import Awaitable, Callable
from importlib import metadata

import msgspec
import structlog

from yunxin.api import applying, contact_writing, contacts, problems, reading, replaying, sending
from yunxin.api.auth import authenticate, permit
from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused
from yunxin.api.requests import Answer, Request
from yunxin.config import Config
from yunxin.dialects import openapi
from yunxin.dialects.v1 import IN_PATHS, ROUTES, Route
from yunxin.engine.store import StoreUnavailable

log = structlog.get_logger()

RETRY_AFTER_S = 1

Handler = Callable[[Request, Key, Parts], Awaitable[Answer]]
Sender = Callable[[Request, Key, Parts], Awaitable[tuple[Answer, bool]]]

SENDERS: dict[str, Sender] = {
    "send_messages": sending.send,
    "preview_messages": sending.preview,
    "replay_pushes": replaying.replay_pushes,
    "save_contacts": contact_writing.save_contacts,
    "save_contact": contact_writing.save_contact,
    "delete_contacts": contact_writing.delete_contacts,
    "delete_contact": contact_writing.delete_contact,
    "create_group": contact_writing.create_group,
    "rename_group": contact_writing.rename_group,
    "delete_group": contact_writing.delete_group,
    "add_members": contact_writing.add_members,
    "remove_members": contact_writing.remove_members,
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
    "list_contacts": contacts.list_contacts,
    "get_contact": contacts.get_contact,
    "list_groups": contacts.list_groups,
    "get_group": contacts.get_group,
}


class V1:
    """Answers everything under /api/v1/."""

    def __init__(self, config: Config) -> None:
        self._base_url = config.base_url
        self._routes: dict[str, dict[str, Route]] = {}
        for route in ROUTES:
            self._routes.setdefault(route.path, {})[route.method] = route
        self._with_word = [
            (_pattern(path), methods) for path, methods in self._routes.items() if "{" in path
        ]
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
        methods = self._routes.get(request.path) or self._find(request)
        route = methods.get(request.method)
        if route is None:
            raise Refused("method_not_allowed", allow=", ".join(sorted(methods)))
        return route

    def _find(self, request: Request) -> dict[str, Route]:
        for pattern, methods in self._with_word:
            found = pattern.fullmatch(request.path)
            if found is not None:
                request.word = found[1]
                return methods
        raise Refused("not_found")

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


def _pattern(path: str) -> "re.Pattern[str]":
    """What the addresses of a path with one {name} in it look like."""
    before, name, after = re.split(r"\{(\w+)\}", path)
    return re.compile(f"{re.escape(before)}({IN_PATHS[name]}){re.escape(after)}", re.ASCII)


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
