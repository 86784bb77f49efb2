"""What only one protocol knows of a channel, and account names as long as SGIP's."""

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("carriers", "0004_alerts")]

    operations = [
        migrations.AddField(
            "channel",
            "options",
            models.JSONField(blank=True, default=dict, db_default=Value({}, models.JSONField())),
        ),
        migrations.AlterField("channel", "system_id", models.CharField(max_length=16)),
    ]
