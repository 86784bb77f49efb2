"""Ported numbers: files taken in, the look-up, and the page."""

import io

import pytest
from django.urls import reverse

from yunxin.accounts.models import AuditEntry
from yunxin.carriers.models import PortedNumber
from yunxin.carriers.numbers import find_carrier
from yunxin.carriers.ported import count_ported, find_ported, import_ported, remove_ported
from yunxin.vocabulary import CarrierName
from yunxin.web.tables.problems import TableRefused

pytestmark = pytest.mark.django_db


def file(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def table() -> dict[str, str]:
    return dict(PortedNumber.objects.values_list("phone", "carrier"))


def test_a_file_is_taken_in_by_our_words_and_by_names(operator):
    text = (
        "号码,运营商\n13800000001,unicom\n+86 139 0000 0002,中国电信\n"
        "13700000003,移动\n13600000004,China Broadnet\n"
    )
    result = import_ported(file=file(text), by=operator)
    assert (result.rows, result.stored, result.removed, result.refused) == (4, 4, 0, 0)
    assert table() == {
        "13800000001": "unicom", "13900000002": "telecom", "13700000003": "mobile",
        "13600000004": "broadnet",
    }  # fmt: skip
    assert count_ported()[CarrierName.UNICOM] == 1
    assert AuditEntry.objects.filter(action="ported.import").count() == 1


def test_a_bad_row_costs_one_row_and_is_shown(operator):
    text = "13800000001,unicom\n12345,unicom\n13800000002,Narnia\n\n13800000003,telecom\n"
    result = import_ported(file=file(text), by=operator)
    assert result.first_refused == [(2, "12345 unicom"), (3, "13800000002 Narnia")]
    assert (result.rows, result.refused, len(table())) == (4, 2, 2)


def test_the_last_row_of_a_number_counts_and_one_without_a_carrier_removes(operator):
    import_ported(file=file("13800000001,unicom\n13800000002,unicom\n"), by=operator)
    text = "13800000001,\n13800000002,telecom\n13800000002,mobile\n13800000003,\n"
    result = import_ported(file=file(text), by=operator)
    assert table() == {"13800000002": "mobile"}
    assert (result.stored, result.removed) == (1, 1)


def test_a_whole_table_takes_the_place_of_the_old_one(operator):
    import_ported(file=file("13800000001,unicom\n13800000002,unicom\n"), by=operator)
    result = import_ported(file=file("13800000002,unicom\n"), replaces=True, by=operator)
    assert (table(), result.removed, result.stored) == ({"13800000002": "unicom"}, 1, 0)


def test_a_table_of_nothing_usable_takes_no_place(operator):
    import_ported(file=file("13800000001,unicom\n"), by=operator)
    import_ported(file=file("Narnia,Narnia\nnothing1,here\n"), replaces=True, by=operator)
    assert len(table()) == 1


def test_what_is_no_table_changes_nothing(operator):
    with pytest.raises(TableRefused):
        import_ported(file=io.BytesIO(b"%PDF-1.7"), by=operator)


def test_a_ported_number_goes_before_its_leading_digits(operator):
    import_ported(file=file("13800000001,unicom\n"), by=operator)
    assert find_carrier("138 0000 0001") == CarrierName.UNICOM
    assert find_carrier("13800000002") == CarrierName.MOBILE
    assert remove_ported(phone="13800000001", by=operator)
    assert not remove_ported(phone="13800000001", by=operator)
    assert find_ported("13800000001") is None
    assert find_carrier("13800000001") == CarrierName.MOBILE


def test_the_page_imports_tries_and_removes(client, operator):
    client.force_login(operator)
    page = reverse("carriers:console_ported")
    upload = file("13800000001,unicom\nx,unicom\n")
    upload.name = "ported.csv"
    answer = client.post(page, {"file": upload})
    assert answer.status_code == 200
    assert "x unicom" in answer.content.decode()
    found = client.get(page, {"try": "13800000001"}).content.decode()
    remove = reverse("carriers:console_remove_ported", args=["13800000001"])
    assert remove in found
    assert 'id="question"' in client.get(remove).content.decode()
    assert client.post(remove).url == page
    assert not table()
    assert client.post(page).status_code == 422


def test_an_enterprise_may_not_see_it(client, acme):
    client.force_login(acme.users.get())
    assert client.get(reverse("carriers:console_ported")).status_code == 403
