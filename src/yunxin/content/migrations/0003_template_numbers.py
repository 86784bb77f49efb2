"""Template numbers (模板编号) have six digits from the first on."""

from django.db import migrations

FORWARD = "ALTER TABLE content_template ALTER COLUMN id RESTART WITH 100001"


class Migration(migrations.Migration):
    dependencies = [("content", "0002_common_template_library")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
