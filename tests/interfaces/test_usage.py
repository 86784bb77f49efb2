"""How the keys were used, as the pages sum it up."""

from typing import Any

import pytest

from tests.interfaces.scene import make_use
from yunxin.interfaces import credentials, usage

pytestmark = pytest.mark.django_db


def test_a_key_tells_its_last_use_and_the_requests_of_a_week(acme: Any) -> None:
    key, _ = credentials.create_key(acme, name="ERP", scopes=[])
    idle, _ = credentials.create_key(acme, name="idle", scopes=[])
    make_use(key, "ok", 10)
    make_use(key, "replayed", 1)
    make_use(key, "no_balance", 2, days_ago=6)
    make_use(key, "ok", 1000, days_ago=7)
    uses = usage.use_of_keys(acme, [key, idle])
    assert (uses[key.pk].requests, uses[key.pk].refused) == (13, 2)
    assert uses[key.pk].last_at is not None
    assert idle.pk not in uses


def test_the_days_are_complete_and_nobody_elses(acme: Any, globex: Any) -> None:
    key, _ = credentials.create_key(acme, name="ERP", scopes=[])
    other, _ = credentials.create_key(globex, name="ERP", scopes=[])
    make_use(key, "ok", 10)
    make_use(key, "317", 1)
    make_use(key, "306", 4)
    make_use(other, "ok", 99)
    days = usage.last_days(acme)
    assert len(days) == usage.DAYS
    assert (days[0].accepted, days[0].refused) == (10, 5)
    assert days[0].by_code == [("306", 4), ("317", 1)]
    assert days[1].accepted == 0
