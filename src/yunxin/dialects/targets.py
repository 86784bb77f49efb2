"""Where pushes may go: the form of a URL, and which addresses count as public.

`check_url` reads what people typed. Who connects resolves the host's name itself, asks `is_allowed`
of the address, and connects to that very address: a name that says something else a moment later
gains nothing.
"""

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from yunxin.vocabulary import PushError

URL_LENGTH_MAX = 500  # the column's
HOST_LENGTH_MAX = 253  # RFC 1035 §2.3.4
PORTS = {"http": 80, "https": 443}

# RFC 3986 §2 in ASCII, and what a person types of other alphabets; no backslash, space or control.
_PLAIN = re.compile(r"[^\s\\\x00-\x20\x7f<>\"^`{|}]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")

# IPv6 forms that lead to an IPv4 address: mapped (RFC 4291 §2.5.5), 6to4 (RFC 3056), NAT64
# (RFC 6052 §2.1), and the deprecated compatible form.
_MAPPED = IPv6Network("::ffff:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")

# What the standard library takes for public in one version or another, and is not (the IANA's
# registries of special-purpose addresses).
_NEVER = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # NAT64 of a local network
        "100::/64",
        "2001::/23",  # Teredo and other machinery
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",  # site-local, as it was once
        "ff00::/8",
    )
]


class Target(NamedTuple):
    """A URL taken apart, as who connects needs it."""

    scheme: str
    host: str  # ASCII, lower case; an IPv6 address without brackets
    port: int
    path: str  # ASCII, with the query

    @property
    def authority(self) -> str:
        """The Host header: without the port that the scheme has anyway (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def check_url(url: str) -> PushError:
    """Whether a URL may be one that is pushed to: `NONE`, or `BAD_URL`."""
    return PushError.BAD_URL if read_url(url) is None else PushError.NONE


def read_url(url: str) -> Target | None:
    """Take a URL apart; None unless it is http or https, with a host and without credentials."""
    if len(url) > URL_LENGTH_MAX or not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or "@" in parts.netloc or parts.fragment or port == 0:
        return None
    host = _host(parts.hostname or "")
    if host is None:
        return None
    return Target(parts.scheme, host, port or PORTS[parts.scheme], _path(parts))


def is_allowed(address: str, networks: Sequence[str] = ()) -> bool:
    """Whether an IP address may be connected to: a public one, or one of these networks.

    An IPv6 address that leads to an IPv4 one is judged by that. What is no address is refused.

    Args:
        networks: addresses or CIDRs that are allowed though they are not public.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    ip = _meant(ip)
    if any(ip in ipaddress.ip_network(network, strict=False) for network in networks):
        return True
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NEVER)


def _meant(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address leads to, or the address itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _SIX_TO_FOUR:
        return IPv4Address((int(ip) >> 80) & 0xFFFF_FFFF)
    if ip in _MAPPED or ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    if ip in _COMPATIBLE and int(ip) > 1:  # :: and ::1 are themselves
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


def _host(host: str) -> str | None:
    """A host's name in ASCII, or an address as it is; None if it is neither."""
    if ":" in host:
        try:
            return str(IPv6Address(host)) if "%" not in host else None
        except ValueError:
            return None
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        return None
    if len(name) > HOST_LENGTH_MAX or not all(map(_LABEL.fullmatch, name.split("."))):
        return None
    last = name.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        # An IPv4 address, and no other way to write one: 127.1 and 2130706433 are the same to
        # some resolvers.
        try:
            return str(IPv4Address(name))
        except ValueError:
            return None
    return name


def _path(parts: SplitResult) -> str:
    """Path and query in ASCII; other signs are escaped as UTF-8 (RFC 3987 §3.1)."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return "".join(c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in path)
