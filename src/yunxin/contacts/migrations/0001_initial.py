"""The address book's tables and functions, made by SQL; Django reads them."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

CONTACT_TABLES = Path(__file__).with_name("contact_tables.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CONTACT_TABLES)],
            state_operations=[
                migrations.CreateModel(
                    name="AddressBook",
                    fields=[
                        (
                            "enterprise",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="address_book",
                                serialize=False,
                                to="accounts.enterprise",
                            ),
                        ),
                        ("contacts", models.IntegerField(db_default=0, default=0)),
                        ("version", models.BigIntegerField(db_default=0, default=0)),
                    ],
                    options={
                        "db_table": "address_book",
                    },
                ),
                migrations.CreateModel(
                    name="Contact",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("phone", models.CharField(max_length=11)),
                        ("name", models.CharField(blank=True, max_length=40)),
                        ("initials", models.CharField(blank=True, max_length=40)),
                        (
                            "gender",
                            models.CharField(
                                blank=True,
                                choices=[("", ""), ("male", "male"), ("female", "female")],
                                max_length=8,
                            ),
                        ),
                        ("birthday", models.DateField(null=True)),
                        ("industry", models.CharField(blank=True, max_length=40)),
                        ("position", models.CharField(blank=True, max_length=40)),
                        ("company", models.CharField(blank=True, max_length=100)),
                        ("remark", models.CharField(blank=True, max_length=200)),
                        ("created_at", models.DateTimeField()),
                        ("updated_at", models.DateTimeField()),
                        (
                            "enterprise",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="contacts",
                                to="accounts.enterprise",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "contact",
                        "ordering": ("-id",),
                    },
                ),
                migrations.CreateModel(
                    name="ContactGroup",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("name", models.CharField(max_length=40)),
                        (
                            "path",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), size=None
                            ),
                        ),
                        ("members", models.IntegerField(default=0)),
                        ("reach", models.IntegerField(default=0)),
                        ("created_at", models.DateTimeField()),
                        (
                            "enterprise",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="contact_groups",
                                to="accounts.enterprise",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="children",
                                to="contacts.contactgroup",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "contact_group",
                    },
                ),
                migrations.CreateModel(
                    name="Membership",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "enterprise_id",
                                "group_id",
                                "contact_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("enterprise_id", models.BigIntegerField()),
                        (
                            "contact",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="memberships",
                                to="contacts.contact",
                            ),
                        ),
                        (
                            "group",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="memberships",
                                to="contacts.contactgroup",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "contact_membership",
                    },
                ),
            ],
        ),
    ]
