"""What is done to many contacts at once: into groups, out of a group, deleted."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.contacts import bulk, groups, people
from yunxin.contacts.bulk_changes import BulkKind
from yunxin.contacts.errors import GroupNotFound
from yunxin.contacts.forms import GroupsForm
from yunxin.contacts.models import ContactGroup
from yunxin.contacts.selection import Selection
from yunxin.web.confirm import ask
from yunxin.web.once import once
from yunxin.web.templatetags.yunxin import thousands

View = Callable[[PortalRequest, Selection, int], HttpResponse]


def _on_selection(view: View) -> Callable[..., Any]:
    """Give the view what was chosen and how many they are; none is a hint, and back to the list."""

    @portal_page(*SENDERS)
    @once
    @wraps(view)
    def with_selection(request: PortalRequest) -> HttpResponse:
        selection = Selection(request.enterprise, request.GET)
        if request.method != "POST" and (bounded := selection.bounded()):
            return redirect(f"{request.path}?{bounded}")
        count = selection.contacts.count()
        if not count:
            messages.warning(request, _("Choose at least one contact first."))
            return redirect(selection.back)
        return view(request, selection, count)

    return with_selection


@_on_selection
def delete(request: PortalRequest, selection: Selection, count: int) -> HttpResponse:
    """批量删除."""
    if request.method != "POST":
        title = ngettext("Delete %(n)s contact?", "Delete %(n)s contacts?", count)
        return ask(
            request,
            title=title % {"n": thousands(count)},
            text=_with_hint(
                _("They go out of the address book and of all groups. What was sent stays."),
                selection,
                count,
            ),
            button=_("Delete"),
            back=selection.back,
        )
    if bulk.is_large(selection, count):
        return _begin(request, selection, BulkKind.DELETE, count)
    gone = people.delete_people(request.enterprise, selection.ids(), by=request)
    done = ngettext("%(n)s contact was deleted.", "%(n)s contacts were deleted.", gone)
    messages.success(request, done % {"n": thousands(gone)})
    return redirect(selection.back)


@_on_selection
def join(request: PortalRequest, selection: Selection, count: int) -> HttpResponse:
    """添加至分组."""
    tree = groups.tree(request.enterprise)
    if not tree:
        messages.warning(request, _("There is no group yet. Add one first."))
        return redirect(selection.back)
    form = GroupsForm(request.POST if request.method == "POST" else None, tree=tree)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["groups"]
        if bulk.is_large(selection, count):
            return _begin(request, selection, BulkKind.JOIN, count, chosen)
        people.add_to_groups(request.enterprise, chosen, selection.ids(), by=request)
        done = ngettext(
            "%(n)s contact is now in the groups that you chose.",
            "%(n)s contacts are now in the groups that you chose.",
            count,
        )
        messages.success(request, done % {"n": thousands(count)})
        return redirect(selection.back)
    title = ngettext("Add %(n)s contact to groups", "Add %(n)s contacts to groups", count)
    return ask(
        request,
        title=title % {"n": thousands(count)},
        text=_with_hint(_("Whoever is in a group already stays there once."), selection, count),
        button=_("Add to groups"),
        back=selection.back,
        tone="primary",
        form=form,
    )


@_on_selection
def leave(request: PortalRequest, selection: Selection, count: int) -> HttpResponse:
    """从分组中移除: out of the group whose list it was, and of those under it where they showed."""
    group = _group_of(request, selection)
    if request.method != "POST":
        title = ngettext(
            "Remove %(n)s contact from “%(name)s”?", "Remove %(n)s contacts from “%(name)s”?", count
        )
        return ask(
            request,
            title=title % {"n": thousands(count), "name": group},
            text=_with_hint(
                _("They stay in the address book, and in other groups.")
                if not selection.with_subgroups
                else _("They go out of the groups under it too, and stay in the address book."),
                selection,
                count,
            ),
            button=_("Remove from group"),
            back=selection.back,
        )
    left = [group.pk]
    if selection.with_subgroups:
        below = request.enterprise.contact_groups.filter(path__contains=[group.pk])
        left = list(below.values_list("pk", flat=True))
    if bulk.is_large(selection, count):
        return _begin(request, selection, BulkKind.LEAVE, count, left)
    people.remove_from_groups(request.enterprise, left, selection.ids(), by=request)
    done = ngettext(
        "%(n)s contact was removed from the group.",
        "%(n)s contacts were removed from the group.",
        count,
    )
    messages.success(request, done % {"n": thousands(count)})
    return redirect(selection.back)


def _begin(
    request: PortalRequest,
    selection: Selection,
    kind: BulkKind,
    count: int,
    groups: Sequence[int] = (),
) -> HttpResponse:
    """Let the background job do it, and show how far it is."""
    run = bulk.begin(request, selection, kind, by=request.user, total=count, groups=groups)
    return redirect("contacts:change", run.pk)


def _with_hint(text: str, selection: Selection, count: int) -> str:
    """What will happen, and that nobody needs to wait for it where they are many."""
    if not bulk.is_large(selection, count):
        return text
    more = _("So many are worked through in the background; you may leave the page.")
    return f"{text} {more}"


def _group_of(request: PortalRequest, selection: Selection) -> ContactGroup:
    try:
        return groups.get_group(request.enterprise, selection.group_id or 0)
    except GroupNotFound as error:
        raise Http404 from error
