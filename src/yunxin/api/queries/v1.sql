-- name: use_nonce
-- Notes the nonce of a signed request; touches no row if it came before.
INSERT INTO api_answer (enterprise_id, scope, key, digest, answer)
VALUES (%(enterprise_id)s, %(scope)s, %(key)s, '', '')
ON CONFLICT DO NOTHING

-- name: read_message
-- One message of an enterprise, and where it is in the queue.
SELECT m.id, m.phone, m.state, m.code, m.text, m.template_id, m.segments::bigint, m.source,
    m.task_id, m.reference, m.submitted_at, m.done_at, m.finished_at, m.refunded,
    q.message_id IS NOT NULL, CASE WHEN q.claimed_by > 0 THEN q.claimed_at END, q.not_before,
    m.channel_id
FROM message m
LEFT JOIN message_queue q ON q.enterprise_id = m.enterprise_id AND q.message_id = m.id
WHERE m.enterprise_id = %(enterprise_id)s AND m.id = %(message_id)s

-- name: read_message_events
-- What happened to a message besides its ordinary way.
SELECT at, kind, code, part::bigint FROM message_event
WHERE enterprise_id = %(enterprise_id)s AND message_id = %(message_id)s
ORDER BY at

-- name: read_submissions
-- The parts of a message as the carrier took them; of tries in doubt, what a receipt told of.
SELECT submitted_at, part::bigint, abs(parts)::bigint, state, code, done_at FROM submission
WHERE enterprise_id = %(enterprise_id)s AND message_id = %(message_id)s
    AND (parts > 0 OR state IS NOT NULL)
ORDER BY submitted_at, part

-- name: list_messages
-- Messages of an enterprise, newest first.
SELECT m.id, m.phone, m.state, m.code, m.text, m.template_id, m.segments::bigint, m.source,
    m.task_id, m.reference, m.submitted_at, m.done_at, m.finished_at, m.refunded,
    q.message_id IS NOT NULL, CASE WHEN q.claimed_by > 0 THEN q.claimed_at END, q.not_before,
    m.channel_id
FROM message m
LEFT JOIN message_queue q ON q.enterprise_id = m.enterprise_id AND q.message_id = m.id
WHERE m.enterprise_id = %(enterprise_id)s AND m.id >= %(first)s AND m.id < %(below)s
    AND (%(state)s::text = '' OR m.state = %(state)s)
ORDER BY m.id DESC LIMIT %(most)s

-- name: list_messages_to
-- Messages of an enterprise to one phone, newest first.
SELECT m.id, m.phone, m.state, m.code, m.text, m.template_id, m.segments::bigint, m.source,
    m.task_id, m.reference, m.submitted_at, m.done_at, m.finished_at, m.refunded,
    q.message_id IS NOT NULL, CASE WHEN q.claimed_by > 0 THEN q.claimed_at END, q.not_before,
    m.channel_id
FROM message m
LEFT JOIN message_queue q ON q.enterprise_id = m.enterprise_id AND q.message_id = m.id
WHERE m.enterprise_id = %(enterprise_id)s AND m.phone = %(phone)s
    AND m.id >= %(first)s AND m.id < %(below)s
    AND (%(state)s::text = '' OR m.state = %(state)s)
    AND (%(reference)s::text = '' OR m.reference = %(reference)s)
ORDER BY m.id DESC LIMIT %(most)s

-- name: list_messages_referenced
-- Messages of an enterprise with a reference, newest first.
SELECT m.id, m.phone, m.state, m.code, m.text, m.template_id, m.segments::bigint, m.source,
    m.task_id, m.reference, m.submitted_at, m.done_at, m.finished_at, m.refunded,
    q.message_id IS NOT NULL, CASE WHEN q.claimed_by > 0 THEN q.claimed_at END, q.not_before,
    m.channel_id
FROM message m
LEFT JOIN message_queue q ON q.enterprise_id = m.enterprise_id AND q.message_id = m.id
WHERE m.enterprise_id = %(enterprise_id)s AND m.reference = %(reference)s
    AND m.id >= %(first)s AND m.id < %(below)s
    AND (%(state)s::text = '' OR m.state = %(state)s)
ORDER BY m.id DESC LIMIT %(most)s

-- name: list_messages_undelivered
-- Messages of an enterprise in a state that few are in, newest first.
SELECT m.id, m.phone, m.state, m.code, m.text, m.template_id, m.segments::bigint, m.source,
    m.task_id, m.reference, m.submitted_at, m.done_at, m.finished_at, m.refunded,
    q.message_id IS NOT NULL, CASE WHEN q.claimed_by > 0 THEN q.claimed_at END, q.not_before,
    m.channel_id
FROM message m
LEFT JOIN message_queue q ON q.enterprise_id = m.enterprise_id AND q.message_id = m.id
WHERE m.enterprise_id = %(enterprise_id)s AND m.state = %(state)s AND m.state <> 'delivered'
    AND m.id >= %(first)s AND m.id < %(below)s
ORDER BY m.id DESC LIMIT %(most)s

-- name: pull_events
-- Events after a cursor in the order in which they became visible. What is younger than the oldest
-- transaction still running waits, as that one may yet write an event that stands before it.
SELECT e.tx::text, e.id, e.at FROM interface_event e
WHERE e.enterprise_id = %(enterprise_id)s AND e.kind = %(kind)s
    AND (e.tx, e.id) > (%(tx)s::xid8, %(id)s)
    AND e.tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.tx, e.id LIMIT %(most)s

-- name: is_cursor_of_another_database
-- Whether a cursor is ahead of all transactions, as after a dump was restored into a new database.
SELECT %(tx)s::xid8 >= pg_snapshot_xmax(pg_current_snapshot())

-- name: lock_target_to_replay
-- The URL of a kind; locked, so that two requests come one after the other. What the first one left
-- only a later statement sees.
SELECT id FROM interfaces_pushtarget
WHERE enterprise_id = %(enterprise_id)s AND kind = %(kind)s AND enabled
FOR NO KEY UPDATE

-- name: read_last_replay
-- How many seconds ago the last replay of a URL was asked for.
SELECT coalesce(extract(epoch FROM clock_timestamp() - max(created_at)), 1e9)::float8
FROM interfaces_pushwish WHERE target_id = %(target_id)s AND kind = 'range'

-- name: insert_replay
-- Leaves the wish that a time is pushed again, for the engine.
WITH made AS (
    INSERT INTO interfaces_pushwish (enterprise_id, target_id, kind, from_at, to_at, created_at,
        events)
    VALUES (%(enterprise_id)s, %(target_id)s, 'range', %(from_at)s, %(to_at)s, clock_timestamp(), 0)
    RETURNING id
)
SELECT id, pg_notify('push', '') FROM made

-- name: read_replay
-- How many events are pushed again, once that is known.
SELECT events FROM interfaces_pushwish
WHERE enterprise_id = %(enterprise_id)s AND id = %(id)s AND taken_at IS NOT NULL

-- name: read_balance
-- The packages that can be paid with now, first to end first.
SELECT name, total, total - used, valid_from, valid_to FROM billing_package
WHERE enterprise_id = %(enterprise_id)s AND kind = 'text'
    AND valid_from <= %(now)s AND valid_to > %(now)s
ORDER BY valid_to, id

-- name: insert_errand
-- Leaves an application for the pages' half; no row if its key came before.
INSERT INTO errand (enterprise_id, credential_id, kind, body, language, key, digest, created_at)
VALUES (%(enterprise_id)s, %(credential_id)s, %(kind)s, %(body)s::jsonb, %(language)s, %(key)s,
    decode(%(digest)s, 'hex'), now())
ON CONFLICT DO NOTHING
RETURNING id

-- name: defer_errand
-- Has a worker of the background jobs carry an application out.
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('errands', 'errands.carry_out', 0, NULL, NULL,
    jsonb_build_object('errand_id', %(id)s::bigint), NULL)::procrastinate_job_to_defer_v1])

-- name: find_errand
-- The application that came with a key before.
SELECT id, encode(digest, 'hex') FROM errand
WHERE enterprise_id = %(enterprise_id)s AND key = %(key)s AND key <> ''

-- name: read_errand
-- What became of an application.
SELECT kind, done_at IS NOT NULL, object_id, problems FROM errand
WHERE enterprise_id = %(enterprise_id)s AND id = %(id)s

-- name: list_signatures
-- Signatures of an enterprise, newest first.
SELECT id, name, state, reject_reason, created_at FROM content_signature
WHERE enterprise_id = %(enterprise_id)s AND id < %(below)s
ORDER BY id DESC LIMIT %(most)s

-- name: list_templates
-- Templates of an enterprise that were not deleted, newest first.
SELECT t.id, t.name, t.content, t.state, t.kind, s.name, t.position, t.variable_names,
    t.reject_reason, t.created_at
FROM content_template t JOIN content_signature s ON s.id = t.signature_id
WHERE t.enterprise_id = %(enterprise_id)s AND t.deleted_at IS NULL AND t.id < %(below)s
ORDER BY t.id DESC LIMIT %(most)s
