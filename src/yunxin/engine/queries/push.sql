-- name: push_targets_due
-- The URLs that have something to be pushed now and whose circuit breaker allows it.
SELECT t.id, t.enterprise_id, coalesce(s.failures, 0)::bigint
FROM interfaces_pushtarget t LEFT JOIN push_target_state s ON s.target_id = t.id
WHERE t.enabled AND (s.open_until IS NULL OR s.open_until <= %(now)s) AND (
    (SELECT true FROM push_queue q WHERE q.target_id = t.id LIMIT 1)
    OR (SELECT true FROM push_batch b WHERE b.target_id = t.id AND b.state = 'waiting'
        AND b.next_at <= %(now)s AND b.kind <> 'test' LIMIT 1))

-- name: lock_push_target
-- Locks how a URL has behaved, so that one engine at a time takes from its queue; with the URL.
-- Nothing while another has the lock: it looks again itself when it is done.
SELECT s.failures, s.open_until, t.enabled, t.kind, t.url, t.format, t.sealed_secret
FROM push_target_state s JOIN interfaces_pushtarget t ON t.id = s.target_id
WHERE s.target_id = %(target_id)s
FOR NO KEY UPDATE OF s SKIP LOCKED

-- name: open_push_target
-- The row of a URL that was never pushed to.
INSERT INTO push_target_state (target_id, enterprise_id)
VALUES (%(target_id)s, %(enterprise_id)s)
ON CONFLICT DO NOTHING

-- name: count_pushes_in_flight
-- How many requests to a URL are on their way, from all engines.
SELECT count(*) FROM push_batch
WHERE target_id = %(target_id)s AND state = 'waiting' AND next_at > %(now)s
    AND next_at <= %(until)s AND claimed_until > %(now)s AND kind <> 'test'

-- name: claim_push_batches
-- Takes batches that are due; whoever took them before has let its lease run out.
UPDATE push_batch b SET attempt = b.attempt + 1, claimed_until = %(until)s, next_at = %(until)s,
    claimed_by = %(engine_id)s
FROM (
    SELECT enterprise_id, id FROM push_batch
    WHERE target_id = %(target_id)s AND state = 'waiting' AND next_at <= %(now)s
        AND enterprise_id = %(enterprise_id)s AND kind <> 'test'
    ORDER BY next_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) due
WHERE b.enterprise_id = due.enterprise_id AND b.id = due.id
RETURNING b.id, b.kind, b.format, b.attempt, b.created_at, b.event_ids, b.body

-- name: peek_push_queue
-- The oldest events that wait for a URL.
SELECT event_id FROM push_queue
WHERE target_id = %(target_id)s AND enterprise_id = %(enterprise_id)s
ORDER BY event_id LIMIT %(most)s FOR UPDATE SKIP LOCKED

-- name: pushed_receipts
-- What is told of receipts: the message's final word, and that of each part of a longer one.
SELECT e.id, e.at, m.id, m.phone, m.state, m.code, m.segments, m.submitted_at, m.done_at,
    m.finished_at, m.task_id, m.campaign_id, m.reference, e.detail ->> 'task',
    e.detail ->> 'phone', e.detail ->> 'reason', p.total, p.parts, p.states, p.codes, p.done_ats,
    m.channel_id
FROM unnest(%(enterprise_ids)s::bigint[], %(event_ids)s::bigint[])
    WITH ORDINALITY AS x (enterprise_id, id, n)
JOIN interface_event e ON e.enterprise_id = x.enterprise_id AND e.id = x.id
    AND e.at > %(since)s AND e.at < now() + interval '1 hour'
LEFT JOIN message m ON m.enterprise_id = e.enterprise_id AND m.id = e.object_id
LEFT JOIN LATERAL (
    SELECT max(w.parts) AS total, array_agg(w.part) AS parts, array_agg(w.state) AS states,
        array_agg(coalesce(w.code, '')) AS codes, array_agg(w.done_at) AS done_ats
    FROM (
        SELECT DISTINCT ON (s.part) s.part, abs(s.parts) AS parts, s.state, s.code, s.done_at FROM submission s
        WHERE m.segments > 1 AND s.enterprise_id = m.enterprise_id AND s.message_id = m.id
            AND s.submitted_at >= m.submitted_at - interval '1 day'
            AND s.submitted_at <= m.finished_at + interval '1 minute'
        ORDER BY s.part, s.state IS NULL, s.submitted_at DESC
    ) w
) p ON true
WHERE m.id IS NOT NULL OR e.detail IS NOT NULL
ORDER BY x.n

-- name: pushed_replies
-- What is told of replies.
SELECT e.id, e.at, r.id, r.phone, r.access_number, r.text, r.received_at, r.message_id,
    r.unsubscribed
FROM unnest(%(enterprise_ids)s::bigint[], %(event_ids)s::bigint[])
    WITH ORDINALITY AS x (enterprise_id, id, n)
JOIN interface_event e ON e.enterprise_id = x.enterprise_id AND e.id = x.id
    AND e.at > %(since)s AND e.at < now() + interval '1 hour'
CROSS JOIN LATERAL (
    SELECT * FROM inbound_message i WHERE i.id = e.object_id AND i.enterprise_id = e.enterprise_id
    OFFSET 0  -- events first, and each reply by its id
) r
ORDER BY x.n

-- name: make_push_batches
-- Takes events out of a URL's queue and makes batches of them; events of batch 0 are dropped, as
-- there is nothing left that could be told of them.
WITH given AS (
    SELECT %(enterprise_id)s::bigint AS enterprise_id, %(target_id)s::bigint AS target_id, g.*
    FROM unnest(%(event_ids)s::bigint[], %(batches)s::bigint[]) AS g (event_id, batch)
    OFFSET 0
), gone AS (
    DELETE FROM push_queue q USING given g
    WHERE q.enterprise_id = g.enterprise_id AND q.target_id = g.target_id
        AND q.event_id = g.event_id
    RETURNING q.event_id, g.batch
), grouped AS (
    SELECT batch, array_agg(event_id ORDER BY event_id) AS ids, count(*) AS events
    FROM gone WHERE batch > 0 GROUP BY batch
)
INSERT INTO push_batch (enterprise_id, target_id, kind, format, event_ids, events, body, state,
    attempt, created_at, next_at, claimed_until, claimed_by, finished_at)
SELECT %(enterprise_id)s, %(target_id)s, %(kind)s, %(format)s, ids, events,
    convert_to((%(bodies)s::text[])[batch], 'UTF8'), %(state)s,
    CASE WHEN %(state)s::text = 'waiting' THEN 1 ELSE 0 END, %(now)s, %(until)s,
    CASE WHEN %(state)s::text = 'waiting' THEN %(until)s::timestamptz END,
    CASE WHEN %(state)s::text = 'waiting' THEN %(engine_id)s::bigint END,
    CASE WHEN %(state)s::text = 'dead' THEN %(now)s::timestamptz END
FROM grouped
ORDER BY batch
RETURNING id, event_ids[1]

-- name: store_push_body
-- Keeps what a batch says, so that every try says the same.
UPDATE push_batch SET body = %(body)s WHERE enterprise_id = %(enterprise_id)s AND id = %(id)s

-- name: release_pushes
-- What an engine had in its hands that is gone: due again at once, and whoever probes a URL need not
-- wait for its lease. A test is never made twice.
WITH freed AS (
    UPDATE push_batch SET next_at = %(now)s, claimed_until = NULL,
        state = CASE WHEN kind = 'test' THEN 'dead' ELSE state END,
        finished_at = CASE WHEN kind = 'test' THEN %(now)s::timestamptz END
    WHERE state = 'waiting' AND claimed_by = %(engine_id)s AND claimed_until IS NOT NULL
    RETURNING target_id
), probed AS (
    UPDATE push_target_state SET open_until = %(now)s
    WHERE target_id IN (SELECT target_id FROM freed) AND open_until > %(now)s
)
SELECT count(*) FROM freed

-- name: finish_empty_push
-- A batch whose events are gone has nothing to say.
UPDATE push_batch SET state = 'dead', finished_at = %(now)s, claimed_until = NULL
WHERE enterprise_id = %(enterprise_id)s AND id = %(id)s AND state = 'waiting'

-- name: store_push_attempt
-- What came of one try, kept for people; and the batch goes on: acknowledged, dead, or again later.
-- Who held the lease too long may still say that it was acknowledged, and nothing else.
WITH noted AS (
    INSERT INTO push_attempt (enterprise_id, batch_id, attempt, at, duration_ms, url, status,
        answer, error)
    VALUES (%(enterprise_id)s, %(id)s, %(attempt)s, %(at)s, %(duration_ms)s, %(url)s, %(status)s,
        %(answer)s, %(error)s)
    ON CONFLICT DO NOTHING
)
UPDATE push_batch SET state = %(state)s, claimed_until = NULL,
    next_at = coalesce(%(next_at)s, next_at),
    finished_at = CASE WHEN %(state)s::text = 'waiting' THEN NULL ELSE %(now)s::timestamptz END
WHERE enterprise_id = %(enterprise_id)s AND id = %(id)s AND state = 'waiting'
    AND (attempt = %(attempt)s OR %(state)s::text = 'acked')

-- name: push_succeeded
-- A URL that answers: its breaker is closed.
UPDATE push_target_state SET failures = 0, open_until = NULL, last_ok_at = %(now)s
WHERE target_id = %(target_id)s

-- name: push_failed
-- One failure more in a row; from the fifth on the breaker opens, for longer each time.
UPDATE push_target_state SET failures = failures + 1, last_error_at = %(now)s,
    last_error = %(error)s,
    open_until = CASE WHEN failures + 1 >= %(tolerated)s THEN %(now)s::timestamptz
        + interval '1 second' * least(%(pause_s)s::float8 * 2 ^ least(failures + 1 - %(tolerated)s, 20),
                                      %(pause_s_max)s::float8) * %(jitter)s::float8 END
WHERE target_id = %(target_id)s

-- name: hold_push_target
-- One probe at a time: others look again when its lease is over.
UPDATE push_target_state SET open_until = %(until)s WHERE target_id = %(target_id)s

-- name: take_push_wish
-- The next wish of people, with the URL it is about.
SELECT w.id, w.enterprise_id, w.kind, w.batch_id, w.from_at, w.to_at, t.id, t.kind, t.url,
    t.format, t.sealed_secret
FROM interfaces_pushwish w JOIN interfaces_pushtarget t ON t.id = w.target_id
WHERE w.taken_at IS NULL
ORDER BY w.id LIMIT 1 FOR NO KEY UPDATE OF w SKIP LOCKED

-- name: finish_push_wish
-- Says that batches were made of a wish, and of how many events.
UPDATE interfaces_pushwish SET taken_at = %(now)s, events = %(events)s WHERE id = %(wish_id)s

-- name: make_test_push
-- The test of a URL, in the hands of the engine that makes it.
INSERT INTO push_batch (enterprise_id, target_id, kind, format, event_ids, events, body, wish_id,
    attempt, created_at, next_at, claimed_until, claimed_by)
VALUES (%(enterprise_id)s, %(target_id)s, 'test', %(format)s, '{}', 1, %(body)s, %(wish_id)s, 1,
    %(now)s, %(until)s, %(until)s, %(engine_id)s)
RETURNING id

-- name: push_batch_again
-- The same events once more: the same words if the URL still wants that format.
INSERT INTO push_batch (enterprise_id, target_id, kind, format, event_ids, events, body, wish_id,
    created_at, next_at)
SELECT enterprise_id, %(target_id)s, kind, %(format)s, event_ids, events,
    CASE WHEN format = %(format)s::text THEN body END, %(wish_id)s, %(now)s, %(now)s
FROM push_batch
WHERE enterprise_id = %(enterprise_id)s AND id = %(batch_id)s AND kind <> 'test'
RETURNING events::bigint

-- name: push_range_again
-- Everything that happened in a time once more, in order, in batches that hold no more entries
-- than a request may; what is said is put into words when their turn comes. A batch takes on
-- messages until it holds 85 parts, as one message has at most 15.
WITH happened AS (
    SELECT e.id, sum(CASE WHEN %(format)s::text = 'ronghe' THEN coalesce(m.segments, 1) ELSE 1 END)
        OVER (ORDER BY e.id ROWS UNBOUNDED PRECEDING)
        - CASE WHEN %(format)s::text = 'ronghe' THEN coalesce(m.segments, 1) ELSE 1 END AS before
    FROM interface_event e
    JOIN interfaces_pushtarget t ON t.id = %(target_id)s
    LEFT JOIN message m ON e.kind = 'receipts' AND m.enterprise_id = %(enterprise_id)s
        AND m.id = NULLIF(e.object_id, 0)
    WHERE e.enterprise_id = %(enterprise_id)s AND e.kind = %(kind)s
        AND e.at >= %(from_at)s AND e.at < %(to_at)s AND (e.source = 'api' OR t.portal_too)
), made AS (
    INSERT INTO push_batch (enterprise_id, target_id, kind, format, event_ids, events, wish_id,
        created_at, next_at)
    SELECT %(enterprise_id)s, %(target_id)s, %(kind)s, %(format)s, array_agg(id ORDER BY id),
        count(*), %(wish_id)s, %(now)s, %(now)s
    FROM happened
    GROUP BY before / CASE WHEN %(format)s::text = 'ronghe' THEN 85 ELSE 100 END
    ORDER BY min(id)
    RETURNING events
)
SELECT coalesce(sum(events), 0)::bigint FROM made

-- name: bury_pushes
-- Batches that nobody tries any more: the test of an engine that died, and what is too old and
-- belongs to a URL that is off or gone.
UPDATE push_batch b SET state = 'dead', finished_at = %(now)s, claimed_until = NULL
FROM (
    SELECT enterprise_id, id FROM push_batch
    WHERE state = 'waiting' AND (claimed_until IS NULL OR claimed_until <= %(now)s)
        AND (created_at < %(before)s OR kind = 'test')
    ORDER BY created_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
) old
WHERE b.enterprise_id = old.enterprise_id AND b.id = old.id

-- name: push_targets_with_queue
-- The URLs that have events waiting, for the search of those that are too old.
SELECT t.id, t.enterprise_id FROM interfaces_pushtarget t
WHERE EXISTS (SELECT FROM push_queue q WHERE q.target_id = t.id)

-- name: drop_push_orphans
-- Events that wait for a URL that is gone.
DELETE FROM push_queue q USING (
    SELECT enterprise_id, target_id, event_id FROM push_queue q
    WHERE NOT EXISTS (SELECT FROM interfaces_pushtarget t WHERE t.id = q.target_id)
    LIMIT %(most)s FOR UPDATE SKIP LOCKED) gone
WHERE q.enterprise_id = gone.enterprise_id AND q.target_id = gone.target_id
    AND q.event_id = gone.event_id

-- name: drop_pushes
-- Batches that have been finished for long, with their tries.
WITH old AS (
    SELECT enterprise_id, id FROM push_batch
    WHERE created_at < %(before)s AND finished_at < %(before)s
    ORDER BY created_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
), tries AS (
    DELETE FROM push_attempt a USING old WHERE a.enterprise_id = old.enterprise_id
        AND a.batch_id = old.id
)
DELETE FROM push_batch b USING old WHERE b.enterprise_id = old.enterprise_id AND b.id = old.id
