"""Who asks v1, and whether they may: the key or a signature made with it, its networks, its scope.

Everything is decided from the keyring's snapshot; only the nonce of a signed request is written
down, so that the request is good once on all processes.
"""

import hmac
import time
from datetime import UTC, datetime

from yunxin.api.keyring import Key
from yunxin.api.parts import Parts
from yunxin.api.problems import Refused
from yunxin.api.requests import Request
from yunxin.dialects import keys, signing
from yunxin.dialects.v1 import Scope

BEARER = "bearer "
NONCE_SCOPE = "nonce"


async def authenticate(request: Request, parts: Parts) -> Key:
    """The key that the request proves to have.

    Raises:
        Refused: it proves none, or not from this address.
    """
    given = request.header(b"authorization")
    if given:
        key = _bearer(given, parts)
    elif b"x-yunxin-key" in request.headers:
        key = await _signer(request, parts)
    else:
        raise Refused(
            "missing_credentials", "Send Authorization: Bearer yx_live_…, or a signed request."
        )
    if key.networks and not key.networks.hold(request.address):
        raise Refused("address_not_allowed", request.address)
    return key


def permit(key: Key, scope: Scope) -> None:
    """Raises: Refused: the key does not have the scope."""
    if scope not in key.scopes:
        raise Refused("scope_missing", scope.value)


def _bearer(given: str, parts: Parts) -> Key:
    if given[: len(BEARER)].lower() != BEARER:
        raise Refused("missing_credentials", "Send Authorization: Bearer yx_live_….")
    shown = given[len(BEARER) :].strip()
    key = _find(keys.key_id_of(shown), parts)
    if not hmac.compare_digest(keys.hash_of(shown), key.secret_hash):
        raise Refused("invalid_key")
    return key


def _find(key_id: str | None, parts: Parts) -> Key:
    key = parts.keyring.ring.keys.get(key_id) if key_id else None
    if key is None or not key.is_valid(datetime.now(UTC)):
        raise Refused("invalid_key")
    return key


async def _signer(request: Request, parts: Parts) -> Key:
    key_id = request.header(b"x-yunxin-key")
    key = _find(key_id, parts)
    timestamp, nonce = request.header(b"x-yunxin-timestamp"), request.header(b"x-yunxin-nonce")
    _check_time(timestamp)
    if not 0 < len(nonce) <= signing.NONCE_MAX or not nonce.isascii() or not nonce.isprintable():
        detail = f"The nonce has 1 to {signing.NONCE_MAX} visible characters."
        raise Refused("wrong_signature", detail, signing.NONCE_HEADER)
    signed = signing.string_to_sign(
        request.method,
        request.path,
        request.query.decode("latin-1"),
        timestamp,
        nonce,
        request.body or b"",
    )
    given = request.header(b"x-yunxin-signature").lower().encode()
    if not hmac.compare_digest(signing.sign_text(key.secret, signed).encode(), given):
        raise Refused("wrong_signature", "", signing.SIGNATURE_HEADER, signed=signed)
    used = await parts.store.execute(
        "use_nonce",
        {"enterprise_id": key.enterprise_id, "scope": NONCE_SCOPE, "key": f"{key_id}:{nonce}"},
    )
    if not used:
        raise Refused("nonce_reused", "", signing.NONCE_HEADER)
    return key


def _check_time(timestamp: str) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Refused("wrong_time", "It is whole seconds since 1970.", signing.TIMESTAMP_HEADER)
    if abs(int(timestamp) - time.time()) > signing.SKEW_S:
        now = int(time.time())
        raise Refused("wrong_time", f"It is {now} here.", signing.TIMESTAMP_HEADER)
