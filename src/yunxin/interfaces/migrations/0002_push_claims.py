"""Which engine has a batch in its hands, so that another takes over from one that died."""

from django.db import migrations

FORWARD = "ALTER TABLE push_batch ADD COLUMN claimed_by bigint"
BACKWARD = "ALTER TABLE push_batch DROP COLUMN claimed_by"


class Migration(migrations.Migration):
    dependencies = [("interfaces", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
