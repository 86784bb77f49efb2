"""Whose a number is and where it is from, beyond its leading digits; and the files that say so.

uploading ─▶ waiting ─▶ reading ─▶ saving ─▶ done      NumberImport: the table changes at once,
                │          └──────────┴─────▶ failed    in the transaction that ends in `done`

report with a code of PortingRule ─▶ PortedNews ─▶ PortedNumber(learned)
"""

from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunxin.accounts.models import User
from yunxin.vocabulary import CarrierName, PortedOrigin, Province
from yunxin.web.models import StoredFile


class NumberTable(StrEnum):
    """Which table a file is for."""

    PORTED = "ported"
    PLACES = "places"


class ImportState(StrEnum):
    """How far an import is."""

    UPLOADING = "uploading"
    WAITING = "waiting"
    READING = "reading"
    SAVING = "saving"
    DONE = "done"
    FAILED = "failed"


AT_WORK = (ImportState.WAITING, ImportState.READING, ImportState.SAVING)


class PortedNumber(models.Model):
    """A phone that changed its carrier and kept its number (携号转网). Writer: carriers."""

    phone = models.CharField(max_length=11, primary_key=True)
    carrier = models.CharField(max_length=12, choices=[(str(c), str(c)) for c in CarrierName])
    at = models.DateTimeField(db_default=Now())
    origin = models.CharField(
        max_length=10,
        choices=[(str(o), str(o)) for o in PortedOrigin],
        default=PortedOrigin.IMPORTED,
        db_default=PortedOrigin.IMPORTED,
    )
    code = models.CharField(max_length=60, blank=True, db_default="")  # that it was learned from

    class Meta:
        indexes = [
            models.Index(
                fields=("-at",),
                condition=Q(origin="learned"),
                name="ported_learned",  # console_ported: what was learned lately
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phone[:3]}****{self.phone[-4:]}"


class PortedNews(models.Model):
    """A report said that a phone is another carrier's now. Writer: engine; `learning` takes it."""

    phone = models.TextField()
    carrier = models.TextField()
    code = models.TextField()
    channel_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ported_news"

    def __str__(self) -> str:
        return f"{self.phone[:3]}****{self.phone[-4:]} {self.code}"


class PortingLearning(models.Model):
    """Whether ported numbers are learned from reports; one row at most. Writer: carriers."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    is_on = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="porting_learning_once")]

    def __str__(self) -> str:
        return str(self.is_on)


class PortingRule(models.Model):
    """A code of reports that says whose a number is now. Writer: carriers."""

    protocol = models.CharField(max_length=8, blank=True)  # as of CarrierCode; empty: every one
    code = models.CharField(max_length=40)  # as it is compared; a * at its end: and what follows
    carrier = models.CharField(max_length=12, choices=[(str(c), str(c)) for c in CarrierName])
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("protocol", "code")
        constraints = [
            models.UniqueConstraint(fields=("protocol", "code"), name="porting_rule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} {self.code}".strip()


class NumberPlace(models.Model):
    """Seven leading digits, where their numbers are from, whose they are. Writer: carriers."""

    head = models.CharField(max_length=7, primary_key=True)
    province = models.CharField(max_length=16, choices=[(str(p), str(p)) for p in Province])
    city = models.CharField(max_length=40, blank=True)
    carrier = models.CharField(max_length=12, blank=True)  # empty: by leading digits, as ever

    def __str__(self) -> str:
        return f"{self.head} {self.province}"


class PlaceTable(models.Model):
    """The whole table of NumberPlace as the engine takes it; one row at most. Writer: carriers.

    `version` grows with every change; `cells` is what `text.places.pack` makes of the rows.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.BigIntegerField()
    cells = models.BinaryField()
    rows = models.IntegerField()
    is_made_up = models.BooleanField(default=False)  # for the demo: nothing of it is true
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="place_table_once")]

    def __str__(self) -> str:
        return str(self.version)


class NumberImport(models.Model):
    """A file of one of the tables, as it was given and what became of it. Writer: carriers."""

    table = models.CharField(max_length=8, choices=[(str(t), str(t)) for t in NumberTable])
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    replaces = models.BooleanField(default=False)  # the file is the whole table
    state = models.CharField(
        max_length=10, choices=[(str(s), str(s)) for s in ImportState], default=ImportState.WAITING
    )
    problem = models.CharField(max_length=40, blank=True)  # a word; `labels` has the sentence
    finished_at = models.DateTimeField(null=True)
    read_permille = models.PositiveSmallIntegerField(default=0)
    rows_read = models.IntegerField(default=0)
    refused_count = models.IntegerField(default=0)
    stored_count = models.IntegerField(default=0)  # new entries, and changed ones
    removed_count = models.IntegerField(default=0)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK


class RefusedNumber(models.Model):
    """A row of an import that says nothing usable, and why. Writer: carriers (the import's job)."""

    pk = models.CompositePrimaryKey("run_id", "line")
    run_id = models.BigIntegerField()
    line = models.IntegerField()
    content = models.CharField(max_length=100)  # cut; as the row stood
    fault = models.CharField(max_length=20)  # a word; `labels` has the sentence

    def __str__(self) -> str:
        return f"{self.run_id}/{self.line} {self.fault}"
