"""Blacklists: many at once, each once, nobody else's touched."""

import pytest

from yunxin.accounts.models import AuditEntry
from yunxin.carriers.blocklist import (
    EVERYBODY,
    block_phones,
    search_blocked,
    split_typed,
    unblock_phones,
)
from yunxin.carriers.models import BlockedNumber
from yunxin.vocabulary import BlockReason

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "pieces"),
    [
        ("13800000001", ["13800000001"]),
        ("13800000001\r\n13800000002\n", ["13800000001", "13800000002"]),
        ("1,2,3;4;5、6\t7", ["1", "2", "3", "4", "5", "6", "7"]),
        (" +86 138 0000 0001 ,, ", ["+86 138 0000 0001"]),
        ("", []),
    ],
)
def test_what_is_typed_is_cut_at_lines_and_commas_of_any_kind(typed, pieces):
    assert split_typed(typed) == pieces


def test_numbers_are_blocked_once_and_bad_ones_handed_back(operator):
    typed = ["13800000001", "+86 138 0000 0002", "13800000001", "nonsense", "12345"]
    done = block_phones(typed=typed, by=operator)
    assert (done.added, done.already, list(done.invalid)) == (2, 0, ["nonsense", "12345"])
    again = block_phones(typed=["13800000002", "13800000003"], by=operator)
    assert (again.added, again.already) == (1, 1)
    rows = BlockedNumber.objects.values_list("enterprise_id", "phone", "by")
    assert sorted(rows) == [(EVERYBODY, f"1380000000{n}", operator.pk) for n in (1, 2, 3)]


def test_an_entry_that_is_there_keeps_its_reason(operator, acme):
    BlockedNumber.objects.create(
        enterprise_id=acme.pk, phone="13800000001", reason=BlockReason.UNSUBSCRIBED
    )
    block_phones(typed=["13800000001"], enterprise=acme, by=operator)
    assert BlockedNumber.objects.get().reason == BlockReason.UNSUBSCRIBED


def test_the_lists_of_enterprises_and_of_everybody_are_apart(operator, acme, globex):
    for owner in (None, acme, globex):
        block_phones(typed=["13800000001"], enterprise=owner, by=operator)
    assert BlockedNumber.objects.count() == 3
    assert search_blocked("138", acme.pk).get().enterprise_id == acme.pk
    assert search_blocked("").count() == 3
    assert search_blocked("139").count() == 0


def test_the_audit_log_names_no_whole_number(operator, acme):
    block_phones(typed=["13800001234", "13800001235"], enterprise=acme, by=operator)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.enterprise) == ("block.create", acme)
    assert entry.subject == "138****1234 +1"
    assert "13800001234" not in str(entry.detail)


def test_an_entry_is_taken_off_by_whom_it_belongs_to(operator, acme, globex):
    block_phones(typed=["13800000001"], enterprise=acme, by=operator)
    row = BlockedNumber.objects.get()
    assert unblock_phones(ids=[row.pk], enterprise_id=globex.pk, by=operator) == 0
    assert unblock_phones(ids=[row.pk], enterprise_id=acme.pk, by=operator) == 1
    assert unblock_phones(ids=[row.pk], enterprise_id=None, by=operator) == 0
    assert not BlockedNumber.objects.exists()


def test_a_list_of_bad_numbers_only_changes_nothing(operator):
    done = block_phones(typed=["x", "y"], by=operator)
    assert (done.added, done.already, len(done.invalid)) == (0, 0, 2)
    assert not AuditEntry.objects.exists()
