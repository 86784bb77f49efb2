"""The console shows what a channel's circuit breaker does."""

from django.db import migrations, models

STATES = [(word, word) for word in ("closed", "half_open", "open")]


class Migration(migrations.Migration):
    dependencies = [("carriers", "0008_channel_serves")]

    operations = [
        migrations.AddField(
            "channelstate",
            "breaker",
            models.CharField(choices=STATES, db_default="closed", max_length=10),
        ),
    ]
