"""签名管理 and 模板管理 as the enterprise sees them."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.content import library, review, signatures, text_templates
from yunxin.content.errors import ContentError, NotClosed
from yunxin.content.forms import (
    AgainForm,
    SignatureForm,
    TemplateForm,
    UseForm,
    add_problems,
    typed_list,
)
from yunxin.content.listings import LibraryList, SignatureList, TemplateList
from yunxin.content.models import LibraryTemplate, Signature, Template
from yunxin.content.previews import preview_answer, variable_fields
from yunxin.content.text_templates import Draft
from yunxin.vocabulary import ReviewState, SignatureKind, SignaturePosition
from yunxin.web.confirm import ask
from yunxin.web.forms import Form
from yunxin.web.once import once
from yunxin.web.uploads import EVIDENCE, EVIDENCE_BYTES_MAX, UploadError, store

# Signatures --------------------------------------------------------------------------------------


@portal_page()
def signatures_page(request: PortalRequest) -> HttpResponse:
    listing = SignatureList(request, signatures.of_enterprise(request.enterprise))
    context = {"listing": listing, "lead": _("The name in 【】 that every message carries.")}
    if request.user.may_send:
        context["action_url"] = reverse("content:signature_new")
        context["action_label"] = _("New signature")
    return render(request, "content/portal_signatures.html", context)


@portal_page()
def signature_page(request: PortalRequest, signature_id: int) -> HttpResponse:
    signature = _signature(request, signature_id)
    context = {
        "title": str(signature),
        "signature": signature,
        "templates": signature.templates.filter(deleted_at__isnull=True)[:50],
        "history": review.history_of(signature),
    }
    return render(request, "content/portal_signature.html", context)


@portal_page(*SENDERS)
@once
def new_signature(request: PortalRequest) -> HttpResponse:
    form = SignatureForm(request.POST or None, request.FILES or None)

    def write(files: list[Any]) -> Signature:
        return signatures.submit_signature(
            enterprise=request.enterprise,
            by=request.user,
            name=form.cleaned_data["name"],
            kind=SignatureKind(form.cleaned_data["kind"]),
            purpose=form.cleaned_data["purpose"],
            files=files,
        )

    if request.method == "POST" and _written_with_evidence(request, form, write):
        messages.success(request, _("The signature was submitted and waits for review."))
        return redirect("content:signatures")
    context = {
        "form": form,
        "title": _("New signature"),
        "submit": _("Submit for review"),
        "cancel_url": reverse("content:signatures"),
        "company": request.enterprise.name,
    }
    return _form_page(request, "content/portal_signature_form.html", form, context)


@portal_page(*SENDERS)
@once
def again(request: PortalRequest, signature_id: int) -> HttpResponse:
    signature = _signature(request, signature_id)
    if signature.state not in signatures.CLOSED:
        messages.error(request, str(NotClosed()))
        return redirect("content:signatures")
    form = AgainForm(request.POST or None, request.FILES or None, signature=signature)

    def write(files: list[Any]) -> Signature:
        return signatures.apply_again(
            signature=signature,
            by=request.user,
            kind=SignatureKind(form.cleaned_data["kind"]),
            purpose=form.cleaned_data["purpose"],
            files=files,
            keep_files=form.cleaned_data.get("keep_files", False),
        )

    if request.method == "POST" and _written_with_evidence(request, form, write):
        messages.success(request, _("The signature was submitted and waits for review."))
        return redirect("content:signatures")
    context = {
        "form": form,
        "title": _("Apply again for %(signature)s") % {"signature": signature},
        "submit": _("Submit for review"),
        "cancel_url": reverse("content:signatures"),
        "signature": signature,
        "company": request.enterprise.name,
    }
    return _form_page(request, "content/portal_signature_form.html", form, context)


@portal_page(*SENDERS)
def cancel(request: PortalRequest, signature_id: int) -> HttpResponse:
    signature = _signature(request, signature_id)
    if request.method != "POST":
        return ask(
            request,
            title=_("Cancel the signature %(signature)s?") % {"signature": signature},
            text=_cancel_text(signature),
            button=_("Cancel the signature"),
            back=reverse("content:signatures"),
        )
    try:
        signatures.cancel_signature(signature=signature, by=request.user)
    except ContentError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("The signature %(signature)s was cancelled.") % {"signature": signature}
        )
    return redirect("content:signatures")


def _cancel_text(signature: Signature) -> str:
    text = _(
        "New sends with it stop at once; queued messages are cancelled and refunded."
        " You can apply for it again later."
    )
    count = signature.templates.filter(deleted_at__isnull=True).count()
    if not count:
        return text
    used = ngettext(
        "%(count)d template uses it and cannot be sent any more.",
        "%(count)d templates use it and cannot be sent any more.",
        count,
    )
    return _("%(text)s %(more)s") % {"text": text, "more": used % {"count": count}}


def _signature(request: PortalRequest, signature_id: int) -> Signature:
    return get_object_or_404(Signature, enterprise=request.enterprise, pk=signature_id)


def _written_with_evidence(
    request: PortalRequest, form: Form, write: Callable[[list[Any]], object]
) -> bool:
    """Keep the documents and call `write` with them, all or nothing; complaints go to the form."""
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            write(
                [
                    store(
                        given.chunks(),
                        name=given.name,
                        enterprise_id=request.enterprise.pk,
                        by_id=request.user.pk,
                        accepts=EVIDENCE,
                        size_bytes_max=EVIDENCE_BYTES_MAX,
                    )
                    for given in form.cleaned_data["documents"]
                ]
            )
    except UploadError as error:
        form.add_error("documents", str(error))
    except ContentError as error:
        add_problems(form, error)
    return form.is_valid()


# Templates ---------------------------------------------------------------------------------------


@portal_page()
def templates_page(request: PortalRequest) -> HttpResponse:
    listing = TemplateList(request, text_templates.of_enterprise(request.enterprise))
    context = {"listing": listing, "lead": _("Reviewed texts with variables, ready to be sent.")}
    if request.user.may_send:
        context["action_url"] = reverse("content:template_new")
        context["action_label"] = _("New template")
    return render(request, "content/portal_templates.html", context)


@portal_page()
def template_page(request: PortalRequest, template_id: int) -> HttpResponse:
    template = _template(request, template_id)
    context = {
        "title": template.name,
        "template": template,
        "preview": text_templates.preview_of(template),
        "history": review.history_of(template),
    }
    return render(request, "content/portal_template.html", context)


@portal_page(*SENDERS)
@once
def new_template(request: PortalRequest) -> HttpResponse:
    form = TemplateForm(request.POST or None, enterprise=request.enterprise)

    def write(draft: Draft) -> Template:
        return text_templates.submit_template(
            enterprise=request.enterprise, by=request.user, draft=draft
        )

    if request.method == "POST" and _written_draft(form, write):
        messages.success(request, _("The template was submitted and waits for review."))
        return redirect("content:templates")
    return _template_form_page(request, form, _("New template"), [])


@portal_page(*SENDERS)
def edit_template(request: PortalRequest, template_id: int) -> HttpResponse:
    template = _template(request, template_id)
    initial = TemplateForm.initial_of(template)
    form = TemplateForm(request.POST or None, enterprise=request.enterprise, initial=initial)

    def write(draft: Draft) -> Template:
        return text_templates.change_template(template=template, by=request.user, draft=draft)

    if request.method == "POST" and _written_draft(form, write):
        messages.success(request, _("The template was submitted and waits for review."))
        return redirect("content:templates")
    title = _("Change template %(number)s") % {"number": template.number}
    return _template_form_page(request, form, title, template.variable_names, template=template)


@portal_page(*SENDERS)
def delete(request: PortalRequest, template_id: int) -> HttpResponse:
    template = _template(request, template_id)
    if request.method != "POST":
        return ask(
            request,
            title=_("Delete the template “%(name)s”?") % {"name": template.name},
            text=_(
                "Nothing can be sent with it any more, and tasks that wait for it fail."
                " Records of what was sent stay."
            ),
            button=_("Delete"),
            back=reverse("content:templates"),
            facts=[(_("Template content"), template.content)],
        )
    try:
        text_templates.delete_template(template=template, by=request.user)
    except ContentError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("The template “%(name)s” was deleted.") % {"name": template.name}
        )
    return redirect("content:templates")


@portal_page()
@require_POST
def template_preview(request: PortalRequest) -> HttpResponse:
    """What stands beside a template form while somebody types: phone, price, findings, names."""
    return preview_answer(request, _chosen_signature(request), own_text=True)


@portal_page()
def library_page(request: PortalRequest) -> HttpResponse:
    context = {
        "listing": LibraryList(request, library.offered()),
        "title": _("Common template library"),
        "lead": _("Ready-made templates that need no review: choose one and send."),
    }
    return render(request, "content/portal_library.html", context)


@portal_page(*SENDERS)
@once
def from_library(request: PortalRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(LibraryTemplate, pk=row_id, active=True)
    form = UseForm(request.POST or None, enterprise=request.enterprise)
    form.fields["name"].initial = row.name
    if request.method == "POST" and form.is_valid():
        try:
            template = text_templates.take_from_library(
                enterprise=request.enterprise,
                by=request.user,
                library_template=row,
                name=form.cleaned_data["name"],
                signature=form.cleaned_data["signature"],
                position=SignaturePosition(form.cleaned_data["position"]),
                carriers=form.cleaned_data["carriers"],
            )
        except ContentError as error:
            add_problems(form, error)
        else:
            messages.success(request, _sentence_of_taken(template))
            return redirect("content:templates")
    context = {
        "form": form,
        "title": _("Use “%(name)s”") % {"name": row.name},
        "submit": _("Add to my templates"),
        "cancel_url": reverse("content:library"),
        "row": row,
        "has_signature": signatures.usable(request.enterprise).exists(),
    }
    return _form_page(request, "content/portal_from_library.html", form, context)


def _sentence_of_taken(template: Template) -> str:
    if template.signature.state == ReviewState.APPROVED:
        return _("The template was added and works at once.")
    return _("The template was added and works once its signature is approved.")


def _template(request: PortalRequest, template_id: int) -> Template:
    rows = Template.objects.select_related("signature")
    return get_object_or_404(
        rows, enterprise=request.enterprise, pk=template_id, deleted_at__isnull=True
    )


def _written_draft(form: TemplateForm, write: Callable[[Draft], object]) -> bool:
    """Whether the draft was taken; complaints go to the form."""
    if not form.is_valid():
        return False
    try:
        write(form.draft())
    except ContentError as error:
        add_problems(form, error)
    return form.is_valid()


def _template_form_page(
    request: PortalRequest,
    form: TemplateForm,
    title: str,
    names: Sequence[str],
    template: Template | None = None,
) -> HttpResponse:
    content = form["content"].value() or ""
    typed = form.variable_names() if form.is_bound else names
    context = {
        "form": form,
        "title": title,
        "submit": _("Submit for review"),
        "cancel_url": reverse("content:templates"),
        "names": variable_fields(content, typed, typed_list(request.POST, "samples")),
        "template": template,
        "has_signature": signatures.usable(request.enterprise).exists(),
    }
    return _form_page(request, "content/portal_template_form.html", form, context)


def _chosen_signature(request: PortalRequest) -> str:
    chosen = request.POST.get("signature", "")
    if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
        return ""
    found = Signature.objects.filter(enterprise=request.enterprise, pk=int(chosen)).first()
    return found.name if found else ""


def _form_page(request: Any, template: str, form: Any, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, context, status=422 if form.errors else 200)
