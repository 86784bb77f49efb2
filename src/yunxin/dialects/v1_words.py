"""Words that all of v1 shares: where it lies, how long pages are, what a phone or a cursor is."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

PREFIX = "/api/v1"
PAGE_MAX = 100
PAGE_DEFAULT = 50
IDEMPOTENCY_KEY_MAX = 255

NO_NUL = r"^[^\u0000]*$"  # PostgreSQL's texts hold none


class Scope(StrEnum):
    """What a key may be used for."""

    MESSAGES_SEND = "messages:send"
    MESSAGES_READ = "messages:read"
    INBOUND_READ = "inbound:read"
    ACCOUNT_READ = "account:read"
    CONTENT_READ = "content:read"
    CONTENT_WRITE = "content:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"


Phone = Annotated[str, Meta(max_length=40, examples=["13800000000"])]
Cursor = Annotated[str, Meta(max_length=100, description="The `next` of an earlier page; opaque.")]
Limit = Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Rows a page.")]


class PageQuery(Struct, forbid_unknown_fields=True):
    """Parameters of a list."""

    cursor: Cursor = ""
    limit: Limit = PAGE_DEFAULT
