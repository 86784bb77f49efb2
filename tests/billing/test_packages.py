"""Packages: granted and adjusted with a reason, never below what is used."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories import make_package
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.billing.models import LedgerEntry, Package
from yunxin.billing.packages import (
    NotEnoughLeft,
    PackageState,
    adjust_package,
    grant_package,
    read_balance,
    valid_packages,
    with_state,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def grant(acme, operator, **fields):
    now = timezone.now()
    given = {"name": "Year", "segments": 1000, "valid_from": now, "valid_to": now + 365 * DAY}
    return grant_package(enterprise=acme, reason="contract 7", by=operator, **{**given, **fields})


def test_a_grant_leaves_a_package_a_ledger_entry_an_audit_entry_and_a_notice(acme, operator):
    package = grant(acme, operator)
    assert (package.total, package.used, package.left) == (1000, 0, 1000)
    entry = LedgerEntry.objects.get()
    assert (entry.enterprise, entry.package, entry.segments) == (acme, package, 1000)
    assert (entry.reason, entry.by) == ("contract 7", operator)
    assert AuditEntry.objects.get().action == "package.grant"
    assert Notice.objects.get(enterprise=acme).kind == "package.granted"


@pytest.mark.parametrize(("change", "total"), [(500, 1500), (-300, 700), (-600, 400)])
def test_an_adjustment_moves_the_total(acme, operator, change, total):
    package = make_package(acme, 1000, used=400)
    adjust_package(package_id=package.pk, segments=change, reason="as agreed", by=operator)
    package.refresh_from_db()
    assert (package.total, package.used) == (total, 400)
    assert LedgerEntry.objects.get().segments == change


def test_what_is_used_cannot_be_taken_away_and_nothing_is_half_done(acme, operator):
    package = make_package(acme, 1000, used=400)
    with pytest.raises(NotEnoughLeft) as refused:
        adjust_package(package_id=package.pk, segments=-601, reason="too much", by=operator)
    assert refused.value.left == 600
    package.refresh_from_db()
    assert package.total == 1000
    assert not LedgerEntry.objects.exists()
    assert not AuditEntry.objects.exists()


def test_an_adjustment_does_not_touch_what_the_engine_counts(acme, operator):
    package = make_package(acme, 1000)
    Package.objects.filter(pk=package.pk).update(used=10)  # the engine, meanwhile
    adjust_package(package_id=package.pk, segments=5, reason="more", by=operator)
    package.refresh_from_db()
    assert (package.total, package.used) == (1005, 10)


def test_the_database_refuses_an_overdrawn_package(acme):
    package = make_package(acme, 10)
    with pytest.raises(IntegrityError), transaction.atomic():
        Package.objects.filter(pk=package.pk).update(used=11)


def test_the_balance_adds_up_what_can_be_sent_now(acme, globex):
    now = timezone.now()
    make_package(acme, 100, used=100)  # used up
    make_package(acme, 100, used=30, valid_to=now + 10 * DAY)
    make_package(acme, 100, used=0, valid_to=now + 20 * DAY)
    make_package(acme, 100, valid_from=now - 9 * DAY, valid_to=now - DAY)
    make_package(acme, 100, valid_from=now + DAY)
    make_package(acme, 100, kind="rich")
    make_package(globex, 999)
    balance = read_balance(acme)
    assert (balance.left, balance.total) == (170, 200)
    assert balance.valid_to == now + 10 * DAY
    assert (balance.used_percent, balance.left_percent) == (15, 85)


def test_without_a_package_the_balance_is_nothing(acme):
    balance = read_balance(acme)
    assert (balance.left, balance.total, balance.valid_to) == (0, 0, None)
    assert balance.left_percent == 0


def test_the_package_that_ends_first_pays_first(acme):
    now = timezone.now()
    late = make_package(acme, 10, valid_to=now + 20 * DAY)
    soon = make_package(acme, 10, valid_to=now + 2 * DAY)
    assert list(valid_packages(acme)) == [soon, late]


def test_the_state_of_a_package_follows_the_clock_and_the_use(acme):
    now = timezone.now()
    make_package(acme, 10, name="expired", valid_from=now - 9 * DAY, valid_to=now - DAY)
    make_package(acme, 10, name="upcoming", valid_from=now + DAY)
    make_package(acme, 10, name="used_up", used=10)
    make_package(acme, 10, name="active", used=9)
    found = {package.name: package.state for package in with_state(Package.objects.all())}
    assert found == {str(state): str(state) for state in PackageState}
