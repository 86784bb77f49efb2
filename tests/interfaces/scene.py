"""Things of the interfaces for tests, written as the engine and the API write theirs."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from yunxin.accounts.models import Enterprise, User
from yunxin.interfaces.models import AllowedNetwork, ApiUsage, PushAttempt, PushTarget
from yunxin.vocabulary import ReviewState


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
