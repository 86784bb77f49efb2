-- name: lock_smpp_sessions
-- One bind of an account after the other, so that they are counted right.
SELECT pg_advisory_xact_lock(791020, %(account_id)s::integer)

-- name: count_smpp_sessions
-- How many sessions of an account are bound: those of programs that hold their lock, see
-- engine/instance.py, and our own.
SELECT count(*) FROM smpp_session s
WHERE s.account_id = %(account_id)s AND (s.instance_id = %(instance_id)s OR EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid::bigint = %(lock)s
        AND l.objid::bigint = s.instance_id AND l.objsubid = 2 AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())))

-- name: open_smpp_session
-- A session that is bound; its id.
INSERT INTO smpp_session (account_id, enterprise_id, instance_id, mode, address)
VALUES (%(account_id)s, %(enterprise_id)s, %(instance_id)s, %(mode)s, %(address)s)
RETURNING id

-- name: beat_smpp_sessions
-- What sessions did so far; they live. Gives each, and whether an operator wishes its end.
UPDATE smpp_session s SET heartbeat_at = now(), submitted = x.submitted, refused = x.refused,
    throttled = x.throttled, delivered = x.delivered, unanswered = x.unanswered,
    last_at = CASE WHEN x.idle_ms >= 0 THEN now() - x.idle_ms * interval '1 millisecond' END
FROM unnest(%(ids)s::bigint[], %(submitted)s::bigint[], %(refused)s::bigint[],
    %(throttled)s::bigint[], %(delivered)s::bigint[], %(unanswered)s::bigint[],
    %(idle_ms)s::bigint[])
    AS x (id, submitted, refused, throttled, delivered, unanswered, idle_ms)
WHERE s.id = x.id
RETURNING s.id, s.close_wished_at IS NOT NULL

-- name: close_smpp_sessions
-- Sessions that ended.
DELETE FROM smpp_session WHERE id = ANY (%(ids)s::bigint[])

-- name: forget_dead_smpp_sessions
-- Sessions of programs that are gone.
DELETE FROM smpp_session s
WHERE s.instance_id <> %(instance_id)s AND s.heartbeat_at < now() - interval '15 seconds'
    AND NOT EXISTS (SELECT FROM engine_instance e WHERE e.id = s.instance_id
        AND e.heartbeat_at > now() - interval '15 seconds')
