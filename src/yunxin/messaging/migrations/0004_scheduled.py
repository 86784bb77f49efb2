"""Messages that wait for their time lie apart, so that nobody who looks for work meets them."""

from django.db import migrations

FORWARD = """
-- messages that are parked until their time has come
CREATE INDEX message_queue_scheduled ON message_queue (not_before)
    WHERE claimed_by = 0 AND campaign_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_failover")]

    operations = [migrations.RunSQL(FORWARD, "DROP INDEX message_queue_scheduled")]
