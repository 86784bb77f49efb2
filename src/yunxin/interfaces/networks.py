"""Whence an enterprise's servers may call (IP 白名单): asked for, reviewed, withdrawn.

An address may be asked for one SMPP account; approved, it is put on that account's own list.
"""

import ipaddress

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.accounts import audit, notices
from yunxin.accounts.audit import Actor, user_of
from yunxin.accounts.models import Enterprise
from yunxin.interfaces import smpp_accounts
from yunxin.interfaces.errors import (
    AlreadyDecided,
    InterfaceError,
    NetworkInvalid,
    NetworkKnown,
)
from yunxin.interfaces.models import AllowedNetwork
from yunxin.interfaces.smpp_models import SmppAccount
from yunxin.vocabulary import ReviewState
from yunxin.web.hints import hint

# The shortest prefixes: a customer's servers, not half of the Internet.
PREFIX_MIN = {4: 16, 6: 48}
ENTRIES_MAX = 50  # of one enterprise: the API looks through all of them at each request
REASON_MAX = 300  # AllowedNetwork.reject_reason
ALIVE = (ReviewState.PENDING, ReviewState.APPROVED)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_network(text: str) -> str:
    """An address or CIDR that was typed, as it is stored: with its prefix length.

    Raises:
        NetworkInvalid: no address, host bits set, too large, or nobody's server.
    """
    text = text.strip()
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        raise NetworkInvalid(
            _("Enter an IP address such as 203.0.113.8, or a network such as 203.0.113.0/24."),
        ) from None
    network: Network = address.network
    if "/" in text and address.ip != network.network_address:
        raise NetworkInvalid(
            _("%(typed)s is an address within a network. Did you mean %(network)s?")
            % {"typed": text, "network": network},
        )
    least = PREFIX_MIN[network.version]
    if network.prefixlen < least:
        raise NetworkInvalid(
            _("This network is too large. Enter /%(least)s or smaller networks, best the very"
              " addresses of your servers.") % {"least": least},
        )  # fmt: skip
    if network.is_multicast or network.is_unspecified or _has_scope(address):
        raise NetworkInvalid(_("No server has this address."))
    return network.with_prefixlen


def _has_scope(address: object) -> bool:
    return bool(getattr(address, "scope_id", None))


def waiting() -> QuerySet[AllowedNetwork]:
    """What operators have to decide, the oldest first."""
    rows = AllowedNetwork.objects.filter(state=ReviewState.PENDING)
    rows = rows.select_related("enterprise", "created_by", "smpp_account")
    return rows.order_by("created_at", "id")


def of_dialect(enterprise: Enterprise) -> QuerySet[AllowedNetwork]:
    """The list of the dialect, without what was asked for SMPP accounts."""
    return enterprise.allowed_networks.filter(smpp_account__isnull=True)


def apply(
    enterprise: Enterprise,
    *,
    network: str,
    note: str = "",
    account: SmppAccount | None = None,
    by: Actor,
) -> AllowedNetwork:
    """Ask for an address or CIDR, as `read_network` gives it; it counts once approved.

    Args:
        account: an SMPP account of the enterprise that it is for; none: for the dialect.
    Raises:
        NetworkKnown: it waits or is allowed already.
        InterfaceError: the list is full.
    """
    with transaction.atomic():
        Enterprise.objects.select_for_update(no_key=True).get(pk=enterprise.pk)
        alive = enterprise.allowed_networks.filter(state__in=ALIVE, smpp_account=account)
        known = account.networks if account else ()
        if network in known or alive.filter(network=network).exists():
            raise NetworkKnown(field="network")
        if alive.count() >= ENTRIES_MAX:
            raise InterfaceError(
                _("The list holds at most %(most)s entries. Withdraw some, or join them into a"
                  " network.") % {"most": ENTRIES_MAX},
                "network",
            )  # fmt: skip
        row = AllowedNetwork.objects.create(
            enterprise=enterprise,
            network=network,
            note=note,
            smpp_account=account,
            created_by=user_of(by),
        )
        detail = {"note": note} if note else {}
        audit.record(by, "network.apply", network, enterprise, **detail, **_whose(row))
        link = reverse("interfaces:console_network", args=[row.pk])
        notices.tell(None, "network.applied", f"{network} ({enterprise})", link=link)
    return row


def withdraw(row: AllowedNetwork, *, by: Actor, reason: str = "") -> AllowedNetwork:
    """Take an address off the list, allowed or not; requests from it are refused at once.

    By an operator it has a reason, and the enterprise hears of it.

    Raises:
        AlreadyDecided: it is on the list no more.
        LastAddress: it is the last one of an SMPP account, which would let everybody in.
    """
    with transaction.atomic():
        row = _lock(row)
        if row.state not in ALIVE:
            raise AlreadyDecided
        if row.smpp_account is not None and row.state == ReviewState.APPROVED:
            smpp_accounts.allow_no_longer(row.smpp_account, row.network)
        row.state, row.reject_reason = ReviewState.CANCELLED, reason[:REASON_MAX]
        row.save(update_fields=("state", "reject_reason"))
        detail = {"reason": reason} if reason else {}
        audit.record(by, "network.withdraw", row, row.enterprise, **detail, **_whose(row))
        actor = user_of(by)
        if actor is not None and actor.is_operator:
            notices.tell(row.enterprise, "network.withdrawn", row, link=_link(row))
        hint("directory", "network")
    return row


def approve(row: AllowedNetwork, *, by: Actor) -> AllowedNetwork:
    """Let an enterprise's servers call from an address.

    Raises:
        AlreadyDecided: it waits no more.
    """
    with transaction.atomic():
        row = _decide(row, ReviewState.APPROVED, by)
        if row.smpp_account is not None:
            smpp_accounts.allow(row.smpp_account, row.network)
        audit.record(by, "network.approve", row, row.enterprise, **_whose(row))
        notices.tell(row.enterprise, "network.approved", row, link=_link(row))
        hint("directory", "network")
    return row


def reject(row: AllowedNetwork, *, reason: str, by: Actor) -> AllowedNetwork:
    """Refuse an address, with the reason that the applicant will read.

    Raises:
        AlreadyDecided: it waits no more.
    """
    with transaction.atomic():
        row = _decide(row, ReviewState.REJECTED, by, reason)
        audit.record(by, "network.reject", row, row.enterprise, reason=reason, **_whose(row))
        notices.tell(row.enterprise, "network.rejected", row, link=_link(row))
    return row


def size_of(network: str) -> int:
    """How many addresses it holds."""
    return int(ipaddress.ip_network(network).num_addresses)


def is_public(network: str) -> bool:
    return bool(ipaddress.ip_network(network).is_global)


def _link(row: AllowedNetwork) -> str:
    if row.smpp_account_id is not None:
        return reverse("interfaces:smpp_account", args=[row.smpp_account_id])
    return reverse("interfaces:networks")


def _whose(row: AllowedNetwork) -> dict[str, str]:
    """The SMPP account that it is for, as the audit log keeps it."""
    return {"smpp_account": str(row.smpp_account)} if row.smpp_account else {}


def _lock(row: AllowedNetwork) -> AllowedNetwork:
    rows = AllowedNetwork.objects.select_related("enterprise", "smpp_account")
    return rows.select_for_update(of=("self",)).get(pk=row.pk)


def _decide(row: AllowedNetwork, state: ReviewState, by: Actor, reason: str = "") -> AllowedNetwork:
    row = _lock(row)
    if row.state != ReviewState.PENDING:
        raise AlreadyDecided
    row.state, row.reject_reason = state, reason[:REASON_MAX]
    row.reviewed_by, row.reviewed_at = user_of(by), timezone.now()
    row.save(update_fields=("state", "reject_reason", "reviewed_by", "reviewed_at"))
    return row
