"""Reviews, the common template library and the reasons to reject, as operators see them.

A review page shows one application with its evidence and history; deciding leads to the next one
in the queue by itself. Keys are in static/review.js.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.content import labels, library, review, rules, signatures, text_templates
from yunxin.content.errors import AlreadyReviewed, ContentError
from yunxin.content.forms import LibraryForm, ReasonForm, RejectForm, add_problems, typed_list
from yunxin.content.listings import (
    LibraryKeepingList,
    ReasonList,
    SignatureReviewList,
    TemplateReviewList,
)
from yunxin.content.models import LibraryTemplate, RejectReason, Signature, Template
from yunxin.content.previews import preview_answer, variable_fields
from yunxin.content.review import Subject
from yunxin.vocabulary import ReviewState, TemplateKind, TrafficClass
from yunxin.web.confirm import ask
from yunxin.web.once import once
from yunxin.web.views import safe_next

QUEUE_SHOWN = 8  # of those that wait, beside the one that is being reviewed

# Queues ------------------------------------------------------------------------------------------


def _waiting_signatures() -> QuerySet[Signature]:
    rows = Signature.objects.filter(state=ReviewState.PENDING).select_related("enterprise")
    return rows.order_by("submitted_at", "id")


def _waiting_templates() -> QuerySet[Template]:
    rows = Template.objects.filter(state=ReviewState.PENDING, deleted_at__isnull=True)
    return rows.select_related("enterprise", "signature").order_by("submitted_at", "id")


@console_page
def signatures_page(request: ConsoleRequest) -> HttpResponse:
    rows = Signature.objects.select_related("enterprise")
    context = {
        "listing": SignatureReviewList(request, rows),
        "waiting": _waiting_signatures().count(),
        "first": _waiting_signatures().first(),
    }
    return render(request, "content/console_signatures.html", context)


@console_page
def templates_page(request: ConsoleRequest) -> HttpResponse:
    rows = Template.objects.filter(deleted_at__isnull=True)
    context = {
        "listing": TemplateReviewList(request, rows.select_related("enterprise", "signature")),
        "waiting": _waiting_templates().count(),
        "first": _waiting_templates().first(),
    }
    return render(request, "content/console_templates.html", context)


# Reviews -----------------------------------------------------------------------------------------


@console_page
def review_signature(request: ConsoleRequest, signature_id: int) -> HttpResponse:
    rows = Signature.objects.select_related("enterprise")
    signature = get_object_or_404(rows, pk=signature_id)

    def approve(seen: datetime) -> None:
        signatures.approve_signature(signature=signature, by=request.user, seen=seen)

    def reject(seen: datetime, reason: str) -> None:
        signatures.reject_signature(signature=signature, by=request.user, seen=seen, reason=reason)

    form = _reject_form(request, Subject.SIGNATURE)
    if request.method == "POST" and _decided(request, form, str(signature), approve, reject):
        return _to_next(request, _waiting_signatures(), signature, "content:console_signature")
    context = {
        "title": str(signature),
        "subject": signature,
        "form": form,
        "files": signature.files.all(),
        "is_of_company": not rules.needs_evidence(signature.name, signature.enterprise.name),
        "others": Signature.objects.filter(name=signature.name)
        .exclude(pk=signature.pk)
        .select_related("enterprise")[:5],
        **_queue(_waiting_signatures(), signature, "content:console_signature"),
        "history": review.history_of(signature),
    }
    return _review_page(request, "content/console_signature.html", form, context)


@console_page
def review_template(request: ConsoleRequest, template_id: int) -> HttpResponse:
    rows = Template.objects.select_related("enterprise", "signature")
    template = get_object_or_404(rows, pk=template_id)

    def approve(seen: datetime) -> None:
        traffic = request.POST.get("traffic", "")
        text_templates.approve_template(
            template=template,
            by=request.user,
            seen=seen,
            traffic=TrafficClass(traffic) if traffic in list(TrafficClass) else None,
        )

    def reject(seen: datetime, reason: str) -> None:
        text_templates.reject_template(template=template, by=request.user, seen=seen, reason=reason)

    form = _reject_form(request, Subject.TEMPLATE)
    if request.method == "POST" and _decided(request, form, template.name, approve, reject):
        return _to_next(request, _waiting_templates(), template, "content:console_template")
    kind = TemplateKind(template.kind)
    context = {
        "title": template.name,
        "subject": template,
        "form": form,
        "preview": text_templates.preview_of(template),
        "problems": text_templates.problems_of_text(
            template.content, kind=kind, traffic=TrafficClass(template.traffic)
        ),
        "traffic": [(str(each), labels.TRAFFIC[each]) for each in rules.TRAFFIC_OF_KIND[kind]],
        **_queue(_waiting_templates(), template, "content:console_template"),
        "history": review.history_of(template),
    }
    return _review_page(request, "content/console_template.html", form, context)


def _reject_form(request: ConsoleRequest, subject: Subject) -> RejectForm:
    data = request.POST if request.POST.get("decision") == "reject" else None
    return RejectForm(data, reasons=review.reasons_for(subject))


def _decided(
    request: ConsoleRequest,
    form: RejectForm,
    name: str,
    approve: Callable[[datetime], None],
    reject: Callable[[datetime, str], None],
) -> bool:
    """Carry out the decision that was posted; whether to go on to the next application."""
    try:
        seen = _seen(request)
        if request.POST.get("decision") == "approve":
            approve(seen)
            messages.success(request, _("%(name)s was approved.") % {"name": name})
        elif not form.is_valid():
            return False
        else:
            reject(seen, form.cleaned_data["reason"])
            messages.success(request, _("%(name)s was rejected.") % {"name": name})
    except AlreadyReviewed as error:
        messages.error(request, str(error))
    except ContentError as error:
        messages.error(request, str(error))
        return False
    return True


def _seen(request: ConsoleRequest) -> datetime:
    """When the application that the reviewer looked at was submitted."""
    try:
        seen = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        seen = None
    if seen is None:
        raise AlreadyReviewed
    return seen


def _to_next(
    request: ConsoleRequest, waiting: QuerySet[Any], done: Any, url_name: str
) -> HttpResponse:
    """To the application after the one just done, from the start again at the end of the queue."""
    later = Q(submitted_at__gt=done.submitted_at) | Q(
        submitted_at=done.submitted_at, pk__gt=done.pk
    )
    following = waiting.filter(later).first() or waiting.first()
    if following is not None:
        return redirect(url_name, following.pk)
    messages.info(request, _("Nothing else waits for review."))
    return redirect(f"{url_name}s")


def _queue(waiting: QuerySet[Any], subject: Any, url_name: str) -> dict[str, Any]:
    """The neighbours of an application among those that wait, and how many there are."""
    ids = list(waiting.values_list("pk", flat=True)[:1000])
    at = ids.index(subject.pk) if subject.pk in ids else -1
    return {
        "is_waiting": at >= 0,
        "place": at + 1,
        "waiting_count": len(ids),
        "waiting": waiting[:QUEUE_SHOWN],
        "previous_url": reverse(url_name, args=[ids[at - 1]]) if at > 0 else "",
        "next_url": reverse(url_name, args=[ids[at + 1]]) if at + 1 < len(ids) else "",
    }


def _review_page(
    request: ConsoleRequest, template: str, form: RejectForm, context: dict[str, Any]
) -> HttpResponse:
    return render(request, template, context, status=422 if form.errors else 200)


# The common template library ---------------------------------------------------------------------


@console_page
def library_page(request: ConsoleRequest) -> HttpResponse:
    context = {
        "listing": LibraryKeepingList(request, LibraryTemplate.objects.all()),
        "lead": _("Templates that every enterprise may use without review."),
        "action_url": reverse("content:console_library_new"),
        "action_label": _("New library template"),
    }
    return render(request, "content/console_library.html", context)


@console_page
@once
def new_library_template(request: ConsoleRequest) -> HttpResponse:
    return _library_form_page(request, _("New library template"), None)


@console_page
def edit_library_template(request: ConsoleRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(LibraryTemplate, pk=row_id)
    return _library_form_page(request, _("Change “%(name)s”") % {"name": row.name}, row)


def _library_form_page(
    request: ConsoleRequest, title: str, row: LibraryTemplate | None
) -> HttpResponse:
    form = LibraryForm(request.POST or None, initial=LibraryForm.initial_of(row) if row else None)
    if request.method == "POST" and form.is_valid():
        try:
            library.save_library_template(
                by=request.user, library_template=row, **form.fields_to_save()
            )
        except ContentError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The library template was saved."))
            return redirect("content:console_library")
    names = form.variable_names() if form.is_bound else (row.variable_names if row else [])
    samples = typed_list(request.POST, "samples")
    context = {
        "form": form,
        "title": title,
        "cancel_url": reverse("content:console_library"),
        "industries": library.industries(active_only=False),
        "names": variable_fields(form["content"].value() or "", names, samples),
    }
    status = 422 if form.errors else 200
    return render(request, "content/console_library_form.html", context, status=status)


@console_page
@require_POST
def library_preview(request: ConsoleRequest) -> HttpResponse:
    """The live preview of the form above."""
    return preview_answer(request, "", own_text=True)


@console_page
@require_POST
def switch(request: ConsoleRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(LibraryTemplate, pk=row_id)
    library.switch_library_template(
        by=request.user, library_template=row, active=request.POST.get("active") == "yes"
    )
    sentence = _("“%(name)s” is offered.") if row.active else _("“%(name)s” is no longer offered.")
    messages.success(request, sentence % {"name": row.name})
    return redirect(_back(request, "content:console_library"))


@console_page
@require_POST
def move_template(request: ConsoleRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(LibraryTemplate, pk=row_id)
    library.move_library_template(
        by=request.user, library_template=row, up=request.POST.get("to") == "up"
    )
    return redirect(_back(request, "content:console_library"))


# Reasons to reject -------------------------------------------------------------------------------


@console_page
def reasons_page(request: ConsoleRequest) -> HttpResponse:
    context = {
        "listing": ReasonList(request, RejectReason.objects.all()),
        "lead": _("Sentences that reviewers choose from when they reject something."),
        "action_url": reverse("content:console_reason_new"),
        "action_label": _("New reason"),
    }
    return render(request, "content/console_reasons.html", context)


@console_page
@once
def new_reason(request: ConsoleRequest) -> HttpResponse:
    return _reason_form_page(request, _("New reason"), None)


@console_page
def edit_reason(request: ConsoleRequest, reason_id: int) -> HttpResponse:
    reason = get_object_or_404(RejectReason, pk=reason_id)
    return _reason_form_page(request, _("Change the reason"), reason)


def _reason_form_page(
    request: ConsoleRequest, title: str, reason: RejectReason | None
) -> HttpResponse:
    initial = {"subject": reason.subject, "text": reason.text} if reason else {}
    form = ReasonForm(request.POST or None, initial=initial or {"subject": Subject.SIGNATURE})
    if request.method == "POST" and form.is_valid():
        review.save_reason(
            by=request.user,
            subject=form.subject_word(),
            text=form.cleaned_data["text"],
            reason=reason,
        )
        messages.success(request, _("The reason was saved."))
        return redirect("content:console_reasons")
    context = {"form": form, "title": title, "cancel_url": reverse("content:console_reasons")}
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


@console_page
@require_POST
def move_reason(request: ConsoleRequest, reason_id: int) -> HttpResponse:
    reason = get_object_or_404(RejectReason, pk=reason_id)
    review.move_reason(by=request.user, reason=reason, up=request.POST.get("to") == "up")
    return redirect(_back(request, "content:console_reasons"))


@console_page
def delete_reason(request: ConsoleRequest, reason_id: int) -> HttpResponse:
    reason = get_object_or_404(RejectReason, pk=reason_id)
    if request.method != "POST":
        return ask(
            request,
            title=_("Delete this reason?"),
            text=_("Reviewers can no longer choose it; rejections that used it keep their text."),
            button=_("Delete"),
            back=reverse("content:console_reasons"),
            facts=[(_("Reject reason"), reason.text)],
        )
    review.delete_reason(by=request.user, reason=reason)
    messages.success(request, _("The reason was deleted."))
    return redirect("content:console_reasons")


def _back(request: ConsoleRequest, url_name: str) -> str:
    """To the list as it was, with its filters and its page."""
    return safe_next(request, reverse(url_name))
