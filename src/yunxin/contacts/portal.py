"""Pages of 通讯录: the list beside the group tree, and the form of one contact.

Groups are in portal_groups.py, what is done to many contacts at once in portal_selection.py.
"""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.contacts import bulk, people
from yunxin.contacts.errors import ContactChanged, ContactNotFound, ContactsError
from yunxin.contacts.forms import PersonForm, initial_of
from yunxin.contacts.groups import Branch, tree
from yunxin.contacts.listings import ChangeablePeople, People
from yunxin.contacts.models import Contact, ContactGroup
from yunxin.contacts.selection import number
from yunxin.contacts.trees import draw
from yunxin.web.confirm import ask
from yunxin.web.once import once

LIST = "contacts:contacts"


@portal_page()
@require_safe
def contacts(request: PortalRequest) -> HttpResponse:
    """The list, with the tree beside it; a part of the page that renews itself has no tree."""
    group = _group_asked_for(request)
    may_change = request.user.may_send
    branches = tree(request.enterprise)
    above = _way_to(branches, group)
    listing = (ChangeablePeople if may_change else People)(
        request,
        request.enterprise,
        group=group,
        has_subgroups=bool(above and above[-1].children),
    )
    context: dict[str, object] = {
        "listing": listing,
        "group": group,
        "above": above[:-1],
        "may_change": may_change,
        "lead": _(
            "The people you write to, in groups. For one very long list, a file in bulk sending"
            " is quicker."
        ),
    }
    if not request.htmx:
        context["has_tree"] = True
        context["branches"] = branches
        context["drawn"] = draw(branches, group.path if group else (), may_change=may_change)
        context["everybody"] = people.book_of(request.enterprise).contacts
        context["change"] = bulk.at_work(request.enterprise)
    if may_change:
        context["action_url"] = reverse("contacts:new_contact") + (
            f"?group={group.pk}" if group else ""
        )
        context["action_label"] = _("Add contact")
    return render(request, "contacts/portal_contacts.html", context)


def _group_asked_for(request: PortalRequest) -> ContactGroup | None:
    """The group of `?group=`; a stranger's does not exist.

    Raises:
        Http404: there is no such group.
    """
    text = request.GET.get("group")
    if not text:
        return None
    found = request.enterprise.contact_groups.filter(pk=number(text) or 0).first()
    if found is None:
        raise Http404
    return found


def _way_to(branches: list[Branch], group: ContactGroup | None) -> list[Branch]:
    """The branches from the top down to a group; empty for none."""
    way: list[Branch] = []
    level = branches
    for group_id in group.path if group else ():
        branch = next((one for one in level if one.id == group_id), None)
        if branch is None:
            return []
        way.append(branch)
        level = branch.children
    return way


@portal_page(*SENDERS)
@once
def new_contact(request: PortalRequest) -> HttpResponse:
    """添加联系人, into the group that was open."""
    group_id = number(request.GET.get("group"))
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        tree=tree(request.enterprise),
        initial={"groups": [str(group_id)] if group_id else []},
    )
    if request.method == "POST" and form.is_valid():
        try:
            people.add_person(request.enterprise, form.person, groups=form.group_ids, by=request)
        except ContactsError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("The contact was added."))
            return redirect(_list_of(request))
    return _form_page(request, form, title=_("Add contact"), submit=_("Submit"))


@portal_page(*SENDERS)
@once
def edit_contact(request: PortalRequest, contact_id: int) -> HttpResponse:
    contact = _find(request, contact_id)
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        tree=tree(request.enterprise),
        initial=initial_of(contact, people.groups_of(request.enterprise, contact.pk)),
    )
    if request.method == "POST" and form.is_valid():
        try:
            people.change_person(
                request.enterprise, contact.pk, form.person,
                groups=form.group_ids, by=request, **form.seen,
            )  # fmt: skip
        except ContactNotFound as error:
            raise Http404 from error
        except ContactChanged as error:
            form.add_error(None, str(error))
            form.see_again(_find(request, contact_id))
        except ContactsError as error:
            form.add_error(error.field or None, str(error))
        else:
            messages.success(request, _("The contact was saved."))
            return redirect(_list_of(request))
    return _form_page(request, form, title=_("Edit the contact"), submit=_("Save"))


def _form_page(
    request: PortalRequest, form: PersonForm, *, title: str, submit: str
) -> HttpResponse:
    context = {"form": form, "title": title, "submit": submit, "cancel_url": _list_of(request)}
    status = 422 if form.errors else 200
    return render(request, "contacts/portal_contact_form.html", context, status=status)


@portal_page(*SENDERS)
@once
def delete_contact(request: PortalRequest, contact_id: int) -> HttpResponse:
    contact = _find(request, contact_id)
    if request.method != "POST":
        return ask(
            request,
            title=_("Delete the contact %(name)s?") % {"name": contact},
            text=_("It goes out of the address book and of all groups. What was sent stays."),
            button=_("Delete"),
            back=_list_of(request),
        )
    people.delete_people(request.enterprise, [contact.pk], by=request)
    messages.success(request, _("The contact was deleted."))
    return redirect(_list_of(request))


def _find(request: PortalRequest, contact_id: int) -> Contact:
    try:
        return people.get_person(request.enterprise, contact_id)
    except ContactNotFound as error:
        raise Http404 from error


def _list_of(request: PortalRequest) -> str:
    """The list that the person came from: of a group, or of all."""
    group_id = number(request.GET.get("group"))
    return reverse(LIST) + (f"?group={group_id}" if group_id else "")
