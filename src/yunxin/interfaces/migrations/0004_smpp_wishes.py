"""An address may be asked for one SMPP account; an operator may ask a session to end."""

import django.db.models.deletion
from django.db import migrations, models

ALIVE = ("pending", "approved")


class Migration(migrations.Migration):
    dependencies = [("interfaces", "0003_smpp")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE smpp_session ADD COLUMN close_wished_at timestamptz",
            "ALTER TABLE smpp_session DROP COLUMN close_wished_at",
        ),
        migrations.RemoveConstraint(
            model_name="allowednetwork",
            name="network_once_an_enterprise",
        ),
        migrations.AddField(
            model_name="allowednetwork",
            name="smpp_account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="asked_networks",
                to="interfaces.smppaccount",
            ),
        ),
        migrations.AddConstraint(
            model_name="allowednetwork",
            constraint=models.UniqueConstraint(
                condition=models.Q(("smpp_account__isnull", True), ("state__in", ALIVE)),
                fields=("enterprise", "network"),
                name="network_once_an_enterprise",
            ),
        ),
        migrations.AddConstraint(
            model_name="allowednetwork",
            constraint=models.UniqueConstraint(
                condition=models.Q(("smpp_account__isnull", False), ("state__in", ALIVE)),
                fields=("smpp_account", "network"),
                name="network_once_an_account",
            ),
        ),
    ]
