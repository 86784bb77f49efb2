"""The audit log as programs without Django write it: the API calls `audit_note`."""

from django.db import migrations

FORWARD = """
-- Writes down what a program did for an enterprise; the detail says by which key.
CREATE FUNCTION audit_note(
    p_enterprise bigint, p_action text, p_subject text, p_detail jsonb, p_address inet)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO accounts_auditentry (at, enterprise_id, action, subject, detail, address)
    VALUES (now(), p_enterprise, p_action, left(p_subject, 200), p_detail, p_address);
$$
"""
BACKWARD = "DROP FUNCTION audit_note"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
