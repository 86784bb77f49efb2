"""Operators' pages of files of numbers: giving one, watching it, what became of it.

With scripts a file comes in slices (static/upload.js): `upload` opens it, `piece` takes one slice
a request and begins the import with the last one. Without scripts it comes with the table's page.
"""

from itertools import islice
from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.carriers import number_imports, number_labels
from yunxin.carriers.models import NumberImport
from yunxin.carriers.number_models import ImportState, NumberTable
from yunxin.web import csv_files, slices, uploads
from yunxin.web.forms import Form
from yunxin.web.tables.opening import problem_of_head
from yunxin.web.tables.problems import TableRefused

REFUSED_SHOWN = 50
RUNS_SHOWN = 10
AT_WORK_S = 1  # how often a page renews itself while an import is at work
LIMIT_MB = number_imports.FILE_BYTES_MAX // (1024 * 1024)


class TableForm(Form):
    """What is asked of a file beside itself."""

    replaces = forms.BooleanField(
        label=gettext_lazy("This is the whole table: remove entries that the file does not name"),
        required=False,
    )


class FileForm(TableForm):
    """The same with the file."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        error_messages={"required": gettext_lazy("Choose a file first.")},
        widget=forms.FileInput({"accept": ".csv,.txt,.xlsx"}),
        allow_empty_file=True,
    )


def table_page(
    request: ConsoleRequest, table: NumberTable, template: str, context: dict[str, Any]
) -> HttpResponse:
    """A table's page: what it holds (`context`), a form for a file, and the files that came."""
    form, error = FileForm(), ""
    if request.method == "POST":
        form = FileForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                run = _take_whole(request, table, form)
            except uploads.UploadError as refused:
                error = str(refused)
            except TableRefused as refused:
                error = str(refused.sentence)
            else:
                return redirect(_here(run))
    runs = [_dress(run) for run in number_imports.of_table(table)[:RUNS_SHOWN]]
    context |= {
        "form": form,
        "error": error,
        "table": table,
        "runs": runs,
        "refresh_s": AT_WORK_S if any(run.is_at_work for run in runs) else 0,
        "limit_mb": LIMIT_MB,
        "title": number_labels.TABLES[table],
    }
    return render(request, template, context, status=422 if form.errors or error else 200)


@transaction.atomic
def _take_whole(request: ConsoleRequest, table: NumberTable, form: FileForm) -> NumberImport:
    given = form.cleaned_data["file"]
    _check_head(given.read(uploads.CHUNK_BYTES))
    given.seek(0)
    file = uploads.store(
        given.chunks(),
        name=given.name or "",
        enterprise_id=uploads.ENTERPRISE_OF_PLATFORM,
        by_id=request.user.pk,
        # `_check_head` has said what it is not.
        accepts=(uploads.TEXT, uploads.TEXT_UTF16, uploads.XLSX, uploads.ZIP, uploads.UNKNOWN),
        size_bytes_max=number_imports.FILE_BYTES_MAX,
        restricted=True,
    )
    made = number_imports.begin_upload(
        table, file, replaces=form.cleaned_data["replaces"], by=request.user
    )
    return number_imports.submit(request, made)


def _check_head(head: bytes) -> None:
    problem = problem_of_head(head)
    if problem is not None:
        raise TableRefused(problem)


def _dress(run: Any) -> Any:
    run.state_label = number_labels.IMPORT_STATES[run.state]
    run.tone = number_labels.IMPORT_TONES[run.state]
    return run


# One import --------------------------------------------------------------------------------------


@console_page
@require_safe
def number_import(request: ConsoleRequest, table: str, run_id: int) -> HttpResponse:
    """One import: how far it is, what became of it."""
    run = _find(table, run_id)
    shown = [] if run.is_at_work else list(islice(number_imports.refused_rows(run), REFUSED_SHOWN))
    context = {
        "title": run.file_name,
        "run": _dress(run),
        "table_label": number_labels.TABLES[NumberTable(run.table)],
        "table_url": reverse(f"carriers:console_{run.table}"),
        "problem": number_labels.problem(run.problem),
        "refused": shown,
        "refresh_s": AT_WORK_S if run.is_at_work else 0,
    }
    return render(request, "carriers/console_number_import.html", context)


@console_page
@require_safe
def refused_numbers(request: ConsoleRequest, table: str, run_id: int) -> HttpResponseBase:
    """The rows that were not taken in, with the reasons, as a table."""
    run = _find(table, run_id)
    if run.is_at_work:
        raise Http404
    header = (_("Row"), _("Content"), _("Reason"))
    name = f"refused-{run.table}-{run.pk}.csv"
    return csv_files.response(name, header, number_imports.refused_rows(run))


def _find(table: str, run_id: int) -> NumberImport:
    if table not in set(NumberTable):
        raise Http404
    return get_object_or_404(number_imports.of_table(NumberTable(table)), pk=run_id)


# In slices ---------------------------------------------------------------------------------------


@console_page
@require_POST
def upload(request: ConsoleRequest, table: str) -> HttpResponse:
    """Open a file: its name and size are known, and what it is for; its bytes follow."""
    if table not in set(NumberTable):
        raise Http404
    form = TableForm(request.POST)
    form.is_valid()  # a box that is ticked or not
    size = request.POST.get("size", "")
    try:
        with transaction.atomic():
            file = slices.begin(
                name=request.POST.get("name", ""),
                size_bytes=int(size) if size.isdecimal() and len(size) < 16 else 0,
                enterprise_id=uploads.ENTERPRISE_OF_PLATFORM,
                by_id=request.user.pk,
                size_bytes_max=number_imports.FILE_BYTES_MAX,
            )
            made = number_imports.begin_upload(
                NumberTable(table), file, replaces=form.cleaned_data["replaces"], by=request.user
            )
    except uploads.UploadError as error:
        return _refuse(error)
    url = reverse("carriers:console_number_piece", args=[table, made.pk])
    return JsonResponse({"url": url, "slice": uploads.CHUNK_BYTES, "there": 0})


@console_page
@require_http_methods(["GET", "POST"])
def piece(request: ConsoleRequest, table: str, run_id: int) -> HttpResponse:
    """GET: how many bytes are there. POST: the slice that begins at `?start=`; the last closes."""
    own = NumberImport.objects.filter(created_by=request.user, table=table)
    found = get_object_or_404(own.select_related("file"), pk=run_id)
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


def _take(request: ConsoleRequest, found: NumberImport, start: int) -> JsonResponse:
    assert found.file is not None
    if found.file.complete:  # it was, and somebody died before the import began
        number_imports.submit(request, found)
        return JsonResponse({"there": found.file.size_bytes, "done": _here(found)})
    if start == 0:
        _check_head(request.body)
    there = slices.append(found.file, start=start, data=request.body)
    if there < found.file.size_bytes:
        return JsonResponse({"there": there})
    slices.complete(found.file)
    number_imports.submit(request, found)
    return JsonResponse({"there": there, "done": _here(found)})


def _here(found: NumberImport) -> str:
    return reverse("carriers:console_number_import", args=[found.table, found.pk])


def _refuse(error: object) -> JsonResponse:
    return JsonResponse({"error": str(error)}, status=422)
