-- name: lock_engine
-- Holds the lock that says that the engine with this id lives, as long as the session does.
SELECT pg_try_advisory_lock(%(lock)s::integer, %(engine_id)s::integer)

-- name: unlock_engine
-- Lets go of the lock of an engine.
SELECT pg_advisory_unlock(%(lock)s::integer, %(engine_id)s::integer)

-- name: register_engine
-- A row for this engine with a node number that is free; nothing if another was faster. Where the
-- search begins moves on with the engine's id, a second each: should the clock be set back, whoever
-- starts then does not make the ids again that an engine before it made.
INSERT INTO engine_instance (id, node, host, pid, version, role, started_at, heartbeat_at)
SELECT %(engine_id)s, n, %(host)s, %(pid)s::integer, %(version)s, %(role)s, now(), now()
FROM generate_series(0, %(nodes)s::integer - 1) n
WHERE NOT EXISTS (SELECT FROM engine_instance e WHERE e.node = n)
ORDER BY n < %(engine_id)s::bigint %% %(nodes)s::integer, n LIMIT 1
ON CONFLICT DO NOTHING
RETURNING node::bigint

-- name: heartbeat
-- This engine lives; touches no row if others have declared it dead.
UPDATE engine_instance SET heartbeat_at = now() WHERE id = %(engine_id)s

-- name: silent_engines
-- Other engines that have not been heard of for a while.
SELECT id FROM engine_instance
WHERE id <> %(engine_id)s AND heartbeat_at < now() - %(silence)s::interval

-- name: orphaned_claims
-- Claims of engines that nobody knows any more.
SELECT DISTINCT claimed_by FROM message_queue q
WHERE claimed_by > 0 AND NOT EXISTS (SELECT FROM engine_instance e WHERE e.id = q.claimed_by)

-- name: forget_engine
-- An engine that ended, or died and whose claims are settled; its node number is free again.
DELETE FROM engine_instance e WHERE e.id = %(engine_id)s
    AND NOT EXISTS (SELECT FROM message_queue q WHERE q.claimed_by = e.id)

-- name: forget_channel_states
-- What an engine that is gone said of its channels.
DELETE FROM channel_state WHERE engine_id = %(engine_id)s
