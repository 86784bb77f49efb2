"""Check the signature of a request in the dialect: what is signed, and what it must come to.

The keys that work are used and never shown: what people see has signs in their place.
"""

from dataclasses import dataclass
from typing import Any

from yunxin.accounts.models import Enterprise
from yunxin.dialects import ronghe
from yunxin.interfaces import credentials
from yunxin.interfaces.models import Credential

FIELDS = ("cpcode", "msg", "mobiles", "excode", "templetid")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a key makes of the fields."""

    credential: Credential
    text: str  # that is signed, the key masked
    sign: str
    is_equal: bool  # to what the client has


def check(enterprise: Enterprise, fields: dict[str, Any]) -> list[Signed]:
    """The signature by each AccessKey that works, beside the one that the client sent (`sign`)."""
    cpcode, msg, mobiles, excode, templetid = (str(fields[name]) for name in FIELDS)
    plain = cpcode + msg + mobiles + excode + templetid
    sent = str(fields.get("sign", "")).lower()  # as the API takes it
    found = []
    for credential, key in credentials.access_keys(enterprise):
        sign = ronghe.sign(cpcode, msg, mobiles, excode, templetid, key)
        masked = "•" * (len(key) - len(credential.hint)) + credential.hint
        found.append(Signed(credential, plain + masked, sign, sign == sent))
    return found
