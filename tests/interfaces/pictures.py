"""What tests/shots.py shows of the interfaces: `--fill tests.interfaces.pictures:fill`."""

from datetime import timedelta

from django.utils import timezone

from tests.interfaces.scene import (
    make_batch,
    make_network,
    make_smpp_account,
    make_smpp_delivery,
    make_smpp_session,
    make_smpp_state,
    make_target,
    make_use,
    owner_of,
)
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
    _fill_smpp(acme, globex)


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


def _fill_smpp(acme: Enterprise, globex: Enterprise) -> None:
    """Accounts that are bound, refused, disabled and never used; sessions, deliveries."""
    now = timezone.now()
    busy = make_smpp_account(
        acme, "acmeaa1", name="短信网关", networks=["203.0.113.8/32", "198.51.100.0/28"],
        rate_per_s=3_000, window=100, text_mode="free", extension="88",
    )  # fmt: skip
    refused = make_smpp_account(acme, "acmeaa2", name="备用网关")
    make_smpp_account(acme, "acmeaa3", name="测试", enabled=False)
    make_smpp_account(globex, "globex1", name="ERP")
    for n, mode in enumerate(("transceiver", "transmitter", "receiver")):
        make_smpp_session(
            busy, mode=mode, address=f"203.0.113.8:4{n}123",
            submitted=(34_567, 1_234_567, 0)[n], refused=(0, 321, 0)[n],
            throttled=(0, 300, 0)[n], delivered=(31_987, 0, 1_198_765)[n], unanswered=(3, 0, 17)[n],
            bound_at=now - timedelta(hours=7 * n, minutes=3), last_at=now - timedelta(seconds=4),
            heartbeat_at=now + timedelta(days=1), close_wished_at=now if n == 2 else None,
        )  # fmt: skip
    make_smpp_state(
        refused, last_bound_at=now - timedelta(days=2), last_bound_address="203.0.113.9:5001",
        last_refused_at=now - timedelta(minutes=2), last_refused_address="198.51.100.77:33411",
        last_refusal="address",
    )  # fmt: skip
    for n in range(1_280):
        make_smpp_delivery(refused, created_at=now - timedelta(minutes=n))
    make_network(
        acme, "203.0.113.9/32", note="新机房", smpp_account=busy, created_by=owner_of(acme)
    )
    make_network(
        acme, "198.18.0.0/16", state=ReviewState.REJECTED, smpp_account=busy, reviewed_at=now,
        reject_reason="网段范围超出实际需要,请填写服务器的具体地址。",
    )  # fmt: skip
