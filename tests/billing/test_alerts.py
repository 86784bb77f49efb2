"""That little is left is told once each time that it comes to that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from yunxin.accounts.models import Notice, User
from yunxin.accounts.notices import sentence
from yunxin.billing.alerts import look
from yunxin.billing.models import LowBalance, Package

pytestmark = pytest.mark.django_db


@pytest.fixture
def package(acme) -> Package:
    return factories.make_package(acme, 1000)


def use(package: Package, used: int) -> None:
    """As the engine does."""
    Package.objects.filter(pk=package.pk).update(used=used)


def test_it_is_told_once_when_a_tenth_is_left(client: Client, acme, globex, package):
    factories.make_package(globex, 1000)
    use(package, 899)
    assert look() == 0
    use(package, 900)
    assert (look(), look()) == (1, 0)
    (notice,) = Notice.objects.all()
    assert (notice.enterprise, notice.kind, notice.subject) == (acme, "package.low", "100")
    assert "100" in sentence(notice)
    client.force_login(User.objects.get(username="acme"))
    assert client.get(notice.link).status_code == 200


def test_refunds_that_go_to_and_fro_tell_nothing(package):
    for used in (900, 890, 900, 885, 901):
        use(package, used)
        look()
    assert Notice.objects.count() == 1


def test_each_crossing_is_told(acme, package):
    use(package, 1000)
    assert look() == 1
    more = factories.make_package(acme, 1000)
    assert look() == 0 and not LowBalance.objects.exists()
    use(more, 990)
    assert look() == 1
    assert list(Notice.objects.values_list("subject", flat=True)) == ["10", "0"]


def test_several_packages_count_together(acme, package):
    use(package, 1000)
    factories.make_package(acme, 1000)
    assert look() == 0


def test_the_end_of_the_last_package_is_told(acme, package):
    now = timezone.now()
    Package.objects.update(valid_from=now - timedelta(days=9), valid_to=now - timedelta(seconds=1))
    assert look() == 1
    assert Notice.objects.get().subject == "0"


def test_who_never_had_a_package_or_will_have_one_is_told_nothing(acme, globex):
    tomorrow = timezone.now() + timedelta(days=1)
    factories.make_package(globex, valid_from=tomorrow)
    assert look() == 0


def test_a_setting_says_when_or_never(settings, package):
    use(package, 990)
    settings.CONFIG = replace(settings.CONFIG, balance_low_percent=0)
    assert look() == 0
    settings.CONFIG = replace(settings.CONFIG, balance_low_percent=1)
    assert look() == 1
