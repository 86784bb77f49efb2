"""Numbers that changed their carrier."""

import django.db.models.functions.datetime
from django.db import migrations, models

CARRIERS = [(word, word) for word in ("mobile", "unicom", "telecom", "broadnet", "unknown")]


class Migration(migrations.Migration):
    dependencies = [("carriers", "0006_codes")]

    operations = [
        migrations.CreateModel(
            "PortedNumber",
            [
                ("phone", models.CharField(max_length=11, primary_key=True, serialize=False)),
                ("carrier", models.CharField(choices=CARRIERS, max_length=12)),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
    ]
