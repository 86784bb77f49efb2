"""Accounts of the SMPP server, what it keeps, and receipts and replies for it."""

from pathlib import Path

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yunxin.vocabulary

FOLDER = Path(__file__).parent
TABLES, NOTES = (
    (FOLDER / name).read_text(encoding="utf-8") for name in ("smpp_tables.sql", "smpp_notes.sql")
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("interfaces", "0002_push_claims"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(TABLES),
        migrations.CreateModel(
            name="SmppAccountState",
            fields=[
                ("account_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("enterprise_id", models.BigIntegerField()),
                ("last_bound_at", models.DateTimeField(null=True)),
                ("last_bound_address", models.TextField(default="")),
                ("last_refused_at", models.DateTimeField(null=True)),
                ("last_refused_address", models.TextField(default="")),
                (
                    "last_refusal",
                    models.TextField(
                        choices=[
                            ("password", "password"),
                            ("disabled", "disabled"),
                            ("suspended", "suspended"),
                            ("address", "address"),
                            ("sessions", "sessions"),
                        ],
                        default="",
                    ),
                ),
            ],
            options={
                "db_table": "smpp_account_state",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SmppDeliver",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "enterprise_id",
                        "id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("enterprise_id", models.BigIntegerField()),
                ("id", models.BigIntegerField()),
                ("account_id", models.BigIntegerField()),
                (
                    "kind",
                    models.TextField(
                        choices=[("receipt", "receipt"), ("lost", "lost"), ("reply", "reply")]
                    ),
                ),
                ("object_id", models.BigIntegerField()),
                ("told_id", models.BigIntegerField()),
                ("attempt", models.SmallIntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("leased_by", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "smpp_deliver",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SmppSession",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("account_id", models.BigIntegerField()),
                ("enterprise_id", models.BigIntegerField()),
                ("instance_id", models.BigIntegerField()),
                (
                    "mode",
                    models.TextField(
                        choices=[
                            ("transmitter", "transmitter"),
                            ("receiver", "receiver"),
                            ("transceiver", "transceiver"),
                        ]
                    ),
                ),
                ("address", models.TextField()),
                ("bound_at", models.DateTimeField()),
                ("heartbeat_at", models.DateTimeField()),
                ("submitted", models.BigIntegerField(default=0)),
                ("refused", models.BigIntegerField(default=0)),
                ("throttled", models.BigIntegerField(default=0)),
                ("delivered", models.BigIntegerField(default=0)),
                ("unanswered", models.IntegerField(default=0)),
                ("last_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "smpp_session",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SmppAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="What you call it: the system, the purpose.",
                        max_length=40,
                        verbose_name="Account name",
                    ),
                ),
                (
                    "system_id",
                    models.CharField(
                        help_text=(
                            "The login name of the system: 3 to 15 letters or digits; it"
                            " never changes."
                        ),
                        max_length=15,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9_.-]{3,15}\\Z",
                                "Use 3 to 15 letters, digits, dots, dashes or underscores.",
                            )
                        ],
                        verbose_name="system_id",
                    ),
                ),
                ("password_hash", models.BinaryField(max_length=32)),
                ("password_changed_at", models.DateTimeField()),
                (
                    "networks",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text=(
                            "IP addresses or CIDRs from which the system may connect,"
                            " one a line. Empty: from anywhere."
                        ),
                        verbose_name="Allowed addresses",
                    ),
                ),
                (
                    "window",
                    models.PositiveSmallIntegerField(
                        default=16,
                        help_text="Unanswered requests of one session, in either direction.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="SMPP window",
                    ),
                ),
                (
                    "rate_per_s",
                    models.PositiveIntegerField(
                        default=100,
                        help_text=(
                            "Of all sessions of the account together; what is faster is throttled."
                        ),
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                        verbose_name="Segments per second",
                    ),
                ),
                (
                    "sessions_max",
                    models.PositiveSmallIntegerField(
                        default=4,
                        help_text="Connections that may be bound at the same time.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="Sessions at most",
                    ),
                ),
                (
                    "text_mode",
                    models.CharField(
                        choices=[("templates", "templates"), ("free", "free")],
                        default=yunxin.vocabulary.SmppTextMode["TEMPLATES"],
                        help_text=(
                            "Free texts are approved by the operator in advance; they"
                            " need no template, only a registered signature."
                        ),
                        max_length=10,
                        verbose_name="Allowed texts",
                    ),
                ),
                (
                    "traffic",
                    models.CharField(
                        choices=[
                            ("verification", "verification"),
                            ("notice", "notice"),
                            ("marketing", "marketing"),
                        ],
                        default=yunxin.vocabulary.TrafficClass["NOTICE"],
                        help_text=(
                            "Verification codes go first. Marketing ends with the"
                            " unsubscribe hint and keeps to its hours."
                        ),
                        max_length=12,
                        verbose_name="Purpose of free texts",
                    ),
                ),
                (
                    "source_rule",
                    models.CharField(
                        choices=[("ignored", "ignored"), ("extension", "extension")],
                        default=yunxin.vocabulary.SmppSourceRule["IGNORED"],
                        help_text=(
                            "Whether the system may put free digits behind the sender's number."
                        ),
                        max_length=10,
                        verbose_name="Meaning of source_addr",
                    ),
                ),
                (
                    "extension",
                    models.CharField(
                        blank=True,
                        help_text=(
                            "Put behind the sender's number of everything that the account sends."
                        ),
                        max_length=10,
                        validators=[
                            django.core.validators.RegexValidator("\\A\\d*\\Z", "Use digits only.")
                        ],
                        verbose_name="Digits of the account",
                    ),
                ),
                (
                    "replies",
                    models.CharField(
                        choices=[("none", "none"), ("own", "own"), ("all", "all")],
                        default=yunxin.vocabulary.SmppReplies["OWN"],
                        help_text="Which replies of phones are delivered to the system.",
                        max_length=4,
                        verbose_name="Delivered replies",
                    ),
                ),
                (
                    "default_alphabet",
                    models.CharField(
                        choices=[("gsm7", "gsm7"), ("latin1", "latin1")],
                        default=yunxin.vocabulary.SmppAlphabet["GSM7"],
                        help_text="What data_coding 0 means.",
                        max_length=6,
                        verbose_name="Default alphabet",
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="Off: nobody can bind, and sessions are closed within a second.",
                        verbose_name="Account enabled",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "enterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="smpp_accounts",
                        to="accounts.enterprise",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["enterprise", "-id"], name="smpp_account_of_enterprise")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("window__range", (1, 1000)),
                            ("rate_per_s__range", (1, 10000)),
                            ("sessions_max__range", (1, 50)),
                        ),
                        name="smpp_account_limits",
                    )
                ],
            },
        ),
        migrations.RunSQL(NOTES),
    ]
