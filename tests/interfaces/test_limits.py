"""Limits: the operator's, else the settings."""

from typing import Any

import pytest

from yunxin.accounts.models import AuditEntry
from yunxin.interfaces import limits

pytestmark = pytest.mark.django_db


def test_without_a_row_the_settings_hold(acme: Any, settings: Any) -> None:
    found = limits.in_force(acme)
    assert found.ronghe_allowed
    assert found.requests_per_s == settings.CONFIG.api_requests_per_s
    assert found.recipients_per_s == settings.CONFIG.api_recipients_per_s
    assert not found.own


def test_what_is_set_holds_and_what_is_left_empty_follows(
    acme: Any, globex: Any, operator: Any, settings: Any
) -> None:
    limits.set_limits(
        acme, ronghe_allowed=False, requests_per_s=5, recipients_per_s=None, by=operator
    )
    found = limits.in_force(acme)
    assert (found.ronghe_allowed, found.requests_per_s) == (False, 5)
    assert found.recipients_per_s == settings.CONFIG.api_recipients_per_s
    assert found.own == {"requests_per_s"}
    assert limits.in_force(globex).ronghe_allowed
    assert AuditEntry.objects.get().action == "limits.edit"
