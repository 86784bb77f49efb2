"""The demo's channels: one of each carrier by its own protocol, SMPP for whoever they fail."""

import pytest

from yunxin.carriers.models import Channel
from yunxin.channel_options import FACTS
from yunxin.demo.channels import CarrierPorts, make_channels
from yunxin.vocabulary import CarrierName, CarrierProtocol

PORTS = CarrierPorts(smpp=1, cmpp=2, sgip=3, sgip_deliver=4, smgp=5)


@pytest.mark.django_db
def test_each_carrier_has_its_protocol_and_smpp_is_the_reserve() -> None:
    make_channels(PORTS)
    made = {channel.protocol: channel for channel in Channel.objects.all()}
    assert {protocol: (c.carriers, c.weight) for protocol, c in made.items()} == {
        CarrierProtocol.CMPP: ([CarrierName.MOBILE], 1),
        CarrierProtocol.SGIP: ([CarrierName.UNICOM], 1),
        CarrierProtocol.SMGP: ([CarrierName.TELECOM], 1),
        CarrierProtocol.SMPP: ([], 0),
    }
    assert all(channel.password_sealed not in ("", "secret") for channel in made.values())
    assert made[CarrierProtocol.SGIP].window == FACTS[CarrierProtocol.SGIP].window


@pytest.mark.django_db
def test_made_again_they_lead_to_the_new_ports_and_nothing_else_changes() -> None:
    make_channels(PORTS)
    Channel.objects.update(window=7)
    make_channels(PORTS._replace(cmpp=20, sgip_deliver=40))
    found = {c.protocol: (c.port, c.version, c.window) for c in Channel.objects.all()}
    assert found == {"smpp": (1, 1, 7), "cmpp": (20, 2, 7), "sgip": (3, 2, 7), "smgp": (5, 1, 7)}
    assert Channel.objects.get(protocol="sgip").options["listen_port"] == 40
