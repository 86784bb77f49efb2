"""Rows of the interfaces beside those of the engine's world, and clients that ask."""

import json
from typing import Any

from tests.engine.world import World, phone
from yunxin.dialects import keys, ronghe
from yunxin.sealing import seal

SECRET_KEY = "for tests " * 5
ACCESS_KEY = "f75b9467e1112239"
HERE = "203.0.113.9"  # where the tests' clients ask from
SCOPES = [
    "messages:send", "messages:read", "inbound:read", "account:read", "content:read",
    "content:write",
    "contacts:read", "contacts:write",
]  # fmt: skip


class Side:
    """One enterprise with everything that it needs to send."""

    def __init__(self, world: World, cpcode: str = "AAAAAC", **template: Any) -> None:
        self.world = world
        self.cpcode = cpcode
        self.id = world.enterprise(cpcode=cpcode)
        self.package = world.package(self.id, 1000)
        self.signature = world.signature(self.id)
        self.template = world.template(
            self.id, "您好#*#,#*#。", signature_id=self.signature, **template
        )
        self.access_key_id = self.add_access_key()
        self.minted = keys.mint()
        self.key_row = self.add_key(self.minted)
        self.allow(f"{HERE}/32")

    def add_access_key(self, key: str = ACCESS_KEY, **values: Any) -> int:
        return self._credential(kind="ronghe", key_id="", sealed=seal(SECRET_KEY, key), **values)

    def add_key(
        self, minted: keys.Minted, *, scopes: list[str] | None = None, **values: Any
    ) -> int:
        return self._credential(
            kind="v1", key_id=minted.key_id, secret_hash=minted.secret_hash,
            sealed=seal(SECRET_KEY, minted.signing_key),
            scopes=json.dumps(SCOPES if scopes is None else scopes), **values,
        )  # fmt: skip

    def _credential(self, **values: Any) -> int:
        defaults: dict[str, Any] = {
            "enterprise_id": self.id, "name": "k", "hint": "0000", "scopes": "[]",
            "networks": "[]", "created_at": "now",
        }  # fmt: skip
        return self.world.insert("interfaces_credential", **(defaults | values))

    def allow(self, network: str, state: str = "approved", **values: Any) -> None:
        self.world.insert(
            "interfaces_allowednetwork", enterprise_id=self.id, network=network, note="",
            state=state, reject_reason="", created_at="now", **values,
        )  # fmt: skip

    def smpp_account(self) -> int:
        """An account of the SMPP server with which nobody can bind; its id."""
        return self.world.insert(
            "interfaces_smppaccount", enterprise_id=self.id, name="ERP", system_id=f"s-{self.id}",
            password_hash=b"x", password_changed_at="now", networks="[]", window=1, rate_per_s=1,
            sessions_max=1, text_mode="templates", traffic="notice", source_rule="ignored",
            extension="", replies="none", default_alphabet="gsm7", enabled=False,
            created_at="now", changed_at="now",
        )  # fmt: skip

    def limit(self, **values: Any) -> None:
        defaults = {"ronghe_allowed": True} | values
        names = ", ".join(defaults)
        marks = ", ".join(["%s"] * len(defaults))
        self.world.do(
            f"INSERT INTO interfaces_limits (enterprise_id, {names}) VALUES (%s, {marks})",
            self.id,
            *defaults.values(),
        )

    def signed(self, **changes: Any) -> dict[str, Any]:
        """A request of the dialect with its sign; what is changed to None is left out."""
        fields: dict[str, Any] = {
            "cpcode": self.cpcode, "msg": "王女士,0001", "mobiles": phone(1), "excode": "",
            "templetid": str(self.template),
        }  # fmt: skip
        fields |= {n: v for n, v in changes.items() if n not in ("key", "sign")}
        key = changes.get("key", ACCESS_KEY)
        fields["sign"] = ronghe.sign(*(str(v) for v in fields.values()), key)
        if "sign" in changes:
            fields["sign"] = changes["sign"]
        return {name: value for name, value in fields.items() if value is not None}
