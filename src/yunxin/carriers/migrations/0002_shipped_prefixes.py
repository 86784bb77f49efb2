"""Ships the public numbering plan; operators edit it from then on."""

from django.db import migrations

from yunxin.text.phones import PREFIXES


def ship(apps, schema_editor):
    model = apps.get_model("carriers", "NumberPrefix")
    rows = [model(prefix=prefix, carrier=str(carrier)) for prefix, carrier in PREFIXES.items()]
    model.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("carriers", "0001_initial")]

    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
