"""The page of a change of many contacts: how far it is, what became of it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from yunxin.accounts.access import PortalRequest, portal_page
from yunxin.contacts import bulk
from yunxin.contacts.bulk_changes import BulkKind, BulkState

AT_WORK_S = 1  # how often the page renews itself while it is at work
TITLES = {
    BulkKind.DELETE: _("Delete many contacts"),
    BulkKind.JOIN: _("Add many contacts to groups"),
    BulkKind.LEAVE: _("Remove many contacts from a group"),
}
STATES = {
    BulkState.WAITING: _("Waiting"),
    BulkState.WORKING: pgettext_lazy("a change of many contacts", "At work"),
    BulkState.DONE: pgettext_lazy("an import or export", "Finished"),
    BulkState.FAILED: pgettext_lazy("an import or export", "Not finished"),
}
TONES = {
    BulkState.WAITING: "cyan",
    BulkState.WORKING: "blue",
    BulkState.DONE: "green",
    BulkState.FAILED: "red",
}
CHANGED = {
    BulkKind.DELETE: pgettext_lazy("contacts", "Deleted"),
    BulkKind.JOIN: _("Memberships made"),
    BulkKind.LEAVE: _("Memberships ended"),
}


@portal_page()
@require_safe
def change(request: PortalRequest, pk: int) -> HttpResponse:
    """One change of many contacts; a stranger's does not exist."""
    run = get_object_or_404(bulk.of_enterprise(request.enterprise), pk=pk)
    kind, state = BulkKind(run.kind), BulkState(run.state)
    context = {
        "title": TITLES[kind],
        "run": run,
        "state": STATES[state],
        "tone": TONES[state],
        "changed": CHANGED[kind],
        "most": max(run.total, run.done, 1),
        "refresh_s": AT_WORK_S if run.is_at_work else 0,
    }
    return render(request, "contacts/portal_change.html", context)
