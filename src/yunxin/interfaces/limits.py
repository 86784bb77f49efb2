"""Limits in force for an enterprise's interfaces: what an operator set, else the settings."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from yunxin.accounts import audit
from yunxin.accounts.audit import Actor
from yunxin.accounts.models import Enterprise
from yunxin.interfaces.models import Limits
from yunxin.web.hints import hint


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds now; `own` names what an operator set for this enterprise."""

    ronghe_allowed: bool
    requests_per_s: int  # of one key
    recipients_per_s: int  # of the enterprise
    own: frozenset[str] = frozenset()


def in_force(enterprise: Enterprise) -> InForce:
    """The limits of an enterprise; one query."""
    row = Limits.objects.filter(pk=enterprise.pk).first() or Limits(enterprise=enterprise)
    names = ("requests_per_s", "recipients_per_s")
    return InForce(
        row.ronghe_allowed,
        _first(row.requests_per_s, settings.CONFIG.api_requests_per_s),
        _first(row.recipients_per_s, settings.CONFIG.api_recipients_per_s),
        frozenset(name for name in names if getattr(row, name) is not None),
    )


def _first(own: int | None, default: int) -> int:
    return default if own is None else own


def set_limits(
    enterprise: Enterprise,
    *,
    ronghe_allowed: bool,
    requests_per_s: int | None,
    recipients_per_s: int | None,
    by: Actor,
) -> Limits:
    """Set an enterprise's limits; None goes back to the setting."""
    with transaction.atomic():
        row, _made = Limits.objects.update_or_create(
            enterprise=enterprise,
            defaults={
                "ronghe_allowed": ronghe_allowed,
                "requests_per_s": requests_per_s,
                "recipients_per_s": recipients_per_s,
            },
        )
        audit.record(
            by,
            "limits.edit",
            enterprise,
            enterprise,
            ronghe_allowed=ronghe_allowed,
            requests_per_s=requests_per_s,
            recipients_per_s=recipients_per_s,
        )
        hint("directory", "limits")
    return row
