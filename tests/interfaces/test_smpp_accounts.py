"""Accounts of the SMPP server: how they are made and changed, and what is kept of it."""

from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection

from tests import factories
from tests.interfaces.scene import (
    make_network,
    make_smpp_account,
    make_smpp_delivery,
    make_smpp_session,
    make_smpp_state,
    owner_of,
)
from yunxin.accounts import audit
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.dialects import smpp_passwords
from yunxin.interfaces import networks, smpp_accounts, smpp_live
from yunxin.interfaces.errors import (
    AlreadySo,
    ExtensionImpossible,
    LastAddress,
    NetworkKnown,
    SessionOver,
    SystemIdTaken,
    TooManyAccounts,
)
from yunxin.interfaces.models import AllowedNetwork
from yunxin.interfaces.smpp_models import SmppAccount, SmppSession
from yunxin.vocabulary import ReviewState

pytestmark = pytest.mark.django_db


def opens(account: SmppAccount, password: str) -> bool:
    account.refresh_from_db()
    kept = bytes(account.password_hash)
    return smpp_passwords.matches(settings.SECRET_KEY, account.system_id, password, kept)


def last_entry(action: str) -> AuditEntry:
    return AuditEntry.objects.get(action=action)


def test_of_a_password_only_a_digest_is_kept(acme: Any, operator: Any) -> None:
    account, password = smpp_accounts.create_account(
        acme, system_id="acme1", values={"name": "ERP", "networks": ["203.0.113.8/32"]}, by=operator
    )
    assert opens(account, password) and not opens(account, "guessed1")
    entry = last_entry("smpp_account.create")
    assert (entry.enterprise, entry.subject) == (acme, "acme1")
    assert entry.detail["networks"] == "203.0.113.8/32"
    assert entry.detail["delivered_replies"] == "own" and "extension" not in entry.detail
    assert set(entry.detail) <= set(audit.DETAILS), "people read words for all of it"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a::text || e::text FROM interfaces_smppaccount a, accounts_auditentry e"
        )
        assert password not in str(cursor.fetchall())


def test_a_name_is_proposed_that_nobody_has(acme: Any, globex: Any) -> None:
    assert smpp_accounts.propose_system_id(acme) == "acmeaa1"
    make_smpp_account(globex, "acmeaa1")
    assert smpp_accounts.propose_system_id(acme) == "acmeaa2"
    assert smpp_passwords.is_system_id(smpp_accounts.propose_system_id(acme))


def test_a_name_is_given_once_on_the_whole_platform(acme: Any, globex: Any) -> None:
    make_smpp_account(globex, "erp")
    with pytest.raises(SystemIdTaken):
        smpp_accounts.create_account(acme, system_id="erp", values={"name": "x"}, by=None)
    assert not acme.smpp_accounts.exists()


def test_an_enterprise_has_no_more_accounts_than_a_page_shows(
    acme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp_accounts, "ACCOUNTS_MAX", 1)
    make_smpp_account(acme)
    with pytest.raises(TooManyAccounts):
        smpp_accounts.create_account(acme, system_id="erp", values={"name": "x"}, by=None)


def test_a_change_says_what_is_different(acme: Any, operator: Any) -> None:
    account = make_smpp_account(acme, "erp", window=16, rate_per_s=100)
    values = {"name": account.name, "window": 50, "rate_per_s": 100, "networks": ["10.0.0.0/24"]}
    row, changed = smpp_accounts.change_account(account, values=values, by=operator)
    assert sorted(changed) == ["networks", "window"]
    assert (row.window, row.networks) == (50, ["10.0.0.0/24"])
    detail = last_entry("smpp_account.edit").detail
    assert (detail["window"], detail["networks"]) == (50, "10.0.0.0/24")
    assert set(detail) <= set(audit.DETAILS), "people read words for all of it"
    smpp_accounts.change_account(account, values=values, by=operator)
    assert AuditEntry.objects.filter(action="smpp_account.edit").count() == 1, (
        "nothing is different"
    )


@pytest.mark.parametrize("values", [{"window": 0}, {"rate_per_s": 0}, {"sessions_max": 51}])
def test_the_database_refuses_limits_that_make_no_sense(acme: Any, values: dict[str, int]) -> None:
    with pytest.raises(IntegrityError):
        make_smpp_account(acme, **values)


def test_digits_that_acceptance_would_refuse_are_refused_here(acme: Any, globex: Any) -> None:
    factories.make_channel(access_number="1" * 18)
    with pytest.raises(ExtensionImpossible, match="at most 20"):
        smpp_accounts.create_account(
            acme, system_id="erp", values={"name": "x", "extension": "123"}, by=None
        )
    globex.extension_code = "7"
    globex.save()
    account = make_smpp_account(acme)
    with pytest.raises(ExtensionImpossible, match="another enterprise"):
        smpp_accounts.change_account(account, values={"extension": "71"}, by=None)
    smpp_accounts.change_account(account, values={"extension": "81"}, by=None)


def test_another_password_makes_the_old_one_worthless(acme: Any, operator: Any) -> None:
    account = make_smpp_account(acme)
    old = smpp_accounts.renew_password(account, by=owner_of(acme))
    new = smpp_accounts.renew_password(account, by=operator)
    assert old != new and opens(account, new) and not opens(account, old)
    assert AuditEntry.objects.filter(action="smpp_account.password").count() == 2
    assert [n.kind for n in Notice.objects.filter(enterprise=acme)] == ["smpp_account.password"]


def test_switching_off_and_on_is_told_to_the_enterprise(acme: Any, operator: Any) -> None:
    account = make_smpp_account(acme, "erp")
    smpp_accounts.disable_account(account, by=operator, reason="It floods.")
    with pytest.raises(AlreadySo):
        smpp_accounts.disable_account(account, by=operator, reason="again")
    assert last_entry("smpp_account.disable").detail == {"reason": "It floods."}
    smpp_accounts.enable_account(account, by=operator)
    account.refresh_from_db()
    assert account.enabled
    told = Notice.objects.filter(enterprise=acme).order_by("id")
    assert [n.kind for n in told] == ["smpp_account.disabled", "smpp_account.enabled"]
    assert told[0].subject == "erp (It floods.)"


def test_a_session_is_asked_to_close(acme: Any, operator: Any) -> None:
    account = make_smpp_account(acme)
    pk, other = make_smpp_session(account), make_smpp_session(account)
    session = SmppSession.objects.get(pk=pk)
    smpp_accounts.ask_to_close(session, by=operator)
    assert SmppSession.objects.get(pk=pk).close_wished_at is not None
    assert SmppSession.objects.get(pk=other).close_wished_at is None
    assert last_entry("smpp_session.close").detail == {"address": session.address}
    SmppSession.objects.filter(pk=pk).delete()
    with pytest.raises(SessionOver):
        smpp_accounts.ask_to_close(session, by=operator)


# Addresses ---------------------------------------------------------------------------------------


def test_an_address_for_an_account_counts_for_it_alone(acme: Any, operator: Any) -> None:
    account, other = make_smpp_account(acme), make_smpp_account(acme)
    row = networks.apply(acme, network="203.0.113.8/32", account=account, by=owner_of(acme))
    with pytest.raises(NetworkKnown):
        networks.apply(acme, network="203.0.113.8/32", account=account, by=owner_of(acme))
    networks.apply(acme, network="203.0.113.8/32", account=other, by=owner_of(acme))
    networks.apply(acme, network="203.0.113.8/32", by=owner_of(acme))
    account.refresh_from_db()
    assert account.networks == []
    networks.approve(row, by=operator)
    for each in (account, other):
        each.refresh_from_db()
    assert (account.networks, other.networks) == (["203.0.113.8/32"], [])
    approved = networks.of_dialect(acme).filter(state=ReviewState.APPROVED)
    assert not approved.exists(), "the dialect is not opened by it"
    assert Notice.objects.get(enterprise=acme).link == f"/support/smpp/{account.pk}/"


def test_the_last_address_is_not_taken_away(acme: Any, operator: Any) -> None:
    account = make_smpp_account(acme)
    first, second = (make_network(acme, f"203.0.113.{n}/32", smpp_account=account) for n in (1, 2))
    for row in (first, second):
        networks.approve(row, by=operator)
    networks.withdraw(first, by=owner_of(acme))
    with pytest.raises(LastAddress):
        networks.withdraw(second, by=owner_of(acme))
    account.refresh_from_db()
    assert account.networks == ["203.0.113.2/32"]
    assert AllowedNetwork.objects.get(pk=second.pk).state == ReviewState.APPROVED


def test_a_pending_address_is_withdrawn_whatever_the_list_says(acme: Any) -> None:
    account = make_smpp_account(acme, networks=["203.0.113.1/32"])
    row = make_network(acme, "203.0.113.2/32", smpp_account=account)
    networks.withdraw(row, by=owner_of(acme))
    account.refresh_from_db()
    assert account.networks == ["203.0.113.1/32"]


# How they are doing ------------------------------------------------------------------------------


def test_a_session_of_a_dead_server_is_not_shown(acme: Any) -> None:
    account, quiet = make_smpp_account(acme), make_smpp_account(acme)
    make_smpp_session(account, submitted=3, refused=2, throttled=1, delivered=4, unanswered=5)
    make_smpp_session(account, submitted=10)
    make_smpp_session(account, seconds_ago=60, submitted=1000)
    live = smpp_live.read_live([account, quiet])
    found = live[account.pk]
    assert (len(found.sessions), found.submitted, found.refused) == (2, 13, 2)
    assert (found.throttled, found.delivered, found.unanswered) == (1, 4, 5)
    assert not live[quiet.pk].is_bound


def test_what_waits_is_counted_up_to_a_bound(
    acme: Any, globex: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, theirs = make_smpp_account(acme), make_smpp_account(globex)
    for kind in ("receipt", "reply", "lost"):
        make_smpp_delivery(account, kind)
    live = smpp_live.read_live([account, theirs])
    assert (live[account.pk].waiting, live[theirs.pk].waiting) == (3, 0)
    assert live[account.pk].oldest is not None and live[theirs.pk].oldest is None
    monkeypatch.setattr(smpp_live, "WAITING_MAX", 2)
    found = smpp_live.read_live([account])[account.pk]
    assert found.is_behind and found.waiting_shown == 2


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ({}, False),
        ({"last_refused_at": "2026-11-01"}, True),
        ({"last_refused_at": "2026-11-01", "last_bound_at": "2026-11-02"}, False),
        ({"last_refused_at": "2026-11-03", "last_bound_at": "2026-11-02"}, True),
    ],
)
def test_the_latest_try_to_bind_counts(acme: Any, state: dict[str, str], refused: bool) -> None:
    account = make_smpp_account(acme)
    make_smpp_state(account, **state)
    assert smpp_live.read_live([account])[account.pk].was_refused_since is refused


def test_reading_costs_the_same_however_many_there_are(
    acme: Any, django_assert_num_queries: Any
) -> None:
    accounts = [make_smpp_account(acme) for _ in range(5)]
    with django_assert_num_queries(3):
        smpp_live.read_live(accounts)
