"""What systems of the demo enterprise prove themselves with: an AccessKey, a key of v1, a password.

A key of v1 and the password of an SMPP account are kept as hashes, yet `demo.json` must tell them
again at every start; so the demo's are derived from the platform's secret key, and nobody learns
them who does not know that one.
"""

import base64
import hashlib
import hmac
import re

from django.conf import settings
from django.utils import timezone

from yunxin.accounts.models import Enterprise
from yunxin.dialects import keys, smpp_passwords
from yunxin.interfaces.models import AllowedNetwork, Credential, SmppAccount
from yunxin.sealing import seal, unseal
from yunxin.vocabulary import CredentialKind, ReviewState, TrafficClass

NAME = "演示"
SYSTEM_ID = "demo"  # of the SMPP account
NETWORKS = ("127.0.0.1/32", "::1/128")  # this machine
SCOPES = (
    "messages:send", "messages:read", "inbound:read",
    "account:read", "content:read", "content:write",
    "contacts:read", "contacts:write",
)  # fmt: skip


def make_credentials(enterprise: Enterprise) -> None:
    """Make them where there are none; what people disabled since stays disabled."""
    if not enterprise.credentials.filter(kind=CredentialKind.RONGHE, name=NAME).exists():
        access_key = keys.mint_access_key()
        Credential.objects.create(
            enterprise=enterprise,
            kind=CredentialKind.RONGHE,
            name=NAME,
            sealed=seal(settings.SECRET_KEY, access_key),
            hint=access_key[-keys.HINT_LENGTH :],
        )
    key = _v1_key(enterprise)
    key_id = keys.key_id_of(key)
    assert key_id is not None
    if not Credential.objects.filter(key_id=key_id).exists():
        Credential.objects.create(
            enterprise=enterprise,
            kind=CredentialKind.V1,
            name=NAME,
            key_id=key_id,
            secret_hash=keys.hash_of(key),
            sealed=seal(settings.SECRET_KEY, keys.signing_key(key)),
            hint=key[-keys.HINT_LENGTH :],
            scopes=list(SCOPES),
        )
    if not SmppAccount.objects.filter(system_id=SYSTEM_ID).exists():
        password = _smpp_password(enterprise)
        SmppAccount.objects.create(
            enterprise=enterprise,
            name=NAME,
            system_id=SYSTEM_ID,
            password_hash=smpp_passwords.digest(settings.SECRET_KEY, SYSTEM_ID, password),
            password_changed_at=timezone.now(),
            networks=list(NETWORKS),
        )
    if not enterprise.allowed_networks.exists():
        for network in NETWORKS:
            AllowedNetwork.objects.create(
                enterprise=enterprise,
                network=network,
                note=NAME,
                state=ReviewState.APPROVED,
                reviewed_at=timezone.now(),
            )


def api_entry(enterprise: Enterprise) -> dict[str, str]:
    """How a program reaches the API as the demo enterprise; keys out of use are left empty."""
    usable = enterprise.credentials.filter(disabled_at=None, expires_at=None)
    access = usable.filter(kind=CredentialKind.RONGHE, name=NAME).first()
    v1_key = _v1_key(enterprise)
    code = enterprise.templates.filter(
        traffic=TrafficClass.VERIFICATION, state=ReviewState.APPROVED, deleted_at=None
    ).first()
    is_known = usable.filter(key_id=keys.key_id_of(v1_key)).exists()
    return {
        "base_url": settings.CONFIG.api_url or settings.CONFIG.base_url,
        "cpcode": enterprise.cpcode,
        "access_key": unseal(settings.SECRET_KEY, access.sealed) if access else "",
        "v1_key": v1_key if is_known else "",
        "template": str(code.pk) if code else "",  # of a verification code: one variable
    }


def smpp_entry(enterprise: Enterprise) -> dict[str, str]:
    """How a system binds as the demo enterprise; without a password if somebody changed it."""
    password = _smpp_password(enterprise)
    account = SmppAccount.objects.filter(system_id=SYSTEM_ID, enabled=True).first()
    kept = bytes(account.password_hash) if account else b""
    known = smpp_passwords.matches(settings.SECRET_KEY, SYSTEM_ID, password, kept)
    return {"system_id": SYSTEM_ID, "password": password if known else ""}


def _smpp_password(enterprise: Enterprise) -> str:
    """The demo's password of SMPP, the same for the same secret key."""
    return _derived(f"yunxin demo smpp {enterprise.pk}")[: smpp_passwords.LENGTH]


def _v1_key(enterprise: Enterprise) -> str:
    """The demo's key of v1, the same for the same secret key."""
    signs = _derived(f"yunxin demo key {enterprise.pk}")
    secret = signs[keys.KEY_ID_LENGTH :][: keys.SECRET_LENGTH]
    return f"{keys.PREFIX}{signs[: keys.KEY_ID_LENGTH].lower()}_{secret}"


def _derived(label: str) -> str:
    """Letters and digits that only who knows the secret key can make."""
    digest = hmac.new(settings.SECRET_KEY.encode(), label.encode(), hashlib.sha512).digest()
    return re.sub(r"[^A-Za-z0-9]", "x", base64.b64encode(digest).decode())
