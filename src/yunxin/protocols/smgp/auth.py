"""SMGP's log-in: seven zero bytes in the client's digest, and a status of four.

`protocols/digest` has what CMPP shares.
"""

from yunxin.protocols import digest


class LoginProof(digest.Proof, frozen=True):
    """What a log-in says of the secret; its digest is AuthenticatorClient."""

    zeros = 7
    name_size = 8  # ClientID


def server_digest(status: int, client: bytes, secret: str) -> bytes:
    """AuthenticatorServer: 16 bytes; `client` is the AuthenticatorClient of the request."""
    return digest.server_digest(status, 4, client, secret)
