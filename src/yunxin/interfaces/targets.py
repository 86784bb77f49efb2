"""The URLs that receipts and replies are pushed to: stored, switched, tested, their secrets."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from yunxin.accounts import audit
from yunxin.accounts.audit import Actor, user_of
from yunxin.accounts.models import Enterprise
from yunxin.dialects.pushes import mint_webhook_secret
from yunxin.dialects.targets import check_url
from yunxin.interfaces.errors import InterfaceError
from yunxin.interfaces.labels import push_error
from yunxin.interfaces.models import PushTarget, PushTargetState, PushWish
from yunxin.sealing import seal
from yunxin.vocabulary import PushError, PushFormat, PushKind, PushWishKind
from yunxin.web.hints import hint

KINDS = (PushKind.RECEIPTS, PushKind.REPLIES)
WAITING_MAX = 100_000  # events in the queue that are counted; beyond it is "more than"


@dataclass(frozen=True, slots=True)
class Shown:
    """A URL as its page shows it; without a row, one that can be entered."""

    kind: PushKind
    target: PushTarget | None
    state: PushTargetState | None
    waiting: int  # events that are not in a push yet

    @property
    def is_behind(self) -> bool:
        return self.waiting > WAITING_MAX


def find(enterprise: Enterprise, kind: PushKind) -> PushTarget | None:
    """The enterprise's URL of a kind, if there is one."""
    return enterprise.push_targets.filter(kind=kind).first()


def shown(enterprise: Enterprise) -> list[Shown]:
    """Both URLs with how they behave; two queries, and one a URL for what waits."""
    rows = {row.kind: row for row in enterprise.push_targets.all()}
    states = {
        state.target_id: state
        for state in PushTargetState.objects.filter(
            target_id__in=[row.pk for row in rows.values()], enterprise_id=enterprise.pk
        )
    }
    return [
        Shown(kind, row, states.get(row.pk) if row else None, _waiting(row) if row else 0)
        for kind in KINDS
        for row in (rows.get(kind),)
    ]


def _waiting(target: PushTarget) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM push_queue WHERE target_id = %s LIMIT %s) AS found",
            [target.pk, WAITING_MAX + 1],
        )
        return int(cursor.fetchone()[0])


def save_target(
    enterprise: Enterprise,
    *,
    kind: PushKind,
    url: str,
    format: PushFormat,
    portal_too: bool,
    enabled: bool,
    by: Actor,
) -> tuple[PushTarget, str]:
    """Enter or change the URL of a kind.

    Returns:
        The URL's row, and the signing secret, to be shown once; empty unless the format of v1 has
        just been chosen.
    Raises:
        InterfaceError: the URL is none that is pushed to.
    """
    if (wrong := check_url(url)) != PushError.NONE:
        raise InterfaceError(push_error(wrong), "url")
    values = {
        "url": url, "format": str(format), "portal_too": portal_too, "enabled": enabled,
    }  # fmt: skip
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)
        row = find(enterprise, kind)
        before = {name: getattr(row, name) for name in values} if row else {}
        row = row or PushTarget(enterprise=enterprise, kind=kind, created_by=user_of(by))
        secret = ""
        if format == PushFormat.V1 and before.get("format") != PushFormat.V1:
            secret = mint_webhook_secret()
        if secret or not row.sealed_secret:
            row.sealed_secret = seal(settings.SECRET_KEY, secret or mint_webhook_secret())
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        changed: dict[str, Any] = {
            name: value for name, value in values.items() if before.get(name) != value
        }
        audit.record(by, "target.edit", row, enterprise, kind=kind, **changed)
        _tell()
    return row, secret


def renew_secret(target: PushTarget, *, by: Actor) -> str:
    """A new signing secret, to be shown once; the old one signs nothing any more."""
    secret = mint_webhook_secret()
    with transaction.atomic():
        target.sealed_secret = seal(settings.SECRET_KEY, secret)
        target.save(update_fields=("sealed_secret", "changed_at"))
        audit.record(by, "target.secret", target, target.enterprise, kind=target.kind)
        _tell()
    return secret


def ask_for_test(target: PushTarget, *, by: Actor) -> PushWish:
    """Have a sample pushed to a URL at once, switched on or not; one that still waits is enough."""
    with transaction.atomic():
        PushTarget.objects.select_for_update(no_key=True).get(pk=target.pk)
        waiting = target.wishes.filter(kind=PushWishKind.TEST, taken_at__isnull=True).first()
        wish = waiting or PushWish.objects.create(
            enterprise_id=target.enterprise_id,
            target=target,
            kind=PushWishKind.TEST,
            created_by=user_of(by),
        )
        hint("push")
    return wish


def _tell() -> None:
    hint("directory", "target")
    hint("push")
