"""Operators' pages of extension codes: an enterprise's numbers, and a signature's own digits."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yunxin.accounts import extensions
from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.accounts.models import Enterprise
from yunxin.content import signatures
from yunxin.content.models import Signature
from yunxin.vocabulary import SENDER_DIGITS_MAX
from yunxin.web.forms import Form
from yunxin.web.listing import Column, Listing


class ExtensionForm(Form):
    """A signature's digits behind its enterprise's."""

    extension_code = forms.CharField(
        label=_("Extension code"),
        max_length=extensions.CODE_DIGITS_MAX,
        required=False,
        validators=[RegexValidator(r"\A[0-9]*\Z", _("Enter digits only."))],
        help_text=_(
            "Digits behind the enterprise's own; replies to them belong to this signature's"
            " enterprise. Empty: the signature has none."
        ),
    )


class Numbers(Listing):
    """The signatures of one enterprise with their digits."""

    columns = (
        Column("name", _("Signature"), "title", sort="name"),
        Column("state", _("State"), "status"),
        Column("code", _("Extension code"), "code", sort="extension_code"),
        Column("number", _("Number that phones show"), "code"),
        Column("free", _("Free digits for tasks"), "number"),
        Column("actions", _("Actions"), "actions"),
    )
    search = ("name", "extension_code")
    search_label = _("Signature or extension code")
    order = ("-id",)
    empty_icon = "hash"
    empty_title = _("This enterprise has no signature yet.")


@console_page
def numbers(request: ConsoleRequest, enterprise_id: int) -> HttpResponse:
    """An enterprise's extension codes: its own, its signatures', and the digits left for tasks."""
    enterprise = get_object_or_404(Enterprise, pk=enterprise_id)
    listing = Numbers(request, Signature.objects.filter(enterprise=enterprise))
    access_digits = extensions.longest_access_number()
    before = enterprise.access_number or "…"
    for row in listing.items:
        shown: Any = row
        digits = enterprise.extension_code + row.extension_code
        shown.number = before + digits
        shown.free = max(0, SENDER_DIGITS_MAX - access_digits - len(digits))
    context = {
        "title": gettext("Numbers of %(name)s") % {"name": enterprise},
        "enterprise": enterprise,
        "listing": listing,
        "access_digits": access_digits,
        "own_free": max(0, SENDER_DIGITS_MAX - access_digits - len(enterprise.extension_code)),
    }
    return render(request, "content/console_numbers.html", context)


@console_page
def assign_extension(request: ConsoleRequest, signature_id: int) -> HttpResponse:
    """Give a signature its digits; the next free ones are proposed."""
    found = get_object_or_404(Signature.objects.select_related("enterprise"), pk=signature_id)
    proposed = extensions.propose_for_signature(found.enterprise, found.pk)
    form = ExtensionForm(
        request.POST or None, initial={"extension_code": found.extension_code or proposed}
    )
    back = reverse("content:console_numbers", args=[found.enterprise_id])
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["extension_code"]
        try:
            signatures.assign_extension(signature_id=found.pk, code=code, by=request.user)
        except extensions.ExtensionRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, gettext("The extension code was saved."))
            return redirect(back)
    context = {
        "form": form,
        "title": gettext("Extension code of %(name)s") % {"name": found},
        "proposed": proposed,
        "cancel_url": back,
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)
