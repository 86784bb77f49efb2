"""Operators see an enterprise's numbers and give its signatures digits of their own."""

import pytest
from django.urls import reverse

from tests.factories import make_channel, make_signature
from yunxin.accounts.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def signature(acme):
    acme.extension_code = "01"
    acme.save()
    make_channel(access_number="10690000")
    return make_signature(acme, "云启科技")


def test_the_next_free_digits_are_proposed_and_given(client, operator, acme, signature):
    client.force_login(operator)
    url = reverse("content:console_extension", args=[signature.pk])
    assert 'value="01"' in client.get(url).content.decode()
    answer = client.post(url, {"extension_code": "07"})
    assert answer.url == reverse("content:console_numbers", args=[acme.pk])
    signature.refresh_from_db()
    assert signature.extension_code == "07"
    assert AuditEntry.objects.filter(action="signature.extension").count() == 1
    page = client.get(answer.url).content.decode()
    assert "0107" in page and "云启科技" in page
    assert ">8<" in page, "20 digits without 10690000, 01 and 07"
    client.post(url, {"extension_code": ""})
    signature.refresh_from_db()
    assert signature.extension_code == ""


@pytest.mark.parametrize("code", ["7a", "٧", "123456789", "07 "])
def test_what_is_no_code_is_refused(client, operator, signature, code):
    client.force_login(operator)
    url = reverse("content:console_extension", args=[signature.pk])
    answer = client.post(url, {"extension_code": code})
    if code.strip() == "07":
        assert answer.status_code == 302
    else:
        assert answer.status_code == 422


def test_a_code_that_begins_anothers_is_refused_in_words(client, operator, acme, signature):
    other = make_signature(acme, "云启商城")
    other.extension_code = "071"
    other.save()
    client.force_login(operator)
    url = reverse("content:console_extension", args=[signature.pk])
    answer = client.post(url, {"extension_code": "07"})
    assert answer.status_code == 422
    assert "云启商城" in answer.content.decode()


def test_enterprises_do_not_see_the_pages(client, acme, signature):
    for name, args in (("console_numbers", [acme.pk]), ("console_extension", [signature.pk])):
        assert client.get(reverse(f"content:{name}", args=args)).status_code in (302, 403, 404)
