"""What may be done to the groups of the address book; each a question of its own."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yunxin.accounts.access import SENDERS, PortalRequest, portal_page
from yunxin.contacts import groups
from yunxin.contacts.errors import ContactsError, GroupNotFound
from yunxin.contacts.forms import GroupNameForm
from yunxin.contacts.models import ContactGroup
from yunxin.web.confirm import ask
from yunxin.web.once import once


def _address(group_id: int | None) -> str:
    """The list of a group, or of everybody."""
    return reverse("contacts:contacts") + (f"?group={group_id}" if group_id else "")


def _find(request: PortalRequest, group_id: int) -> ContactGroup:
    try:
        return groups.get_group(request.enterprise, group_id)
    except GroupNotFound as error:
        raise Http404 from error


@portal_page(*SENDERS)
@once
def new_group(request: PortalRequest, group_id: int | None = None) -> HttpResponse:
    """添加分组: at the top, or under another group."""
    parent = _find(request, group_id) if group_id is not None else None
    form = GroupNameForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        try:
            made = groups.create_group(
                request.enterprise, name=name, parent_id=group_id, by=request
            )
        except ContactsError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("The group “%(name)s” was added.") % {"name": name})
            return redirect(_address(made))
    if parent is None:
        text = _("It stands at the top of the tree.")
    else:
        text = _("It stands under “%(name)s”.") % {"name": parent}
    return ask(
        request,
        title=_("Add group"),
        text=text,
        button=_("Add"),
        back=_address(group_id),
        tone="primary",
        form=form,
    )


@portal_page(*SENDERS)
@once
def rename(request: PortalRequest, group_id: int) -> HttpResponse:
    """修改组名."""
    group = _find(request, group_id)
    form = GroupNameForm(
        request.POST if request.method == "POST" else None, initial={"name": group.name}
    )
    if request.method == "POST" and form.is_valid():
        try:
            groups.rename_group(
                request.enterprise, group.pk, name=form.cleaned_data["name"], by=request
            )
        except ContactsError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("The group was renamed."))
            return redirect(_address(group.pk))
    return ask(
        request,
        title=_("Rename group"),
        text=_("It is now called “%(name)s”.") % {"name": group},
        button=_("Save"),
        back=_address(group.pk),
        tone="primary",
        form=form,
    )


@portal_page(*SENDERS)
@once
def delete(request: PortalRequest, group_id: int) -> HttpResponse:
    """删除分组: with the groups under it; contacts stay."""
    group = _find(request, group_id)
    if request.method != "POST":
        below = request.enterprise.contact_groups.filter(path__contains=[group.pk]).count() - 1
        return ask(
            request,
            title=_("Delete the group “%(name)s”?") % {"name": group},
            text=_what_goes(below),
            button=_("Delete group"),
            back=_address(group.pk),
            facts=[
                (_("Contacts in it"), group.members),
                (_("With the groups under it"), group.reach),
            ],
        )
    gone = groups.delete_group(request.enterprise, group.pk, by=request)
    messages.success(
        request,
        ngettext("%(n)s group was deleted.", "%(n)s groups were deleted.", gone) % {"n": gone},
    )
    return redirect(_address(group.parent_id))


def _what_goes(below: int) -> str:
    if not below:
        return _("Its contacts stay in the address book.")
    return ngettext(
        "The %(n)s group under it goes too. All contacts stay in the address book.",
        "The %(n)s groups under it go too. All contacts stay in the address book.",
        below,
    ) % {"n": below}
