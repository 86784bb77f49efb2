"""A channel may serve some traffic classes, some hours, and be dedicated to enterprises."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("carriers", "0007_ported"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="enterprises",
            field=models.ManyToManyField(blank=True, related_name="+", to="accounts.enterprise"),
        ),
        migrations.AddField(
            model_name="channel",
            name="open_from",
            field=models.TimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="open_to",
            field=models.TimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="traffics",
            field=models.JSONField(
                blank=True, db_default=models.Value([], models.JSONField()), default=list
            ),
        ),
    ]
