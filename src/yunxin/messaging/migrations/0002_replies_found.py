"""The replies page asks by phone and by campaign."""

from django.db import migrations

ADD = """
CREATE INDEX inbound_message_phone ON inbound_message (enterprise_id, phone, id);
CREATE INDEX inbound_message_campaign ON inbound_message (enterprise_id, campaign_id, id)
    WHERE campaign_id IS NOT NULL;
"""
REMOVE = "DROP INDEX inbound_message_phone; DROP INDEX inbound_message_campaign;"


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [migrations.RunSQL(ADD, REMOVE)]
