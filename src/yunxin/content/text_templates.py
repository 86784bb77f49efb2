"""What may be done with a text template: apply, take from the library, change, delete, decide.

Every function is one transaction, as in `signatures`. A template is used by the engine only while
it is approved, not deleted, and its signature is approved too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.accounts import audit, notices
from yunxin.accounts.models import Enterprise, User
from yunxin.content import review, rules
from yunxin.content.errors import (
    AlreadyReviewed,
    ChangedMeanwhile,
    LibraryTemplateGone,
    Problem,
    Refused,
    SignatureNotUsable,
    TemplateDeleted,
    TrafficRefused,
)
from yunxin.content.models import LibraryTemplate, Signature, Template
from yunxin.content.review import Action
from yunxin.content.signatures import LIVE
from yunxin.content.words import forbidden_words
from yunxin.text import placeholders, segments
from yunxin.vocabulary import ReviewState, SignaturePosition, TemplateKind, TrafficClass
from yunxin.web.hints import hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A template as an applicant wants it."""

    name: str
    signature: Signature
    content: str
    kind: TemplateKind = TemplateKind.INDUSTRY
    traffic: TrafficClass = TrafficClass.NOTICE
    position: SignaturePosition = SignaturePosition.FRONT
    carriers: Sequence[str] = tuple(rules.ALL_CARRIERS)
    variable_names: Sequence[str] = field(default=())  # in order; missing ones get a number


def of_enterprise(enterprise: Enterprise) -> QuerySet[Template]:
    """The templates of one enterprise that are not deleted, with their signatures."""
    rows = Template.objects.filter(enterprise=enterprise, deleted_at__isnull=True)
    return rows.select_related("signature")


def problems_of_text(content: str, *, kind: TemplateKind, traffic: TrafficClass) -> list[Problem]:
    """All findings about a text, warnings included."""
    text = rules.Text(
        content=rules.tidy(content),
        kind=kind,
        traffic=traffic,
        marketing_hours=(settings.CONFIG.marketing_from, settings.CONFIG.marketing_to),
    )
    return rules.template_problems(text, forbidden_words())


def problems_of(draft: Draft) -> list[Problem]:
    """All findings about a draft: its text, its variables' names, its use and its carriers."""
    problems = problems_of_text(draft.content, kind=draft.kind, traffic=draft.traffic)
    problems += rules.variable_name_problems(draft.variable_names, rules.tidy(draft.content))
    if draft.traffic not in rules.TRAFFIC_OF_KIND[draft.kind]:
        problems.append(
            Problem(rule="traffic", field="traffic", sentence=str(TrafficRefused.sentence))
        )
    if not _carriers(draft.carriers):
        sentence = _("Choose at least one carrier.")
        problems.append(Problem(rule="carriers", field="carriers", sentence=sentence))
    return problems


def submit_template(*, enterprise: Enterprise, by: User, draft: Draft) -> Template:
    """Apply for a new template.

    Raises:
        Refused: the draft breaks rules; all of them are named.
        SignatureNotUsable: the signature is another's, cancelled or rejected.
    """
    _check(enterprise, draft)
    with transaction.atomic():
        template = Template(enterprise=enterprise, created_by=by)
        _fill(template, draft)
        template.save()
        _applied(template, by=by)
    return template


def change_template(*, template: Template, by: User, draft: Draft) -> Template:
    """Change a template and apply again; until it is approved nothing is sent with it.

    Raises:
        TemplateDeleted: it was deleted.
        Refused, SignatureNotUsable: as for `submit_template`; the template stays as it was.
    """
    _check(template.enterprise, draft)
    with transaction.atomic():
        template = _lock(template)
        if template.deleted_at is not None:
            raise TemplateDeleted
        _fill(template, draft)
        template.library_template = None
        template.state, template.reject_reason = ReviewState.PENDING, ""
        template.submitted_at, template.reviewed_at = timezone.now(), None
        template.save()
        _applied(template, by=by)
        hint("directory", "template")
    return template


def take_from_library(
    *,
    enterprise: Enterprise,
    by: User,
    library_template: LibraryTemplate,
    name: str,
    signature: Signature,
    position: SignaturePosition = SignaturePosition.FRONT,
    carriers: Sequence[str] = tuple(rules.ALL_CARRIERS),
) -> Template:
    """Use a template of the library as it is: no review, it works while its signature is approved.

    Raises:
        LibraryTemplateGone: it was switched off meanwhile.
        Refused: no carrier was chosen, or a word of it has been forbidden since.
        SignatureNotUsable: the signature is another's, cancelled or rejected.
    """
    if not LibraryTemplate.objects.filter(pk=library_template.pk, active=True).exists():
        raise LibraryTemplateGone
    draft = Draft(
        name=name,
        signature=signature,
        content=library_template.content,
        kind=TemplateKind(library_template.kind),
        traffic=TrafficClass(library_template.traffic),
        position=position,
        carriers=carriers,
        variable_names=library_template.variable_names,
    )
    _check(enterprise, draft)
    with transaction.atomic():
        template = Template(enterprise=enterprise, created_by=by, library_template=library_template)
        _fill(template, draft)
        template.state, template.reviewed_at = ReviewState.APPROVED, timezone.now()
        template.save()
        _applied(template, by=by)
        review.write_history(template, Action.APPROVED, by=None)
        hint("directory", "template")
    return template


def delete_template(*, template: Template, by: User) -> Template:
    """Take a template out of use and out of the lists; records keep naming it.

    Raises:
        TemplateDeleted: it was deleted before.
    """
    with transaction.atomic():
        template = _lock(template)
        if template.deleted_at is not None:
            raise TemplateDeleted
        template.deleted_at = timezone.now()
        template.save(update_fields=("deleted_at",))
        review.write_history(template, Action.DELETED, by=by)
        _record(template, "template.delete", by=by)
        hint("directory", "template")
    return template


def approve_template(
    *, template: Template, by: User, seen: datetime, traffic: TrafficClass | None = None
) -> Template:
    """Let a template be used, if need be as another class of traffic than was applied for.

    Args:
        seen: `submitted_at` of the application that the reviewer looked at.
    Raises:
        TrafficRefused: the class does not go with the kind of the template.
        AlreadyReviewed, ChangedMeanwhile: nothing was decided.
    """
    traffic = traffic or TrafficClass(template.traffic)
    if traffic not in rules.TRAFFIC_OF_KIND[TemplateKind(template.kind)]:
        raise TrafficRefused
    with transaction.atomic():
        template = _decide(template, seen, ReviewState.APPROVED, traffic=traffic)
        review.write_history(template, Action.APPROVED, by=by, snapshot={"traffic": traffic})
        _record(template, "template.approve", by=by, traffic=traffic)
        _tell(template, "template.approved")
        hint("directory", "template")
    return template


def reject_template(*, template: Template, by: User, seen: datetime, reason: str) -> Template:
    """Refuse a template, with the reason that the applicant will read.

    Raises:
        ReasonMissing, AlreadyReviewed, ChangedMeanwhile: nothing was decided.
    """
    reason = review.checked_reason(reason)
    with transaction.atomic():
        template = _decide(template, seen, ReviewState.REJECTED, reason)
        review.write_history(template, Action.REJECTED, by=by, reason=reason)
        _record(template, "template.reject", by=by, reason=reason)
        _tell(template, "template.rejected")
    return template


# How it will look --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """A template as a phone would show it, and what one message of it would cost."""

    text: str
    length: int  # UTF-16 code units, signature and unsubscribe hint included
    segments: int  # 0: too long to be sent at all


def preview(
    *,
    content: str,
    signature: str,
    position: SignaturePosition,
    kind: TemplateKind,
    samples: Sequence[str],
) -> Preview:
    """The whole text with a sample in the place of each variable; missing samples are counted up.

    It is put together and priced by the functions that the engine uses.
    """
    content = rules.tidy(content)
    names = rules.full_variable_names(samples, content)
    text = placeholders.compose(
        placeholders.fill(content, names), signature=signature, position=position, kind=kind
    )
    try:
        price = segments.count(text)
    except segments.TextTooLong:
        price = 0
    return Preview(text=text, length=segments.length(text), segments=price)


def preview_of(template: Template) -> Preview:
    """A template's preview with the names of its variables as samples."""
    return preview(
        content=template.content,
        signature=template.signature.name,
        position=SignaturePosition(template.position),
        kind=TemplateKind(template.kind),
        samples=template.variable_names,
    )


# Parts -------------------------------------------------------------------------------------------


def _check(enterprise: Enterprise, draft: Draft) -> None:
    live = Signature.objects.filter(enterprise=enterprise, state__in=LIVE)
    if not live.filter(pk=draft.signature.pk).exists():
        raise SignatureNotUsable
    problems = problems_of(draft)
    if any(problem.refuses for problem in problems):
        raise Refused(problems)


def _carriers(chosen: Sequence[str]) -> list[str]:
    """As the column keeps them: `["all"]`, or some of the three in a fixed order."""
    if "all" in chosen or set(chosen) >= set(rules.CARRIERS):
        return list(rules.ALL_CARRIERS)
    return [str(carrier) for carrier in rules.CARRIERS if carrier in chosen]


def _fill(template: Template, draft: Draft) -> None:
    template.name = draft.name
    template.signature = draft.signature
    template.kind, template.traffic = draft.kind, draft.traffic
    template.position = draft.position
    template.content = rules.tidy(draft.content)
    template.carriers = _carriers(draft.carriers)
    template.variable_names = rules.full_variable_names(draft.variable_names, template.content)


def _lock(template: Template) -> Template:
    rows = Template.objects.select_related("enterprise", "signature")
    return rows.select_for_update(of=("self",)).get(pk=template.pk)


def _decide(
    template: Template,
    seen: datetime,
    state: ReviewState,
    reason: str = "",
    *,
    traffic: TrafficClass | None = None,
) -> Template:
    template = _lock(template)
    if template.state != ReviewState.PENDING or template.deleted_at is not None:
        raise AlreadyReviewed
    if template.submitted_at != seen:
        raise ChangedMeanwhile
    template.state, template.reject_reason = state, reason
    template.traffic = traffic or template.traffic
    template.reviewed_at = timezone.now()
    template.save(update_fields=("state", "reject_reason", "traffic", "reviewed_at"))
    return template


def _applied(template: Template, *, by: User) -> None:
    review.write_history(template, Action.APPLIED, by=by, snapshot=_snapshot(template))
    if template.state == ReviewState.PENDING:
        notices.tell(None, "template.applied", template, link=review.address(template))


def _snapshot(template: Template) -> Mapping[str, Any]:
    return {
        "name": template.name,
        "signature": template.signature.name,
        "kind": template.kind,
        "traffic": template.traffic,
        "position": template.position,
        "content": template.content,
        "carriers": template.carriers,
        "variable_names": template.variable_names,
        "library_template": template.library_template_id,
    }


def _record(template: Template, action: str, *, by: User, **detail: str) -> None:
    subject = f"{template.name} #{template.pk:06}"
    audit.record(by, action, subject, template.enterprise, **detail)


def _tell(template: Template, kind: str) -> None:
    link = reverse("content:template", args=[template.pk])
    notices.tell(template.enterprise, kind, template, link=link)
