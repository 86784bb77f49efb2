"""An errand: what a system applied for over the API, and what became of it."""

from django.db import models

from yunxin.accounts.models import Enterprise
from yunxin.interfaces.models import Credential
from yunxin.vocabulary import ErrandKind


class Errand(models.Model):
    """One application. Two writers, by column: the API makes the row, `work` answers.

    waiting (`done_at` is null) → done with `object_id`, or refused with `problems`.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=[(str(k), str(k)) for k in ErrandKind])
    body = models.JSONField()  # as `dialects.v1` has it
    language = models.CharField(max_length=8)  # in which refusals are told
    key = models.CharField(max_length=255, blank=True)  # the Idempotency-Key
    digest = models.BinaryField()  # of the request that came with it
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)
    object_id = models.BigIntegerField(null=True)  # of the signature or template
    problems = models.JSONField(null=True)  # [[field, sentence], …]

    class Meta:
        db_table = "errand"
        constraints = [
            models.UniqueConstraint(
                fields=("enterprise", "key"), condition=~models.Q(key=""), name="errand_key"
            ),
        ]
        indexes = [models.Index(fields=("created_at",), name="errand_created")]  # upkeep

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
