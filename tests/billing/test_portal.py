"""套餐 in the portal: one's own, with the balance in the side menu of every page."""

import pytest
from django.urls import reverse

from tests.factories import make_package

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signed_in(client, acme):
    client.force_login(acme.users.get())


def test_an_enterprise_sees_its_own_packages_only(client, acme, globex):
    make_package(acme, 5000, name="Ours", used=1234)
    make_package(globex, 777777, name="Theirs")
    page = client.get(reverse("billing:packages")).content.decode()
    assert "Ours" in page
    assert "3,766" in page
    assert "Theirs" not in page
    assert "777,777" not in page


def test_without_a_package_the_page_says_what_to_do(client):
    assert "联系客服" in client.get(reverse("billing:packages")).content.decode()


def test_the_side_menu_shows_the_balance(client, acme):
    make_package(acme, 5000, used=1)
    page = client.get(reverse("billing:packages")).content.decode()
    assert "side-balance" in page
    assert "4,999" in page


def test_the_number_of_queries_does_not_grow_with_the_packages(
    client, acme, django_assert_num_queries
):
    for _ in range(9):
        make_package(acme)
    client.get(reverse("billing:packages"))
    # session, user, balance, balance in the menu, count, page, notices
    with django_assert_num_queries(8):
        client.get(reverse("billing:packages"))


def test_the_state_filter_keeps_what_fits(client, acme):
    make_package(acme, 10, name="Full", used=0)
    make_package(acme, 10, name="Empty", used=10)
    page = client.get(reverse("billing:packages"), {"state": "used_up"}).content.decode()
    assert "Empty" in page
    assert "Full" not in page


def test_the_console_is_not_for_enterprises(client, acme):
    package = make_package(acme)
    for name, args in [
        ("console_packages", []), ("console_grant", []), ("console_ledger", []),
        ("console_adjust", [package.pk]),
    ]:  # fmt: skip
        assert client.get(reverse(f"billing:{name}", args=args)).status_code == 403
