"""Accounts of the SMPP server, and what it keeps: live sessions, what is told, what waits.

    submit_sm ──▶ message + smpp_message         one transaction (`engine/accept`)
    a part ─────▶ smpp_part                      until the last one is here; then a message
    final word ─▶ smpp_deliver(receipt)          `note_receipts`, in one transaction with it
    reply ──────▶ smpp_deliver(reply)            `note_event`, likewise
    deliver_sm_resp ─▶ the row is gone           until then it is sent again and again

The tables of the second half are made by SQL (`smpp_tables.sql`), and only read here.
"""

from collections.abc import Iterable

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from yunxin.accounts.models import Enterprise, User
from yunxin.dialects.smpp_passwords import SYSTEM_ID_MAX
from yunxin.vocabulary import (
    SmppAlphabet,
    SmppBindRefusal,
    SmppDeliverKind,
    SmppReplies,
    SmppSessionMode,
    SmppSourceRule,
    SmppTextMode,
    TrafficClass,
)

WINDOW_MAX = 1_000  # as much as the simulated carrier leaves unanswered; no client needs more
RATE_MAX_PER_S = 10_000
SESSIONS_MAX = 50


def _choices(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(word), str(word)) for word in words]


class SmppAccount(models.Model):
    """What a system of an enterprise binds with. Writer: interfaces.

    The name never changes, as the password's digest is made with it (`dialects.smpp_passwords`).
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="smpp_accounts")
    name = models.CharField(
        _("Account name"), max_length=40, help_text=_("What you call it: the system, the purpose.")
    )
    system_id = models.CharField(
        "system_id",
        max_length=SYSTEM_ID_MAX,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9_.-]{3,15}\Z",
                _("Use 3 to 15 letters, digits, dots, dashes or underscores."),
            )
        ],
        help_text=_("The login name of the system: 3 to 15 letters or digits; it never changes."),
    )
    password_hash = models.BinaryField(max_length=32)
    password_changed_at = models.DateTimeField()
    networks = models.JSONField(
        _("Allowed addresses"),
        default=list,
        blank=True,
        help_text=_(
            "IP addresses or CIDRs from which the system may connect, one a line."
            " Empty: from anywhere."
        ),
    )
    window = models.PositiveSmallIntegerField(
        _("SMPP window"),
        default=16,
        validators=[MinValueValidator(1), MaxValueValidator(WINDOW_MAX)],
        help_text=_("Unanswered requests of one session, in either direction."),
    )
    rate_per_s = models.PositiveIntegerField(
        _("Segments per second"),
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(RATE_MAX_PER_S)],
        help_text=_("Of all sessions of the account together; what is faster is throttled."),
    )
    sessions_max = models.PositiveSmallIntegerField(
        _("Sessions at most"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(SESSIONS_MAX)],
        help_text=_("Connections that may be bound at the same time."),
    )
    text_mode = models.CharField(
        _("Allowed texts"),
        max_length=10,
        choices=_choices(SmppTextMode),
        default=SmppTextMode.TEMPLATES,
        help_text=_(
            "Free texts are approved by the operator in advance; they need no template, only a"
            " registered signature."
        ),
    )
    traffic = models.CharField(
        _("Purpose of free texts"),
        max_length=12,
        choices=_choices(TrafficClass),
        default=TrafficClass.NOTICE,
        help_text=_(
            "Verification codes go first. Marketing ends with the unsubscribe hint and keeps to"
            " its hours."
        ),
    )
    source_rule = models.CharField(
        _("Meaning of source_addr"),
        max_length=10,
        choices=_choices(SmppSourceRule),
        default=SmppSourceRule.IGNORED,
        help_text=_("Whether the system may put free digits behind the sender's number."),
    )
    extension = models.CharField(
        _("Digits of the account"),
        max_length=10,
        blank=True,
        validators=[RegexValidator(r"\A\d*\Z", _("Use digits only."))],
        help_text=_("Put behind the sender's number of everything that the account sends."),
    )
    replies = models.CharField(
        _("Delivered replies"),
        max_length=4,
        choices=_choices(SmppReplies),
        default=SmppReplies.OWN,
        help_text=_("Which replies of phones are delivered to the system."),
    )
    default_alphabet = models.CharField(
        _("Default alphabet"),
        max_length=6,
        choices=_choices(SmppAlphabet),
        default=SmppAlphabet.GSM7,
        help_text=_("What data_coding 0 means."),
    )
    enabled = models.BooleanField(
        _("Account enabled"),
        default=True,
        help_text=_("Off: nobody can bind, and sessions are closed within a second."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(window__range=(1, WINDOW_MAX))
                & models.Q(rate_per_s__range=(1, RATE_MAX_PER_S))
                & models.Q(sessions_max__range=(1, SESSIONS_MAX)),
                name="smpp_account_limits",
            ),
        ]
        indexes = [models.Index(fields=("enterprise", "-id"), name="smpp_account_of_enterprise")]

    def __str__(self) -> str:
        return self.system_id


class SmppSession(models.Model):
    """A session that is bound. Writer: the SMPP server, which deletes it at the end.

    One column has another writer: interfaces sets `close_wished_at`, the server says good-bye.

    A server that was killed leaves its rows; those without a heartbeat of late are nobody's.
    """

    id = models.BigIntegerField(primary_key=True)
    account_id = models.BigIntegerField()
    enterprise_id = models.BigIntegerField()
    instance_id = models.BigIntegerField()  # engine_instance.id
    mode = models.TextField(choices=_choices(SmppSessionMode))
    address = models.TextField()  # of the system, with its port
    bound_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    submitted = models.BigIntegerField(default=0)  # submits that were accepted
    refused = models.BigIntegerField(default=0)  # submits that were not, throttled ones too
    throttled = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)  # receipts and replies acknowledged
    unanswered = models.IntegerField(default=0)  # of ours, at the heartbeat
    last_at = models.DateTimeField(null=True)  # of the last message in either direction
    close_wished_at = models.DateTimeField(null=True)  # when an operator asked for its end

    class Meta:
        managed = False
        db_table = "smpp_session"

    def __str__(self) -> str:
        return f"{self.account_id} {self.address}"


class SmppAccountState(models.Model):
    """How binds to an account went lately. Writer: the SMPP server."""

    account_id = models.BigIntegerField(primary_key=True)
    enterprise_id = models.BigIntegerField()
    last_bound_at = models.DateTimeField(null=True)
    last_bound_address = models.TextField(default="")
    last_refused_at = models.DateTimeField(null=True)
    last_refused_address = models.TextField(default="")
    last_refusal = models.TextField(choices=_choices(SmppBindRefusal), default="")

    class Meta:
        managed = False
        db_table = "smpp_account_state"

    def __str__(self) -> str:
        return str(self.account_id)


class SmppDeliver(models.Model):
    """A receipt or reply that a system has not acknowledged yet.

    Made by `note_receipts` and `note_event` with what it tells of; from then on the SMPP server's.
    """

    pk = models.CompositePrimaryKey("enterprise_id", "id")
    enterprise_id = models.BigIntegerField()
    id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    kind = models.TextField(choices=_choices(SmppDeliverKind))
    object_id = models.BigIntegerField()  # of the message, the part or the reply
    told_id = models.BigIntegerField()  # the id that the system was told; 0 of replies
    attempt = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField()  # when it is due, or until when somebody has it in hand
    leased_by = models.BigIntegerField(null=True)  # engine_instance.id
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "smpp_deliver"

    def __str__(self) -> str:
        return f"{self.kind} {self.told_id}"
