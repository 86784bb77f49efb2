"""The tables of the SMPP server, as pages see them."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from yunxin.interfaces.models import SmppAccount, SmppAccountState, SmppDeliver, SmppSession


def make_account(enterprise, system_id="acme", **fields):
    fields = {"name": "ERP", "password_hash": b"x" * 32} | fields
    return SmppAccount.objects.create(
        enterprise=enterprise, system_id=system_id, password_changed_at=timezone.now(), **fields
    )


def test_a_name_belongs_to_one_account(acme, globex):
    make_account(acme)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_account(globex)


@pytest.mark.parametrize("field", ["window", "rate_per_s", "sessions_max"])
def test_limits_are_never_nothing(acme, field):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_account(acme, **{field: 0})


def test_what_people_type_is_checked(acme):
    account = make_account(acme)
    account.extension = "12a"
    account.system_id = "no spaces"
    with pytest.raises(ValidationError) as raised:
        account.full_clean(exclude=["password_hash", "created_by"])
    assert set(raised.value.message_dict) == {"extension", "system_id"}


def test_what_the_server_writes_can_be_read(acme):
    account = make_account(acme)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO smpp_session (account_id, enterprise_id, instance_id, mode, address)"
            " VALUES (%s, %s, 1, 'transceiver', '203.0.113.9:1')",
            [account.pk, acme.pk],
        )
        cursor.execute(
            "INSERT INTO smpp_account_state (account_id, enterprise_id) VALUES (%s, %s)",
            [account.pk, acme.pk],
        )
        cursor.execute(
            "INSERT INTO smpp_deliver (enterprise_id, account_id, kind, object_id)"
            " VALUES (%s, %s, 'reply', 1)",
            [acme.pk, account.pk],
        )
    assert SmppSession.objects.get().submitted == 0
    assert SmppAccountState.objects.get().last_refusal == ""
    assert SmppDeliver.objects.get().told_id == 0
