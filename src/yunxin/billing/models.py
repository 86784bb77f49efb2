"""Prepaid packages (套餐) and the ledger of what was granted and adjusted."""

from django.db import models

from yunxin.accounts.models import Enterprise, User
from yunxin.vocabulary import MessageKind


class Package(models.Model):
    """So many segments for so long.

    Two writers, by column: billing writes everything but `used`; the engine moves `used` alone, in
    the transaction that accepts messages (`accept`) or refunds them (`settle`). The CHECK is the
    last word: a package cannot be overdrawn.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="packages")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, default=MessageKind.TEXT)
    total = models.BigIntegerField()  # segments
    used = models.BigIntegerField(default=0)  # segments, refunds taken off
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("valid_to", "id")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(used__gte=0, used__lte=models.F("total")),
                name="package_never_overdrawn",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__gt=models.F("valid_from")), name="package_dates"
            ),
        ]
        indexes = [models.Index(fields=("enterprise", "kind", "valid_to"), name="package_to_pay")]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int:
        return self.total - self.used


class LowBalance(models.Model):
    """An enterprise that was told that little is left; gone once there is enough again.

    Writer: billing (`alerts`).
    """

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8)  # of the messages, as in vocabulary.MessageKind
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("enterprise", "kind"), name="low_balance_once"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.kind}"


class LedgerEntry(models.Model):
    """A grant or an adjustment of a package, with its reason. Append-only. Writer: billing."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="ledger")
    package = models.ForeignKey(Package, models.PROTECT, related_name="ledger")
    segments = models.BigIntegerField()  # signed
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.segments:+d} {self.reason}"
