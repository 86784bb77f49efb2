"""Where a form leads may be a long search's address."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0003_restricted_files")]

    operations = [
        migrations.AlterField(
            model_name="sentform", name="location", field=models.TextField(blank=True)
        ),
    ]
