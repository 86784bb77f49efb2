"""The digests of CMPP's log-in: who knows the shared secret, shown without sending it.

CMPP V3.0 §8.4.1.1 and §8.4.1.2. What is hashed is the digits of the time as text, ten of them:
those of January to September begin with a zero that the number on the wire has lost.
"""

import hmac
from datetime import datetime, timedelta, timezone
from hashlib import md5

import msgspec

from yunxin.protocols.cmpp.pdus import Version

BEIJING = timezone(timedelta(hours=8))
SOURCE_ADDR_SIZE = 6
_ZEROS = bytes(9)


def timestamp_of(moment: datetime) -> int:
    """`MMDDHHMMSS` of an aware time, as the carriers' clocks show it, as a number."""
    return int(moment.astimezone(BEIJING).strftime("%m%d%H%M%S"))


def client_digest(source_addr: bytes, secret: str, timestamp: int) -> bytes:
    """AuthenticatorSource: 16 bytes."""
    return _md5(source_addr + _ZEROS + secret.encode() + b"%010d" % timestamp)


def server_digest(status: int, client: bytes, secret: str, version: Version) -> bytes:
    """AuthenticatorISMG: 16 bytes; the status is as wide as the response's own field.

    Args:
        client: the AuthenticatorSource of the request.
    """
    size = 1 if version is Version.V20 else 4
    return _md5(status.to_bytes(size, "big") + client + secret.encode())


def is_server(digest: bytes, status: int, client: bytes, source_addr: str, secret: str) -> bool:
    """Whether a carrier's digest shows that it knows the secret, in any way that is in use.

    Some hash a status of four bytes in 2.0 or of one in 3.0; one hashes the account's name in
    place of the client's digest.
    """
    middles = (client, source_addr.encode("latin-1"))
    return any(
        hmac.compare_digest(digest, _md5(status.to_bytes(size, "big") + middle + secret.encode()))
        for middle in middles
        for size in (1, 4)
    )


class ConnectProof(msgspec.Struct, frozen=True):
    """What a CONNECT says of the secret: `events.Proof`."""

    source_addr: str
    digest: bytes
    timestamp: int

    def made_with(self, password: str) -> bool:
        """Whether the client knows this secret; a short name may be hashed with its padding."""
        name = self.source_addr.encode("latin-1")
        return any(
            hmac.compare_digest(self.digest, client_digest(form, password, self.timestamp))
            for form in {name, name.ljust(SOURCE_ADDR_SIZE, b"\0")}
        )


def _md5(data: bytes) -> bytes:
    return md5(data, usedforsecurity=False).digest()  # the protocol leaves no choice
