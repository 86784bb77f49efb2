"""What carriers tell of phones' accounts is kept for people to see."""

from django.db import migrations, models

CONDITIONS = [(word, word) for word in ("cancelled", "suspended")]


class Migration(migrations.Migration):
    dependencies = [("carriers", "0010_idle_lines")]

    operations = [
        migrations.CreateModel(
            "PhoneNews",
            [
                ("phone", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("condition", models.CharField(choices=CONDITIONS, max_length=10)),
                ("channel_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "phone_news",
                "indexes": [models.Index(fields=["at"], name="phone_news_at")],
            },
        ),
    ]
