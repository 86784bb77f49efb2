"""Changes of more contacts than one request should wait for: to be deleted, into groups, out.

    waiting ─▶ working ─▶ done          a slice of contacts is one transaction, with the cursor
                  └─────▶ failed        what was changed until then stays

`bulk_runs` carries them out; fewer contacts (AT_ONCE_MAX) are changed while somebody waits.
"""

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yunxin.accounts.models import Enterprise, User

AT_ONCE_MAX = 5_000  # contacts; deleting so many out of 1,000 groups takes a fifth of a second


class BulkKind(StrEnum):
    """What is done to the contacts."""

    DELETE = "delete"
    JOIN = "join"
    LEAVE = "leave"


class BulkState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


BULK_AT_WORK = (BulkState.WAITING, BulkState.WORKING)


class BulkChange(models.Model):
    """One change of many contacts: which ones, what is done to them, how far it is.

    `cursor` moves in the transaction that changes the contacts up to it, by their ids: nobody is
    changed twice, and nobody is left out. Writer: contacts.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="bulk_changes")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=6, choices=[(str(k), str(k)) for k in BulkKind])
    # Which contacts, as the list showed them. No foreign keys: groups may be deleted meanwhile.
    group_id = models.BigIntegerField(null=True)
    with_subgroups = models.BooleanField(default=False)
    search = models.CharField(max_length=100, blank=True)
    until = models.BigIntegerField()  # the newest contact when it was asked for
    # What they join or leave, and the names as they were.
    groups = ArrayField(models.BigIntegerField(), default=list)
    groups_named = models.TextField(blank=True)

    state = models.CharField(
        max_length=7, choices=[(str(s), str(s)) for s in BulkState], default=BulkState.WAITING
    )
    total = models.IntegerField()  # when it was asked for: contacts may go meanwhile
    done = models.IntegerField(default=0)  # contacts up to the cursor
    changed = models.IntegerField(default=0)  # contacts deleted; memberships made or ended
    cursor = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "contact_bulk_change"
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=("enterprise", "-id"),
                condition=Q(state__in=[str(state) for state in BULK_AT_WORK]),
                name="contact_bulk_at_work",  # the contacts' list says what is under way
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.total}"

    @property
    def is_at_work(self) -> bool:
        return self.state in BULK_AT_WORK
