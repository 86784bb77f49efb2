"""Pushes of v1, as a receiver sees them: is it genuine, and what does it tell?

Signed as Standard Webhooks says (HMAC-SHA256 of `id.timestamp.body`).
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from yunxin.client.answers import InboundMessage, Receipt
from yunxin.client.errors import YunxinError

TOLERANCE_S = 300  # Standard Webhooks: against pushes that are sent again by others


class NotGenuine(YunxinError):
    """The push is not signed with this secret, or too long ago; answer 401."""


class Push(msgspec.Struct, frozen=True):
    """What was pushed. `events` as they came; `receipts` and `replies` are the same, typed.

    The same event may come again: know it by its `id`.
    """

    id: str
    type: str  # "receipts", "replies" or "test"
    events: tuple[dict[str, Any], ...]

    @property
    def receipts(self) -> list[Receipt]:
        """The events of a push of receipts."""
        return msgspec.convert(list(self.events), list[Receipt]) if self.type == "receipts" else []

    @property
    def replies(self) -> list[InboundMessage]:
        """The events of a push of replies."""
        if self.type != "replies":
            return []
        return msgspec.convert(list(self.events), list[InboundMessage])


def verify(
    secret: str, headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> Push:
    """Check a push and read it.

    Args:
        secret: `whsec_…`, from the page of the URL.
        headers: those of the request, in any case of letters.
        body: the bytes as they came, before anything has read them.
        now: Unix time; the clock's if not given.
    Raises:
        NotGenuine: do not believe it.
    """
    told = {name.lower(): value for name, value in headers.items()}
    try:
        push_id, stamp = told["webhook-id"], told["webhook-timestamp"]
        given = told["webhook-signature"].split()
        age_s = abs((time.time() if now is None else now) - int(stamp))
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except KeyError as missing:
        raise NotGenuine(f"The header {missing} is missing.") from None
    except (binascii.Error, ValueError):
        raise NotGenuine("The secret or the time-stamp cannot be read.") from None
    if age_s > TOLERANCE_S:
        raise NotGenuine("The push was signed too long ago, or the clocks differ.")
    signed = b".".join((push_id.encode(), stamp.encode(), body))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    wanted = f"v1,{base64.b64encode(digest).decode()}"
    if not any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given):
        raise NotGenuine("The push is not signed with this secret.")
    content = msgspec.json.decode(body)
    return Push(push_id, content["type"], tuple(content["events"]))
