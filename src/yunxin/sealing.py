"""Secrets that have to be stored and read again: sealed with the platform's own key.

A carrier wants the password of a channel in clear, so it cannot be stored as a hash. It is stored
sealed instead: whoever reads the database without the platform's secret key learns nothing, and
what was altered is refused. Pages seal and never show; the engine unseals when it binds.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

# Sessions and links are derived from the same secret key; the label keeps the uses apart.
_LABEL = b"yunxin.seal.v1"


class SealBroken(ValueError):
    """The sealed text was altered, or was sealed with another secret key."""


def seal(secret_key: str, text: str) -> str:
    """Encrypt and authenticate a short text; two seals of the same text differ.

    The result is ASCII, about 100 characters for a password. An empty text stays empty, so that
    a channel without a password needs no special case.

    Raises:
        ValueError: the secret key is empty, and would protect nothing.
    """
    if not text:
        return ""
    return _box(secret_key).encrypt(text.encode()).decode("ascii")


def unseal(secret_key: str, sealed: str) -> str:
    """Read back what `seal` made with the same secret key.

    Raises:
        SealBroken: the text was altered or belongs to another key.
    """
    if not sealed:
        return ""
    try:
        return _box(secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken("The sealed text does not open with this secret key.") from None


def _box(secret_key: str) -> Fernet:
    if not secret_key:
        raise ValueError("A secret key is needed to seal or unseal.")
    key = hashlib.blake2b(secret_key.encode(), digest_size=32, person=_LABEL).digest()
    return Fernet(base64.urlsafe_b64encode(key))
