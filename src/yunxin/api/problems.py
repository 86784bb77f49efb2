"""Refusals of v1: an exception that any check may raise, and the answer that it becomes."""

from typing import Any

import msgspec

from yunxin.api.requests import Answer, Request
from yunxin.dialects.problems import CONTENT_TYPE, PROBLEMS
from yunxin.dialects.v1 import ProblemTold

DOCUMENT = "/interface/document/"


class Refused(Exception):
    """The request is refused with a problem of `dialects.problems`."""

    def __init__(self, code: str, detail: str = "", field: str = "", **more: Any) -> None:
        """Args: more: members of `ProblemTold`, and `retry_after` in seconds."""
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.retry_after: int | None = more.pop("retry_after", None)
        self.allow: str = more.pop("allow", "")
        self.more = more


def language_of(request: Request) -> str:
    """ "zh" where the client asks for Chinese first, else "en"."""
    asked = request.headers.get(b"accept-language", b"")
    return "zh" if asked[:2].lower() == b"zh" else "en"


def answer(refused: Refused, request: Request, base_url: str) -> Answer:
    """The problem as it goes over the wire."""
    problem = PROBLEMS[refused.code]
    told = ProblemTold(
        type=f"{base_url}{DOCUMENT}#problem-{problem.code}",
        title=problem.title(language_of(request)),
        status=problem.status,
        code=problem.code,
        detail=refused.detail or msgspec.UNSET,
        field=refused.field or msgspec.UNSET,
        request=request.id,
        **refused.more,
    )
    headers: list[tuple[bytes, bytes]] = []
    if refused.retry_after is not None:
        headers.append((b"retry-after", b"%d" % refused.retry_after))
    if problem.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="yunxin"'))
    if refused.allow:
        headers.append((b"allow", refused.allow.encode()))
    body = msgspec.json.encode(told)
    return Answer(problem.status, body, CONTENT_TYPE.encode(), tuple(headers))
