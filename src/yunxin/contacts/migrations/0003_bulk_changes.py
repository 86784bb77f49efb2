"""Changes of many contacts in the background."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_audit_note"),
        ("contacts", "0002_transfers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("delete", "delete"), ("join", "join"), ("leave", "leave")],
                        max_length=6,
                    ),
                ),
                ("group_id", models.BigIntegerField(null=True)),
                ("with_subgroups", models.BooleanField(default=False)),
                ("search", models.CharField(blank=True, max_length=100)),
                ("until", models.BigIntegerField()),
                (
                    "groups",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("groups_named", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("working", "working"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("total", models.IntegerField()),
                ("done", models.IntegerField(default=0)),
                ("changed", models.IntegerField(default=0)),
                ("cursor", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "enterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bulk_changes",
                        to="accounts.enterprise",
                    ),
                ),
            ],
            options={
                "db_table": "contact_bulk_change",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "working"])),
                        fields=["enterprise", "-id"],
                        name="contact_bulk_at_work",
                    )
                ],
            },
        ),
    ]
