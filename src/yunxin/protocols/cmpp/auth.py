"""CMPP's log-in: nine zero bytes in the client's digest, and a status as wide as the version's.

CMPP V3.0 §8.4.1.1 and §8.4.1.2; `protocols/digest` has what SMGP shares.
"""

from yunxin.protocols import digest
from yunxin.protocols.cmpp.pdus import Version


class ConnectProof(digest.Proof, frozen=True):
    """What a CONNECT says of the secret; its digest is AuthenticatorSource."""

    zeros = 9
    name_size = 6  # Source_Addr


def server_digest(status: int, client: bytes, secret: str, version: Version) -> bytes:
    """AuthenticatorISMG: 16 bytes; `client` is the AuthenticatorSource of the request."""
    return digest.server_digest(status, 1 if version is Version.V20 else 4, client, secret)
