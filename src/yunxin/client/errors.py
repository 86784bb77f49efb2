"""What can go wrong when the platform is asked for something."""

from dataclasses import dataclass


class YunxinError(Exception):
    """The platform did not do what it was asked for."""


@dataclass(frozen=True, eq=False)
class Problem(YunxinError):
    """The platform refused, and says why: `code` for programs, `sentence` for people.

    The codes are listed in the interface document; `field` names what is wrong where it can be
    named, `link` leads to the place in the document. `rule` and `window` say which limit was met,
    `signed` which text the platform expected to be signed. Name `request` to customer service.
    `retry_after_s` is there when trying again later can help.
    """

    status: int  # of HTTP
    code: str
    sentence: str
    field: str = ""
    link: str = ""
    rule: str = ""
    window: str = ""
    signed: str = ""
    request: str = ""
    retry_after_s: float | None = None

    def __str__(self) -> str:
        where = f" (field {self.field})" if self.field else ""
        return f"{self.code}: {self.sentence}{where}"


class Unreachable(YunxinError):
    """No answer came, however often it was tried; what was sent may or may not have arrived.

    Asking again with the same idempotency key is safe.
    """


class AnswerNotUnderstood(YunxinError):
    """The answer is not what this version of the client knows; is the URL the platform's?"""
