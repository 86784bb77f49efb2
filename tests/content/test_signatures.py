"""The life of a signature, and what each step leaves behind."""

import pytest
from django.utils import translation

from tests import factories
from yunxin.accounts.models import AuditEntry, Notice
from yunxin.content import signatures
from yunxin.content.errors import (
    AlreadyReviewed,
    ChangedMeanwhile,
    NotClosed,
    NotLive,
    ReasonMissing,
    Refused,
    SignatureExists,
)
from yunxin.content.models import Signature
from yunxin.vocabulary import ReviewState, SignatureKind
from yunxin.web import uploads


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def owner(acme):
    return acme.users.get()


def submit(owner, name: str = "Acme", **fields) -> Signature:
    fields = {"kind": SignatureKind.COMPANY, "purpose": "delivery notices", **fields}
    return signatures.submit_signature(enterprise=owner.enterprise, by=owner, name=name, **fields)


def evidence(enterprise):
    return uploads.store(
        [b"%PDF-1.7 scan"],
        name="trademark.pdf",
        enterprise_id=enterprise.pk,
        by_id=0,
        accepts=uploads.EVIDENCE,
        size_bytes_max=1000,
    )


def history(signature) -> list[str]:
    return [line.action for line in signature.history.all()]


def test_an_application_waits_for_review_and_tells_the_operators(owner):
    signature = submit(owner)
    signature.refresh_from_db()
    assert signature.state == ReviewState.PENDING
    assert signature.created_by == owner
    assert history(signature) == ["applied"]
    assert signature.history.get().snapshot["purpose"] == "delivery notices"
    notice = Notice.objects.get()
    assert (notice.enterprise, notice.kind) == (None, "signature.applied")
    assert notice.link == f"/console/reviews/signatures/{signature.pk}/"


@pytest.mark.parametrize("name", ["【Acme】", "A", "Ac me", "Acme!"])
def test_a_name_that_breaks_a_rule_is_refused_and_nothing_is_written(owner, name):
    with pytest.raises(Refused) as refused:
        submit(owner, name)
    assert refused.value.field == "name"
    assert not Signature.objects.exists()


def test_a_name_that_is_not_of_the_company_needs_documents(owner):
    with pytest.raises(Refused, match="not part of the registered company name") as refused:
        submit(owner, "Umbrella")
    assert refused.value.field == "documents"
    signature = submit(owner, "Umbrella", files=[evidence(owner.enterprise)])
    assert [file.name for file in signature.files.all()] == ["trademark.pdf"]


def test_too_many_documents_are_refused(owner):
    files = [evidence(owner.enterprise) for _ in range(6)]
    with pytest.raises(Refused, match="At most 5 files"):
        submit(owner, "Umbrella", files=files)


def test_a_signature_exists_once_in_an_enterprise_but_in_several_enterprises(owner, globex):
    submit(owner)
    with pytest.raises(SignatureExists):
        submit(owner)
    submit(globex.users.get(), "Globex")
    submit(globex.users.get(), "Acme", files=[evidence(globex)])


def test_approval_lets_it_be_used(owner, operator):
    signature = submit(owner)
    signatures.approve_signature(signature=signature, by=operator, seen=signature.submitted_at)
    signature.refresh_from_db()
    assert signature.state == ReviewState.APPROVED
    assert signature.reviewed_at is not None
    assert history(signature) == ["applied", "approved"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.enterprise) == (
        "signature.approve",
        operator,
        owner.enterprise,
    )
    notice = Notice.objects.get(enterprise=owner.enterprise)
    assert (notice.kind, notice.subject) == ("signature.approved", "【Acme】")


def test_rejection_keeps_its_reason(owner, operator):
    signature = submit(owner)
    signatures.reject_signature(
        signature=signature,
        by=operator,
        seen=signature.submitted_at,
        reason=" The scan\nis unreadable. ",
    )
    signature.refresh_from_db()
    assert signature.state == ReviewState.REJECTED
    assert signature.reject_reason == "The scan is unreadable."
    assert history(signature) == ["applied", "rejected"]
    assert Notice.objects.get(enterprise=owner.enterprise).kind == "signature.rejected"
    assert AuditEntry.objects.get().detail == {"reason": "The scan is unreadable."}


def test_a_rejection_needs_a_reason(owner, operator):
    signature = submit(owner)
    with pytest.raises(ReasonMissing):
        signatures.reject_signature(
            signature=signature, by=operator, seen=signature.submitted_at, reason=" \n "
        )
    signature.refresh_from_db()
    assert signature.state == ReviewState.PENDING


def test_the_engine_is_hinted_of_every_change_that_matters_to_it(owner, operator, monkeypatch):
    hints = []
    monkeypatch.setattr(signatures, "hint", lambda *words: hints.append(words))
    signature = submit(owner)
    assert hints == []
    signatures.approve_signature(signature=signature, by=operator, seen=signature.submitted_at)
    signatures.cancel_signature(signature=signature, by=owner)
    assert hints == [("directory", "signature")] * 2


def test_two_reviewers_decide_once(owner, operator):
    signature = submit(owner)
    seen = signature.submitted_at
    signatures.approve_signature(signature=signature, by=operator, seen=seen)
    with pytest.raises(AlreadyReviewed):
        signatures.reject_signature(signature=signature, by=operator, seen=seen, reason="no")
    assert history(signature) == ["applied", "approved"]


def test_what_was_applied_for_again_must_be_looked_at_again(owner, operator):
    signature = submit(owner)
    seen = signature.submitted_at
    signatures.cancel_signature(signature=signature, by=owner)
    with pytest.raises(AlreadyReviewed):
        signatures.approve_signature(signature=signature, by=operator, seen=seen)
    signatures.apply_again(signature=signature, by=owner, kind=SignatureKind.APP, purpose="codes")
    with pytest.raises(ChangedMeanwhile):
        signatures.approve_signature(signature=signature, by=operator, seen=seen)


def test_cancelling_takes_it_out_of_use_once(owner, operator):
    signature = submit(owner)
    signatures.approve_signature(signature=signature, by=operator, seen=signature.submitted_at)
    signatures.cancel_signature(signature=signature, by=owner)
    signature.refresh_from_db()
    assert signature.state == ReviewState.CANCELLED
    assert history(signature) == ["applied", "approved", "cancelled"]
    assert AuditEntry.objects.first().action == "signature.cancel"
    with pytest.raises(NotLive):
        signatures.cancel_signature(signature=signature, by=owner)


def test_a_rejected_signature_is_not_live(owner, operator):
    signature = factories.make_signature(owner.enterprise, state=ReviewState.REJECTED)
    with pytest.raises(NotLive):
        signatures.cancel_signature(signature=signature, by=owner)


def test_applying_again_keeps_history_and_documents(owner, operator):
    signature = submit(owner, "Umbrella", files=[evidence(owner.enterprise)])
    signatures.reject_signature(
        signature=signature, by=operator, seen=signature.submitted_at, reason="unreadable"
    )
    signatures.apply_again(
        signature=signature,
        by=owner,
        kind=SignatureKind.TRADEMARK,
        purpose="codes",
        files=[evidence(owner.enterprise)],
    )
    signature.refresh_from_db()
    assert (signature.state, signature.reject_reason) == (ReviewState.PENDING, "")
    assert (signature.kind, signature.purpose) == (SignatureKind.TRADEMARK, "codes")
    assert signature.reviewed_at is None
    assert signature.files.count() == 2
    assert history(signature) == ["applied", "rejected", "applied"]


def test_applying_again_without_the_documents_that_it_needs_is_refused(owner, operator):
    signature = factories.make_signature(owner.enterprise, "Umbrella", state=ReviewState.CANCELLED)
    with pytest.raises(Refused):
        signatures.apply_again(
            signature=signature, by=owner, kind=SignatureKind.APP, purpose="codes"
        )
    signature.refresh_from_db()
    assert signature.state == ReviewState.CANCELLED


@pytest.mark.parametrize("state", [ReviewState.PENDING, ReviewState.APPROVED])
def test_only_a_closed_signature_is_applied_for_again(owner, state):
    signature = factories.make_signature(owner.enterprise, "Acme", state=state)
    with pytest.raises(NotClosed):
        signatures.apply_again(
            signature=signature, by=owner, kind=SignatureKind.APP, purpose="codes"
        )


def test_usable_signatures_are_the_live_ones_of_the_enterprise(owner, globex):
    for state in ReviewState:
        factories.make_signature(owner.enterprise, str(state), state=state)
    factories.make_signature(globex, "Globex")
    names = [signature.name for signature in signatures.usable(owner.enterprise)]
    assert names == ["approved", "pending"]


def test_the_list_counts_templates_that_are_not_deleted(owner):
    signature = factories.make_signature(owner.enterprise)
    factories.make_template(owner.enterprise, signature)
    factories.make_template(owner.enterprise, signature, deleted_at=signature.created_at)
    assert signatures.of_enterprise(owner.enterprise).get().template_count == 1
