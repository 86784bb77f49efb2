"""How a call is carried out: which tries are made, how long is waited, what the answer means.

A generator that does no I/O itself: it yields a request to send or a number of seconds to wait,
and is sent the response, or the error that came instead. Both clients drive the same one.
"""

import email.utils
import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec

from yunxin.client.calls import Call
from yunxin.client.errors import AnswerNotUnderstood, Problem, Unreachable, YunxinError
from yunxin.client.identity import Identity

T = TypeVar("T")
PASSING = frozenset({429, 500, 502, 503, 504})  # statuses that another try may mend


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and how long, a call is tried again."""

    tries: int = 5
    first_pause_s: float = 0.2  # doubled after each try, with jitter
    pause_s_max: float = 10.0
    wait_s_max: float = 60.0  # the longest Retry-After that is waited for

    def pause_s(self, failures: int) -> float:
        """The wait after so many failed tries; jitter keeps clients from marching in step."""
        highest: float = min(self.pause_s_max, self.first_pause_s * 2.0 ** (failures - 1))
        return random.uniform(highest / 2, highest)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the platform is and who asks."""

    url: str
    identity: Identity
    language: str = ""  # of sentences in problems: "zh-CN" or "en"

    def request(self, call: Call[Any], now: Callable[[], float] = time.time) -> httpx.Request:
        """One try of a call, as httpx sends it."""
        url = httpx.URL(self.url.rstrip("/") + call.path + (f"?{call.query}" if call.query else ""))
        query = url.query.decode("ascii")
        headers = self.identity.headers(call.method, url.path, query, call.body, now=now)
        headers["Accept"] = "application/json, application/problem+json"
        if self.language:
            headers["Accept-Language"] = self.language
        if call.body:
            headers["Content-Type"] = "application/json"
        if call.idempotency_key:
            headers["Idempotency-Key"] = call.idempotency_key
        return httpx.Request(call.method, url, headers=headers, content=call.body or None)


Step = httpx.Request | float
Outcome = httpx.Response | httpx.TransportError | None


def exchange(call: Call[T], address: Address, patience: Patience) -> Generator[Step, Outcome, T]:
    """Carry a call out.

    Raises:
        Problem: the platform refused.
        Unreachable: no answer came.
        AnswerNotUnderstood: what came is not an answer of v1.
    """
    tries = patience.tries if call.may_be_repeated else 1
    failures = 0
    while True:
        outcome = yield address.request(call)
        assert outcome is not None
        if isinstance(outcome, httpx.Response) and outcome.is_success:
            return _answer(call, outcome)
        failures += 1
        pause_s, error = _judged(outcome, failures, patience)
        if pause_s is None or failures >= tries:
            raise error
        yield pause_s


def _judged(
    outcome: httpx.Response | httpx.TransportError, failures: int, patience: Patience
) -> tuple[float | None, YunxinError]:
    """How long to wait before another try, None for never; and what to raise instead."""
    pause_s = patience.pause_s(failures)
    if isinstance(outcome, httpx.TransportError):
        gone = Unreachable(f"No answer came: {outcome or type(outcome).__name__}")
        gone.__cause__ = outcome
        return pause_s, gone
    asked_s = _retry_after_s(outcome)
    error = _problem(outcome, asked_s)
    is_passing = outcome.status_code in PASSING or (
        outcome.status_code == 409 and asked_s is not None
    )
    if not is_passing or (asked_s or 0) > patience.wait_s_max:
        return None, error
    return max(pause_s, asked_s or 0.0), error


def _answer(call: Call[T], response: httpx.Response) -> T:
    is_later = response.status_code == httpx.codes.ACCEPTED and call.later is not None
    kind = call.later if is_later else call.answer
    try:
        answer: T = msgspec.json.decode(response.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AnswerNotUnderstood(
            f"{call.method} {call.path} was answered with something else than {error}."
        ) from error
    return answer


def _problem(response: httpx.Response, retry_after_s: float | None) -> YunxinError:
    try:
        told = msgspec.json.decode(response.content, type=_Told)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = _Told()
    return Problem(
        status=response.status_code,
        code=told.code or f"http_{response.status_code}",
        sentence=told.detail or told.title or f"The answer was HTTP {response.status_code}.",
        field=told.field,
        link=told.type if told.type != "about:blank" else "",
        rule=told.rule,
        window=told.window,
        signed=told.signed,
        request=told.request,
        retry_after_s=retry_after_s,
    )


class _Told(msgspec.Struct):
    """The members of application/problem+json (RFC 9457 §3.1) and those of the platform."""

    type: str = ""
    title: str = ""
    detail: str = ""
    code: str = ""
    field: str = ""
    rule: str = ""
    window: str = ""
    signed: str = ""
    request: str = ""


def _retry_after_s(response: httpx.Response) -> float | None:
    """Retry-After, in seconds or as a date (RFC 9110 §10.2.3)."""
    told = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        at = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, at.timestamp() - time.time())
