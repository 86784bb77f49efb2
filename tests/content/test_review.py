"""The reasons to reject with, kept in order by operators."""

import pytest

from yunxin.accounts.models import AuditEntry
from yunxin.content import review
from yunxin.content.errors import ReasonMissing
from yunxin.content.review import Subject


def test_a_new_reason_goes_to_the_end_of_its_list(operator):
    reason = review.save_reason(by=operator, subject=Subject.TEMPLATE, text=" 内容\n不完整。 ")
    assert reason.text == "内容 不完整。"
    assert list(review.reasons_for(Subject.TEMPLATE))[-1] == reason
    assert reason not in review.reasons_for(Subject.SIGNATURE)
    assert AuditEntry.objects.get().action == "reason.create"


def test_an_empty_reason_is_refused(operator):
    with pytest.raises(ReasonMissing):
        review.save_reason(by=operator, subject=Subject.TEMPLATE, text=" ")


def test_a_reason_is_changed_moved_and_deleted(operator):
    first, second = list(review.reasons_for(Subject.SIGNATURE))[:2]
    review.save_reason(by=operator, subject=Subject.SIGNATURE, text="改过的。", reason=second)
    review.move_reason(by=operator, reason=second, up=True)
    assert list(review.reasons_for(Subject.SIGNATURE))[:2] == [second, first]
    review.delete_reason(by=operator, reason=second)
    assert review.reasons_for(Subject.SIGNATURE).first() == first
    actions = [entry.action for entry in AuditEntry.objects.order_by("id")]
    assert actions == ["reason.edit", "reason.edit", "reason.delete"]


def test_a_long_reason_is_cut_to_what_is_kept():
    assert len(review.checked_reason("长" * 400)) == review.REASON_LENGTH_MAX
