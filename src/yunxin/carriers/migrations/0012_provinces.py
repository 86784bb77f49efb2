"""A channel may serve some provinces only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carriers", "0011_phone_news")]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="provinces",
            field=models.JSONField(
                blank=True, db_default=models.Value([], models.JSONField()), default=list
            ),
        ),
    ]
