"""The other functions that lock a whole table wait as briefly: a `pg_dump` may read for hours, and
everybody would stand behind whoever asks for the lock.
"""

from django.db import migrations

LONGER = "2s"  # as it was
FUNCTIONS = {
    "ensure_smpp_partitions(timestamptz, timestamptz)": "",
    "drop_smpp_partitions(timestamptz)": LONGER,
    "drop_submission_partitions(timestamptz)": LONGER,
    "drop_event_partitions(timestamptz)": LONGER,
}
FORWARD = "\n".join(f"ALTER FUNCTION {name} SET lock_timeout = '500ms';" for name in FUNCTIONS)
BACKWARD = "\n".join(
    f"ALTER FUNCTION {name} " + (f"SET lock_timeout = '{was}';" if was else "RESET lock_timeout;")
    for name, was in FUNCTIONS.items()
)


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0007_partitions_wait_briefly"),
        ("interfaces", "0003_smpp"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
