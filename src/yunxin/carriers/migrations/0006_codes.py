"""What carriers' codes mean, shipped as data; and how often each was seen.

Operators change and add rows; a migration runs once and leaves alone what is there.
"""

import json
from pathlib import Path

from django.conf import settings
from django.db import migrations, models

SHIPPED = Path(__file__).resolve().parents[1] / "codes.json"
ID = (
    "id",
    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
)
KEY = models.CompositePrimaryKey(
    "day", "channel_id", "code", blank=True, editable=False, primary_key=True, serialize=False
)
GROUPS = [
    (word, word)
    for word in (
        "delivered", "on_the_way", "number", "unreachable", "phone", "suspended", "blocked",
        "content", "limit", "route", "account", "format", "carrier", "no_word", "withdrawn",
        "other",
    )
]  # fmt: skip


def ship(apps, schema_editor):
    model = apps.get_model("carriers", "CarrierCode")
    rows = json.loads(SHIPPED.read_text("utf-8"))
    model.objects.bulk_create((model(**row) for row in rows), ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("carriers", "0005_channel_options"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeDelta",
            fields=[
                ID,
                ("channel_id", models.BigIntegerField()),
                ("code", models.TextField()),
                ("messages", models.BigIntegerField()),
            ],
            options={"db_table": "code_delta"},
        ),
        migrations.CreateModel(
            name="DailyCode",
            fields=[
                ("pk", KEY),
                ("day", models.DateField()),
                ("channel_id", models.BigIntegerField()),
                ("code", models.TextField()),
                ("messages", models.BigIntegerField()),
            ],
            options={"db_table": "daily_code"},
        ),
        migrations.CreateModel(
            name="CarrierCode",
            fields=[
                ID,
                ("protocol", models.CharField(blank=True, max_length=8)),
                ("code", models.CharField(max_length=40)),
                ("group", models.CharField(choices=GROUPS, max_length=16)),
                ("is_permanent", models.BooleanField(default=True)),
                ("meaning_en", models.CharField(max_length=200)),
                ("meaning_zh", models.CharField(max_length=200)),
                ("changed_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("protocol", "code"),
                "constraints": [
                    models.UniqueConstraint(fields=("protocol", "code"), name="carrier_code_once"),
                ],
            },
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
    ]
