"""Learning from reports: the setting, its pages, and who wins over whom."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from yunxin.accounts.models import AuditEntry
from yunxin.carriers import learning, ported
from yunxin.carriers.models import PortedNews, PortedNumber, PortingRule
from yunxin.vocabulary import CarrierName, PortedOrigin

pytestmark = pytest.mark.django_db

PHONE = "13800000001"


def news(carrier="unicom", *, phone=PHONE, ago_s=0, code="NP:1243"):
    at = timezone.now() - timedelta(seconds=ago_s)
    PortedNews.objects.create(phone=phone, carrier=carrier, code=code, channel_id=1, at=at)


def entry(carrier, origin, *, ago_s=0):
    at = timezone.now() - timedelta(seconds=ago_s)
    return PortedNumber.objects.create(phone=PHONE, carrier=carrier, origin=origin, at=at)


def table():
    return set(PortedNumber.objects.values_list("phone", "carrier", "origin", "code"))


def test_the_last_word_on_a_phone_is_entered_once():
    news("telecom")
    news("unicom")
    news("mobile", phone="13800000002", code="NP:7")
    assert learning.learn() == 2
    assert learning.learn() == 0
    assert table() == {
        (PHONE, "unicom", "learned", "NP:1243"),
        ("13800000002", "mobile", "learned", "NP:7"),
    }


@pytest.mark.parametrize(
    ("origin", "entered_s", "said_s", "wins"),
    [
        (PortedOrigin.IMPORTED, 60, 0, True),
        (PortedOrigin.LEARNED, 60, 0, True),
        (PortedOrigin.IMPORTED, 0, 60, False),  # the file came after the report
        (PortedOrigin.MANUAL, 60, 0, False),  # an operator's own entry stays
    ],
)
def test_a_later_file_and_an_operators_entry_win(origin, entered_s, said_s, wins):
    entry("telecom", origin, ago_s=entered_s)
    news("unicom", ago_s=said_s)
    assert learning.learn() == wins
    assert PortedNumber.objects.get().carrier == ("unicom" if wins else "telecom")


def test_an_operator_overrules_what_was_learned(operator):
    news()
    learning.learn()
    ported.set_ported(phone=PHONE, carrier=CarrierName.TELECOM, by=operator)
    news()
    learning.learn()
    assert table() == {(PHONE, "telecom", "manual", "")}


def test_it_is_off_until_somebody_switches_it_on_and_each_step_is_recorded(client, operator):
    client.force_login(operator)
    assert not learning.is_on()
    page = reverse("carriers:console_porting")
    assert client.get(page).status_code == 200
    switch = reverse("carriers:console_switch_learning")
    assert client.get(switch).status_code == 405
    client.post(switch, {"on": "1"})
    client.post(switch, {"on": "1"})
    assert learning.is_on()
    new = reverse("carriers:console_new_rule")
    rule = {"protocol": "cmpp", "code": "np:1243 ", "carrier": "unicom"}
    assert client.post(new, rule).url == page
    assert client.post(new, rule).status_code == 422  # it is there already
    for code in ("a b", "*", "DELIVRD", "DEL*", ""):
        assert client.post(new, rule | {"code": code}).status_code == 422
    found = PortingRule.objects.get()
    assert (found.protocol, found.code, found.carrier, found.by) == (
        "cmpp", "NP:1243", "unicom", operator,
    )  # fmt: skip
    assert "NP:1243" in client.get(page).content.decode()
    remove = reverse("carriers:console_remove_rule", args=[found.pk])
    assert 'id="question"' in client.get(remove).content.decode()
    client.post(remove)
    client.post(switch, {"on": "0"})
    assert not learning.is_on()
    assert [each.action for each in AuditEntry.objects.order_by("id")] == [
        "porting.on", "porting.create", "porting.delete", "porting.off",
    ]  # fmt: skip


def test_an_enterprise_changes_nothing(client, acme):
    client.force_login(acme.users.get())
    assert client.post(reverse("carriers:console_switch_learning"), {"on": "1"}).status_code == 403
    assert not learning.is_on()
