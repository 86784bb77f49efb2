"""Things of the interfaces for tests, written as the engine and the API write theirs."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from yunxin.accounts.models import Enterprise, User
from yunxin.dialects import smpp_passwords
from yunxin.interfaces.models import AllowedNetwork, ApiUsage, PushAttempt, PushTarget
from yunxin.interfaces.smpp_models import SmppAccount
from yunxin.vocabulary import ReviewState

PASSWORD_OF_SMPP = "for-test"
_numbers = itertools.count(1)


def make_network(
    enterprise: Enterprise, network: str = "203.0.113.8/32", **fields: Any
) -> AllowedNetwork:
    """An address of an enterprise's servers, pending unless said otherwise."""
    fields.setdefault("state", ReviewState.PENDING)
    return AllowedNetwork.objects.create(enterprise=enterprise, network=network, **fields)


def make_target(enterprise: Enterprise, kind: str = "receipts", **fields: Any) -> PushTarget:
    """A URL that wants to hear, on this machine."""
    fields = {
        "url": f"http://127.0.0.1:9/{kind}", "format": "ronghe", "sealed_secret": "x", **fields,
    }  # fmt: skip
    return PushTarget.objects.create(enterprise=enterprise, kind=kind, **fields)


def make_batch(target: PushTarget, *, tries: int = 1, at: datetime | None = None,
               **fields: Any) -> int:  # fmt: skip
    """A push to a URL and its tries, the last one acknowledged unless the state says otherwise."""
    at = at or timezone.now() - timedelta(minutes=3)
    state = fields.get("state", "acked")
    values: dict[str, Any] = {
        "enterprise_id": target.enterprise_id, "target_id": target.pk, "kind": target.kind,
        "format": target.format, "event_ids": [1], "events": 1, "body": b"[]", "state": state,
        "attempt": tries, "created_at": at, "next_at": at,
        "finished_at": None if state == "waiting" else at, **fields,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO push_batch ({', '.join(values)})"
            f" VALUES ({', '.join(['%s'] * len(values))}) RETURNING id",
            list(values.values()),
        )
        batch_id = int(cursor.fetchone()[0])
    for n in range(1, tries + 1):
        good = n == tries and state == "acked"
        PushAttempt.objects.create(
            enterprise_id=target.enterprise_id, batch_id=batch_id, attempt=n,
            at=at + timedelta(seconds=n), duration_ms=12, url=target.url,
            status=200 if good else 500, answer='{"status":0}' if good else "oops <b>",
            error="" if good else "status",
        )  # fmt: skip
    return batch_id


def make_event(enterprise: Enterprise, kind: str = "receipts", source: str = "api",
               at: datetime | None = None) -> None:  # fmt: skip
    """Something happened that can be pushed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO interface_event (enterprise_id, kind, object_id, source, at)"
            " VALUES (%s, %s, 1, %s, %s)",
            [enterprise.pk, kind, source, at or timezone.now()],
        )


def make_use(credential: Any, outcome: str = "ok", requests: int = 1, days_ago: int = 0) -> None:
    """The API counted some requests with a key."""
    at = timezone.now() - timedelta(days=days_ago)
    ApiUsage.objects.create(
        enterprise_id=credential.enterprise_id, credential_id=credential.pk,
        day=timezone.localdate(at), outcome=outcome, requests=requests, last_at=at,
        last_address="203.0.113.8",
    )  # fmt: skip


def owner_of(enterprise: Enterprise) -> User:
    return enterprise.users.get(role=User.Role.OWNER)


def make_smpp_account(enterprise: Enterprise, system_id: str = "", **fields: Any) -> SmppAccount:
    """An account of the SMPP server whose password is `PASSWORD_OF_SMPP`."""
    system_id = system_id or f"{enterprise.cpcode.lower()}-{next(_numbers)}"[:15]
    fields = {"name": "ERP", "password_changed_at": timezone.now(), **fields}
    return SmppAccount.objects.create(
        enterprise=enterprise, system_id=system_id,
        password_hash=smpp_passwords.digest(settings.SECRET_KEY, system_id, PASSWORD_OF_SMPP),
        **fields,
    )  # fmt: skip


def make_smpp_session(account: SmppAccount, *, seconds_ago: float = 1, **fields: Any) -> int:
    """A bound session of an account, whose server was heard of so long ago; its id."""
    now = timezone.now()
    values: dict[str, Any] = {
        "account_id": account.pk, "enterprise_id": account.enterprise_id, "instance_id": 1,
        "mode": "transceiver", "address": "203.0.113.8:40000",
        "bound_at": now - timedelta(minutes=5),
        "heartbeat_at": now - timedelta(seconds=seconds_ago), **fields,
    }  # fmt: skip
    return _insert("smpp_session", values)


def make_smpp_state(account: SmppAccount, **fields: Any) -> None:
    """How binds to an account went lately."""
    _insert(
        "smpp_account_state",
        {"account_id": account.pk, "enterprise_id": account.enterprise_id, **fields},
        "account_id",
    )


def make_smpp_delivery(account: SmppAccount, kind: str = "receipt", **fields: Any) -> int:
    """Something that waits until a system of the account acknowledges it."""
    values = {"enterprise_id": account.enterprise_id, "account_id": account.pk, "kind": kind,
              "object_id": 1, **fields}  # fmt: skip
    return _insert("smpp_deliver", values)


def _insert(table: str, values: dict[str, Any], returning: str = "id") -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(values)})"
            f" VALUES ({', '.join(['%s'] * len(values))}) RETURNING {returning}",
            list(values.values()),
        )
        return int(cursor.fetchone()[0])
