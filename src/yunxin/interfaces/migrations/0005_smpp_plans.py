"""Receipts for SMPP accounts are found message by message, whatever the planner believes."""

from django.db import migrations

# A lateral look-up with LIMIT is never turned into a join that reads whole partitions.
FORWARD = """
CREATE OR REPLACE FUNCTION note_smpp_receipts(enterprise_ids bigint[], message_ids bigint[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    noted bigint;
BEGIN
    INSERT INTO smpp_deliver (enterprise_id, account_id, kind, object_id, told_id)
    SELECT x.enterprise_id, s.account_id, 'receipt', x.message_id, p.told_id
    FROM unnest(enterprise_ids, message_ids) AS x (enterprise_id, message_id)
    CROSS JOIN LATERAL (
        SELECT s.account_id, s.told_ids, s.wanted FROM smpp_message s
        WHERE s.enterprise_id = x.enterprise_id AND s.message_id = x.message_id LIMIT 1) s
    CROSS JOIN LATERAL unnest(s.told_ids, s.wanted) AS p (told_id, wanted)
    WHERE p.wanted = 1 OR (p.wanted = 2 AND (
        SELECT m.state FROM message m
        WHERE m.enterprise_id = x.enterprise_id AND m.id = x.message_id) <> 'delivered');
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF noted > 0 THEN
        PERFORM pg_notify('smpp', '');
    END IF;
    RETURN noted;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("interfaces", "0004_smpp_wishes")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
