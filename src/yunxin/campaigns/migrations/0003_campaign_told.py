"""What became of a campaign is told in the bell; of those that ended before, nothing is said."""

from django.db import migrations, models

ENDED = """
UPDATE campaigns_campaign c SET told = 'ended' FROM campaign_progress p
WHERE p.campaign_id = c.id AND p.state IN ('finished', 'failed', 'terminated')
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_campaign_numbers")]

    operations = [
        migrations.AddField(
            "campaign",
            "told",
            models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        migrations.AddIndex(
            "campaign",
            models.Index(
                fields=("id",),
                condition=models.Q(
                    ("deleted_at__isnull", True),
                    models.Q(("wish", "draft"), _negated=True),
                    models.Q(("told", "ended"), _negated=True),
                ),
                name="campaign_untold",
            ),
        ),
        migrations.RunSQL(ENDED, migrations.RunSQL.noop),
    ]
