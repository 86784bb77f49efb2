"""Notices in the bell: a kind and a subject are stored, the sentence is made when it is shown.

Every room calls `tell`. A new kind needs its sentence in SENTENCES; a test compares.
"""

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yunxin.accounts.models import Enterprise, Notice, User

SENTENCES: dict[str, str | Promise] = {
    "signature.approved": gettext_lazy("Signature %(subject)s was approved."),
    "signature.rejected": gettext_lazy("Signature %(subject)s was rejected; see the reason."),
    "signature.applied": gettext_lazy("Signature %(subject)s waits for review."),
    "template.approved": gettext_lazy("Template %(subject)s was approved."),
    "template.rejected": gettext_lazy("Template %(subject)s was rejected; see the reason."),
    "template.applied": gettext_lazy("Template %(subject)s waits for review."),
    "campaign.finished": gettext_lazy("Task %(subject)s is finished."),
    "campaign.failed": gettext_lazy("Task %(subject)s could not be carried out."),
    "campaign.no_balance": gettext_lazy("Task %(subject)s waits: the packages are used up."),
    "campaign.quiet_hours": gettext_lazy(
        "Task %(subject)s waits for the hours in which marketing may be sent."
    ),
    "campaign.ready": gettext_lazy("The recipients of task %(subject)s are ready."),
    "contacts.imported": gettext_lazy("The contacts of %(subject)s were imported."),
    "contacts.import_failed": gettext_lazy("The import of %(subject)s did not finish; see why."),
    "contacts.exported": gettext_lazy("Your export %(subject)s can be downloaded."),
    "contacts.deleted": gettext_lazy("%(subject)s contacts were deleted."),
    "contacts.joined": gettext_lazy("%(subject)s contacts are now in the groups that you chose."),
    "contacts.left": gettext_lazy("%(subject)s contacts were removed from the group."),
    "contacts.change_failed": gettext_lazy(
        "A change of many contacts did not finish; it came as far as %(subject)s contacts."
    ),
    "network.applied": gettext_lazy("IP address %(subject)s waits for review."),
    "network.approved": gettext_lazy("IP address %(subject)s was approved."),
    "network.rejected": gettext_lazy("IP address %(subject)s was rejected; see the reason."),
    "network.withdrawn": gettext_lazy(
        "IP address %(subject)s was taken off the list by an operator; see the reason."
    ),
    "credential.disabled": gettext_lazy("The key %(subject)s was disabled by an operator."),
    "smpp_account.password": gettext_lazy(
        "An operator made a new password for the SMPP account %(subject)s."
    ),
    "smpp_account.enabled": gettext_lazy("The SMPP account %(subject)s can be used again."),
    "smpp_account.disabled": gettext_lazy(
        "The SMPP account %(subject)s was disabled by an operator."
    ),
    "package.granted": gettext_lazy("Package %(subject)s was added to your account."),
    "package.adjusted": gettext_lazy("Package %(subject)s was adjusted."),
    "package.low": gettext_lazy("Only %(subject)s messages are left in your packages."),
    "numbers.imported": gettext_lazy("The numbers of %(subject)s were imported."),
    "numbers.import_failed": gettext_lazy("The numbers of %(subject)s were not imported; see why."),
    "channel.down": gettext_lazy("Channel %(subject)s has lost its line."),
    "channel.up": gettext_lazy("Channel %(subject)s has its line again."),
    "enterprise.suspended": gettext_lazy("Your enterprise was suspended: %(subject)s"),
    "enterprise.resumed": gettext_lazy("Your enterprise may send again."),
    "user.password_reset": gettext_lazy("The password of %(subject)s was reset."),
}


def tell(enterprise: Enterprise | None, kind: str, subject: object, *, link: str = "") -> Notice:
    """Put a notice into the bell of an enterprise, or (None) of the operators.

    Args:
        kind: a key of SENTENCES, such as "signature.approved".
        subject: what it is about, as people call it; cut at 200 characters.
        link: the page that shows it.
    """
    return Notice.objects.create(
        enterprise=enterprise, kind=kind, subject=str(subject)[:200], link=link
    )


def sentence(notice: Notice) -> str:
    """The notice in the language of who reads it."""
    if notice.kind not in SENTENCES:
        return _("%(subject)s: something happened.") % {"subject": notice.subject}
    return str(SENTENCES[notice.kind]) % {"subject": notice.subject}


def notices_of(user: User) -> QuerySet[Notice]:
    """What this user's bell holds: the enterprise's, or the operators'."""
    return Notice.objects.filter(enterprise=user.enterprise_id)


def unread_of(user: User) -> QuerySet[Notice]:
    return notices_of(user).filter(read_at__isnull=True)


def mark_read(user: User) -> int:
    """Everything in the bell has been seen; returns how much of it was new."""
    return unread_of(user).update(read_at=timezone.now())
