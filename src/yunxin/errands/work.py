"""Carries errands out, each once: what is applied for and the answer are one transaction."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from yunxin.accounts.models import User
from yunxin.content.errors import ContentError, Problem, Refused
from yunxin.content.models import Signature
from yunxin.content.rules import signature_problems
from yunxin.content.signatures import submit_signature
from yunxin.content.text_templates import Draft, submit_template
from yunxin.errands.models import Errand
from yunxin.vocabulary import (
    ErrandKind,
    SignatureKind,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)

KEPT = timedelta(days=30)


def carry_out(errand_id: int) -> None:
    """Do what was asked for, unless it was done before."""
    with transaction.atomic():
        errand = Errand.objects.select_for_update().filter(pk=errand_id, done_at=None).first()
        if errand is None:
            return
        with translation.override(errand.language):
            try:
                with transaction.atomic():
                    errand.object_id = _WORK[ErrandKind(errand.kind)](errand, _applicant(errand))
            except ContentError as error:
                errand.problems = _told(error)
        errand.done_at = timezone.now()
        errand.save(update_fields=("object_id", "problems", "done_at"))


def give_up(errand_id: int) -> None:
    """Answer that it cannot be done, through no fault of the application."""
    with transaction.atomic():
        errand = Errand.objects.select_for_update().filter(pk=errand_id, done_at=None).first()
        if errand is None:
            return
        with translation.override(errand.language):
            sentence = _("Something went wrong on our side. Apply again with a new key.")
        errand.problems, errand.done_at = [["", sentence]], timezone.now()
        errand.save(update_fields=("problems", "done_at"))


def forget_old() -> int:
    """Delete errands that nobody asks for any more."""
    deleted, _by_model = Errand.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return deleted


def _applicant(errand: Errand) -> User:
    """In whose name it is applied for: who made the key, else the enterprise's first user."""
    user = errand.credential.created_by
    if user is not None and user.enterprise_id == errand.enterprise_id:
        return user
    first = User.objects.filter(enterprise=errand.enterprise_id).order_by("id").first()
    if first is None:
        raise _refused("", _("The enterprise has no user in whose name this could be applied for."))
    return first


def _signature(errand: Errand, by: User) -> int:
    body = errand.body
    problems = signature_problems(body["name"])
    if problems:
        raise Refused(problems)
    signature = submit_signature(
        enterprise=errand.enterprise,
        by=by,
        name=body["name"],
        kind=SignatureKind(body["kind"]),
        purpose=body["purpose"],
    )
    return signature.pk


def _template(errand: Errand, by: User) -> int:
    body: dict[str, Any] = errand.body
    own = Signature.objects.filter(enterprise=errand.enterprise, pk=int(body["signature"])).first()
    if own is None:
        raise _refused("signature", _("There is no such signature."))
    draft = Draft(
        name=body["name"],
        signature=own,
        content=body["content"],
        kind=TemplateKind(body["kind"]),
        traffic=TrafficClass(body["traffic"]),
        position=SignaturePosition(body["position"]),
        carriers=body["carriers"],
        variable_names=body["variables"],
    )
    return submit_template(enterprise=errand.enterprise, by=by, draft=draft).pk


def _refused(field: str, sentence: str) -> Refused:
    return Refused([Problem(rule="errand", field=field, sentence=sentence)])


def _told(error: ContentError) -> list[list[str]]:
    """Fields and sentences, a field by the name that the API has for it."""
    found = error.problems if isinstance(error, Refused) else [error]
    return [[_FIELDS.get(one.field, one.field), str(one.sentence)] for one in found]


_FIELDS = {"variable_names": "variables", "documents": "name"}
_WORK: dict[ErrandKind, Callable[[Errand, User], int]] = {
    ErrandKind.SIGNATURE: _signature,
    ErrandKind.TEMPLATE: _template,
}
