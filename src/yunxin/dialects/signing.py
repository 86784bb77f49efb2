"""Requests of v1 that are signed instead of carrying the key.

The text that is signed has six lines: method, path, sorted query, timestamp, nonce, and the SHA-256
of the body. It is signed by HMAC-SHA256 with the signing key (`keys.signing_key`), whose 64
hexadecimal digits are taken as ASCII. A request is good for five minutes and once.
"""

import hashlib
import hmac

SKEW_S = 300
NONCE_MAX = 64

KEY_HEADER = "X-Yunxin-Key"
TIMESTAMP_HEADER = "X-Yunxin-Timestamp"
NONCE_HEADER = "X-Yunxin-Nonce"
SIGNATURE_HEADER = "X-Yunxin-Signature"


def string_to_sign(
    method: str, path: str, query: str, timestamp: str, nonce: str, body: bytes
) -> str:
    """The text that is signed.

    Args:
        path: decoded, without the query.
        query: as it is sent, without the question mark; its pairs are sorted here.
        timestamp: whole seconds since 1970.
    """
    pairs = "&".join(sorted(query.split("&"))) if query else ""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join((method.upper(), path, pairs, timestamp, nonce, digest))


def sign(
    signing_key: str, method: str, path: str, query: str, timestamp: str, nonce: str, body: bytes
) -> str:
    """The signature of a request, in lower-case hexadecimal digits."""
    text = string_to_sign(method, path, query, timestamp, nonce, body)
    return sign_text(signing_key, text)


def sign_text(signing_key: str, text: str) -> str:
    """The signature of a text that `string_to_sign` made."""
    return hmac.new(signing_key.encode(), text.encode(), hashlib.sha256).hexdigest()
