"""The table of carriers' codes: what is shipped, what operators change, what came unknown."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from tests.factories import make_channel
from yunxin.accounts.models import AuditEntry
from yunxin.carriers import codes
from yunxin.carriers.models import CarrierCode, DailyCode
from yunxin.protocols.events import Retry
from yunxin.text.codes import PROTOCOLS
from yunxin.vocabulary import CodeGroup

pytestmark = pytest.mark.django_db

ROW = {
    "protocol": "cmpp", "code": "hd:0019 ", "group": "number", "is_permanent": "on",
    "meaning_zh": "空号", "meaning_en": "Not assigned",
}  # fmt: skip


def seen(code, channel, messages=1, days_ago=0):
    day = timezone.localdate() - timedelta(days=days_ago)
    channel_id = channel.pk if channel else 0
    return DailyCode.objects.create(day=day, channel_id=channel_id, code=code, messages=messages)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_status_of_a_protocol_is_shipped_with_a_meaning(protocol):
    shipped = {row.code: row for row in CarrierCode.objects.filter(protocol=protocol)}
    for status in import_module(f"yunxin.protocols.{protocol}.status").STATUSES.values():
        if status.retry is not Retry.NONE:
            assert shipped[status.name].is_permanent == (status.retry is Retry.PERMANENT)


def test_what_is_shipped_is_whole_and_each_code_is_written_as_it_is_compared():
    rows = list(CarrierCode.objects.all())
    assert len(rows) > 150
    assert all(row.code == codes.plain(row.code) and row.by_id is None for row in rows)
    assert all(row.meaning_en and row.meaning_zh for row in rows)
    assert {row.group for row in rows} <= set(CodeGroup)


@pytest.mark.parametrize(
    "word", ["DELIVRD", "UNDELIV", "EXPIRED", "MK:0001", "NP:0013", "NOANSWER"]
)
def test_the_words_of_receipts_are_explained_for_every_protocol(word):
    explanations = codes.Explanations()
    channel = make_channel()
    explanations.protocols[channel.pk] = "smgp"
    assert explanations.say(word, channel.pk)
    assert explanations.say(word, None)


def test_a_meaning_is_told_in_the_readers_language():
    say = codes.Explanations().say
    with translation.override("en"):
        assert say("UNDELIV", None) == "The phone could not be reached"
    with translation.override("zh-hans"):
        assert say("UNDELIV", None) == "无法送达该手机"


def test_what_came_unknown_is_listed_with_counts_of_the_last_days():
    cmpp, smpp = make_channel(name="A", protocol="cmpp"), make_channel(name="B", protocol="smpp")
    more = make_channel(name="C", protocol="cmpp")
    seen("HD:0019", cmpp, 3, days_ago=2)
    seen("HD:0019", more, 4)
    seen("HD:0019", smpp, 1)
    seen("UNDELIV:777", cmpp, 2)
    seen("MK:0001", cmpp, 50)  # known
    seen("HD:0020", cmpp, 9, days_ago=40)  # long ago
    seen("WITHDRAWN", None, 9)  # our own word
    found = [(row.code, row.protocol, row.channels, row.messages) for row in codes.list_unknown()]
    assert found == [
        ("HD:0019", "cmpp", ["A", "C"], 7),
        ("UNDELIV:777", "cmpp", ["A"], 2),
        ("HD:0019", "smpp", ["B"], 1),
    ]
    assert {row.code for row in codes.list_seen()} == {"HD:0019", "UNDELIV:777", "MK:0001"}


def test_counted_codes_are_explained_by_the_protocol_that_said_them():
    seen("UNDELIV:005", make_channel(name="A", protocol="smgp"))
    seen("UNDELIV:006", make_channel(name="B", protocol="smpp"))
    with translation.override("en"):
        told = codes.explain_counted(["UNDELIV:005", "UNDELIV:006", "UNDELIV:27", "HD:1", ""])
    assert told["UNDELIV:005"] == "The number is on the carrier's blacklist"
    assert told["UNDELIV:006"] == "The phone could not be reached", "an error of SMPP is no SMGP's"
    assert told["UNDELIV:27"] == "The phone could not be reached", "nobody knows whose 27"
    assert told["HD:1"] == ""


def test_the_engine_follows_where_operators_changed_what_is_permanent_and_nowhere_else(operator):
    def write(row=None, **values):
        found = row or CarrierCode(protocol="smpp", code="HD:1", group="other")
        kept = {name: getattr(found, name) for name in ("protocol", "code", "group")}
        words = {"meaning_en": "x", "meaning_zh": "x", "by": operator, "is_permanent": True}
        return codes.write_code(row_id=found.pk, **(kept | words | values))

    assert not any(row.decides for row in CarrierCode.objects.all())
    shipped = CarrierCode.objects.get(protocol="smpp", code="RSYSERR")
    assert not write(shipped, is_permanent=False).decides  # only its words are new
    assert write(shipped, is_permanent=True).decides
    assert codes.Explanations().book.decision("RSYSERR", "smpp").permanent
    assert not write(shipped, is_permanent=False).decides
    assert codes.Explanations().book.decision("RSYSERR", "smpp") is None
    assert write().decides  # nobody shipped it


# -- pages ----------------------------------------------------------------------------------------
def test_an_operator_enters_what_an_unknown_code_means(client, operator):
    client.force_login(operator)
    seen("HD:0019", make_channel(protocol="cmpp"))
    page = client.get(reverse("carriers:console_unknown_codes")).content.decode()
    assert ">HD:0019<" in page
    form = client.get(reverse("carriers:console_new_code"), {"protocol": "cmpp", "code": "HD:0019"})
    assert 'value="HD:0019"' in form.content.decode()
    answer = client.post(reverse("carriers:console_new_code"), ROW)
    assert answer.status_code == 302
    row = CarrierCode.objects.get(protocol="cmpp", code="HD:0019")
    assert (row.group, row.is_permanent, row.by) == ("number", True, operator)
    page = client.get(reverse("carriers:console_unknown_codes")).content.decode()
    assert ">HD:0019<" not in page
    page = client.get(reverse("carriers:console_unknown_codes"), {"all": "1"}).content.decode()
    assert "空号" in page
    assert AuditEntry.objects.filter(action="code.create").exists()


def test_a_row_is_changed_and_removed_after_a_question(client, operator):
    client.force_login(operator)
    row = CarrierCode.objects.get(protocol="", code="UNDELIV")
    edit = reverse("carriers:console_edit_code", args=[row.pk])
    assert row.meaning_zh in client.get(edit).content.decode()
    client.post(edit, {**ROW, "protocol": "", "code": "UNDELIV", "meaning_zh": "没送到"})
    assert codes.Explanations().say("UNDELIV", None) == "没送到"
    remove = reverse("carriers:console_remove_code", args=[row.pk])
    assert 'id="question"' in client.get(remove).content.decode()
    assert CarrierCode.objects.filter(pk=row.pk).exists()
    client.post(remove)
    assert not CarrierCode.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "UN DELIV"), ("code", "A*B"), ("code", ""), ("meaning_zh", ""), ("group", "what"),
     ("protocol", "x25")],
)  # fmt: skip
def test_a_wrong_row_is_refused_with_what_was_typed(client, operator, field, value):
    client.force_login(operator)
    answer = client.post(reverse("carriers:console_new_code"), {**ROW, field: value})
    assert answer.status_code == 422
    assert "Not assigned" in answer.content.decode()


def test_a_code_stands_once_in_the_table(client, operator):
    client.force_login(operator)
    values = {**ROW, "protocol": "", "code": "undeliv"}
    answer = client.post(reverse("carriers:console_new_code"), values)
    assert answer.status_code == 422
    assert CarrierCode.objects.filter(protocol="", code="UNDELIV").count() == 1


def test_the_list_is_searched_and_filtered_in_few_queries(
    client, operator, django_assert_num_queries
):
    client.force_login(operator)
    url = reverse("carriers:console_codes")
    client.get(url)
    # session, user, count, codes with who changed them, notices
    with django_assert_num_queries(5):
        page = client.get(url, {"protocol": "smpp", "q": "RTHROTTLED"}).content.decode()
    assert "RTHROTTLED" in page and "RINVDSTADR" not in page


def test_nobody_but_operators_sees_the_pages(client, acme):
    for name in ("console_codes", "console_unknown_codes", "console_new_code"):
        assert client.get(reverse(f"carriers:{name}")).status_code in (302, 403, 404)
