"""Keys of an enterprise's systems: made, shown once, rotated with an overlap, disabled.

What is kept of a key is said in `dialects.keys`. The API reads the rows again at the hint.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from yunxin.accounts import audit, notices
from yunxin.accounts.audit import Actor, user_of
from yunxin.accounts.models import Enterprise
from yunxin.dialects import keys
from yunxin.interfaces.errors import NotLive, TooManyKeys
from yunxin.interfaces.models import Credential
from yunxin.sealing import seal, unseal
from yunxin.vocabulary import CredentialKind
from yunxin.web.hints import hint

# Two of the dialect, so that one can take over from the other; a key for each system of v1.
LIVE_MAX = {CredentialKind.RONGHE: 2, CredentialKind.V1: 20}


class Overlap(IntEnum):
    """Hours for which the old key works beside the new one."""

    NONE = 0
    DAY = 24
    WEEK = 168


def live(enterprise: Enterprise) -> QuerySet[Credential]:
    """The keys that open something now."""
    is_open = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    return enterprise.credentials.filter(is_open, disabled_at__isnull=True)


def is_live(credential: Credential) -> bool:
    ends = credential.expires_at
    return credential.disabled_at is None and (ends is None or ends > timezone.now())


def create_access_key(
    enterprise: Enterprise, *, name: str, by: Actor = None
) -> tuple[Credential, str]:
    """A new AccessKey of the dialect, and the key itself, to be shown once.

    Raises:
        TooManyKeys: there are two that work.
    """
    with transaction.atomic():
        made = _create(enterprise, CredentialKind.RONGHE, name=name, by=by)
        audit.record(by, "credential.create", made[0], enterprise, kind=made[0].kind)
        hint("directory", "credential")
    return made


def create_key(
    enterprise: Enterprise,
    *,
    name: str,
    scopes: Sequence[str],
    networks: Sequence[str] = (),
    by: Actor = None,
) -> tuple[Credential, str]:
    """A new key of v1, and the key itself, to be shown once.

    Args:
        networks: whence it may be used, as `networks.read_network` gives them; none: anywhere.
    Raises:
        TooManyKeys: there are twenty that work.
    """
    with transaction.atomic():
        made = _create(
            enterprise, CredentialKind.V1, name=name, scopes=scopes, networks=networks, by=by
        )
        audit.record(
            by,
            "credential.create",
            made[0],
            enterprise,
            kind=made[0].kind,
            scopes=", ".join(scopes),
            networks=", ".join(networks),
        )
        hint("directory", "credential")
    return made


def rotate(credential: Credential, *, overlap: Overlap, by: Actor) -> tuple[Credential, str]:
    """A new key in the place of an old one, which works on until the overlap has passed.

    Raises:
        NotLive: the old key does not work any more.
        TooManyKeys: with the overlap there would be too many.
    """
    now = timezone.now()
    with transaction.atomic():
        _lock(credential.enterprise)
        old = Credential.objects.select_related("enterprise").get(pk=credential.pk)
        if not is_live(old):
            raise NotLive
        ends = now + timedelta(hours=overlap)
        old.expires_at = min(ends, old.expires_at or ends)
        old.save(update_fields=("expires_at",))
        made = _create(
            old.enterprise,
            CredentialKind(old.kind),
            name=old.name,
            scopes=old.scopes,
            networks=old.networks,
            by=by,
        )
        audit.record(
            by,
            "credential.rotate",
            made[0],
            old.enterprise,
            kind=old.kind,
            replaces=str(old),
            overlap_h=int(overlap),
        )
        hint("directory", "credential")
    return made


def disable(credential: Credential, *, by: Actor, reason: str = "") -> Credential:
    """End a key at once, for good; by an operator, the enterprise hears of it.

    Raises:
        NotLive: it has ended already.
    """
    with transaction.atomic():
        rows = Credential.objects.select_related("enterprise").select_for_update(of=("self",))
        credential = rows.get(pk=credential.pk)
        if not is_live(credential):
            raise NotLive
        credential.disabled_at = timezone.now()
        credential.save(update_fields=("disabled_at",))
        audit.record(
            by,
            "credential.disable",
            credential,
            credential.enterprise,
            kind=credential.kind,
            **({"reason": reason} if reason else {}),
        )
        actor = user_of(by)
        if actor is not None and actor.is_operator:
            subject = f"{credential} ({reason})" if reason else str(credential)
            notices.tell(
                credential.enterprise, "credential.disabled", subject, link="/support/keys/"
            )
        hint("directory", "credential")
    return credential


def access_keys(enterprise: Enterprise) -> list[tuple[Credential, str]]:
    """The AccessKeys of the dialect that work, each with the key; never shown to anybody."""
    found = live(enterprise).filter(kind=CredentialKind.RONGHE)
    return [(one, unseal(settings.SECRET_KEY, one.sealed)) for one in found]


def _create(
    enterprise: Enterprise,
    kind: CredentialKind,
    *,
    name: str,
    scopes: Sequence[str] = (),
    networks: Sequence[str] = (),
    by: Actor,
) -> tuple[Credential, str]:
    _lock(enterprise)
    _check_room(enterprise, kind)
    row = Credential(
        enterprise=enterprise,
        kind=kind,
        name=name,
        scopes=list(scopes),
        networks=list(networks),
        created_by=user_of(by),
    )
    if kind == CredentialKind.RONGHE:
        key = keys.mint_access_key()
        row.sealed, row.hint = seal(settings.SECRET_KEY, key), key[-keys.HINT_LENGTH :]
    else:
        minted = keys.mint()
        key = minted.key
        row.key_id, row.secret_hash, row.hint = minted.key_id, minted.secret_hash, minted.hint
        row.sealed = seal(settings.SECRET_KEY, minted.signing_key)
    row.save(force_insert=True)
    return row, key


def _lock(enterprise: Enterprise) -> None:
    """Two people at once do not make one key too many."""
    Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)


def _check_room(enterprise: Enterprise, kind: CredentialKind) -> None:
    most = LIVE_MAX[kind]
    if live(enterprise).filter(kind=kind).count() >= most:
        sentence = ngettext(
            "At most %(n)s key of this kind can be in use. Disable the old one first.",
            "At most %(n)s keys of this kind can be in use. Disable one that is not needed,"
            " or rotate without an overlap.",
            most,
        )
        raise TooManyKeys(sentence % {"n": most})
