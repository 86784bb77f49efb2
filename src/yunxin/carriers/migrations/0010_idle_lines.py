"""A line that said good-bye in peace and connects when there is something to send is idle."""

from django.db import migrations, models

STATES = [(word, word) for word in ("stopped", "connecting", "bound", "idle", "refused", "down")]


class Migration(migrations.Migration):
    dependencies = [("carriers", "0009_breaker")]

    operations = [
        migrations.AlterField(
            "channelstate", "state", models.CharField(choices=STATES, max_length=12)
        ),
    ]
