"""What may be done with a signature; its life is drawn in `models`.

Every function is one transaction: it checks, writes the row and a line of its history, records
who did it, tells whom it concerns, and hints the engine, which cancels and refunds what is still
queued under a signature that was cancelled.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.accounts import audit, extensions, notices
from yunxin.accounts.models import Enterprise, User
from yunxin.content import review
from yunxin.content.errors import (
    AlreadyReviewed,
    ChangedMeanwhile,
    NotClosed,
    NotLive,
    Problem,
    Refused,
    SignatureExists,
)
from yunxin.content.models import Signature
from yunxin.content.review import Action
from yunxin.content.rules import needs_evidence, signature_problems
from yunxin.vocabulary import ReviewState, SignatureKind
from yunxin.web.hints import hint
from yunxin.web.models import StoredFile

LIVE = (ReviewState.PENDING, ReviewState.APPROVED)
CLOSED = (ReviewState.REJECTED, ReviewState.CANCELLED)
FILES_MAX = 5


def of_enterprise(enterprise: Enterprise) -> QuerySet[Signature]:
    """The signatures of one enterprise with their files, and how much uses each."""
    return (
        Signature.objects.filter(enterprise=enterprise)
        .annotate(template_count=Count("templates", filter=Q(templates__deleted_at__isnull=True)))
        .prefetch_related("files")
    )


def usable(enterprise: Enterprise) -> QuerySet[Signature]:
    """Those that a template may be made with: approved, or under review."""
    return Signature.objects.filter(enterprise=enterprise, state__in=LIVE).order_by("state", "-id")


def submit_signature(
    *,
    enterprise: Enterprise,
    by: User,
    name: str,
    kind: SignatureKind,
    purpose: str,
    files: Iterable[StoredFile] = (),
) -> Signature:
    """Apply for a new signature.

    Raises:
        Refused: the name breaks a rule, or the files that it needs are missing.
        SignatureExists: this enterprise has it already.
    """
    files = list(files)
    _check(enterprise, name, files)
    if Signature.objects.filter(enterprise=enterprise, name=name).exists():
        raise SignatureExists
    with transaction.atomic():
        try:
            with transaction.atomic():
                signature = Signature.objects.create(
                    enterprise=enterprise, name=name, kind=kind, purpose=purpose, created_by=by
                )
        except IntegrityError:  # the same application from another window, this instant
            raise SignatureExists from None
        _applied(signature, by=by, files=files)
    return signature


def apply_again(
    *,
    signature: Signature,
    by: User,
    kind: SignatureKind,
    purpose: str,
    files: Iterable[StoredFile] = (),
    keep_files: bool = True,
) -> Signature:
    """Apply again for a cancelled or rejected signature; its history stays.

    Args:
        files: what is added to the evidence.
        keep_files: whether what was handed in before still counts.
    Raises:
        NotClosed: it is approved or under review.
        Refused: the files that it needs are missing.
    """
    with transaction.atomic():
        signature = _lock(signature)
        if signature.state not in CLOSED:
            raise NotClosed
        evidence = [*(signature.files.all() if keep_files else ()), *files]
        _check(signature.enterprise, signature.name, evidence)
        signature.kind, signature.purpose = kind, purpose
        signature.state, signature.reject_reason = ReviewState.PENDING, ""
        signature.submitted_at, signature.reviewed_at = timezone.now(), None
        signature.save()
        _applied(signature, by=by, files=evidence)
    return signature


def cancel_signature(*, signature: Signature, by: User) -> Signature:
    """Take a signature out of use; the engine cancels and refunds what is queued under it.

    Raises:
        NotLive: it was cancelled or rejected before.
    """
    with transaction.atomic():
        signature = _lock(signature)
        if signature.state not in LIVE:
            raise NotLive
        signature.state = ReviewState.CANCELLED
        signature.save(update_fields=("state",))
        review.write_history(signature, Action.CANCELLED, by=by)
        _record(signature, "signature.cancel", by=by)
        hint("directory", "signature")
    return signature


def approve_signature(*, signature: Signature, by: User, seen: datetime) -> Signature:
    """Let a signature be used.

    Args:
        seen: `submitted_at` of the application that the reviewer looked at.
    Raises:
        AlreadyReviewed, ChangedMeanwhile: nothing was decided.
    """
    with transaction.atomic():
        signature = _decide(signature, seen, ReviewState.APPROVED)
        review.write_history(signature, Action.APPROVED, by=by)
        _record(signature, "signature.approve", by=by)
        _tell(signature, "signature.approved")
        hint("directory", "signature")
    return signature


def reject_signature(*, signature: Signature, by: User, seen: datetime, reason: str) -> Signature:
    """Refuse a signature, with the reason that the applicant will read.

    Raises:
        ReasonMissing, AlreadyReviewed, ChangedMeanwhile: nothing was decided.
    """
    reason = review.checked_reason(reason)
    with transaction.atomic():
        signature = _decide(signature, seen, ReviewState.REJECTED, reason)
        review.write_history(signature, Action.REJECTED, by=by, reason=reason)
        _record(signature, "signature.reject", by=by, reason=reason)
        _tell(signature, "signature.rejected")
    return signature


def _check(enterprise: Enterprise, name: str, files: list[StoredFile]) -> None:
    problems = signature_problems(name)
    if not problems and not files and needs_evidence(name, enterprise.name):
        problems = [_evidence_missing(enterprise)]
    if not problems and len(files) > FILES_MAX:
        problems = [_too_many_files()]
    if problems:
        raise Refused(problems)


def _evidence_missing(enterprise: Enterprise) -> Problem:
    return Problem(
        rule="evidence",
        field="documents",
        sentence=_(
            "The signature is not part of the registered company name “%(company)s”. Add a"
            " document that supports it, such as a trademark certificate or an authorisation."
        )
        % {"company": enterprise.name},
    )


def _too_many_files() -> Problem:
    return Problem(
        rule="files_many",
        field="documents",
        sentence=_("At most %(most)d files can be added. Remove some.") % {"most": FILES_MAX},
    )


def _lock(signature: Signature) -> Signature:
    rows = Signature.objects.select_related("enterprise").select_for_update(of=("self",))
    return rows.get(pk=signature.pk)


def _decide(
    signature: Signature, seen: datetime, state: ReviewState, reason: str = ""
) -> Signature:
    signature = _lock(signature)
    if signature.state != ReviewState.PENDING:
        raise AlreadyReviewed
    if signature.submitted_at != seen:
        raise ChangedMeanwhile
    signature.state, signature.reject_reason = state, reason
    signature.reviewed_at = timezone.now()
    signature.save(update_fields=("state", "reject_reason", "reviewed_at"))
    return signature


def _applied(signature: Signature, *, by: User, files: list[StoredFile]) -> None:
    signature.files.set(files)
    snapshot = {
        "name": signature.name,
        "kind": signature.kind,
        "purpose": signature.purpose,
        "files": [{"id": file.pk, "name": file.name} for file in files],
    }
    review.write_history(signature, Action.APPLIED, by=by, snapshot=snapshot)
    notices.tell(None, "signature.applied", signature, link=review.address(signature))


def _record(signature: Signature, action: str, *, by: User, **detail: str) -> None:
    audit.record(by, action, f"{signature} #{signature.pk}", signature.enterprise, **detail)


def _tell(signature: Signature, kind: str) -> None:
    link = reverse("content:signature", args=[signature.pk])
    notices.tell(signature.enterprise, kind, signature, link=link)


@transaction.atomic
def assign_extension(*, signature_id: int, code: str, by: User) -> Signature:
    """Give a signature digits of its own behind its enterprise's, or (empty) take them away.

    Raises:
        ExtensionRefused: replies to another's code could not be told apart from this one's, or
            the number would be too long.
    """
    extensions.lock()
    rows = Signature.objects.select_related("enterprise").select_for_update(of=("self",))
    signature = rows.get(pk=signature_id)
    if signature.extension_code == code:
        return signature
    extensions.check_signature(signature.enterprise, signature.pk, code)
    was, signature.extension_code = signature.extension_code, code
    signature.save(update_fields=["extension_code"])
    audit.record(by, "signature.extension", signature, signature.enterprise, changed=[was, code])
    hint("directory", "signature")
    return signature
