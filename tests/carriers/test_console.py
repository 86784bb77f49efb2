"""Operators' pages of channels, number ranges, blacklist and forbidden words."""

import pytest
from django.urls import reverse

from tests.factories import make_channel
from yunxin.carriers.models import BlockedNumber, Channel, ForbiddenWord, NumberPrefix
from yunxin.vocabulary import BlockReason, CarrierName, ChannelWish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def signed_in(client, operator):
    client.force_login(operator)


def text_of(client, name, *args, **query):
    return client.get(reverse(f"carriers:{name}", args=args), query).content.decode()


def channel_form(**fields):
    return {
        "name": "North", "host": "127.0.0.1", "port": "2775", "system_id": "yx",
        "password": "secret", "system_type": "", "bind_mode": "transceiver", "sessions": "1",
        "window": "100", "rate_per_s": "500", "access_number": "1069", "weight": "1",
        "id_rule": "as_is", "alphabet": "ucs2", "source_ton": "0", "source_npi": "1",
        "dest_ton": "1", "dest_npi": "1", "dest_prefix": "86", "enquire_every_s": "30",
        "answer_timeout_s": "30", "attempts": "1", **fields,
    }  # fmt: skip


def test_a_channel_is_made_started_and_stopped_through_the_pages(client):
    answer = client.post(
        reverse("carriers:console_new_account", args=["smpp"]),
        channel_form(carriers=["mobile", "unicom"]),
    )
    channel = Channel.objects.get()
    assert answer.url == reverse("carriers:console_channel", args=[channel.pk])
    assert channel.carriers == ["mobile", "unicom"]
    client.post(reverse("carriers:console_start_channel", args=[channel.pk]))
    channel.refresh_from_db()
    assert channel.wish == ChannelWish.RUN
    stop = reverse("carriers:console_stop_channel", args=[channel.pk])
    assert 'id="question"' in client.get(stop).content.decode()
    channel.refresh_from_db()
    assert channel.wish == ChannelWish.RUN, "a question changes nothing"
    client.post(stop)
    channel.refresh_from_db()
    assert channel.wish == ChannelWish.STOP


def test_a_running_channel_is_drained_after_a_question(client):
    channel = make_channel()
    drain = reverse("carriers:console_drain_channel", args=[channel.pk])
    assert 'id="question"' in client.get(drain).content.decode()
    client.post(drain)
    channel.refresh_from_db()
    assert channel.wish == ChannelWish.DRAIN
    page = text_of(client, "console_channel", channel.pk)
    assert "已排空" in page  # no engine has a line of it
    assert reverse("carriers:console_start_channel", args=[channel.pk]) in page
    assert reverse("carriers:console_stop_channel", args=[channel.pk]) in page
    assert drain not in page
    client.post(reverse("carriers:console_stop_channel", args=[channel.pk]))
    client.post(drain)
    channel.refresh_from_db()
    assert channel.wish == ChannelWish.STOP, "nothing is there to be drained"


def test_the_live_state_renews_itself_alone(client):
    channel = make_channel()
    page = client.get(
        reverse("carriers:console_channel", args=[channel.pk]), headers={"HX-Request": "true"}
    ).content.decode()
    assert 'id="live"' in page
    assert "<html" not in page


def test_what_a_channel_serves_is_chosen_and_changed_while_it_is_connected(client, acme):
    chosen = {
        "traffics": ["verification"], "open_from": "22:00", "open_to": "06:00",
        "enterprises": [acme.pk],
    }  # fmt: skip
    client.post(reverse("carriers:console_new_account", args=["smpp"]), channel_form(**chosen))
    channel = Channel.objects.get()
    assert (channel.traffics, list(channel.enterprises.all())) == (["verification"], [acme])
    assert [str(channel.open_from), str(channel.open_to)] == ["22:00:00", "06:00:00"]
    page = text_of(client, "console_channel", channel.pk)
    assert "22:00–06:00" in page
    assert "Acme" in page
    edit = reverse("carriers:console_edit_channel", args=[channel.pk])
    assert 'value="22:00"' in client.get(edit).content.decode()
    client.post(edit, channel_form(password=""))
    channel.refresh_from_db()
    assert (channel.traffics, channel.enterprises.count(), channel.open_from) == ([], 0, None)
    assert channel.version == 1, "the line stays"


def test_one_time_alone_is_no_hours(client):
    answer = client.post(
        reverse("carriers:console_new_account", args=["smpp"]), channel_form(open_from="08:00")
    )
    assert answer.status_code == 422
    assert not Channel.objects.exists()


def test_the_password_is_never_shown_and_an_empty_field_keeps_it(client):
    client.post(reverse("carriers:console_new_account", args=["smpp"]), channel_form())
    channel = Channel.objects.get()
    sealed = channel.password_sealed
    for name in ("console_channel", "console_edit_channel"):
        page = text_of(client, name, channel.pk)
        assert "secret" not in page
        assert sealed not in page
    client.post(
        reverse("carriers:console_edit_channel", args=[channel.pk]),
        channel_form(password="", weight="5"),
    )
    channel.refresh_from_db()
    assert (channel.weight, channel.password_sealed, channel.version) == (5, sealed, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "http://x/"), ("host", ""), ("port", "0"), ("port", "70000"), ("window", "0"),
        ("window", "1001"), ("sessions", "0"), ("sessions", "33"), ("access_number", "1069x"),
        ("weight", "101"), ("source_ton", "8"), ("dest_npi", "19"), ("dest_prefix", "+x"),
        ("bind_mode", "other"), ("carriers", "mars"), ("rate_per_s", "-1"), ("name", "x" * 41),
        ("answer_timeout_s", "0"), ("enquire_every_s", "99999"), ("system_id", ""),
        ("system_id", "x" * 16), ("attempts", "6"), ("attempts", ""),
    ],
)  # fmt: skip
def test_bad_settings_are_said_beside_their_field(client, field, value):
    answer = client.post(
        reverse("carriers:console_new_account", args=["smpp"]), channel_form(**{field: value})
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Channel.objects.exists()


def test_two_channels_cannot_have_one_name(client):
    make_channel("North")
    answer = client.post(reverse("carriers:console_new_account", args=["smpp"]), channel_form())
    assert answer.status_code == 422
    assert "name" in answer.context["form"].errors


def test_the_list_of_channels_asks_a_fixed_number_of_queries(client, django_assert_num_queries):
    for _ in range(8):
        make_channel()
    # session, user, count, channels, their enterprises, their live states, what waits for them,
    # the whole queue, notices
    with django_assert_num_queries(9):
        text_of(client, "console_channels")


def test_a_number_range_is_added_tried_and_removed(client):
    url = reverse("carriers:console_new_prefix")
    assert client.post(url, {"digits": "1999", "carrier": "unicom"}).status_code == 302
    assert NumberPrefix.objects.get(pk="1999").carrier == CarrierName.UNICOM
    assert "中国联通" in text_of(client, "console_numbers", **{"try": "19990000001"})
    assert "不是中国大陆手机号" in text_of(client, "console_numbers", **{"try": "12"})
    client.post(reverse("carriers:console_remove_prefix", args=["1999"]))
    assert not NumberPrefix.objects.filter(pk="1999").exists()


@pytest.mark.parametrize("digits", ["13", "12345", "abc", "", "099", "1x9"])
def test_a_bad_number_range_is_refused(client, digits):
    answer = client.post(
        reverse("carriers:console_new_prefix"), {"digits": digits, "carrier": "mobile"}
    )
    assert answer.status_code == 422


def test_numbers_are_blocked_searched_and_unblocked(client, acme):
    url = reverse("carriers:console_block")
    typed = {"phones": "13800000001,13800000002", "reason": "operator", "note": "asked"}
    assert client.post(url, typed).status_code == 302
    client.post(url, {"phones": "13900000001", "reason": "complaint", "enterprise": acme.pk})
    page = text_of(client, "console_blacklist", q="139")
    assert "13900000001" in page
    assert "Acme" in page
    assert "13800000001" not in page
    assert "13900000001" not in text_of(client, "console_blacklist", owner="0")
    row = BlockedNumber.objects.get(phone="13900000001")
    client.post(reverse("carriers:console_unblock", args=[row.pk]))
    assert BlockedNumber.objects.count() == 2


def test_bad_numbers_are_named_while_good_ones_are_kept(client):
    answer = client.post(
        reverse("carriers:console_block"), {"phones": "13800000001\nxyz", "reason": "operator"}
    )
    assert answer.status_code == 422
    assert "xyz" in str(answer.context["form"].errors["phones"])
    assert BlockedNumber.objects.get().phone == "13800000001"


def test_taking_off_an_unsubscriber_warns(client, acme):
    row = BlockedNumber.objects.create(
        enterprise_id=acme.pk, phone="13800000001", reason=BlockReason.UNSUBSCRIBED
    )
    assert "机主本人" in text_of(client, "console_unblock", row.pk)


def test_words_are_added_tried_and_removed(client):
    url = reverse("carriers:console_new_words")
    assert client.post(url, {"words": "casino\nlottery"}).status_code == 302
    tried = client.post(
        reverse("carriers:console_try_text"),
        {"text": "Visit our CASINO"},
        headers={"HX-Request": "true"},
    ).content.decode()
    assert "casino" in tried
    assert "lottery" not in tried
    assert "<html" not in tried
    row = ForbiddenWord.objects.get(word="casino")
    client.post(reverse("carriers:console_remove_word", args=[row.pk]))
    assert ForbiddenWord.objects.count() == 1


def test_a_text_is_tried_without_scripts_too(client):
    page = client.post(reverse("carriers:console_try_text"), {"text": "hello"}).content.decode()
    assert "<html" in page
    assert "hello" in page


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("console_channel", [999]), ("console_edit_channel", [999]), ("console_unblock", [999]),
        ("console_remove_word", [999]), ("console_remove_prefix", ["999"]),
        ("console_new_account", ["x25"]), ("console_drain_channel", [999]),
        ("console_try_channel", [999]), ("console_channel_try", [999, 1]),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_404(client, name, args):
    assert client.get(reverse(f"carriers:{name}", args=args)).status_code == 404


def test_the_console_is_not_for_enterprises(client, acme):
    client.force_login(acme.users.get())
    for name in ("console_channels", "console_numbers", "console_blacklist", "console_words"):
        assert client.get(reverse(f"carriers:{name}")).status_code == 403
