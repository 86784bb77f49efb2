"""A reply that a carrier delivers again, as our acknowledgement got lost, is known."""

from django.db import migrations

FORWARD = """
-- Replies, and parts of them, that were stored in the last days: carrier's id and content, hashed.
CREATE TABLE inbound_seen (
    channel_id bigint NOT NULL,
    delivery text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (channel_id, delivery)
);
CREATE INDEX inbound_seen_received ON inbound_seen (received_at);
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_scheduled")]

    operations = [migrations.RunSQL(FORWARD, "DROP TABLE inbound_seen")]
