"""Signatures, templates, the ready-made library, and the history of their reviews.

pending ──approve──▶ approved ──cancel──▶ cancelled ──apply again──▶ pending
   ├─────reject────▶ rejected ──apply again──▶ pending
   └─────cancel────▶ cancelled
"""

from collections.abc import Iterable

from django.db import models

from yunxin.accounts.models import Enterprise, User
from yunxin.vocabulary import (
    ReviewState,
    SignatureKind,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)
from yunxin.web.models import StoredFile


def _choices(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(word), str(word)) for word in words]


class Signature(models.Model):
    """The sender's name in 【】. Writer: content."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="signatures")
    name = models.CharField(max_length=12)
    kind = models.CharField(max_length=16, choices=_choices(SignatureKind))
    purpose = models.CharField(max_length=200)
    files = models.ManyToManyField(StoredFile, blank=True, related_name="+")
    state = models.CharField(
        max_length=12, choices=_choices(ReviewState), default=ReviewState.PENDING
    )
    reject_reason = models.CharField(max_length=300, blank=True)
    extension_code = models.CharField(max_length=8, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(auto_now_add=True)  # of the latest application
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=("enterprise", "name"), name="signature_once_an_enterprise"
            ),
        ]
        indexes = [
            models.Index(fields=("enterprise", "-id"), name="signature_of_enterprise"),
            models.Index(
                fields=("submitted_at",),
                condition=models.Q(state="pending"),
                name="signature_queue",  # the console's review queue
            ),
        ]

    def __str__(self) -> str:
        return f"【{self.name}】"


class LibraryTemplate(models.Model):
    """A ready-made template (常用模板库) that needs no review. Writer: content."""

    industry = models.CharField(max_length=40)  # shown as it is, by industry
    name = models.CharField(max_length=40)
    content = models.CharField(max_length=500)
    kind = models.CharField(max_length=12, choices=_choices(TemplateKind))
    traffic = models.CharField(max_length=16, choices=_choices(TrafficClass))
    # What each variable stands for, in order: shown beside its field.
    variable_names = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("industry", "position", "id")
        constraints = [
            models.UniqueConstraint(fields=("industry", "name"), name="library_name_once"),
        ]

    def __str__(self) -> str:
        return f"{self.industry} {self.name}"


class Template(models.Model):
    """Reviewed text with `#*#` variables. Writer: content. Deleting keeps the row."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="templates")
    name = models.CharField(max_length=40)
    signature = models.ForeignKey(Signature, models.PROTECT, related_name="templates")
    kind = models.CharField(max_length=12, choices=_choices(TemplateKind))
    # What the engine prefers by; a verification code passes everything else.
    traffic = models.CharField(max_length=16, choices=_choices(TrafficClass))
    position = models.CharField(
        max_length=8, choices=_choices(SignaturePosition), default=SignaturePosition.FRONT
    )
    content = models.CharField(max_length=1000)
    variable_names = models.JSONField(default=list)
    # 发送范围: carriers as in vocabulary.CarrierName, or ["all"] for 三网.
    carriers = models.JSONField(default=list)
    library_template = models.ForeignKey(
        LibraryTemplate, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(
        max_length=12, choices=_choices(ReviewState), default=ReviewState.PENDING
    )
    reject_reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(auto_now_add=True)
    reviewed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("enterprise", "-id"), name="template_of_enterprise"),
            models.Index(
                fields=("submitted_at",),
                condition=models.Q(state="pending", deleted_at__isnull=True),
                name="template_queue",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        """模板编号: the id with at least six digits."""
        return f"{self.pk:06}"


class Review(models.Model):
    """One decision or application in the history of a signature or a template. Append-only.

    Writer: content.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    signature = models.ForeignKey(
        Signature, models.CASCADE, null=True, blank=True, related_name="history"
    )
    template = models.ForeignKey(
        Template, models.CASCADE, null=True, blank=True, related_name="history"
    )
    action = models.CharField(max_length=12)  # applied, approved, rejected, cancelled, deleted
    reason = models.CharField(max_length=300, blank=True)
    snapshot = models.JSONField(default=dict)  # what was applied for
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(signature__isnull=True) ^ models.Q(template__isnull=True),
                name="review_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.at}"


class RejectReason(models.Model):
    """A sentence that operators reject with, ready to be chosen. Writer: content."""

    subject = models.CharField(max_length=12)  # signature, template
    text = models.CharField(max_length=300)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("subject", "position", "id")

    def __str__(self) -> str:
        return self.text
