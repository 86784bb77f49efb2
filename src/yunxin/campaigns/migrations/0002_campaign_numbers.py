"""Task numbers (任务编码) have seven digits from the first on."""

from django.db import migrations

FORWARD = "ALTER TABLE campaigns_campaign ALTER COLUMN id RESTART WITH 1000001"


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
