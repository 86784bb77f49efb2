"""Operators' pages of ported numbers: how many, whose one is, files, single entries, learning."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from yunxin.accounts.access import ConsoleRequest, console_page
from yunxin.carriers import labels, learning, number_labels, ported
from yunxin.carriers.console_imports import table_page
from yunxin.carriers.models import PortedNumber, PortingRule
from yunxin.carriers.number_models import NumberTable
from yunxin.carriers.ported_forms import PortedForm, RuleForm
from yunxin.text import phones
from yunxin.vocabulary import CarrierName, PortedOrigin
from yunxin.web.confirm import ask

LEARNED_SHOWN = 10


@console_page
def ported_numbers(request: ConsoleRequest) -> HttpResponse:
    """The table as figures, one number tried, what was learned, and a file taken in."""
    counts = ported.count_ported()
    learned = ported.learned()[:LEARNED_SHOWN]
    context = {
        "counts": [(labels.CARRIERS[carrier], count) for carrier, count in counts.items()],
        "learned": [(row, labels.CARRIERS[CarrierName(row.carrier)]) for row in learned],
        "is_learning": learning.is_on(),
        **_tried(request.GET.get("try", "").strip()[:20]),
    }
    return table_page(request, NumberTable.PORTED, "carriers/console_ported.html", context)


def _tried(typed: str) -> dict[str, Any]:
    if not typed:
        return {}
    try:
        phone = phones.normalise(typed)
    except phones.PhoneInvalid:
        return {"tried": typed, "problem": _("This is not a mainland mobile number.")}
    found = PortedNumber.objects.filter(pk=phone).first()
    if found is None:
        return {"tried": typed, "problem": _("This number is not in the table."), "missing": phone}
    return {
        "tried": typed,
        "entry": found,
        "found": labels.CARRIERS[CarrierName(found.carrier)],
        "origin": number_labels.ORIGINS[PortedOrigin(found.origin)],
    }


@console_page
def new_ported(request: ConsoleRequest) -> HttpResponse:
    """Enter one number by hand, or say anew whose it is."""
    form = PortedForm(request.POST or None, initial={"phone": request.GET.get("phone", "")[:20]})
    if request.method == "POST" and form.is_valid():
        row = ported.set_ported(by=request.user, **form.cleaned_data)
        messages.success(request, gettext("The number is stored."))
        return redirect(f"{reverse('carriers:console_ported')}?try={row.phone}")
    context = {
        "form": form,
        "title": _("Enter a ported number"),
        "cancel_url": reverse("carriers:console_ported"),
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


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


# Learning ----------------------------------------------------------------------------------------


@console_page
def porting_rules(request: ConsoleRequest) -> HttpResponse:
    """Whether numbers are learned from reports, and by which codes."""
    context = {
        "title": _("Learning from reports"),
        "is_on": learning.is_on(),
        "rules": [
            (rule, labels.CODE_PROTOCOLS[rule.protocol], labels.CARRIERS[CarrierName(rule.carrier)])
            for rule in learning.rules()
        ],
    }
    return render(request, "carriers/console_porting.html", context)


@console_page
@require_POST
def switch_learning(request: ConsoleRequest) -> HttpResponse:
    """Switch it on or off."""
    on = request.POST.get("on") == "1"
    learning.switch(on=on, by=request.user)
    messages.success(
        request,
        gettext("Ported numbers are learned from reports now.")
        if on
        else gettext("Nothing more is learned from reports; what was learned stays."),
    )
    return redirect("carriers:console_porting")


@console_page
def new_rule(request: ConsoleRequest) -> HttpResponse:
    """Name a code that says whose a number is now."""
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        learning.add_rule(by=request.user, **form.cleaned_data)
        messages.success(request, gettext("The rule is stored."))
        return redirect("carriers:console_porting")
    context = {
        "form": form,
        "title": _("Add a rule"),
        "cancel_url": reverse("carriers:console_porting"),
    }
    return render(request, "web/form.html", context, status=422 if form.errors else 200)


@console_page
def remove_rule(request: ConsoleRequest, rule_id: int) -> HttpResponse:
    """Forget a rule, after a question."""
    rule = get_object_or_404(PortingRule, pk=rule_id)
    back = reverse("carriers:console_porting")
    if request.method != "POST":
        return ask(
            request,
            title=gettext("Remove the rule for %(name)s?") % {"name": rule},
            text=_("Reports with this code teach nothing any more; what they taught stays."),
            button=_("Remove"),
            back=back,
        )
    learning.remove_rule(rule_id=rule.pk, by=request.user)
    messages.success(request, gettext("The rule was removed."))
    return redirect(back)
