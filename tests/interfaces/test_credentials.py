"""Keys: shown once and kept as little as possible, rotated with an overlap, disabled."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from tests.interfaces.scene import owner_of
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.dialects import keys
from yunxin.interfaces import credentials
from yunxin.interfaces.credentials import Overlap
from yunxin.interfaces.errors import NotLive, TooManyKeys
from yunxin.sealing import unseal

pytestmark = pytest.mark.django_db


def test_of_a_key_of_v1_a_hash_and_a_signing_key_are_kept(acme: Any) -> None:
    made, key = credentials.create_key(acme, name="ERP", scopes=["messages:send"])
    made.refresh_from_db()
    assert keys.key_id_of(key) == made.key_id
    assert bytes(made.secret_hash) == keys.hash_of(key)
    assert unseal(settings.SECRET_KEY, made.sealed) == keys.signing_key(key)
    assert key not in str(made.__dict__)
    assert key.endswith(made.hint)


def test_an_access_key_is_kept_sealed(acme: Any) -> None:
    made, key = credentials.create_access_key(acme, name="ERP")
    assert unseal(settings.SECRET_KEY, made.sealed) == key
    assert (made.key_id, made.secret_hash) == ("", None)
    assert credentials.access_keys(acme) == [(made, key)]


def test_there_are_at_most_two_access_keys_and_twenty_keys(acme: Any, globex: Any) -> None:
    for _ in range(2):
        last, _key = credentials.create_access_key(acme, name="x")
    with pytest.raises(TooManyKeys):
        credentials.create_access_key(acme, name="x")
    for _ in range(20):
        credentials.create_key(acme, name="x", scopes=[])
    with pytest.raises(TooManyKeys):
        credentials.create_key(acme, name="x", scopes=[])
    credentials.create_access_key(globex, name="x")
    credentials.disable(last, by=owner_of(acme))
    credentials.create_access_key(acme, name="x")


@pytest.mark.parametrize("overlap", list(Overlap))
def test_after_a_rotation_both_work_for_a_while(acme: Any, overlap: Overlap) -> None:
    old, _key = credentials.create_key(
        acme, name="ERP", scopes=["inbound:read"], networks=["203.0.113.8/32"]
    )
    new, _key = credentials.rotate(old, overlap=overlap, by=owner_of(acme))
    old.refresh_from_db()
    left = old.expires_at - timezone.now()
    assert abs(left - timedelta(hours=overlap)) < timedelta(minutes=1)
    assert credentials.is_live(old) == bool(overlap)
    assert (new.name, new.scopes, new.networks) == ("ERP", old.scopes, old.networks)
    assert new in credentials.live(acme)


def test_a_second_rotation_never_prolongs_the_first(acme: Any) -> None:
    old, _key = credentials.create_key(acme, name="ERP", scopes=[])
    credentials.rotate(old, overlap=Overlap.DAY, by=owner_of(acme))
    old.refresh_from_db()
    ends = old.expires_at
    credentials.rotate(old, overlap=Overlap.WEEK, by=owner_of(acme))
    old.refresh_from_db()
    assert old.expires_at == ends


def test_two_access_keys_can_only_be_replaced_at_once(acme: Any) -> None:
    credentials.create_access_key(acme, name="a")
    second, _key = credentials.create_access_key(acme, name="b")
    with pytest.raises(TooManyKeys):
        credentials.rotate(second, overlap=Overlap.DAY, by=owner_of(acme))
    second.refresh_from_db()
    assert second.expires_at is None, "what failed changed nothing"
    credentials.rotate(second, overlap=Overlap.NONE, by=owner_of(acme))
    assert credentials.live(acme).count() == 2


def test_what_was_disabled_stays_so(acme: Any) -> None:
    made, _key = credentials.create_key(acme, name="ERP", scopes=[])
    credentials.disable(made, by=owner_of(acme))
    with pytest.raises(NotLive):
        credentials.disable(made, by=owner_of(acme))
    with pytest.raises(NotLive):
        credentials.rotate(made, overlap=Overlap.DAY, by=owner_of(acme))


def test_everything_is_written_down_without_the_key(acme: Any, operator: Any) -> None:
    made, key = credentials.create_key(acme, name="ERP", scopes=["a"], by=owner_of(acme))
    new, second = credentials.rotate(made, overlap=Overlap.DAY, by=owner_of(acme))
    credentials.disable(new, by=operator, reason="It leaked.")
    entries = AuditEntry.objects.order_by("id")
    assert [entry.action for entry in entries] == [
        "credential.create", "credential.rotate", "credential.disable",
    ]  # fmt: skip
    written = str(list(entries.values()))
    assert key not in written and second not in written
    assert entries[2].detail["reason"] == "It leaked."
    heard = Notice.objects.get(enterprise=acme)
    assert heard.kind == "credential.disabled" and "It leaked." in heard.subject
