"""A waiting message knows the province of its phone, where a channel asks for it."""

from django.db import migrations, models

ADD = """
ALTER TABLE message_queue ADD province text NOT NULL DEFAULT '';
DROP INDEX message_queue_waiting;
CREATE INDEX message_queue_waiting
    ON message_queue (priority, enterprise_id, carrier, province, message_id)
    WHERE claimed_by IS NULL;
"""
REMOVE = """
DROP INDEX message_queue_waiting;
ALTER TABLE message_queue DROP province;
CREATE INDEX message_queue_waiting ON message_queue (priority, enterprise_id, carrier, message_id)
    WHERE claimed_by IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0005_deliveries_seen")]

    operations = [
        migrations.RunSQL(
            ADD,
            REMOVE,
            state_operations=[
                migrations.AddField("queuedmessage", "province", models.TextField(default="")),
            ],
        )
    ]
