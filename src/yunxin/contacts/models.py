"""The address book of an enterprise: its contacts, its groups, who is in which.

    address_book ── contact ──┐
         │                    ├── contact_membership
         └── contact_group ───┘      a contact may be in many groups, or in none
               └ contact_group …     groups stand in groups, and are never moved

Writer of all four tables: the functions of `migrations/contact_tables.sql`, which contacts and the
API call; here they are only read. `people` and `groups` say what may be done.

Ids of contacts and groups are looked up within their enterprise: the primary keys begin with it.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from yunxin.accounts.models import Enterprise
from yunxin.contacts.bulk_changes import BulkChange
from yunxin.contacts.transfers import ContactExport, ContactImport, RefusedContact
from yunxin.text.people import Gender

__all__ = (
    "AddressBook", "BulkChange", "Contact", "ContactExport", "ContactGroup", "ContactImport",
    "Membership", "RefusedContact",
)  # fmt: skip

GROUPS_MAX = 2_000  # an enterprise, as contact_tables.sql has it
DEPTH_MAX = 8


class AddressBook(models.Model):
    """How many contacts an enterprise has; its version moves with every change of the book.

    Made when first needed. Whoever changes the book locks this row first.
    """

    enterprise = models.OneToOneField(
        Enterprise, models.PROTECT, primary_key=True, related_name="address_book"
    )
    contacts = models.IntegerField(default=0, db_default=0)
    version = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "address_book"

    def __str__(self) -> str:
        return f"{self.contacts} contacts"


class Contact(models.Model):
    """One person; the phone is theirs alone within the enterprise."""

    id = models.BigAutoField(primary_key=True)
    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, related_name="contacts", db_constraint=False, db_index=False
    )
    phone = models.CharField(max_length=11)
    name = models.CharField(max_length=40, blank=True)  # empty only for some that were imported
    initials = models.CharField(max_length=40, blank=True)  # `text.initials` of the name
    gender = models.CharField(
        max_length=8, blank=True, choices=[(str(word), str(word)) for word in Gender]
    )
    birthday = models.DateField(null=True)
    industry = models.CharField(max_length=40, blank=True)
    position = models.CharField(max_length=40, blank=True)
    company = models.CharField(max_length=100, blank=True)
    remark = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "contact"
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name or self.phone


class ContactGroup(models.Model):
    """A group of contacts; a name stands once among siblings."""

    id = models.BigAutoField(primary_key=True)
    enterprise = models.ForeignKey(
        Enterprise,
        models.PROTECT,
        related_name="contact_groups",
        db_constraint=False,
        db_index=False,
    )
    parent = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        null=True,
        related_name="children",
        db_constraint=False,
        db_index=False,
    )
    name = models.CharField(max_length=40)
    path = ArrayField(models.BigIntegerField())  # ancestors and itself, root first
    members = models.IntegerField(default=0)  # 组人数: contacts directly in it
    reach = models.IntegerField(default=0)  # 汇总人数: different contacts in it or below it
    created_at = models.DateTimeField()

    class Meta:
        db_table = "contact_group"

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A contact stands in a group."""

    pk = models.CompositePrimaryKey("enterprise_id", "group_id", "contact_id")
    enterprise_id = models.BigIntegerField()
    group = models.ForeignKey(
        ContactGroup,
        models.DO_NOTHING,
        related_name="memberships",
        db_constraint=False,
        db_index=False,
    )
    contact = models.ForeignKey(
        Contact, models.DO_NOTHING, related_name="memberships", db_constraint=False, db_index=False
    )

    class Meta:
        db_table = "contact_membership"

    def __str__(self) -> str:
        return f"contact {self.contact_id} in group {self.group_id}"
