"""Trying to log in as a channel; and channels that drain."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

WISHES = [(word, word) for word in ("run", "drain", "stop")]
STATES = [
    (word, word)
    for word in (
        "stopped", "connecting", "bound", "idle", "refused", "down", "draining", "drained",
    )
]  # fmt: skip
OUTCOMES = [
    (word, word)
    for word in (
        "", "bound", "settings", "password_lost", "name_not_found", "connect", "connect_timeout",
        "refused", "login_timeout", "broken_off",
    )
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("carriers", "0014_code_decisions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            "channel", "wish", models.CharField(choices=WISHES, default="stop", max_length=8)
        ),
        migrations.AlterField(
            "channelstate", "state", models.CharField(choices=STATES, max_length=12)
        ),
        migrations.CreateModel(
            "ChannelTry",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="carriers.channel",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sessions_bound", models.PositiveIntegerField(default=0)),
                ("taken_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(blank=True, choices=OUTCOMES, default="", max_length=16),
                ),
                ("status", models.CharField(blank=True, max_length=40)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("connect_ms", models.IntegerField(null=True)),
                ("login_ms", models.IntegerField(null=True)),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("taken_at__isnull", True)),
                        fields=["id"],
                        name="try_waiting",
                    )
                ],
            },
        ),
    ]
