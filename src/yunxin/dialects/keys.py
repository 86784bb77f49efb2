"""Keys of the interfaces: how they are made, what of them is kept, how they are known again.

A key of v1 is `yx_live_<key id>_<secret>`: recognisable, so that scanners find leaked ones. The
platform keeps its SHA-256, which proves a key that is shown, and a signing key derived from it,
which proves a request signed by it; neither leads back to the key. The dialect signs with its
AccessKey itself, so that one must be kept as it is.
"""

import hashlib
import hmac
import secrets
import string
from typing import NamedTuple

PREFIX = "yx_live_"
KEY_ID_LENGTH = 12
SECRET_LENGTH = 40  # of 62 signs: 238 bits
ACCESS_KEY_LENGTH = 32  # of 16 signs: 128 bits, as the commercial product's clients expect
HINT_LENGTH = 4

_KEY_ID_SIGNS = string.ascii_lowercase + string.digits
_SECRET_SIGNS = string.ascii_letters + string.digits
_SIGNING_LABEL = b"yunxin request signing"


class Minted(NamedTuple):
    """A new key; `key` is shown once and kept nowhere."""

    key_id: str
    key: str
    secret_hash: bytes
    signing_key: str
    hint: str


def mint() -> Minted:
    """A new key of v1."""
    key_id = _random(_KEY_ID_SIGNS, KEY_ID_LENGTH)
    key = f"{PREFIX}{key_id}_{_random(_SECRET_SIGNS, SECRET_LENGTH)}"
    return Minted(key_id, key, hash_of(key), signing_key(key), key[-HINT_LENGTH:])


def mint_access_key() -> str:
    """A new AccessKey of the dialect: lower-case hexadecimal digits."""
    return secrets.token_hex(ACCESS_KEY_LENGTH // 2)


def key_id_of(key: str) -> str | None:
    """The id that a key of v1 carries; None if it is no such key."""
    head, _, secret = key.removeprefix(PREFIX).partition("_")
    if not key.startswith(PREFIX) or len(head) != KEY_ID_LENGTH or not secret:
        return None
    return head


def hash_of(key: str) -> bytes:
    """What is kept to know a key again: its SHA-256; a random key needs nothing slower."""
    return hashlib.sha256(key.encode()).digest()


def signing_key(key: str) -> str:
    """The key with which the holder of a key signs requests: HMAC-SHA256 of a label, in hex."""
    return hmac.new(key.encode(), _SIGNING_LABEL, hashlib.sha256).hexdigest()


def _random(signs: str, length: int) -> str:
    return "".join(secrets.choice(signs) for _ in range(length))
