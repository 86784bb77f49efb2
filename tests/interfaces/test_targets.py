"""URLs of pushes: checked, switched, their secrets, their tests."""

from typing import Any

import pytest
from django.conf import settings

from tests.interfaces.scene import make_target, owner_of
from yunxin.accounts.models import AuditEntry
from yunxin.interfaces import targets
from yunxin.interfaces.errors import InterfaceError
from yunxin.interfaces.models import PushWish
from yunxin.sealing import unseal
from yunxin.vocabulary import PushFormat, PushKind

pytestmark = pytest.mark.django_db


def save(enterprise: Any, **fields: Any) -> Any:
    values = {
        "kind": PushKind.RECEIPTS, "url": "https://example.com/r", "format": PushFormat.V1,
        "portal_too": False, "enabled": True, "by": owner_of(enterprise), **fields,
    }  # fmt: skip
    return targets.save_target(enterprise, **values)


def test_the_secret_is_told_when_the_format_is_chosen_and_only_then(acme: Any) -> None:
    row, secret = save(acme)
    assert secret.startswith("whsec_")
    assert unseal(settings.SECRET_KEY, row.sealed_secret) == secret
    row, again = save(acme, url="https://example.com/other")
    assert again == ""
    assert unseal(settings.SECRET_KEY, row.sealed_secret) == secret, "it stays"


def test_the_dialect_has_a_secret_too_that_nobody_hears(acme: Any) -> None:
    row, secret = save(acme, format=PushFormat.RONGHE)
    assert secret == "" and row.sealed_secret
    row, secret = save(acme, format=PushFormat.V1)
    assert unseal(settings.SECRET_KEY, row.sealed_secret) == secret


def test_a_new_secret_takes_the_place_of_the_old(acme: Any) -> None:
    row, first = save(acme)
    second = targets.renew_secret(row, by=owner_of(acme))
    row.refresh_from_db()
    assert first != second == unseal(settings.SECRET_KEY, row.sealed_secret)
    written = str(list(AuditEntry.objects.values()))
    assert first not in written and second not in written
    assert {entry.action for entry in AuditEntry.objects.all()} == {"target.edit", "target.secret"}


@pytest.mark.parametrize("url", ["ftp://example.com/", "https://", "https://u:p@example.com/", "x"])
def test_what_is_no_url_is_refused_in_a_whole_sentence(acme: Any, url: str) -> None:
    with pytest.raises(InterfaceError, match="This is no URL that can be pushed to") as caught:
        save(acme, url=url)
    assert caught.value.field == "url"
    assert targets.find(acme, PushKind.RECEIPTS) is None


def test_a_test_that_waits_is_enough(acme: Any) -> None:
    target = make_target(acme)
    wish = targets.ask_for_test(target, by=owner_of(acme))
    assert targets.ask_for_test(target, by=owner_of(acme)) == wish
    assert PushWish.objects.count() == 1


def test_both_urls_are_shown_whether_they_exist_or_not(acme: Any, globex: Any) -> None:
    make_target(globex, "replies")
    row = make_target(acme, "replies")
    first, second = targets.shown(acme)
    assert (first.kind, first.target) == (PushKind.RECEIPTS, None)
    assert (second.kind, second.target, second.waiting) == (PushKind.REPLIES, row, 0)
