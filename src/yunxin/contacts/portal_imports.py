"""Imports in the portal: giving a file, watching it, what became of it.

With scripts a file comes in slices (static/upload.js): `upload` opens it, `piece` takes one slice
a request and begins the import with the last one. Without scripts it comes as an ordinary form.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice
from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.contacts import export_files, imports, transfer_labels
from yunxin.contacts.errors import ContactsError
from yunxin.contacts.groups import Branch, tree
from yunxin.contacts.models import ContactImport
from yunxin.contacts.transfers import FileFormat, ImportState
from yunxin.text.phones import mask_all
from yunxin.web import csv_files, slices, uploads
from yunxin.web.forms import Form
from yunxin.web.listing import Column, Listing
from yunxin.web.once import once
from yunxin.web.tables.opening import problem_of_head
from yunxin.web.tables.problems import TableRefused

FORM_OVERHEAD_BYTES = 64 * 1024  # what a form adds to the file in it
REFUSED_SHOWN = 50
AT_WORK_S = 1  # how often the page of an import renews itself while it is at work
LIST_AT_WORK_S = 3
LEVEL_SIGN = "\u3000"  # before a group, for each group it stands in

KEEP, REPLACE = "keep", "replace"


class PlaceForm(Form):
    """Where the contacts of a file go, and what happens to those who are there already."""

    group = forms.TypedChoiceField(
        label=gettext_lazy("Into the group"), required=False, coerce=int, empty_value=None
    )
    existing = forms.ChoiceField(
        label=gettext_lazy("Numbers that are in the address book already"),
        choices=(
            (KEEP, gettext_lazy("stay as they are, and join the group")),
            (REPLACE, gettext_lazy("take over what the file has for them, and join the group")),
        ),
        widget=forms.RadioSelect,
        initial=KEEP,
    )

    def __init__(self, *args: Any, branches: list[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = ("", _("no group, only the address book"))
        field = self.fields["group"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [none, *_options(branches)]

    @property
    def place(self) -> dict[str, Any]:
        """What `imports.begin_upload` takes."""
        return {
            "group_id": self.cleaned_data["group"],
            "overwrite": self.cleaned_data["existing"] == REPLACE,
        }


class ImportForm(PlaceForm):
    """The same with the file itself."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        error_messages={"required": gettext_lazy("Choose a file first.")},
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        allow_empty_file=True,
    )


def _options(branches: list[Branch]) -> Iterator[tuple[str, str]]:
    for branch in branches:
        yield str(branch.id), LEVEL_SIGN * branch.depth + branch.name
        yield from _options(branch.children)


class Imports(Listing):
    """The enterprise's imports."""

    columns = (
        Column("file", gettext_lazy("File"), "title"),
        Column("group", pgettext_lazy("contact", "Group")),
        Column("created", gettext_lazy("Begun"), "time"),
        Column("by", gettext_lazy("By")),
        Column("new", gettext_lazy("New contacts"), "number"),
        Column("known", gettext_lazy("There already"), "number"),
        Column("refused", gettext_lazy("Not taken in"), "number"),
        Column("state", gettext_lazy("State"), "status"),
        Column("actions", gettext_lazy("Actions"), "actions"),
    )
    order = ("-id",)
    empty_title = gettext_lazy("Nothing has been imported yet.")
    empty_text = gettext_lazy("Contacts come in from a table: fill in the template and upload it.")
    empty_icon = "file-import"


def find(request: PortalRequest, pk: int) -> ContactImport:
    """An import of the enterprise that asks; a stranger's does not exist."""
    return get_object_or_404(imports.of_enterprise(request.enterprise), pk=pk)


@portal_page()
@require_safe
def runs(request: PortalRequest) -> HttpResponse:
    """All imports, newest first."""
    rows = imports.of_enterprise(request.enterprise).select_related("created_by")
    listing = Imports(request, rows)
    transfer_labels.dress(listing.items, transfer_labels.IMPORT_STATES)
    if any(each.is_at_work for each in listing.items):
        listing.refresh_s = LIST_AT_WORK_S
    context: dict[str, Any] = {
        "listing": listing,
        "lead": _("Files of contacts that were taken into the address book."),
    }
    if request.user.may_send:
        context["action_url"] = reverse("contacts:import")
        context["action_label"] = _("Import contacts")
        context["action_icon"] = "file-import"
    return render(request, "contacts/portal_imports.html", context)


@portal_page()
@require_safe
def run(request: PortalRequest, pk: int) -> HttpResponse:
    """One import: how far it is, what became of it."""
    found = find(request, pk)
    until = imports.keeps_refused_until(found)
    is_kept = until is None or timezone.now() < until
    # What stands in the file where headings should is often a row with a number.
    seen = str if request.user.may_send else mask_all
    shows_refused = request.user.may_send and found.state != ImportState.READING and is_kept
    context = {
        "title": found.file_name,
        "run": found,
        "state": transfer_labels.IMPORT_STATES[found.state],
        "tone": transfer_labels.TONES[found.state],
        "problem": transfer_labels.problem(found.problem, seen(found.detail)),
        "unread": seen(found.unread_headings),
        "refused": list(islice(imports.refused_rows(found), REFUSED_SHOWN))
        if shows_refused
        else [],
        "not_taken": found.duplicate_count + found.refused_count,
        "until": until,
        "is_kept": is_kept,
        "refresh_s": AT_WORK_S if found.is_at_work else 0,
        "may_send": request.user.may_send,
    }
    return render(request, "contacts/portal_import_run.html", context)


@portal_page(*SENDERS)
@require_safe
def refused(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The rows that were not taken in, with the reasons, as a table."""
    found = find(request, pk)
    until = imports.keeps_refused_until(found)
    if until is None or timezone.now() >= until:
        raise Http404
    header = (_("Row"), _("Content"), _("Reason"))
    return csv_files.response(f"refused-{pk}.csv", header, imports.refused_rows(found))


@portal_page()
@require_safe
def template(request: PortalRequest, form: str) -> HttpResponseBase:
    """An empty table to fill in."""
    if form not in set(FileFormat):
        raise Http404
    chosen = FileFormat(form)
    name = _("Contacts template")
    return export_files.answer(name, chosen, export_files.template(chosen))


# Giving a file -----------------------------------------------------------------------------------


def _limit_mb() -> int:
    return int(settings.CONFIG.contacts_file_bytes_max // (1024 * 1024))


def _too_large() -> str:
    return _("The file is larger than %(limit)s MB. Split it into several files.") % {
        "limit": _limit_mb()
    }


def _body_at_most(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse a body that is larger than any file may be before a byte of it is read."""

    @wraps(view)
    def guarded(request: Any) -> HttpResponseBase:
        length = request.headers.get("Content-Length", "")
        limit = settings.CONFIG.contacts_file_bytes_max + FORM_OVERHEAD_BYTES
        if length.isdecimal() and int(length) > limit:
            request.method = "GET"  # the body is left alone from here on
            return _page(request, ImportForm(branches=tree(request.enterprise)), _too_large())
        return view(request)

    return guarded


# The check of the form's token reads the body. Who sends it is known first, and how long it is.
@csrf_exempt
@portal_page(*SENDERS)
@_body_at_most
@csrf_protect
@once
def new(request: PortalRequest) -> HttpResponse:
    """The form; without scripts the file comes with it."""
    branches = tree(request.enterprise)
    if request.method != "POST":
        asked = request.GET.get("group", "")
        form = ImportForm(branches=branches, initial={"group": asked, "existing": KEEP})
        return _page(request, form)
    form = ImportForm(request.POST, request.FILES, branches=branches)
    if form.is_valid():
        try:
            return redirect("contacts:import_run", _take_whole(request, form).pk)
        except (uploads.UploadError, ContactsError, TableRefused) as error:
            form.add_error(None, error.sentence if isinstance(error, TableRefused) else str(error))
    return _page(request, form)


@transaction.atomic
def _take_whole(request: PortalRequest, form: ImportForm) -> ContactImport:
    upload = form.cleaned_data["file"]
    _check_head(upload.read(uploads.CHUNK_BYTES))
    upload.seek(0)
    file = uploads.store(
        upload.chunks(),
        name=upload.name or "",
        enterprise_id=request.enterprise.pk,
        by_id=request.user.pk,
        # `_check_head` has said what it is not.
        accepts=(uploads.TEXT, uploads.TEXT_UTF16, uploads.XLSX, uploads.ZIP, uploads.UNKNOWN),
        size_bytes_max=settings.CONFIG.contacts_file_bytes_max,
        restricted=True,
    )
    made = imports.begin_upload(request.enterprise, file, by=request.user, **form.place)
    return imports.submit(request, made)


def _check_head(head: bytes) -> None:
    problem = problem_of_head(head)
    if problem is not None:
        raise TableRefused(problem)


def _page(request: PortalRequest, form: ImportForm, error: str = "") -> HttpResponse:
    context = {
        "title": _("Import contacts"),
        "form": form,
        "error": error,
        "limit_mb": _limit_mb(),
        "explanations": export_files.explanations(),
        "cancel_url": reverse("contacts:imports"),
    }
    status = 422 if form.errors or error else 200
    return render(request, "contacts/portal_import.html", context, status=status)


# In slices ---------------------------------------------------------------------------------------


def _refuse(error: object, status: int = 422) -> JsonResponse:
    return JsonResponse({"error": str(error)}, status=status)


@portal_page(*SENDERS)
@require_POST
def upload(request: PortalRequest) -> HttpResponse:
    """Open a file: its name and size are known, and where its contacts go; its bytes follow."""
    form = PlaceForm(request.POST, branches=tree(request.enterprise))
    if not form.is_valid():
        return _refuse(" ".join(str(each) for errors in form.errors.values() for each in errors))
    size = request.POST.get("size", "")
    try:
        with transaction.atomic():
            file = slices.begin(
                name=request.POST.get("name", ""),
                size_bytes=int(size) if size.isdecimal() and len(size) < 16 else 0,
                enterprise_id=request.enterprise.pk,
                by_id=request.user.pk,
                size_bytes_max=settings.CONFIG.contacts_file_bytes_max,
            )
            made = imports.begin_upload(request.enterprise, file, by=request.user, **form.place)
    except uploads.FileTooLarge:
        return _refuse(_too_large())
    except (uploads.UploadError, ContactsError) as error:
        return _refuse(error)
    url = reverse("contacts:import_piece", args=[made.pk])
    return JsonResponse({"url": url, "slice": uploads.CHUNK_BYTES, "there": 0})


@portal_page(*SENDERS)
@require_http_methods(["GET", "POST"])
def piece(request: PortalRequest, pk: int) -> HttpResponse:
    """GET: how many bytes are there. POST: the slice that begins at `?start=`; the last closes."""
    own = ContactImport.objects.filter(enterprise=request.enterprise).select_related("file")
    found = get_object_or_404(own, pk=pk)
    if found.state != ImportState.UPLOADING:
        return JsonResponse({"there": 0, "done": _here(found)})
    if found.file is None:
        raise Http404
    if request.method == "GET":
        return JsonResponse({"there": slices.bytes_there(found.file)})
    start = request.GET.get("start", "")
    try:
        return _take(request, found, int(start) if start.isdecimal() else -1)
    except slices.SliceOutOfOrder as error:
        return JsonResponse({"there": error.wanted}, status=409)
    except TableRefused as error:
        uploads.discard(found.file)
        found.delete()
        return _refuse(error.sentence)


def _take(request: PortalRequest, found: ContactImport, start: int) -> JsonResponse:
    assert found.file is not None
    if found.file.complete:  # it was, and somebody died before the import began
        imports.submit(request, found)
        return JsonResponse({"there": found.file.size_bytes, "done": _here(found)})
    if start == 0:
        _check_head(request.body)
    there = slices.append(found.file, start=start, data=request.body)
    if there < found.file.size_bytes:
        return JsonResponse({"there": there})
    slices.complete(found.file)
    imports.submit(request, found)
    return JsonResponse({"there": there, "done": _here(found)})


def _here(found: ContactImport) -> str:
    return reverse("contacts:import_run", args=[found.pk])
