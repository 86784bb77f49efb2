"""Accounts of the SMPP server: made, changed, switched, given another password; sessions ended.

The password is shown once, to whoever made it; what is kept of it is said in
`dialects.smpp_passwords`. The server reads the rows again at the hint, and cuts what may not go on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.accounts import audit, extensions, notices
from yunxin.accounts.audit import Actor, user_of
from yunxin.accounts.models import Enterprise
from yunxin.dialects import smpp_passwords
from yunxin.interfaces.errors import (
    AlreadySo,
    ExtensionImpossible,
    LastAddress,
    SessionOver,
    SystemIdTaken,
    TooManyAccounts,
)
from yunxin.interfaces.smpp_models import SmppAccount, SmppSession
from yunxin.vocabulary import SENDER_DIGITS_MAX
from yunxin.web.hints import hint

ACCOUNTS_MAX = 50  # of one enterprise: pages show all of them at once
SETTINGS = (
    "name", "networks", "window", "rate_per_s", "sessions_max", "text_mode", "traffic",
    "source_rule", "extension", "replies", "default_alphabet",
)  # fmt: skip

# Names that mean something else in the audit log.
_IN_LOG = {"name": "account_name", "replies": "delivered_replies"}


def propose_system_id(enterprise: Enterprise) -> str:
    """A login name that is free now: the merchant code in small letters and a number."""
    stem = re.sub(r"[^a-z0-9]", "", enterprise.cpcode.lower())[:12] or "smpp"
    taken = set(
        SmppAccount.objects.filter(system_id__startswith=stem).values_list("system_id", flat=True)
    )
    return next(each for each in _numbered(stem) if each not in taken)


def _numbered(stem: str) -> Iterator[str]:
    return (f"{stem}{number}" for number in count(1))


def create_account(
    enterprise: Enterprise, *, system_id: str, values: Mapping[str, Any], by: Actor
) -> tuple[SmppAccount, str]:
    """A new account that may bind at once, and its password, to be shown once.

    Args:
        system_id: 3 to 15 signs that no account of the platform has; it stays.
        values: by the names of SETTINGS, already checked; absent ones keep their default.
    Raises:
        SystemIdTaken: somebody has this name.
        TooManyAccounts: the enterprise has as many as it may have.
        ExtensionImpossible: the digits make the number too long, or another enterprise's.
    """
    password = smpp_passwords.mint()
    _check_extension(enterprise, values.get("extension", ""))
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)
        if enterprise.smpp_accounts.count() >= ACCOUNTS_MAX:
            raise TooManyAccounts
        row = SmppAccount(
            enterprise=enterprise,
            system_id=system_id,
            created_by=user_of(by),
            **{name: values[name] for name in SETTINGS if name in values},
        )
        _set_password(row, password)
        _insert(row)
        given = [name for name in SETTINGS if getattr(row, name) not in ("", [])]
        audit.record(by, "smpp_account.create", row, enterprise, **_told(row, given))
        hint("directory", "smpp_account")
    return row, password


def _insert(row: SmppAccount) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "system_id" not in str(error):
            raise
        raise SystemIdTaken(field="system_id") from None


def change_account(
    account: SmppAccount, *, values: Mapping[str, Any], by: Actor
) -> tuple[SmppAccount, list[str]]:
    """Change settings; sessions that are bound go on, by the new ones from the next second on.

    Args:
        values: by the names of SETTINGS, already checked; absent ones stay.
    Returns:
        The account, and the names of what is different now.
    Raises:
        ExtensionImpossible: the digits make the number too long, or another enterprise's.
    """
    with transaction.atomic():
        row = _lock(account)
        _check_extension(row.enterprise, values.get("extension", ""))
        changed = [
            name for name in SETTINGS if name in values and values[name] != getattr(row, name)
        ]
        for name in changed:
            setattr(row, name, values[name])
        if changed:
            row.save(update_fields=(*changed, "changed_at"))
            audit.record(by, "smpp_account.edit", row, row.enterprise, **_told(row, changed))
            hint("directory", "smpp_account")
    return row, changed


def renew_password(account: SmppAccount, *, by: Actor) -> str:
    """Another password, to be shown once; nobody binds with the old one any more."""
    password = smpp_passwords.mint()
    with transaction.atomic():
        row = _lock(account)
        _set_password(row, password)
        row.save(update_fields=("password_hash", "password_changed_at", "changed_at"))
        audit.record(by, "smpp_account.password", row, row.enterprise)
        if _is_operator(by):
            notices.tell(row.enterprise, "smpp_account.password", row, link=_link(row))
        hint("directory", "smpp_account")
    return password


def disable_account(account: SmppAccount, *, by: Actor, reason: str) -> SmppAccount:
    """Let nobody bind with it, and end its sessions; what waits for it waits on.

    Raises:
        AlreadySo: it is disabled.
    """
    with transaction.atomic():
        row = _switch(account, enabled=False)
        audit.record(by, "smpp_account.disable", row, row.enterprise, reason=reason)
        subject = f"{row} ({reason})"
        notices.tell(row.enterprise, "smpp_account.disabled", subject, link=_link(row))
        hint("directory", "smpp_account")
    return row


def enable_account(account: SmppAccount, *, by: Actor) -> SmppAccount:
    """Let systems bind with it again.

    Raises:
        AlreadySo: it is enabled.
    """
    with transaction.atomic():
        row = _switch(account, enabled=True)
        audit.record(by, "smpp_account.enable", row, row.enterprise)
        notices.tell(row.enterprise, "smpp_account.enabled", row, link=_link(row))
        hint("directory", "smpp_account")
    return row


def _switch(account: SmppAccount, *, enabled: bool) -> SmppAccount:
    row = _lock(account)
    if row.enabled == enabled:
        raise AlreadySo
    row.enabled = enabled
    row.save(update_fields=("enabled", "changed_at"))
    return row


def ask_to_close(session: SmppSession, *, by: Actor) -> None:
    """Have a session closed: the server says good-bye to it within a few seconds.

    Raises:
        SessionOver: it is not there any more.
    """
    with transaction.atomic():
        account = SmppAccount.objects.select_related("enterprise").get(pk=session.account_id)
        found = SmppSession.objects.filter(pk=session.pk, account_id=account.pk)
        if not found.update(close_wished_at=timezone.now()):
            raise SessionOver
        audit.record(by, "smpp_session.close", account, account.enterprise, address=session.address)
        hint("directory", "smpp_session")


# Addresses, as `networks` has them approved and withdrawn -----------------------------------------


def allow(account: SmppAccount, network: str) -> None:
    """Let systems bind from one address more; call it within a transaction."""
    row = _lock(account)
    if network not in row.networks:
        row.networks = [*row.networks, network]
        row.save(update_fields=("networks", "changed_at"))


def allow_no_longer(account: SmppAccount, network: str) -> None:
    """Take an address off the account's list; call it within a transaction.

    Raises:
        LastAddress: an empty list would let everybody in.
    """
    row = _lock(account)
    if network not in row.networks:
        return
    if len(row.networks) == 1:
        raise LastAddress
    row.networks = [each for each in row.networks if each != network]
    row.save(update_fields=("networks", "changed_at"))


def _check_extension(enterprise: Enterprise, digits: str) -> None:
    """Acceptance would refuse every message of an account whose digits do not fit."""
    if not digits:
        return
    whole = extensions.longest_access_number() + len(enterprise.extension_code) + len(digits)
    if whole > SENDER_DIGITS_MAX:
        raise ExtensionImpossible(
            _("With the longest access number, numbers would have %(digits)s digits; at most"
              " %(most)s are possible.") % {"digits": whole, "most": SENDER_DIGITS_MAX},
            "extension",
        )  # fmt: skip
    if extensions.leads_elsewhere(enterprise, 0, digits):
        raise ExtensionImpossible(
            _("With these digits the number would be another enterprise's, and its replies would"
              " go there."),
            "extension",
        )  # fmt: skip


def _lock(account: SmppAccount) -> SmppAccount:
    rows = SmppAccount.objects.select_related("enterprise").select_for_update(of=("self",))
    return rows.get(pk=account.pk)


def _set_password(row: SmppAccount, password: str) -> None:
    row.password_hash = smpp_passwords.digest(settings.SECRET_KEY, row.system_id, password)
    row.password_changed_at = timezone.now()


def _told(row: SmppAccount, names: Iterable[str]) -> dict[str, Any]:
    """What the audit log keeps of settings: words and numbers, by its own names for them."""
    told = {_IN_LOG.get(name, name): getattr(row, name) for name in names}
    if "networks" in told:
        told["networks"] = ", ".join(told["networks"])
    return told


def _is_operator(by: Actor) -> bool:
    actor = user_of(by)
    return actor is not None and actor.is_operator


def _link(row: SmppAccount) -> str:
    return reverse("interfaces:smpp_account", args=[row.pk])
