"""Where numbers are from, files of numbers, and ported numbers that are learned from reports."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

ID = (
    "id",
    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
)
ONE = ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False))
CARRIERS = [(word, word) for word in ("mobile", "unicom", "telecom", "broadnet", "unknown")]
ORIGINS = [(word, word) for word in ("imported", "manual", "learned")]
TABLES = [(word, word) for word in ("ported", "places")]
STATES = [(word, word) for word in ("uploading", "waiting", "reading", "saving", "done", "failed")]
PROVINCES = [
    (word, word)
    for word in (
        "beijing", "tianjin", "hebei", "shanxi", "inner_mongolia", "liaoning", "jilin",
        "heilongjiang", "shanghai", "jiangsu", "zhejiang", "anhui", "fujian", "jiangxi", "shandong",
        "henan", "hubei", "hunan", "guangdong", "guangxi", "hainan", "chongqing", "sichuan",
        "guizhou", "yunnan", "tibet", "shaanxi", "gansu", "qinghai", "ningxia", "xinjiang",
    )
]  # fmt: skip
REFUSED_KEY = models.CompositePrimaryKey(
    "run_id", "line", blank=True, editable=False, primary_key=True, serialize=False
)


def by(**options):
    return models.ForeignKey(
        on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, **options
    )


class Migration(migrations.Migration):
    dependencies = [
        ("carriers", "0012_provinces"),
        ("web", "0003_restricted_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "portednumber",
            "origin",
            models.CharField(
                choices=ORIGINS, db_default="imported", default="imported", max_length=10
            ),
        ),
        migrations.AddField(
            "portednumber", "code", models.CharField(blank=True, db_default="", max_length=60)
        ),
        migrations.AddIndex(
            "portednumber",
            models.Index(condition=Q(origin="learned"), fields=["-at"], name="ported_learned"),
        ),
        migrations.CreateModel(
            name="PortedNews",
            fields=[
                ID,
                ("phone", models.TextField()),
                ("carrier", models.TextField()),
                ("code", models.TextField()),
                ("channel_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "ported_news"},
        ),
        migrations.CreateModel(
            name="PortingLearning",
            fields=[ONE, ("is_on", models.BooleanField(default=False))],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(id=1), name="porting_learning_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PortingRule",
            fields=[
                ID,
                ("protocol", models.CharField(blank=True, max_length=8)),
                ("code", models.CharField(max_length=40)),
                ("carrier", models.CharField(choices=CARRIERS, max_length=12)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("by", by(null=True)),
            ],
            options={
                "ordering": ("protocol", "code"),
                "constraints": [
                    models.UniqueConstraint(fields=("protocol", "code"), name="porting_rule_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="NumberPlace",
            fields=[
                ("head", models.CharField(max_length=7, primary_key=True, serialize=False)),
                ("province", models.CharField(choices=PROVINCES, max_length=16)),
                ("city", models.CharField(blank=True, max_length=40)),
                ("carrier", models.CharField(blank=True, max_length=12)),
            ],
        ),
        migrations.CreateModel(
            name="PlaceTable",
            fields=[
                ONE,
                ("version", models.BigIntegerField()),
                ("cells", models.BinaryField()),
                ("rows", models.IntegerField()),
                ("is_made_up", models.BooleanField(default=False)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(id=1), name="place_table_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="NumberImport",
            fields=[
                ID,
                ("table", models.CharField(choices=TABLES, max_length=8)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("file_name", models.CharField(max_length=200)),
                ("replaces", models.BooleanField(default=False)),
                ("state", models.CharField(choices=STATES, default="waiting", max_length=10)),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("finished_at", models.DateTimeField(null=True)),
                ("read_permille", models.PositiveSmallIntegerField(default=0)),
                ("rows_read", models.IntegerField(default=0)),
                ("refused_count", models.IntegerField(default=0)),
                ("stored_count", models.IntegerField(default=0)),
                ("removed_count", models.IntegerField(default=0)),
                ("created_by", by()),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.SET_NULL,
                        related_name="+",
                        to="web.storedfile",
                    ),
                ),
            ],
            options={"ordering": ("-id",)},
        ),
        migrations.CreateModel(
            name="RefusedNumber",
            fields=[
                ("pk", REFUSED_KEY),
                ("run_id", models.BigIntegerField()),
                ("line", models.IntegerField()),
                ("content", models.CharField(max_length=100)),
                ("fault", models.CharField(max_length=20)),
            ],
        ),
    ]
