"""From which address a request comes."""

import ipaddress

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The peer's IP address; behind a reverse proxy on this machine, the one that it names.

    X-Forwarded-For is believed only from loopback, and only its last entry, which our own proxy
    wrote: anybody can send the others.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    if peer is not None and peer.is_loopback:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        peer = _address(forwarded) or peer
    return str(peer) if peer is not None else None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
