"""Packages in the console: grant, adjust, ledger, over all enterprises."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_package
from yunxin.billing.models import LedgerEntry, Package

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signed_in(client, operator):
    client.force_login(operator)


def form(acme, **fields):
    today = timezone.localdate()
    return {
        "enterprise": acme.pk, "name": "Year", "segments": "20000", "reason": "contract 7",
        "valid_from": today.isoformat(), "valid_to": (today + timedelta(days=364)).isoformat(),
        **fields,
    }  # fmt: skip


def test_an_operator_grants_a_package_whose_last_day_counts(client, acme, operator):
    assert client.post(reverse("billing:console_grant"), form(acme)).status_code == 302
    package = Package.objects.get()
    assert (package.enterprise, package.total, package.created_by) == (acme, 20000, operator)
    last = timezone.localtime(package.valid_to)
    assert f"{last:%H:%M:%S}" == "23:59:59"
    assert last.date() == timezone.localdate() + timedelta(days=364)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("segments", "0"), ("segments", "-5"), ("segments", "many"), ("segments", "9" * 20),
        ("reason", ""), ("name", ""), ("enterprise", "999999"), ("valid_to", "2020-01-01"),
        ("valid_to", "tomorrow"), ("valid_from", ""),
    ],
)  # fmt: skip
def test_bad_input_is_said_beside_its_field_and_nothing_is_granted(client, acme, field, value):
    answer = client.post(reverse("billing:console_grant"), form(acme, **{field: value}))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Package.objects.exists()


def test_an_operator_adjusts_a_package(client, acme):
    package = make_package(acme, 1000, used=400)
    url = reverse("billing:console_adjust", args=[package.pk])
    assert client.post(url, {"change": "-600", "reason": "returned"}).status_code == 302
    package.refresh_from_db()
    assert package.total == 400
    assert "returned" in client.get(reverse("billing:console_ledger")).content.decode()


@pytest.mark.parametrize("change", ["-601", "0", "", "x"])
def test_a_refused_adjustment_keeps_what_was_typed(client, acme, change):
    package = make_package(acme, 1000, used=400)
    url = reverse("billing:console_adjust", args=[package.pk])
    answer = client.post(url, {"change": change, "reason": "returned"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["change"]
    assert "returned" in answer.content.decode()
    assert not LedgerEntry.objects.exists()


def test_packages_of_all_enterprises_can_be_searched(client, acme, globex):
    make_package(acme, name="Anvils")
    make_package(globex, name="Globes")
    page = client.get(reverse("billing:console_packages"), {"q": "glob"}).content.decode()
    assert "Globes" in page
    assert "Anvils" not in page


def test_the_number_of_queries_does_not_grow(client, acme, django_assert_num_queries):
    for _ in range(9):
        make_package(acme)
    client.get(reverse("billing:console_packages"))
    # session, user, enterprises for the filter, count, page, notices
    with django_assert_num_queries(6):
        client.get(reverse("billing:console_packages"))


def test_a_package_that_does_not_exist_is_404(client):
    assert client.get(reverse("billing:console_adjust", args=[999])).status_code == 404
