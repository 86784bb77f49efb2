"""The whitelist: what may stand on it, and who decides."""

from typing import Any

import pytest

from tests.interfaces.scene import make_network, owner_of
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.interfaces import networks
from yunxin.interfaces.errors import AlreadyDecided, InterfaceError, NetworkInvalid, NetworkKnown
from yunxin.vocabulary import ReviewState


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("203.0.113.8", "203.0.113.8/32"),
        (" 203.0.113.8/32 ", "203.0.113.8/32"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("198.51.0.0/16", "198.51.0.0/16"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("127.0.0.1", "127.0.0.1/32"),
        ("2001:DB8::1", "2001:db8::1/128"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
    ],
)
def test_an_address_is_stored_with_its_prefix(typed: str, stored: str) -> None:
    assert networks.read_network(typed) == stored


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Enter an IP address"),
        ("example.com", "Enter an IP address"),
        ("203.0.113", "Enter an IP address"),
        ("203.0.113.8/33", "Enter an IP address"),
        ("203.0.113.1-5", "Enter an IP address"),
        ("0.0.0.0/0", "too large"),
        ("::/0", "too large"),
        ("198.50.0.0/15", "too large"),
        ("2001:db8::/47", "too large"),
        ("203.0.113.5/24", "Did you mean 203.0.113.0/24?"),
        ("0.0.0.0", "No server"),
        ("::", "No server"),
        ("224.0.0.1", "No server"),
        ("ff02::1", "No server"),
        ("fe80::1%eth0", "No server"),
    ],
)
def test_what_cannot_be_allowed_is_refused_with_a_way_out(typed: str, says: str) -> None:
    with pytest.raises(NetworkInvalid, match=".*") as caught:
        networks.read_network(typed)
    assert says in str(caught.value)


@pytest.mark.django_db
def test_an_address_waits_and_operators_hear_of_it(acme: Any) -> None:
    row = networks.apply(acme, network="203.0.113.8/32", by=owner_of(acme))
    assert row.state == ReviewState.PENDING
    assert list(networks.waiting()) == [row]
    assert Notice.objects.get(enterprise=None).kind == "network.applied"
    with pytest.raises(NetworkKnown):
        networks.apply(acme, network="203.0.113.8/32", by=owner_of(acme))


@pytest.mark.django_db
def test_a_withdrawn_address_can_be_asked_for_again(acme: Any) -> None:
    row = networks.apply(acme, network="203.0.113.8/32", by=owner_of(acme))
    networks.withdraw(row, by=owner_of(acme))
    networks.apply(acme, network="203.0.113.8/32", by=owner_of(acme))
    with pytest.raises(AlreadyDecided):
        networks.withdraw(row, by=owner_of(acme))


@pytest.mark.django_db
def test_the_list_has_an_end(acme: Any) -> None:
    for n in range(networks.ENTRIES_MAX):
        make_network(acme, f"203.0.113.{n}/32")
    with pytest.raises(InterfaceError, match="at most 50 entries"):
        networks.apply(acme, network="198.51.100.1/32", by=owner_of(acme))


@pytest.mark.django_db
def test_a_decision_is_made_once_and_told(acme: Any, operator: Any) -> None:
    yes, no = make_network(acme), make_network(acme, "198.51.100.0/24")
    networks.approve(yes, by=operator)
    networks.reject(no, reason="Too large.", by=operator)
    yes.refresh_from_db()
    no.refresh_from_db()
    assert (yes.state, yes.reviewed_by) == (ReviewState.APPROVED, operator)
    assert (no.state, no.reject_reason) == (ReviewState.REJECTED, "Too large.")
    for row in (yes, no):
        with pytest.raises(AlreadyDecided):
            networks.approve(row, by=operator)
    assert set(Notice.objects.filter(enterprise=acme).values_list("kind", flat=True)) == {
        "network.approved", "network.rejected",
    }  # fmt: skip
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "network.approve", "network.reject",
    }  # fmt: skip
