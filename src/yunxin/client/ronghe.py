"""Sending by the Ronghe dialect, for programs that have to; v1 (`Client`) does more, and better.

Nothing is tried again here. An identical request within the platform's window (a minute, where the
operator set nothing else) gets the first answer again, so calling `send` once more is safe so long.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import msgspec

from yunxin.client.errors import AnswerNotUnderstood, Unreachable, YunxinError
from yunxin.dialects.ronghe import PATH, sign

__all__ = ["Answer", "RongheRefused", "send", "sign"]
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform says to a request: 0 is accepted."""

    code: int
    message: str
    task: str


@dataclass(frozen=True, eq=False)
class RongheRefused(YunxinError):
    """The platform refused; `code` is one of the dialect's result codes."""

    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class _Told(msgspec.Struct):
    resultcode: int
    resultmsg: str = ""
    taskid: str = ""


def send(
    url: str,
    *,
    cpcode: str,
    access_key: str,
    template: str | int,
    phones: Sequence[str],
    values: Sequence[str] = (),
    extension: str = "",
    http: httpx.Client | None = None,
) -> Answer:
    """Send one template with the same values to up to 300 phones.

    Raises:
        ValueError: a value holds a comma, which the dialect cannot carry.
        RongheRefused: the platform refused.
        Unreachable: no answer came.
        AnswerNotUnderstood: what came is not an answer of the dialect.
    """
    if any("," in value for value in values):
        raise ValueError("A value of the dialect cannot hold a comma; v1 can carry it.")
    msg, mobiles, templet = ",".join(values), ",".join(phones), str(template)
    fields = {
        "cpcode": cpcode,
        "msg": msg,
        "mobiles": mobiles,
        "excode": extension,
        "templetid": templet,
        "sign": sign(cpcode, msg, mobiles, extension, templet, access_key),
    }
    headers = {"Content-Type": "application/json"}
    body = msgspec.json.encode(fields)
    try:
        post = http.post if http is not None else httpx.post
        response = post(url.rstrip("/") + PATH, content=body, headers=headers, timeout=TIMEOUT_S)
    except httpx.TransportError as error:
        raise Unreachable(f"No answer came: {error or type(error).__name__}") from error
    try:
        told = msgspec.json.decode(response.content, type=_Told)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AnswerNotUnderstood(
            f"HTTP {response.status_code} with something else than an answer of the dialect."
        ) from error
    if told.resultcode != 0:
        raise RongheRefused(told.resultcode, told.resultmsg)
    return Answer(told.resultcode, told.resultmsg, told.taskid)
