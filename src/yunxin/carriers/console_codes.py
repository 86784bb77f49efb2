"""Operators' pages about carriers' codes: what each means, and which came that nobody knows."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.carriers import codes, labels
from yunxin.carriers.code_forms import CodeForm
from yunxin.carriers.models import CarrierCode
from yunxin.text.codes import CODE_LENGTH_MAX
from yunxin.vocabulary import CodeGroup
from yunxin.web.confirm import ask
from yunxin.web.listing import Choice, Column, Listing

SHOWN_MAX = 200  # codes on one page; more than carriers have


class Codes(Listing):
    columns = (
        Column("code", _("Code"), "title", sort="code"),
        Column("group", _("Kind"), "status"),
        Column("protocol", _("Protocol"), sort="protocol"),
        Column("meaning", _("Meaning")),
        Column("permanent", _("Permanent")),
        Column("by", _("Changed by")),
        Column("actions", _("Actions"), "actions"),
    )
    search = ("code", "meaning_en", "meaning_zh")
    search_label = _("Code or meaning")
    filters = (
        Choice("protocol", _("All protocols"), labels.PROTOCOLS.items()),
        Choice("group", _("All kinds"), lambda: labels.CODE_GROUPS.items()),
    )
    order = ("protocol", "code")
    empty_icon = "list-search"
    empty_title = _("The table of codes is empty.")


@console_page
def carrier_codes(request: ConsoleRequest) -> HttpResponse:
    """What every code means."""
    listing = Codes(request, CarrierCode.objects.select_related("by"))
    for row in listing.items:
        _dress(row)
    context = {
        "listing": listing,
        "lead": _(
            "Records, tasks, exports, pushes and the API explain carriers' codes by this table."
        ),
        "action_url": reverse("carriers:console_new_code"),
        "action_label": _("Add a code"),
    }
    return render(request, "carriers/console_codes.html", context)


def _dress(row: Any) -> None:
    row.protocol_label = labels.CODE_PROTOCOLS.get(row.protocol, row.protocol)
    group = CodeGroup(row.group)
    row.group_label = labels.CODE_GROUPS[group]
    row.tone = labels.CODE_TONES.get(group, "grey")
    is_english = (get_language() or "").startswith("en")
    row.meaning = row.meaning_en if is_english else row.meaning_zh


@console_page
def unknown_codes(request: ConsoleRequest) -> HttpResponse:
    """Codes that carriers said lately and the table lacks; with `?all=1` every code."""
    is_all = request.GET.get("all") == "1"
    seen = codes.list_seen() if is_all else codes.list_unknown()
    context = {
        "seen": seen[:SHOWN_MAX],
        "left_off": max(0, len(seen) - SHOWN_MAX),
        "is_all": is_all,
        "days": codes.SEEN_DAYS,
        "protocols": labels.PROTOCOLS,
    }
    return render(request, "carriers/console_unknown_codes.html", context)


@console_page
def new_code(request: ConsoleRequest) -> HttpResponse:
    """Enter what a code means; the address may name it."""
    asked = {
        "protocol": request.GET.get("protocol", ""),
        "code": request.GET.get("code", "")[:CODE_LENGTH_MAX],
        "group": CodeGroup.OTHER,
        "is_permanent": True,
    }
    form = CodeForm(request.POST or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        row = codes.write_code(row_id=None, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("The code %(name)s is stored.") % {"name": row.code})
        return redirect("carriers:console_codes")
    return _form(request, form, _("Add a code"))


@console_page
def edit_code(request: ConsoleRequest, row_id: int) -> HttpResponse:
    """Change what a code means."""
    row = get_object_or_404(CarrierCode, pk=row_id)
    now = {name: getattr(row, name) for name in CodeForm.base_fields}
    form = CodeForm(request.POST or None, initial=now, row_id=row_id)
    if request.method == "POST" and form.is_valid():
        codes.write_code(row_id=row_id, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("The code %(name)s is stored.") % {"name": row.code})
        return redirect("carriers:console_codes")
    return _form(request, form, _("Change a code"))


def _form(request: ConsoleRequest, form: CodeForm, title: Any) -> HttpResponse:
    context = {"form": form, "title": title, "cancel_url": reverse("carriers:console_codes")}
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


@console_page
def remove_code(request: ConsoleRequest, row_id: int) -> HttpResponse:
    """Take a code out of the table, after a question."""
    row = get_object_or_404(CarrierCode, pk=row_id)
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Remove the code %(name)s?") % {"name": row},
            text=_("Messages keep their code; it is no longer explained, and listed as unknown."),
            button=_("Remove"),
            back=reverse("carriers:console_codes"),
        )
    codes.remove_code(row_id=row_id, by=request.user)
    messages.success(request, gettext("The code was removed."))
    return redirect("carriers:console_codes")
