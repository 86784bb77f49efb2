"""The form of a channel in each protocol: its fields, bounds, secrets, and what it leaves alone."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import make_channel
from yunxin.accounts.models import AuditEntry
from yunxin.carriers.account_forms import FORMS
from yunxin.carriers.channels import ProtocolFixed, change_channel
from yunxin.carriers.models import Channel
from yunxin.channel_options import FACTS, KINDS
from yunxin.sealing import unseal
from yunxin.vocabulary import CarrierProtocol

pytestmark = pytest.mark.django_db
NODE = "3010012345"
SECRETS = {"password": "north-secret", "deliver_password": "their-secret"}


@pytest.fixture(autouse=True)
def signed_in(client, operator):
    client.force_login(operator)


def new(protocol: str) -> str:
    return reverse("carriers:console_new_account", args=[protocol])


def edit(channel: Channel) -> str:
    return reverse("carriers:console_edit_channel", args=[channel.pk])


def shown(client, url: str) -> dict[str, Any]:
    """What a browser would send of the page as it is shown."""
    form = client.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields}
    widgets = {name: form.fields[name].prepare_value(value) for name, value in values.items()}
    return {
        name: "on" if value is True else value
        for name, value in widgets.items()
        if value is not None and value is not False
    }


def filled(client, protocol: str, **fields: Any) -> dict[str, Any]:
    """A new channel's form with what every carrier's sheet has."""
    usual = {
        "name": f"North {protocol}", "host": "127.0.0.1", "system_id": "106900",
        "password": SECRETS["password"], "access_number": "1069",
    }  # fmt: skip
    if protocol == "sgip":
        usual["node"] = NODE
    return shown(client, new(protocol)) | usual | fields


def made(client, protocol: str, **fields: Any) -> Channel:
    answer = client.post(new(protocol), filled(client, protocol, **fields))
    assert answer.status_code == 302, answer.context["form"].errors
    return Channel.objects.latest("id")


def errors(client, protocol: str, **fields: Any) -> list[str]:
    answer = client.post(new(protocol), filled(client, protocol, **fields))
    assert answer.status_code == 422
    assert not Channel.objects.exists()
    return list(answer.context["form"].errors)


def test_the_protocol_is_chosen_first_and_without_scripts(client):
    page = client.get(reverse("carriers:console_new_channel")).content.decode()
    for protocol in CarrierProtocol:
        assert f'href="{new(protocol)}"' in page


@pytest.mark.parametrize("protocol", list(CarrierProtocol))
def test_a_form_with_the_sheet_alone_makes_a_channel_as_is_usual(client, protocol):
    channel = made(client, protocol)
    facts = FACTS[protocol]
    assert (channel.protocol, channel.port, channel.window) == (protocol, facts.port, facts.window)
    assert channel.dest_prefix == facts.dest_prefix
    assert channel.answer_timeout_s == facts.answer_timeout_s
    expected = {"node": int(NODE)} if protocol == "sgip" else {}
    assert channel.options == expected, "what is usual is not written down"


def test_a_window_of_sgip_is_no_larger_than_its_specification_has_it(client):
    assert errors(client, "sgip", window=33) == ["window"]
    assert made(client, "sgip", window=32).window == 32


@pytest.mark.parametrize("protocol", list(CarrierProtocol))
def test_every_option_has_its_field(protocol):
    known = set(KINDS[protocol].__struct_fields__)
    sealed = {"deliver_password_sealed"}
    assert known - sealed == set(FORMS[protocol].own_options()) - sealed
    form = FORMS[protocol]
    placed = [name for section in form.sections for row in section.rows for name in row]
    assert len(placed) == len(set(placed))
    assert set(form.own_options()) <= set(placed)


def test_options_are_stored_with_their_kinds(client):
    channel = made(
        client, "cmpp", version="2.0", service_id="MSG", account="901234", strict="on",
        fee_user_type="0", attempts="1",
    )  # fmt: skip
    assert channel.options == {
        "version": "2.0", "service_id": "MSG", "account": "901234", "strict": True,
        "fee_user_type": 0, "attempts": 1,
    }  # fmt: skip
    page = client.get(reverse("carriers:console_channel", args=[channel.pk])).content.decode()
    assert "CMPP 2.0" in page
    assert "901234" in page


@pytest.mark.parametrize(
    ("protocol", "field", "value"),
    [
        ("cmpp", "system_id", "1234567"), ("smgp", "system_id", "123456789"),
        ("sgip", "system_id", "x" * 17), ("cmpp", "system_id", "中国移动"),
        ("sgip", "password", "x" * 17), ("cmpp", "version", "4.0"), ("smgp", "version", "2.0"),
        ("cmpp", "service_id", "x" * 11), ("smgp", "service_id", "业务"),
        ("cmpp", "fee_code", "1x"), ("cmpp", "fee_user_type", "4"), ("cmpp", "account", "1234567"),
        ("smgp", "fee_type", "000"), ("smgp", "charge_term_id", "+86"),
        ("sgip", "node", ""), ("sgip", "node", "0"), ("sgip", "node", "4294967296"),
        ("sgip", "corp_id", "123456"), ("sgip", "listen_port", "65536"),
        ("sgip", "listen_port", "-1"), ("sgip", "networks", "Beijing"),
        ("sgip", "networks", "192.0.2.1/28"), ("sgip", "mt_flag", "9"),
        ("sgip", "fee_type", "256"), ("sgip", "charge_number", "0" * 22),
        ("sgip", "deliver_name", "x" * 17), ("sgip", "attempts", "0"),
    ],
)  # fmt: skip
def test_what_the_protocol_has_no_room_for_is_said_beside_its_field(client, protocol, field, value):
    assert errors(client, protocol, **{field: value}) == [field]


def test_sgip_must_know_its_carrier_by_a_password_or_by_its_networks(client):
    assert errors(client, "sgip", password="") == ["networks"]
    assert made(client, "sgip", name="a", password="", listen_port="0").options["listen_port"] == 0
    networks = {"networks": "192.0.2.0/28\n 2001:db8::/64"}
    channel = made(client, "sgip", name="b", password="", **networks)
    assert channel.options["networks"] == ["192.0.2.0/28", "2001:db8::/64"]


def test_secrets_are_sealed_never_shown_and_kept_when_nothing_is_typed(client):
    channel = made(client, "sgip", **SECRETS)
    sealed = channel.options["deliver_password_sealed"]
    assert unseal(settings.SECRET_KEY, sealed) == SECRETS["deliver_password"]
    for url in (edit(channel), reverse("carriers:console_channel", args=[channel.pk])):
        page = client.get(url).content.decode()
        for secret in (*SECRETS.values(), sealed, channel.password_sealed):
            assert secret not in page
    client.post(edit(channel), shown(client, edit(channel)) | {"service_type": "MSG"})
    kept = Channel.objects.get()
    assert (kept.password_sealed, kept.options["deliver_password_sealed"]) == (
        channel.password_sealed,
        sealed,
    )
    assert kept.options["service_type"] == "MSG"
    told = "".join(str(entry.detail) for entry in AuditEntry.objects.all())
    assert not [s for s in (*SECRETS.values(), sealed, channel.password_sealed) if s in told]


def test_the_carriers_password_is_changed_and_forgotten(client):
    channel = made(client, "sgip", **SECRETS)
    client.post(edit(channel), shown(client, edit(channel)) | {"deliver_password": "new"})
    changed = Channel.objects.get()
    assert unseal(settings.SECRET_KEY, changed.options["deliver_password_sealed"]) == "new"
    assert changed.version == 2
    typed = shown(client, edit(channel)) | {"forget_deliver_password": "on"}
    client.post(edit(channel), typed)
    forgot = Channel.objects.get()
    assert "deliver_password_sealed" not in forgot.options
    assert forgot.version == 3


@pytest.mark.parametrize("protocol", list(CarrierProtocol))
def test_a_form_that_is_saved_as_it_stands_changes_nothing(client, protocol):
    channel = made(client, protocol)
    assert client.post(edit(channel), shown(client, edit(channel))).status_code == 302
    same = Channel.objects.get()
    assert (same.version, same.options) == (1, channel.options)


def test_options_that_no_field_shows_are_kept(client):
    channel = make_channel(
        protocol="smgp", options={"version": "1.3", "vendor_trick": [1, 2]}, system_id="1069"
    )
    client.post(edit(channel), shown(client, edit(channel)) | {"version": "3.0"})
    channel.refresh_from_db()
    assert channel.options == {"version": "3.0", "vendor_trick": [1, 2]}
    assert channel.version == 2


def test_a_channel_keeps_its_protocol(client, operator):
    channel = made(client, "smgp")
    with pytest.raises(ProtocolFixed):
        change_channel(channel_id=channel.pk, values={"protocol": "cmpp"}, by=operator)
    client.post(edit(channel), shown(client, edit(channel)) | {"protocol": "cmpp"})
    assert Channel.objects.get().protocol == "smgp"


def test_saving_may_lead_to_a_test_of_the_connection(client):
    answer = client.post(new("smpp"), filled(client, "smpp", then="try"))
    channel = Channel.objects.get()
    asked = channel.tries.get()
    assert answer.url == reverse("carriers:console_channel_try", args=[channel.pk, asked.pk])


def test_enter_saves_and_logs_in_nowhere(client):
    form = client.get(new("smpp")).content.decode().partition('name="system_id"')[2]
    first = re.search(r'<button\b[^>]*type="submit"[^>]*>', form)
    assert first is not None and "name=" not in first[0], "Enter presses the first button"
