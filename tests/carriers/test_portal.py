"""退订名单 in the portal: one's own, masked for viewers."""

import pytest
from django.urls import reverse

from tests.factories import make_user
from yunxin.carriers.models import BlockedNumber
from yunxin.vocabulary import BlockReason

pytestmark = pytest.mark.django_db
URL = "carriers:unsubscribes"


@pytest.fixture
def rows(acme, globex):
    for enterprise_id, phone in [
        (acme.pk, "13800000001"),
        (globex.pk, "13900000002"),
        (0, "13700000003"),
    ]:
        BlockedNumber.objects.create(
            enterprise_id=enterprise_id, phone=phone, reason=BlockReason.UNSUBSCRIBED
        )


def test_an_enterprise_sees_its_own_list_only(client, acme, rows):
    client.force_login(acme.users.get())
    page = client.get(reverse(URL)).content.decode()
    assert "13800000001" in page
    assert "13900000002" not in page
    assert "13700000003" not in page


def test_a_viewer_sees_masked_numbers(client, acme, rows):
    client.force_login(make_user(acme, role="viewer"))
    page = client.get(reverse(URL)).content.decode()
    assert "138****0001" in page
    assert "13800000001" not in page


def test_the_list_is_searched_by_the_first_digits(client, acme, rows):
    client.force_login(acme.users.get())
    assert "13800000001" in client.get(reverse(URL), {"q": "1380"}).content.decode()
    assert "13800000001" not in client.get(reverse(URL), {"q": "0001"}).content.decode()
