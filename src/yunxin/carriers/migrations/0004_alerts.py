"""Since when a channel has no line, and whether operators were told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0003_engine_role")]

    operations = [
        migrations.AddField("channel", "down_since", models.DateTimeField(null=True)),
        migrations.AddField(
            "channel", "down_told", models.BooleanField(default=False, db_default=False)
        ),
    ]
