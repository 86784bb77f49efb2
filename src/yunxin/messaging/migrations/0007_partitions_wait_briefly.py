"""Whoever makes a partition locks the whole table: it gives up soon where somebody reads it for
long, as everybody else would have to wait behind it. There is another try an hour later, and
partitions are made many days ahead.
"""

from django.db import migrations

FUNCTIONS = ("ensure_message_partitions", "ensure_submission_partitions", "ensure_event_partitions")


def _alter(what: str) -> str:
    return "\n".join(
        f"ALTER FUNCTION {name}(timestamptz, timestamptz) {what};" for name in FUNCTIONS
    )


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_queue_provinces"), ("interfaces", "0001_initial")]

    operations = [
        # Shorter than PostgreSQL waits before it looks for a deadlock: this is who gives up.
        migrations.RunSQL(_alter("SET lock_timeout = '500ms'"), _alter("RESET lock_timeout"))
    ]
