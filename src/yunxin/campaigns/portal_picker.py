"""Picking single contacts of the address book for the typed numbers of step 2 (从通讯录选择).

One form holds all of it: who is found, who is ticked, who has been added. Every button sends it
and gets it back, so it works without scripts as a page of its own; what was typed in step 2 is
carried along. With scripts (static/picker.js) the same form stands in a dialog, its body is
renewed in place by htmx, and the numbers go straight into the field.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.accounts.models import Enterprise
from yunxin.campaigns.audience import typed_numbers
from yunxin.campaigns.forms import param_names
from yunxin.campaigns.group_tree import group_tree
from yunxin.campaigns.models import Campaign
from yunxin.campaigns.portal_recipients import numbers_form, recipients_page
from yunxin.campaigns.portal_steps import find_draft, step_context
from yunxin.contacts.models import Contact
from yunxin.contacts.people import find_people
from yunxin.text import phones

PICKED_MAX = 200
PAGE_ROWS = 10
SEARCH_MAX = 100


@dataclass(frozen=True, slots=True)
class Picking:
    """How far the picking is: everything that the form carries.

    `do` is the button: search, page:N, add, remove:ID, clear or done; `said` what came of it.
    """

    search: str = ""
    group_id: int | None = None
    page: int = 1
    ticked: Sequence[int] = ()
    picked: Sequence[int] = ()
    do: str = ""
    said: str = ""

    @classmethod
    def of(cls, given: QueryDict) -> "Picking":
        """What a form says; nonsense in it is left out."""
        return cls(
            search=given.get("search", "").replace("\0", "").strip()[:SEARCH_MAX],
            group_id=_number(given.get("group", "")),
            page=_number(given.get("page", "")) or 1,
            ticked=_numbers(given.getlist("tick")),
            picked=_numbers(given.getlist("picked"))[:PICKED_MAX],
            do=given.get("do", ""),
        )

    def after_button(self) -> "Picking":
        """What the button makes of it."""
        verb, _colon, value = self.do.partition(":")
        if verb == "search":
            return replace(self, page=1)
        if verb == "page":
            return replace(self, page=_number(value) or 1)
        if verb == "add":
            return self._with_ticked()
        if verb == "remove":
            return replace(self, picked=[pk for pk in self.picked if pk != _number(value)])
        return replace(self, picked=[]) if verb == "clear" else self

    def _with_ticked(self) -> "Picking":
        more = [pk for pk in self.ticked if pk not in self.picked]
        if not self.ticked:
            return replace(self, said=_("Tick contacts in the list first."))
        picked = [*self.picked, *more]
        too_many = len(picked) - PICKED_MAX
        said = ""
        if too_many > 0:
            said = ngettext(
                "At most 200 contacts fit here: %(count)d was not added. Send to a group instead.",
                "At most 200 contacts fit here: %(count)d were not added. Send to a group instead.",
                too_many,
            ) % {"count": too_many}
        return replace(self, picked=picked[:PICKED_MAX], said=said)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _numbers(texts: Sequence[str]) -> list[int]:
    """The numbers among texts, each once, in order."""
    return list(dict.fromkeys(number for text in texts if (number := _number(text)) is not None))


@portal_page(*SENDERS)
@require_http_methods(["GET", "POST"])
def pick(request: PortalRequest, pk: int) -> HttpResponse:
    """The picker: as a page, or (htmx) what of it changes with a button."""
    campaign = find_draft(request, pk)
    if isinstance(campaign, HttpResponse):
        return campaign
    picking = Picking.of(request.POST).after_button()
    picked = _contacts(request.enterprise, picking.picked)
    if picking.do == "done":
        return _back_in_step(request, campaign, picked)
    context = {
        **step_context(2, campaign),
        "title": _("Choose from the address book"),
        "picking": picking,
        "people": _people(request.enterprise, picking),
        "picked": picked,
        "picked_ids": {contact.pk for contact in picked},
        "picked_max": PICKED_MAX,
        "carried": _carried(campaign, request.POST),
        "back_url": f"{reverse('campaigns:recipients', args=[pk])}?by=typed",
    }
    if request.htmx and request.method == "POST":
        return render(request, "campaigns/_picker_body.html", context)
    context["tree"] = group_tree(request.enterprise)
    name = "_picker" if request.htmx else "portal_picker"
    return render(request, f"campaigns/{name}.html", context)


def _people(enterprise: Enterprise, picking: Picking) -> Page[Contact]:
    found = find_people(
        enterprise, group_id=picking.group_id, with_subgroups=True, search=picking.search
    )
    return Paginator(found, PAGE_ROWS).get_page(picking.page)


def _contacts(enterprise: Enterprise, ids: Sequence[int]) -> list[Contact]:
    """The contacts with these ids that the enterprise has, in this order."""
    found = {each.pk: each for each in enterprise.contacts.filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def _carried(campaign: Campaign, given: QueryDict) -> dict[str, str]:
    """What stands in the form of step 2 while somebody picks."""
    names = ["typed", *(f"param_{at}" for at, _n in enumerate(param_names(campaign.template), 1))]
    return {name: given.get(name, "") for name in names if name in given}


def _back_in_step(
    request: PortalRequest, campaign: Campaign, picked: Sequence[Contact]
) -> HttpResponse:
    """Step 2 with the numbers of those who were picked; they are not checked yet."""
    carried = _carried(campaign, request.POST)
    typed = carried.pop("typed", campaign.typed_phones)
    form = numbers_form(
        campaign,
        typed=with_numbers(typed, [contact.phone for contact in picked]),
        params=list(carried.values()) or None,
    )
    return recipients_page(request, campaign, form)


def with_numbers(typed: str, numbers: Sequence[str]) -> str:
    """What was typed, and those of the numbers that are not in it, a line each."""
    there: set[Any] = set()
    for number in typed_numbers(typed):
        try:
            there.add(phones.normalise(number))
        except phones.PhoneInvalid:
            continue
    more = [number for number in numbers if number not in there]
    return "\n".join([*filter(None, [typed.rstrip()]), *more])
