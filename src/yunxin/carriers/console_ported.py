"""Operators' page of ported numbers: how many there are, whose one is, and a file of them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.carriers import labels, ported
from yunxin.text import phones
from yunxin.vocabulary import CarrierName
from yunxin.web.confirm import ask
from yunxin.web.forms import Form
from yunxin.web.tables.problems import TableRefused

FILE_BYTES_MAX = 64 * 1024 * 1024  # 1,048,576 rows of a number and a name take 30 MiB at most


class PortedForm(Form):
    """A file of numbers and carriers."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput({"accept": ".csv,.txt,.xlsx"}),
        help_text=_(
            "A row each: the number and the carrier it is with now, such as 13800000001,unicom. "
            "Without a carrier the entry is removed. .csv or .xlsx, up to 1,048,576 rows."
        ),
    )
    replaces = forms.BooleanField(
        label=_("This is the whole table: remove entries that the file does not name"),
        required=False,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > FILE_BYTES_MAX:
            raise forms.ValidationError(
                _("The file is larger than %(limit)s. Split it.")
                % {"limit": filesizeformat(FILE_BYTES_MAX)}
            )
        return file


@console_page
def ported_numbers(request: ConsoleRequest) -> HttpResponse:
    """The table as figures, one number tried, and a file taken in."""
    is_sent = request.method == "POST"
    form = PortedForm(request.POST, request.FILES) if is_sent else PortedForm()
    result = None
    if is_sent and form.is_valid():
        try:
            result = ported.import_ported(
                file=form.cleaned_data["file"],
                replaces=form.cleaned_data["replaces"],
                by=request.user,
            )
        except TableRefused as refused:
            form.add_error("file", str(refused.sentence))
        else:
            form = PortedForm()
    counts = ported.count_ported()
    context = {
        "form": form,
        "result": result,
        "title": _("Ported numbers"),
        "submit": _("Import"),
        "counts": [(labels.CARRIERS[carrier], count) for carrier, count in counts.items()],
        **_tried(request.GET.get("try", "").strip()[:20]),
    }
    status = 422 if form.errors else 200
    return render(request, "carriers/console_ported.html", context, status=status)


def _tried(typed: str) -> dict[str, Any]:
    if not typed:
        return {}
    try:
        phone = phones.normalise(typed)
    except phones.PhoneInvalid:
        return {"tried": typed, "problem": _("This is not a mainland mobile number.")}
    found = ported.find_ported(phone)
    if found is None:
        return {"tried": typed, "problem": _("This number is not in the table.")}
    return {"tried": typed, "phone": phone, "found": labels.CARRIERS[CarrierName(found)]}


@console_page
def remove_ported(request: ConsoleRequest, phone: str) -> HttpResponse:
    """Take a number out of the table, after a question."""
    back = reverse("carriers:console_ported")
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Remove the ported number %(name)s?") % {"name": phone[:11]},
            text=_("It then goes by its leading digits again."),
            button=_("Remove"),
            back=back,
        )
    if ported.remove_ported(phone=phone, by=request.user):
        messages.success(request, gettext("The number was removed."))
    return redirect(back)
