"""Exports in the portal: the question before one, the list of large ones, their downloads."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_safe

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.contacts import export_files, exports, transfer_labels
from yunxin.contacts.errors import GroupNotFound
from yunxin.contacts.export_files import AT_ONCE_MAX, Scope
from yunxin.contacts.groups import get_group
from yunxin.contacts.selection import Selection, number
from yunxin.contacts.transfers import ContactExport, FileFormat
from yunxin.text.phones import mask_all
from yunxin.web import uploads
from yunxin.web.forms import Form
from yunxin.web.listing import SEARCH_MAX, Column, Listing
from yunxin.web.once import once
from yunxin.web.templatetags.yunxin import thousands

IDS_MAX = 1_000  # a page shows 100
LIST_AT_WORK_S = 2


class FormatForm(Form):
    """What the file is to be."""

    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=(
            (FileFormat.XLSX.value, gettext_lazy("Excel workbook (.xlsx)")),
            (FileFormat.CSV.value, gettext_lazy("Text table (.csv)")),
        ),
        widget=forms.RadioSelect,
        initial=FileFormat.XLSX.value,
    )


class Exports(Listing):
    """The enterprise's large exports."""

    columns = (
        Column("what", gettext_lazy("What"), "title"),
        Column("format", gettext_lazy("Format")),
        Column("created", gettext_lazy("Asked for"), "time"),
        Column("by", gettext_lazy("By")),
        Column("progress", gettext_lazy("Contacts"), "number"),
        Column("until", gettext_lazy("Can be downloaded until"), "time"),
        Column("state", gettext_lazy("State"), "status"),
        Column("actions", gettext_lazy("Actions"), "actions"),
    )
    order = ("-id",)
    empty_title = gettext_lazy("No large export has been asked for.")
    empty_text = gettext_lazy(
        "Up to 20,000 contacts are exported at once; larger exports wait here for their download."
    )
    empty_icon = "file-export"


def _scope(request: PortalRequest) -> tuple[Scope, str]:
    """What the address asks for as the list says it, and what the group is called.

    Where nobody is ticked, all that the list shows is meant.
    """
    query = request.GET
    ids = [found for each in query.getlist("id")[:IDS_MAX] if (found := number(each)) is not None]
    group_name = ""
    if group_id := query.get("group"):
        try:
            group_name = get_group(request.enterprise, number(group_id) or 0).name
        except GroupNotFound as error:
            raise Http404 from error
    scope = Scope(
        ids=[] if query.get("all") == "1" else ids,
        group_id=number(group_id),
        with_subgroups=query.get("below") == "1",
        search=query.get("q", "").replace("\0", "").strip()[:SEARCH_MAX],
    )
    return scope, group_name


@portal_page(*SENDERS)
@once
def new(request: PortalRequest) -> HttpResponseBase:
    """Ask what the file is to be; then send it, or let it be written in the background."""
    scope, group_name = _scope(request)
    total = scope.people(request.enterprise).count()
    form = FormatForm(request.POST or None, initial={"format": FileFormat.XLSX.value})
    if request.method == "POST" and form.is_valid():
        chosen = FileFormat(form.cleaned_data["format"])
        if total > AT_ONCE_MAX:
            exports.begin(
                request, request.enterprise, scope, chosen,
                by=request.user, group_name=group_name, total=total,
            )  # fmt: skip
            return redirect("contacts:exports")
        exports.record(
            request, request.enterprise, chosen,
            total=total, group_name=group_name, search=scope.search,
        )  # fmt: skip
        people = scope.people(request.enterprise)
        pieces = export_files.file(chosen, export_files.rows(people))
        return export_files.answer(export_files.file_name(), chosen, pieces)
    return _ask(request, form, scope, group_name, total)


def _ask(
    request: PortalRequest, form: FormatForm, scope: Scope, group_name: str, total: int
) -> HttpResponse:
    is_large = total > AT_ONCE_MAX
    title = ngettext("Export %(count)s contact?", "Export %(count)s contacts?", total)
    context = {
        "title": title % {"count": thousands(total)},
        "form": form,
        "is_large": is_large,
        "facts": _facts(scope, group_name),
        "back": Selection(request.enterprise, request.GET).back,
        "button": _("Export"),
    }
    status = 422 if form.errors else 200
    return render(request, "contacts/portal_export.html", context, status=status)


def _facts(scope: Scope, group_name: str) -> list[tuple[str, str]]:
    if scope.ids:
        return [(_("Which"), _("those that are chosen in the list"))]
    facts = [(pgettext("contact", "Group"), group_name or _("all contacts"))]
    if scope.search:
        facts.append((_("Searched for"), scope.search))
    return facts


@portal_page()
@require_safe
def runs(request: PortalRequest) -> HttpResponse:
    """Large exports, newest first."""
    listing = Exports(request, exports.of_enterprise(request.enterprise))
    transfer_labels.dress(listing.items, transfer_labels.EXPORT_STATES)
    for each in listing.items:
        each.shown_search = each.search if request.user.may_send else mask_all(each.search)
    if any(each.is_at_work for each in listing.items):
        listing.refresh_s = LIST_AT_WORK_S
    context: dict[str, Any] = {
        "listing": listing,
        "lead": _(
            "Large exports are written in the background; you may leave this page meanwhile."
        ),
        "may_send": request.user.may_send,
    }
    return render(request, "contacts/portal_exports.html", context)


@portal_page(*SENDERS)
@require_safe
def download(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The file of a large export, until it expires; every download is in the audit log."""
    found: ContactExport = get_object_or_404(exports.of_enterprise(request.enterprise), pk=pk)
    if found.file is None or found.expires_at is None or found.expires_at <= timezone.now():
        raise Http404
    exports.record_download(request, found)
    return uploads.response(found.file)
