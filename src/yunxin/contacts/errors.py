"""What may go wrong in the address book: one base class, plain sentences.

The database's functions raise `YX0nn` with a word; `told` turns that into one of these.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ContactsError(Exception):
    """What was asked for cannot be done; nothing was changed.

    `sentence` says why and what to do, `field` the form field that it is about ("" for all).
    """

    sentence: str | Promise = _("This cannot be done.")
    field = ""

    def __str__(self) -> str:
        return str(self.sentence)


class GroupNotFound(ContactsError):
    """The group was deleted meanwhile, or is another enterprise's."""

    field = "group"
    sentence = _("This group no longer exists. Choose another one.")


class GroupNameTaken(ContactsError):
    """A group of this name stands beside it."""

    field = "name"
    sentence = _("There is a group of this name here already. Choose another name.")


class GroupTooDeep(ContactsError):
    """Groups stand in groups eight deep at most."""

    field = "name"
    sentence = _("Groups may be eight levels deep. Add it further up.")


class TooManyGroups(ContactsError):
    """An enterprise has 2,000 groups at most."""

    field = "name"
    sentence = _("There are 2,000 groups already, which is the most. Delete some first.")


class PhoneTaken(ContactsError):
    """Another contact of the enterprise has this phone."""

    field = "phone"
    sentence = _("There is a contact with this number already. Search for it and edit it.")


class TooManyContacts(ContactsError):
    """The book is as large as it may become (a setting)."""

    sentence = _("The address book is full. Delete contacts first, or ask the service to raise it.")


class ContactChanged(ContactsError):
    """Somebody else has changed the contact since its form was opened."""

    sentence = _(
        "Somebody else has changed this contact since you opened it. Save again to replace that"
        " with what stands here, or cancel and look at it first."
    )


class ContactNotFound(ContactsError):
    """The contact was deleted meanwhile, or is another enterprise's."""

    sentence = _("This contact no longer exists.")


BY_CODE: dict[str, type[ContactsError]] = {
    "YX001": GroupNotFound,
    "YX002": GroupNameTaken,
    "YX003": GroupTooDeep,
    "YX004": TooManyGroups,
    "YX005": PhoneTaken,
    "YX006": TooManyContacts,
    "YX007": ContactNotFound,
}


@contextmanager
def told() -> Iterator[None]:
    """A transaction, or a savepoint of one, in which the functions' refusals become ours."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        known = BY_CODE.get(getattr(error.__cause__, "sqlstate", None) or "")
        if known is None:
            raise
        raise known from error
