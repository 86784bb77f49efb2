"""Ported numbers: entries by hand, the look-up, and the pages; files are in test_number_runs."""

import pytest
from django.urls import reverse

from yunxin.accounts.models import AuditEntry
from yunxin.carriers.models import NumberPlace, PortedNumber
from yunxin.carriers.numbers import find_carrier
from yunxin.carriers.ported import count_ported, find_ported, remove_ported, set_ported
from yunxin.vocabulary import CarrierName, PortedOrigin

pytestmark = pytest.mark.django_db

PHONE = "13800000001"


def test_a_ported_number_goes_before_its_leading_digits(operator):
    NumberPlace.objects.create(head="1380000", province="hainan", carrier="telecom")
    assert find_carrier("138 0000 0001") == CarrierName.TELECOM
    set_ported(phone=PHONE, carrier=CarrierName.UNICOM, by=operator)
    assert find_carrier("138 0000 0001") == CarrierName.UNICOM
    assert find_carrier("13811110001") == CarrierName.MOBILE
    assert count_ported() == {CarrierName.UNICOM: 1}
    assert remove_ported(phone=PHONE, by=operator)
    assert not remove_ported(phone=PHONE, by=operator)
    assert find_ported(PHONE) is None
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "ported.edit",
        "ported.delete",
    ]
    assert PHONE not in "".join(entry.subject for entry in AuditEntry.objects.all())


def test_the_pages_enter_try_and_remove_one_number(client, operator):
    client.force_login(operator)
    page = reverse("carriers:console_ported")
    new = reverse("carriers:console_new_ported")
    assert client.post(new, {"phone": "12345", "carrier": "unicom"}).status_code == 422
    answer = client.post(new, {"phone": "+86 138 0000 0001", "carrier": "unicom"})
    assert answer.url == f"{page}?try={PHONE}"
    row = PortedNumber.objects.get()
    assert (row.phone, row.carrier, row.origin) == (PHONE, "unicom", PortedOrigin.MANUAL)
    remove = reverse("carriers:console_remove_ported", args=[PHONE])
    assert remove in client.get(page, {"try": PHONE}).content.decode()
    assert new in client.get(page, {"try": "13900000001"}).content.decode()
    assert client.get(page, {"try": "12"}).status_code == 200
    assert 'id="question"' in client.get(remove).content.decode()
    assert client.post(remove).url == page
    assert not PortedNumber.objects.exists()


@pytest.mark.parametrize("name", ["ported", "new_ported", "porting", "new_rule", "places"])
def test_an_enterprise_may_not_see_them(client, acme, name):
    client.force_login(acme.users.get())
    assert client.get(reverse(f"carriers:console_{name}")).status_code == 403
    assert client.post(reverse(f"carriers:console_{name}")).status_code == 403
