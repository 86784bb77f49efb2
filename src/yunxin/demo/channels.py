"""The demo's channels: each carrier by its own protocol, and SMPP for whoever none of them serves.

All lead to the simulated carrier, whose inbox shows their phones together.
"""

from typing import Any, NamedTuple

from django.conf import settings

from yunxin.carriers.models import Channel
from yunxin.sealing import seal
from yunxin.vocabulary import CarrierName, CarrierProtocol, ChannelWish

ACCOUNT, ACCOUNT_PASSWORD = "yunxin", "secret"  # of the simulated carrier
NODE, COMPANY = 3_010_012_345, "12345"  # an invented company's in the numbering of SGIP
FALLBACK = "演示通道"
WINDOW, SGIP_WINDOW = 200, 32  # SGIP 1.2 allows no more
USUAL = {
    "host": "127.0.0.1", "system_id": ACCOUNT, "access_number": "1069", "rate_per_s": 2000,
    "wish": ChannelWish.RUN,
}  # fmt: skip


class CarrierPorts(NamedTuple):
    """Where the simulated carrier speaks what; 0: it does not.

    `sgip_deliver` is where the engine listens for the carrier's own connection.
    """

    smpp: int
    cmpp: int = 0
    sgip: int = 0
    sgip_deliver: int = 0
    smgp: int = 0


def make_channels(ports: CarrierPorts) -> Channel:
    """Make what is missing, and point all to these ports; gives the fallback."""
    fallback = _channel(FALLBACK, CarrierProtocol.SMPP, ports.smpp, weight=0)
    if ports.cmpp:
        _channel("演示移动", CarrierProtocol.CMPP, ports.cmpp, CarrierName.MOBILE)
    if ports.sgip:
        options = {
            "node": NODE, "corp_id": COMPANY,
            "listen_host": "127.0.0.1", "listen_port": ports.sgip_deliver,
        }  # fmt: skip
        _channel("演示联通", CarrierProtocol.SGIP, ports.sgip, CarrierName.UNICOM, options)
    if ports.smgp:
        _channel("演示电信", CarrierProtocol.SMGP, ports.smgp, CarrierName.TELECOM)
    return fallback


def _channel(
    name: str,
    protocol: CarrierProtocol,
    port: int,
    carrier: CarrierName | None = None,
    options: dict[str, Any] | None = None,
    *,
    weight: int = 1,
) -> Channel:
    """One channel; of one that is there only where it leads to is changed."""
    wanted = options or {}
    others = {
        "protocol": protocol,
        "carriers": [carrier] if carrier else [],
        "weight": weight,
        "dest_prefix": "" if protocol in (CarrierProtocol.CMPP, CarrierProtocol.SMGP) else "86",
        "window": SGIP_WINDOW if protocol == CarrierProtocol.SGIP else WINDOW,
    }
    channel, is_new = Channel.objects.get_or_create(
        name=name,
        defaults=USUAL
        | others
        | {"port": port, "options": wanted}
        | {"password_sealed": seal(settings.SECRET_KEY, ACCOUNT_PASSWORD)},
    )
    if is_new:
        return channel
    listen = wanted.get("listen_port")
    if channel.port != port or channel.options.get("listen_port") != listen:
        channel.port = port
        if listen:
            channel.options["listen_port"] = listen
        channel.version += 1
        channel.save(update_fields=["port", "options", "version"])
    return channel
