"""What tests/shots.py shows of the interfaces: `--fill tests.interfaces.pictures:fill`."""

from datetime import timedelta

from django.utils import timezone

from tests.interfaces.scene import make_batch, make_network, make_target, make_use, owner_of
from yunxin.accounts.models import Enterprise
from yunxin.interfaces import credentials
from yunxin.interfaces.models import PushTargetState, PushWish
from yunxin.vocabulary import ReviewState


def fill() -> None:
    """Keys in all states with their use, addresses in all states."""
    acme = Enterprise.objects.get(cpcode="ACMEAA")
    globex = Enterprise.objects.get(cpcode="GLOBEX")
    owner = owner_of(acme)
    access_key, _key = credentials.create_access_key(acme, name="ERP", by=owner)
    key, _key = credentials.create_key(
        acme, name="商城后台", scopes=["messages:send", "messages:read", "inbound:read"],
        networks=["203.0.113.8/32", "198.51.100.0/28"], by=owner,
    )  # fmt: skip
    old, _key = credentials.create_key(acme, name="会员系统", scopes=["account:read"], by=owner)
    credentials.rotate(old, overlap=credentials.Overlap.DAY, by=owner)
    credentials.disable(
        credentials.create_key(acme, name="旧系统", scopes=["messages:send"], by=owner)[0], by=owner
    )
    for days in range(5):
        make_use(key, "ok", 12_345 - 1_000 * days, days)
        make_use(access_key, "ok", 4_321, days)
        make_use(access_key, "replayed", 12, days)
        make_use(access_key, "wrong_sign", 3 + days, days)
        make_use(key, "no_balance", 41, days)
    make_network(acme, "203.0.113.8/32", note="ERP 服务器", created_by=owner)
    make_network(
        acme, "198.51.100.0/24", note="机房出口", state=ReviewState.APPROVED, created_by=owner,
        reviewed_at=timezone.now() - timedelta(hours=2),
    )  # fmt: skip
    make_network(
        acme, "198.18.0.0/16", note="", state=ReviewState.REJECTED, created_by=owner,
        reviewed_at=timezone.now(), reject_reason="网段范围超出实际需要,请填写服务器的具体地址。",
    )  # fmt: skip
    make_network(globex, "203.0.113.8/32", created_by=owner_of(globex))
    _fill_pushes(acme)


def _fill_pushes(acme: Enterprise) -> None:
    now = timezone.now()
    receipts = make_target(
        acme, url="https://erp.example.com/yunxin/receipts", format="v1", portal_too=True
    )
    replies = make_target(acme, "replies", url="https://erp.example.com/yunxin/replies")
    PushTargetState.objects.create(
        target_id=receipts.pk, enterprise_id=acme.pk, failures=0, last_ok_at=now
    )
    PushTargetState.objects.create(
        target_id=replies.pk, enterprise_id=acme.pk, failures=6, last_error_at=now,
        last_error="connect", open_until=now + timedelta(minutes=2),
    )  # fmt: skip
    body = '[{"mobile":"18607714703","state":"0","taskid":"C20511170688217","sortid":"0",'
    body += '"time":"20170119140121"}]'
    for n in range(9):
        make_batch(receipts, events=90 + n, body=body.encode())
    make_batch(replies, state="dead", tries=9, body=body.encode())
    make_batch(replies, state="waiting", tries=2, next_at=now + timedelta(minutes=5))
    for state in ("acked", "dead"):
        wish = PushWish.objects.create(
            enterprise=acme, target=receipts, kind="test", taken_at=now, events=1
        )
        make_batch(receipts, kind="test", state=state, wish_id=wish.pk, body=body.encode())
    PushWish.objects.create(enterprise=acme, target=receipts, kind="test")
    wish = PushWish.objects.create(
        enterprise=acme, target=replies, kind="range", from_at=now - timedelta(days=1), to_at=now,
        taken_at=now, events=250,
    )  # fmt: skip
    for state in ("acked", "waiting", "dead"):
        make_batch(replies, state=state, wish_id=wish.pk, events=83, body=body.encode())
