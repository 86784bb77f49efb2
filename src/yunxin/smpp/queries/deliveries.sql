-- name: smpp_accounts_due
-- Which of these accounts have something due.
SELECT x.enterprise_id, x.account_id
FROM unnest(%(enterprise_ids)s::bigint[], %(account_ids)s::bigint[]) AS x (enterprise_id, account_id)
WHERE EXISTS (SELECT FROM smpp_deliver d WHERE d.enterprise_id = x.enterprise_id
    AND d.account_id = x.account_id AND d.next_at <= now())

-- name: claim_smpp_delivers
-- Takes what is due to an account, oldest first, and holds it for a while; with what it tells of.
WITH picked AS (
    SELECT enterprise_id, id FROM smpp_deliver
    WHERE enterprise_id = %(enterprise_id)s AND account_id = %(account_id)s AND next_at <= now()
    ORDER BY next_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE smpp_deliver d SET attempt = d.attempt + 1, leased_by = %(instance_id)s,
        next_at = now() + %(lease)s::interval
    FROM picked p WHERE d.enterprise_id = p.enterprise_id AND d.id = p.id
    RETURNING d.enterprise_id, d.id, d.kind, d.object_id, d.told_id, d.attempt
)
SELECT t.id, t.attempt::bigint, t.kind, t.told_id,
    s.back, m.id, m.state, m.why, coalesce(m.done_at, m.finished_at), m.reference,
    p.back, p.outcome, p.reason, p.received_at, r.phone, r.access_number, r.text
FROM taken t
LEFT JOIN LATERAL (
    SELECT s.back FROM smpp_message s
    WHERE t.kind = 'receipt' AND s.enterprise_id = t.enterprise_id AND s.message_id = t.object_id
    LIMIT 1) s ON true
LEFT JOIN LATERAL (
    SELECT m.id, m.state, m.done_at, m.finished_at, m.reference,
        CASE WHEN m.state = 'cancelled' THEN (
            SELECT e.code FROM message_event e WHERE e.enterprise_id = m.enterprise_id
                AND e.message_id = m.id AND e.kind = 'cancelled' LIMIT 1
        ) ELSE m.code END AS why
    FROM message m
    WHERE t.kind = 'receipt' AND m.enterprise_id = t.enterprise_id AND m.id = t.object_id
    LIMIT 1) m ON true
LEFT JOIN LATERAL (
    SELECT p.back, p.outcome, p.reason, p.received_at FROM smpp_part p
    WHERE t.kind = 'lost' AND p.enterprise_id = t.enterprise_id AND p.id = t.object_id
    LIMIT 1) p ON true
LEFT JOIN LATERAL (
    SELECT r.phone, r.access_number, r.text FROM inbound_message r
    WHERE t.kind = 'reply' AND r.id = t.object_id AND r.enterprise_id = t.enterprise_id
    LIMIT 1) r ON true
ORDER BY t.id

-- name: drop_smpp_delivers
-- What was acknowledged, or what nothing is left to tell of.
DELETE FROM smpp_deliver d
USING unnest(%(enterprise_ids)s::bigint[], %(ids)s::bigint[]) AS x (enterprise_id, id)
WHERE d.enterprise_id = x.enterprise_id AND d.id = x.id

-- name: return_smpp_delivers
-- What was not acknowledged: due again, now or later.
UPDATE smpp_deliver d SET next_at = now() + x.wait_ms * interval '1 millisecond', leased_by = NULL
FROM unnest(%(enterprise_ids)s::bigint[], %(ids)s::bigint[], %(waits_ms)s::bigint[])
    AS x (enterprise_id, id, wait_ms)
WHERE d.enterprise_id = x.enterprise_id AND d.id = x.id
    AND d.leased_by IS NOT DISTINCT FROM %(instance_id)s

-- name: free_dead_smpp_delivers
-- What programs that are gone had in their hands: due at once.
UPDATE smpp_deliver d SET next_at = now(), leased_by = NULL
WHERE d.leased_by IS NOT NULL AND d.leased_by <> %(instance_id)s AND NOT EXISTS (
    SELECT FROM engine_instance e WHERE e.id = d.leased_by AND (
        e.heartbeat_at > now() - interval '7 seconds' OR EXISTS (
            SELECT FROM pg_locks l
            WHERE l.locktype = 'advisory' AND l.classid::bigint = %(lock)s
                AND l.objid::bigint = e.id AND l.objsubid = 2 AND l.granted
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))))

-- name: give_up_smpp_delivers
-- What was not acknowledged in all the time that it is kept.
DELETE FROM smpp_deliver d USING (
    SELECT enterprise_id, id FROM smpp_deliver
    WHERE created_at < now() - %(kept)s::interval LIMIT 10000) old
WHERE d.enterprise_id = old.enterprise_id AND d.id = old.id
