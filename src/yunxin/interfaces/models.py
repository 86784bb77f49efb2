"""Credentials of the HTTP interfaces, and the way of receipts and replies to customers' URLs.

    final word, reply ──▶ interface_event           in one transaction with it; pulls read here
                     └──▶ push_queue                one row for each URL that wants to hear of it
    engine/push ──▶ push_batch(waiting)             up to 100 queue rows become one request
    answer 2xx ───▶ push_batch(acked)               else a push_attempt row, and again later
    72 hours ─────▶ push_batch(dead)                can be replayed: a PushWish of people's

The tables of the second half are made by SQL (`interface_tables.sql`), written by the engine and
the API alone, and only read here. Those of the SMPP server are in `smpp_models.py`.
"""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models

from yunxin.accounts.models import Enterprise, User
from yunxin.interfaces.smpp_models import SmppAccount, SmppAccountState, SmppDeliver, SmppSession
from yunxin.vocabulary import (
    CredentialKind,
    PushBatchState,
    PushFormat,
    PushKind,
    PushWishKind,
    ReviewState,
)

__all__ = [
    "AllowedNetwork",
    "ApiUsage",
    "Credential",
    "Limits",
    "PushAttempt",
    "PushBatch",
    "PushTarget",
    "PushTargetState",
    "PushWish",
    "SmppAccount",
    "SmppAccountState",
    "SmppDeliver",
    "SmppSession",
]


def _choices(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(word), str(word)) for word in words]


class Credential(models.Model):
    """What a system of an enterprise proves itself with. Writer: interfaces.

    `v1`: a key, known by `key_id`, of which only a hash is kept, and the key for signing requests
    (derived from it, `dialects.keys`) sealed. `ronghe`: the AccessKey, sealed, as the dialect signs
    with it; `key_id` is empty and the enterprise's cpcode names it.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="credentials")
    kind = models.CharField(max_length=8, choices=_choices(CredentialKind))
    name = models.CharField(max_length=40)
    key_id = models.CharField(max_length=24, blank=True)
    secret_hash = models.BinaryField(null=True)  # SHA-256 of the whole key
    sealed = models.TextField()
    hint = models.CharField(max_length=8)  # its last characters, to know it by
    scopes = models.JSONField(default=list)  # v1: words of `dialects.v1.Scope`
    networks = models.JSONField(default=list)  # v1: addresses and CIDRs; empty: from anywhere
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField(null=True)  # the end of the overlap after a rotation
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=("key_id",), condition=~models.Q(key_id=""), name="credential_key_id"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="ronghe", key_id="", secret_hash__isnull=True)
                | (models.Q(kind="v1", secret_hash__isnull=False) & ~models.Q(key_id="")),
                name="credential_of_its_kind",
            ),
        ]
        indexes = [models.Index(fields=("enterprise", "-id"), name="credential_of_enterprise")]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"


class AllowedNetwork(models.Model):
    """An address or CIDR of an enterprise's servers (IP 白名单), effective once approved.

    The dialect is answered to these alone. One that was asked for an SMPP account is put on that
    account's own list instead. Writer: interfaces.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="allowed_networks")
    network = models.CharField(max_length=43)  # as `ipaddress` writes it, with its prefix length
    note = models.CharField(max_length=100, blank=True)
    smpp_account = models.ForeignKey(
        SmppAccount, models.PROTECT, null=True, related_name="asked_networks"
    )
    state = models.CharField(
        max_length=12, choices=_choices(ReviewState), default=ReviewState.PENDING
    )
    reject_reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=("enterprise", "network"),
                condition=models.Q(state__in=("pending", "approved"), smpp_account__isnull=True),
                name="network_once_an_enterprise",
            ),
            models.UniqueConstraint(
                fields=("smpp_account", "network"),
                condition=models.Q(state__in=("pending", "approved"), smpp_account__isnull=False),
                name="network_once_an_account",
            ),
        ]
        indexes = [
            models.Index(fields=("enterprise", "-id"), name="network_of_enterprise"),
            models.Index(
                fields=("created_at",),
                condition=models.Q(state="pending"),
                name="network_queue",  # the console's review queue
            ),
        ]

    def __str__(self) -> str:
        return self.network


class Limits(models.Model):
    """What an operator set for one enterprise's interfaces; without a row the settings hold.

    Writer: interfaces (console).
    """

    enterprise = models.OneToOneField(
        Enterprise, models.PROTECT, primary_key=True, related_name="interface_limits"
    )
    ronghe_allowed = models.BooleanField(default=True)
    requests_per_s = models.PositiveIntegerField(null=True)  # of one key
    recipients_per_s = models.PositiveIntegerField(null=True)  # of the enterprise

    class Meta:
        db_table = "interfaces_limits"

    def __str__(self) -> str:
        return str(self.enterprise_id)


class PushTarget(models.Model):
    """The URL that wants to hear of receipts, or of replies. Writer: interfaces."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="push_targets")
    kind = models.CharField(max_length=8, choices=_choices(PushKind))
    url = models.CharField(max_length=500)
    format = models.CharField(max_length=8, choices=_choices(PushFormat))
    sealed_secret = models.TextField()  # signs pushes in the format of v1
    portal_too = models.BooleanField(default=False)  # messages sent by hand as well
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("enterprise", "kind"), name="push_target_of_its_kind"),
        ]

    def __str__(self) -> str:
        return self.url


class PushWish(models.Model):
    """What people want pushed: a test, a batch again, or all of a time again.

    Two writers, by column: interfaces makes the row, or the API for a system; the engine sets
    `taken_at` and `events` when it has made batches (`PushBatch.wish_id`) of it.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    target = models.ForeignKey(PushTarget, models.CASCADE, related_name="wishes")
    kind = models.CharField(max_length=8, choices=_choices(PushWishKind))
    batch_id = models.BigIntegerField(null=True)
    from_at = models.DateTimeField(null=True)
    to_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    taken_at = models.DateTimeField(null=True)
    events = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=("id",), condition=models.Q(taken_at__isnull=True), name="wish_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_id}"


class PushBatch(models.Model):
    """One request to a customer's URL, however often it is tried. Writer: engine (push)."""

    pk = models.CompositePrimaryKey("enterprise_id", "id")
    enterprise_id = models.BigIntegerField()
    id = models.BigIntegerField()
    target_id = models.BigIntegerField()
    kind = models.TextField(choices=_choices(PushKind))
    format = models.TextField(choices=_choices(PushFormat))
    event_ids = ArrayField(models.BigIntegerField())
    events = models.SmallIntegerField()
    body = models.BinaryField(null=True)  # made at the first try, sent again as it is
    wish_id = models.BigIntegerField(null=True)  # whoever asked for it by hand
    state = models.TextField(choices=_choices(PushBatchState))
    attempt = models.SmallIntegerField()
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    claimed_by = models.BigIntegerField(null=True)  # the engine that made the latest try
    finished_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "push_batch"

    def __str__(self) -> str:
        return str(self.id)


class PushAttempt(models.Model):
    """One try of a batch, and what came back. Writer: engine (push)."""

    pk = models.CompositePrimaryKey("enterprise_id", "batch_id", "attempt")
    enterprise_id = models.BigIntegerField()
    batch_id = models.BigIntegerField()
    attempt = models.SmallIntegerField()
    at = models.DateTimeField()
    duration_ms = models.IntegerField()
    url = models.TextField()
    status = models.SmallIntegerField(null=True)  # of HTTP; none without an answer
    answer = models.TextField()  # the first 2,000 characters
    error = models.TextField()  # a word of `vocabulary.PushError`; empty: acknowledged

    class Meta:
        managed = False
        db_table = "push_attempt"

    def __str__(self) -> str:
        return f"{self.batch_id}.{self.attempt}"


class PushTargetState(models.Model):
    """How a URL has behaved lately. Writer: engine (push)."""

    target_id = models.BigIntegerField(primary_key=True)
    enterprise_id = models.BigIntegerField()
    failures = models.IntegerField()  # in a row
    open_until = models.DateTimeField(null=True)  # the circuit breaker: no tries before
    last_ok_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    last_error = models.TextField()

    class Meta:
        managed = False
        db_table = "push_target_state"

    def __str__(self) -> str:
        return str(self.target_id)


class ApiUsage(models.Model):
    """How often a credential was used on a day, by outcome. Writer: api."""

    pk = models.CompositePrimaryKey("enterprise_id", "credential_id", "day", "outcome")
    enterprise_id = models.BigIntegerField()
    credential_id = models.BigIntegerField()
    day = models.DateField()
    outcome = models.TextField()  # "ok", "replayed", or the code of the refusal
    requests = models.BigIntegerField()
    last_at = models.DateTimeField()
    last_address = models.TextField()

    class Meta:
        managed = False
        db_table = "api_usage"

    def __str__(self) -> str:
        return f"{self.credential_id} {self.day} {self.outcome}"
