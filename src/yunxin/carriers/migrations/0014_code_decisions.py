"""Where operators change whether a code is permanent, the engine follows them.

What stands in the table now was told to people only, so it counts as shipped: nothing is decided
anew by this migration.
"""

from django.db import migrations, models
from django.db.models import F


def take_as_shipped(apps, schema_editor):
    apps.get_model("carriers", "CarrierCode").objects.update(was_permanent=F("is_permanent"))


class Migration(migrations.Migration):
    dependencies = [("carriers", "0013_number_tables")]

    operations = [
        migrations.AddField("carriercode", "was_permanent", models.BooleanField(null=True)),
        migrations.RunPython(take_as_shipped, migrations.RunPython.noop),
    ]
