"""A waiting message knows every channel that tried it in vain, not only the last."""

import django.contrib.postgres.fields
from django.db import migrations, models

ADD = """
ALTER TABLE message_queue ADD refused_by bigint[];
UPDATE message_queue SET refused_by = ARRAY[channel_id] WHERE channel_id IS NOT NULL;
"""
REMOVE = "ALTER TABLE message_queue DROP refused_by;"


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_replies_found")]

    operations = [
        migrations.RunSQL(
            ADD,
            REMOVE,
            state_operations=[
                migrations.AddField(
                    "queuedmessage",
                    "refused_by",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
            ],
        )
    ]
