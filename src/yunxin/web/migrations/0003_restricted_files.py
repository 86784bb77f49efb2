"""Files that only the pages of their room hand out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("web", "0002_once"),
    ]

    operations = [
        migrations.AddField(
            model_name="storedfile",
            name="restricted",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
