-- name: overdue_smpp_messages
-- Messages whose validity period is over, and whether they wait in nobody's hands. Those that are
-- being sent at this moment are left for the next time, as they may be set free again.
SELECT s.enterprise_id, s.message_id, q.message_id IS NOT NULL
FROM smpp_message s
LEFT JOIN message_queue q ON q.enterprise_id = s.enterprise_id AND q.message_id = s.message_id
WHERE s.expires_at <= now() AND coalesce(q.claimed_by, 0) = 0
ORDER BY s.expires_at LIMIT %(most)s
FOR UPDATE OF s SKIP LOCKED

-- name: settle_overdue_smpp_messages
-- Nobody has to look at these again.
UPDATE smpp_message s SET expires_at = NULL
FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[])
    AS x (enterprise_id, message_id)
WHERE s.enterprise_id = x.enterprise_id AND s.message_id = x.message_id

-- name: ensure_smpp_partitions
-- Makes the days of smpp_message that come.
SELECT ensure_smpp_partitions(%(now)s::timestamptz, %(now)s::timestamptz + interval '7 days')

-- name: drop_smpp_messages
-- Drops the days of which nothing is told any more.
SELECT drop_smpp_partitions(%(before)s::timestamptz)
