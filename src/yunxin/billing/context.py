"""What the side menu shows of an enterprise's packages: `balance` in every portal page."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from yunxin.billing import packages


def balance(request: HttpRequest) -> dict[str, Any]:
    """Template context: `balance` (left, total, valid_to, url), read only when it is shown."""
    enterprise = getattr(request, "enterprise", None)
    if enterprise is None:
        return {}
    return {"balance": SimpleLazyObject(lambda: _read(enterprise))}


def _read(enterprise: Any) -> dict[str, Any]:
    found = packages.read_balance(enterprise)
    return {
        "left": found.left,
        "total": found.total,
        "valid_to": found.valid_to,
        "url": reverse("billing:packages"),
    }
