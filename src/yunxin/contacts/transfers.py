"""What is taken into address books from files, and out of them into files.

    uploading ─▶ waiting ─▶ reading ─▶ saving ─▶ done          ContactImport
                    │          └──────────┴─────▶ failed       what was saved until then stays
                    └ a job that dies in between is begun again by another worker

    waiting ─▶ writing ─▶ done ─▶ its file expires             ContactExport
                  └─────▶ failed

Exports of up to 20,000 contacts are sent at once, and leave only a line in the audit log.
"""

from enum import StrEnum

from django.db import models
from django.db.models import Q

from yunxin.accounts.models import Enterprise, User
from yunxin.web.models import StoredFile


class ImportState(StrEnum):
    """How far an import is."""

    UPLOADING = "uploading"
    WAITING = "waiting"
    READING = "reading"
    SAVING = "saving"
    DONE = "done"
    FAILED = "failed"


class ExportState(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"


class FileFormat(StrEnum):
    """What a file of contacts is written as."""

    XLSX = "xlsx"
    CSV = "csv"


IMPORTS_AT_WORK = (ImportState.WAITING, ImportState.READING, ImportState.SAVING)
EXPORTS_AT_WORK = (ExportState.WAITING, ExportState.WRITING)


class ContactImport(models.Model):
    """One file of contacts, as it was given and what became of it. Writer: contacts.

    `saved_line` moves in the transaction that saves the rows up to it: nothing is saved twice.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="contact_imports")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    # No foreign key: a group may be deleted meanwhile. Its name is as it was.
    group_id = models.BigIntegerField(null=True)
    group_name = models.CharField(max_length=40, blank=True)
    overwrite = models.BooleanField(default=False)  # let the file replace what contacts have

    state = models.CharField(
        max_length=10, choices=[(str(s), str(s)) for s in ImportState], default=ImportState.WAITING
    )
    problem = models.CharField(max_length=40, blank=True)  # a word; the page has the sentence
    detail = models.CharField(max_length=400, blank=True)  # what the sentence needs
    finished_at = models.DateTimeField(null=True)
    read_permille = models.PositiveSmallIntegerField(default=0)
    rows_read = models.IntegerField(default=0)
    good_count = models.IntegerField(default=0)  # rows that can be saved, each phone once
    duplicate_count = models.IntegerField(default=0)  # phones that stood further up in the file
    refused_count = models.IntegerField(default=0)
    saved_line = models.IntegerField(default=0)
    created_count = models.IntegerField(default=0)  # new contacts
    known_count = models.IntegerField(default=0)  # phones that the book had already
    # What people should know about how it was read.
    sheet = models.CharField(max_length=100, blank=True)
    other_sheets = models.PositiveSmallIntegerField(default=0)
    unread_headings = models.CharField(max_length=400, blank=True)

    class Meta:
        db_table = "contact_import"
        ordering = ("-id",)
        indexes = [models.Index(fields=("enterprise", "-id"), name="contact_import_of_enterprise")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_at_work(self) -> bool:
        return self.state in IMPORTS_AT_WORK

    @property
    def saved_count(self) -> int:
        return self.created_count + self.known_count

    @property
    def not_taken_count(self) -> int:
        return self.duplicate_count + self.refused_count


class RefusedContact(models.Model):
    """A row of an import that was not taken in, and why. Writer: contacts (the import's job)."""

    pk = models.CompositePrimaryKey("enterprise_id", "run_id", "line")
    enterprise_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    line = models.IntegerField()
    content = models.CharField(max_length=200)  # cut; as the row stood
    # Words such as "phone:required birthday:future"; labels.py has the sentences.
    faults = models.CharField(max_length=200)

    class Meta:
        db_table = "contact_refused"

    def __str__(self) -> str:
        return f"{self.run_id}/{self.line} {self.faults}"


class ContactExport(models.Model):
    """An export that is too large to be sent at once. Writer: contacts."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="contact_exports")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    format = models.CharField(max_length=4, choices=[(str(f), str(f)) for f in FileFormat])
    language = models.CharField(max_length=10)  # of the headings
    group_id = models.BigIntegerField(null=True)
    group_name = models.CharField(max_length=40, blank=True)
    with_subgroups = models.BooleanField(default=False)
    search = models.CharField(max_length=100, blank=True)

    state = models.CharField(
        max_length=10, choices=[(str(s), str(s)) for s in ExportState], default=ExportState.WAITING
    )
    total = models.IntegerField(default=0)  # about: contacts may come and go while it is written
    written = models.IntegerField(default=0)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "contact_export"
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("enterprise", "-id"), name="contact_export_of_enterprise"),
            models.Index(
                fields=("expires_at",),
                condition=Q(file__isnull=False),
                name="contact_export_expiring",  # tasks.forget_old
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_name or self.search} {self.format}".strip()

    @property
    def is_at_work(self) -> bool:
        return self.state in EXPORTS_AT_WORK
