"""Campaigns to groups of the address book."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0004_extension_refusal"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="book_version",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="campaign",
            name="people_found",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="campaign",
            name="prepared_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="campaign",
            name="sources",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="with_subgroups",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.CreateModel(
            name="CampaignGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=40)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="groups",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "db_table": "campaign_group",
                "ordering": ("id",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "group_id"), name="campaign_group_once"
                    )
                ],
            },
        ),
    ]
