"""One reason more why a recipient is refused: its digits lead to another enterprise."""

from django.db import migrations, models

REASONS = (
    "phone_invalid",
    "phone_duplicate",
    "blocked_global",
    "blocked_enterprise",
    "carrier_not_served",
    "params_missing",
    "params_extra",
    "param_too_long",
    "forbidden_word",
    "text_too_long",
    "quiet_hours",
    "frequency",
    "no_balance",
    "signature_not_approved",
    "template_not_approved",
    "enterprise_suspended",
    "line_malformed",
    "full_width_comma",
    "extension_too_long",
    "extension_taken",
)


def reason() -> models.CharField:
    return models.CharField(choices=[(word, word) for word in REASONS], max_length=32)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_campaign_groups")]

    operations = [
        migrations.AlterField("campaignrefusal", "reason", reason()),
        migrations.AlterField("refusedline", "reason", reason()),
    ]
