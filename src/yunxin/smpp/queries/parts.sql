-- name: lock_smpp_parts
-- Waits until no other program is at the parts of these long messages.
SELECT pg_advisory_xact_lock(791021, key) FROM (
    SELECT DISTINCT hashtext(t) AS key FROM unnest(%(texts)s::text[]) AS t ORDER BY 1 OFFSET 0
) keys

-- name: store_smpp_parts
-- Parts of long messages; one that waits already is left as it is.
INSERT INTO smpp_part (enterprise_id, id, account_id, sender, phone, reference, total, number,
    alphabet, data, wanted, back, scheduled_at, expires_at)
SELECT x.enterprise_id, x.id, x.account_id, x.sender, x.phone, x.reference, x.total, x.number,
    x.alphabet, decode(x.data, 'hex'), x.wanted, decode(x.back, 'hex'), x.scheduled_at, x.expires_at
FROM unnest(%(enterprise_ids)s::bigint[], %(ids)s::bigint[], %(account_ids)s::bigint[],
    %(senders)s::text[], %(phones)s::text[], %(part_references)s::integer[],
    %(totals)s::smallint[], %(numbers)s::smallint[], %(alphabets)s::text[], %(data)s::text[],
    %(wanted)s::smallint[], %(backs)s::text[], %(scheduled_ats)s::timestamptz[],
    %(expires_ats)s::timestamptz[])
    AS x (enterprise_id, id, account_id, sender, phone, reference, total, number, alphabet, data,
        wanted, back, scheduled_at, expires_at)
ON CONFLICT (account_id, phone, sender, reference, total, number) WHERE outcome IS NULL DO NOTHING

-- name: waiting_smpp_parts
-- The parts of these long messages that are here, in order.
SELECT p.account_id, p.phone, p.sender, p.reference::bigint, p.total::bigint,
    p.enterprise_id, p.number::bigint, p.id, p.alphabet, p.data, p.wanted::bigint, p.back,
    p.scheduled_at, p.expires_at
FROM unnest(%(account_ids)s::bigint[], %(phones)s::text[], %(senders)s::text[],
    %(part_references)s::integer[], %(totals)s::smallint[])
    AS x (account_id, phone, sender, reference, total)
JOIN smpp_part p ON p.account_id = x.account_id AND p.phone = x.phone AND p.sender = x.sender
    AND p.reference = x.reference AND p.total = x.total AND p.outcome IS NULL
ORDER BY 1, 2, 3, 4, 5, 7
FOR UPDATE OF p

-- name: end_smpp_parts
-- What became of parts whose message was whole. Of those that were refused after they had been
-- answered ('rejected') a receipt tells, where one was asked for.
WITH ended AS (
    UPDATE smpp_part p SET outcome = CASE WHEN x.outcome = 'joined' THEN 'joined' ELSE 'refused' END,
        message_id = NULLIF(x.message_id, 0), reason = x.reason, data = ''
    FROM unnest(%(enterprise_ids)s::bigint[], %(ids)s::bigint[], %(outcomes)s::text[],
        %(message_ids)s::bigint[], %(reasons)s::text[])
        AS x (enterprise_id, id, outcome, message_id, reason)
    WHERE p.enterprise_id = x.enterprise_id AND p.id = x.id AND p.outcome IS NULL
    RETURNING p.enterprise_id, p.id, p.account_id, p.wanted, x.outcome
), noted AS (
    INSERT INTO smpp_deliver (enterprise_id, account_id, kind, object_id, told_id)
    SELECT enterprise_id, account_id, 'lost', id, id FROM ended
    WHERE outcome = 'rejected' AND wanted > 0
    RETURNING 1
)
SELECT pg_notify('smpp', '') FROM noted LIMIT 1

-- name: give_up_smpp_parts
-- Parts of these long messages that will never be whole; receipts tell of them.
WITH ended AS (
    UPDATE smpp_part p SET outcome = 'incomplete', reason = 'parts_missing', data = ''
    FROM unnest(%(account_ids)s::bigint[], %(phones)s::text[], %(senders)s::text[],
        %(part_references)s::integer[], %(totals)s::smallint[])
        AS x (account_id, phone, sender, reference, total)
    WHERE p.account_id = x.account_id AND p.phone = x.phone AND p.sender = x.sender
        AND p.reference = x.reference AND p.total = x.total AND p.outcome IS NULL
        AND p.id <> ALL (%(spared)s::bigint[])
    RETURNING p.enterprise_id, p.id, p.account_id, p.wanted
), noted AS (
    INSERT INTO smpp_deliver (enterprise_id, account_id, kind, object_id, told_id)
    SELECT enterprise_id, account_id, 'lost', id, id FROM ended WHERE wanted > 0
    RETURNING 1
)
SELECT pg_notify('smpp', '') FROM noted LIMIT 1

-- name: stale_smpp_parts
-- Long messages whose missing parts do not come any more.
SELECT account_id, phone, sender, reference::bigint, total::bigint FROM smpp_part
WHERE outcome IS NULL
GROUP BY account_id, phone, sender, reference, total
HAVING max(received_at) < now() - %(wait)s::interval
LIMIT 500

-- name: smpp_part_exists
-- Whether a part was stored: its whole batch was, or nothing of it.
SELECT EXISTS (SELECT FROM smpp_part WHERE enterprise_id = %(enterprise_id)s AND id = %(id)s)

-- name: drop_smpp_parts
-- Parts that nobody asks for any more.
DELETE FROM smpp_part p USING (
    SELECT enterprise_id, id FROM smpp_part
    WHERE outcome IS NOT NULL AND received_at < now() - %(kept)s::interval LIMIT 10000) old
WHERE p.enterprise_id = old.enterprise_id AND p.id = old.id
