"""Imports and exports of contacts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("contacts", "0001_initial"),
        ("web", "0003_restricted_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RefusedContact",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "enterprise_id",
                        "run_id",
                        "line",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("enterprise_id", models.BigIntegerField()),
                ("run_id", models.BigIntegerField()),
                ("line", models.IntegerField()),
                ("content", models.CharField(max_length=200)),
                ("faults", models.CharField(max_length=200)),
            ],
            options={
                "db_table": "contact_refused",
            },
        ),
        migrations.CreateModel(
            name="ContactExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "format",
                    models.CharField(choices=[("xlsx", "xlsx"), ("csv", "csv")], max_length=4),
                ),
                ("language", models.CharField(max_length=10)),
                ("group_id", models.BigIntegerField(null=True)),
                ("group_name", models.CharField(blank=True, max_length=40)),
                ("with_subgroups", models.BooleanField(default=False)),
                ("search", models.CharField(blank=True, max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("writing", "writing"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("total", models.IntegerField(default=0)),
                ("written", models.IntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
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
                        related_name="contact_exports",
                        to="accounts.enterprise",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="web.storedfile",
                    ),
                ),
            ],
            options={
                "db_table": "contact_export",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["enterprise", "-id"], name="contact_export_of_enterprise"),
                    models.Index(
                        condition=models.Q(("file__isnull", False)),
                        fields=["expires_at"],
                        name="contact_export_expiring",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("file_name", models.CharField(max_length=200)),
                ("group_id", models.BigIntegerField(null=True)),
                ("group_name", models.CharField(blank=True, max_length=40)),
                ("overwrite", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploading", "uploading"),
                            ("waiting", "waiting"),
                            ("reading", "reading"),
                            ("saving", "saving"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("detail", models.CharField(blank=True, max_length=400)),
                ("finished_at", models.DateTimeField(null=True)),
                ("read_permille", models.PositiveSmallIntegerField(default=0)),
                ("rows_read", models.IntegerField(default=0)),
                ("good_count", models.IntegerField(default=0)),
                ("duplicate_count", models.IntegerField(default=0)),
                ("refused_count", models.IntegerField(default=0)),
                ("saved_line", models.IntegerField(default=0)),
                ("created_count", models.IntegerField(default=0)),
                ("known_count", models.IntegerField(default=0)),
                ("sheet", models.CharField(blank=True, max_length=100)),
                ("other_sheets", models.PositiveSmallIntegerField(default=0)),
                ("unread_headings", models.CharField(blank=True, max_length=400)),
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
                        related_name="contact_imports",
                        to="accounts.enterprise",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="web.storedfile",
                    ),
                ),
            ],
            options={
                "db_table": "contact_import",
                "ordering": ("-id",),
                "indexes": [
                    models.Index(fields=["enterprise", "-id"], name="contact_import_of_enterprise")
                ],
            },
        ),
    ]
