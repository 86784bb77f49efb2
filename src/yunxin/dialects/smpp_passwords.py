"""Names and passwords of the SMPP server's accounts: how they are made and known again.

SMPP sends the password itself, and its field holds eight characters (SMPP v3.4 §4.1.1). The
platform keeps a digest of it. A fast one, as a thousand systems may bind again in one second after
a restart; and one keyed with the platform's secret key, as whoever stole the table alone could
otherwise try all passwords of eight characters. The account's name is part of it, so that no row's
digest opens another account.
"""

import hashlib
import hmac
import re
import secrets
import string

LENGTH = 8  # of 62 signs: 47 bits; guesses over the wire are slowed down (`smpp/guard`)
SYSTEM_ID_MAX = 15  # §4.1.1: 16 octets with the NUL

_SIGNS = string.ascii_letters + string.digits
_LABEL = b"yunxin.smpp.v1"  # keeps this use of the secret key apart from others
_SYSTEM_ID = re.compile(r"[A-Za-z0-9_.-]{3,15}")


def is_system_id(text: str) -> bool:
    """Whether an account may be called so: 3 to 15 letters, digits, dots, dashes, underscores."""
    return _SYSTEM_ID.fullmatch(text) is not None


def mint() -> str:
    """A new password, to be shown once."""
    return "".join(secrets.choice(_SIGNS) for _ in range(LENGTH))


def digest(secret_key: str, system_id: str, password: str) -> bytes:
    """What is kept of an account's password: 32 bytes.

    Raises:
        ValueError: the secret key is empty, and would protect nothing.
    """
    if not secret_key:
        raise ValueError("A secret key is needed to keep a password.")
    key = hashlib.blake2b(secret_key.encode(), digest_size=32, person=_LABEL).digest()
    said = f"{system_id}\0{password}".encode("utf-8", "surrogateescape")
    return hashlib.blake2b(said, digest_size=32, key=key).digest()


def matches(secret_key: str, system_id: str, password: str, kept: bytes) -> bool:
    """Whether this is the password of which the digest is kept."""
    return hmac.compare_digest(digest(secret_key, system_id, password), kept)
