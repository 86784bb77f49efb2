"""What every page's template knows about who is signed in: the count in the bell."""

from functools import cache, partial
from typing import Any

from django.http import HttpRequest

from yunxin.accounts import notices


def account(request: HttpRequest) -> dict[str, Any]:
    """Template context: `unread_notices`, asked of the database when it is shown, and once."""
    return {"unread_notices": cache(partial(_count, request))}


def _count(request: HttpRequest) -> int:
    return notices.unread_of(request.user).count() if request.user.is_authenticated else 0
