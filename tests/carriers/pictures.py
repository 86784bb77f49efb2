"""Channels in every state, for pictures: `tests.shots --fill tests.carriers.pictures:fill`."""

from datetime import time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from yunxin.accounts.models import Enterprise, User
from yunxin.carriers.channels import create_channel
from yunxin.carriers.models import Channel, ChannelState, ChannelTry, PortedNumber
from yunxin.vocabulary import TryOutcome

SHEET = {"host": "gateway.example", "access_number": "10690001"}
# Ahead of the clock, so that the words of an engine that is not there do not grow old.
LATER = timedelta(hours=2)


def fill() -> None:
    """Four protocols; connected, slowed, broken, refused, draining and stopped; tests of one."""
    operator = User.objects.get(username="operator")
    mobile = _channel(
        "移动主通道", "cmpp", "106900", {"version": "2.0", "service_id": "MSGNOTICE"}, 7890,
        carriers=["mobile"], weight=3,
    )  # fmt: skip
    unicom = _channel(
        "联通主通道", "sgip", "yunxin",
        {"node": 3_010_012_345, "corp_id": "12345", "networks": ["192.0.2.0/28"]}, 8801,
        deliver_password="secret", carriers=["unicom"],
    )  # fmt: skip
    telecom = _channel(
        "电信主通道", "smgp", "10690001", {"service_id": "NOTICE"}, 8890,
        carriers=["telecom"], traffics=["verification", "notice"],
    )  # fmt: skip
    spare = _channel("备用 SMPP", "smpp", "yunxin", {}, 2775, weight=0)
    night = _channel(
        "夜间营销", "cmpp", "106901", {}, 7890, open_from=time(2), open_to=time(3),
        traffics=["marketing"],
    )  # fmt: skip
    night.enterprises.set(Enterprise.objects.all()[:1])
    _tell(mobile, "bound", window_used=23, window_size=32, submitted_per_s=381.4, sessions_bound=2,
          allowed_per_s=420)  # fmt: skip
    _tell(unicom, "bound", breaker="open", sessions_bound=1, window_size=32)
    _tell(telecom, "refused", last_error="The name or the password of the log-in is wrong.",
          last_error_at=timezone.now() - timedelta(minutes=3))  # fmt: skip
    _tell(spare, "draining", sessions_bound=1, window_used=7, window_size=100)
    Channel.objects.exclude(pk__in=[night.pk, spare.pk]).update(wish="run")
    Channel.objects.filter(pk=spare.pk).update(wish="drain")
    _tried(telecom, operator, TryOutcome.REFUSED, "AUTHENTICATION", connect_ms=8, login_ms=31)
    _tried(telecom, operator, TryOutcome.CONNECT_TIMEOUT, connect_ms=10_000)
    _tried(telecom, operator, TryOutcome.BOUND, connect_ms=9, login_ms=44)
    _tried(mobile, operator, TryOutcome.REFUSED, "OTHER", sessions_bound=2,
           detail="The carrier refused the log-in.", connect_ms=8, login_ms=31)  # fmt: skip
    ChannelTry.objects.create(channel=night, by=operator)
    PortedNumber.objects.create(phone="13800000001", carrier="unicom")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO message_queue (enterprise_id, message_id, priority, carrier)"
            " SELECT 1, n, 1 + n %% 2, (ARRAY['mobile', 'unicom', 'telecom'])[1 + n %% 3]"
            " FROM generate_series(1, %s) AS n",
            [12_345],
        )


def _channel(
    name: str,
    protocol: str,
    account: str,
    options: dict[str, Any],
    port: int,
    *,
    deliver_password: str | None = None,
    **values: Any,
) -> Channel:
    values |= {"name": name, "protocol": protocol, "system_id": account, "port": port}
    return create_channel(
        values=SHEET | values | {"options": options},
        password="secret",
        deliver_password=deliver_password,
        by=None,
    )


def _tell(channel: Channel, state: str, **words: Any) -> None:
    now = timezone.now()
    bound_at = now - timedelta(hours=3) if state == "bound" else None
    ChannelState.objects.create(
        channel=channel, engine_id=1, state=state, at=now + LATER, bound_at=bound_at, **words
    )


def _tried(channel: Channel, by: User, outcome: str, status: str = "", **words: Any) -> None:
    now = timezone.now()
    ChannelTry.objects.create(
        channel=channel, by=by, outcome=outcome, status=status, taken_at=now, finished_at=now,
        **words,
    )  # fmt: skip
