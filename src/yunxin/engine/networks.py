"""Lists of addresses and CIDRs that are asked with every request or log-in."""

import ipaddress
from collections.abc import Iterable

import structlog

log = structlog.get_logger()

SEEN_MAX = 1_000  # addresses whose verdict is remembered, for each list of networks

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Networks:
    """A list of addresses and CIDRs, asked with every request."""

    __slots__ = ("_networks", "_seen")

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [n for text in networks if (n := _network(text)) is not None]
        self._seen: dict[str, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._networks)

    def hold(self, address: str) -> bool:
        """Whether an address is in one of them; what is no address is in none."""
        verdict = self._seen.get(address)
        if verdict is None:
            if len(self._seen) >= SEEN_MAX:
                self._seen.clear()
            verdict = self._seen[address] = self._look_up(address)
        return verdict

    def _look_up(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in network for network in self._networks)


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        log.warning("networks.not_understood")
        return None
