"""The digests of SMGP's log-in: who knows the shared secret, shown without sending it.

As CMPP's, but with seven zero bytes where that has nine. What is hashed is the digits of the time
as text, ten of them: those of January to September begin with a zero that the number on the wire
has lost.
"""

import hmac
from datetime import datetime, timedelta, timezone
from hashlib import md5

import msgspec

BEIJING = timezone(timedelta(hours=8))
CLIENT_ID_SIZE = 8
_ZEROS = bytes(7)


def timestamp_of(moment: datetime) -> int:
    """`MMDDHHMMSS` of an aware time, as the carriers' clocks show it, as a number."""
    return int(moment.astimezone(BEIJING).strftime("%m%d%H%M%S"))


def client_digest(client_id: bytes, secret: str, timestamp: int) -> bytes:
    """AuthenticatorClient: 16 bytes."""
    return _md5(client_id + _ZEROS + secret.encode() + b"%010d" % timestamp)


def server_digest(status: int, client: bytes, secret: str) -> bytes:
    """AuthenticatorServer: 16 bytes.

    Args:
        client: the AuthenticatorClient of the request.
    """
    return _md5(status.to_bytes(4, "big") + client + secret.encode())


def is_server(digest: bytes, status: int, client: bytes, client_id: str, secret: str) -> bool:
    """Whether a carrier's digest shows that it knows the secret, in any way that is in use.

    Some hash a status of one byte, and one hashes the client's name in place of its digest.
    """
    tail = secret.encode()
    return any(
        hmac.compare_digest(digest, _md5(status.to_bytes(size, "big") + middle + tail))
        for middle in (client, client_id.encode("latin-1"))
        for size in ((4, 1) if status < 256 else (4,))
    )


class LoginProof(msgspec.Struct, frozen=True):
    """What a log-in says of the secret: `events.Proof`."""

    client_id: str
    digest: bytes
    timestamp: int

    def made_with(self, password: str) -> bool:
        """Whether the client knows this secret; a short name may be hashed with its padding."""
        name = self.client_id.encode("latin-1")
        return any(
            hmac.compare_digest(self.digest, client_digest(form, password, self.timestamp))
            for form in {name, name.ljust(CLIENT_ID_SIZE, b"\0")}
        )


def _md5(data: bytes) -> bytes:
    return md5(data, usedforsecurity=False).digest()  # the protocol leaves no choice
