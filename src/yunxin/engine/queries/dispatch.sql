-- name: who_waits
-- Who has messages waiting, in which class, to which carrier and province, and how many (up to a bound).
-- A loose scan of the index of waiting rows: one step a group, however many rows it has.
WITH RECURSIVE groups AS (
    (SELECT priority, enterprise_id, carrier, province FROM message_queue
     WHERE claimed_by IS NULL
     ORDER BY priority, enterprise_id, carrier, province LIMIT 1)
    UNION ALL
    SELECT n.priority, n.enterprise_id, n.carrier, n.province
    FROM groups g CROSS JOIN LATERAL (
        SELECT q.priority, q.enterprise_id, q.carrier, q.province FROM message_queue q
        WHERE q.claimed_by IS NULL
            AND (q.priority, q.enterprise_id, q.carrier, q.province)
                > (g.priority, g.enterprise_id, g.carrier, g.province)
        ORDER BY q.priority, q.enterprise_id, q.carrier, q.province LIMIT 1) n
)
SELECT g.priority::bigint, g.enterprise_id, g.carrier, (
    SELECT count(*) FROM (
        SELECT FROM message_queue q
        WHERE q.claimed_by IS NULL AND q.priority = g.priority
            AND q.enterprise_id = g.enterprise_id AND q.carrier = g.carrier
            AND q.province = g.province
            AND (q.not_before IS NULL OR q.not_before <= now())
        LIMIT %(most)s) counted), g.province
FROM groups g

-- name: claim_messages
-- Claims the oldest waiting messages of one group for this engine, and reads what sending needs.
-- Rows of paused campaigns are parked (claimed by nobody, 0) so that nobody meets them again until
-- the campaign goes on.
WITH picked AS (
    SELECT q.enterprise_id, q.message_id FROM message_queue q
    WHERE q.enterprise_id = %(enterprise_id)s AND q.priority = %(priority)s
        AND q.carrier = %(carrier)s AND q.province = %(province)s AND q.claimed_by IS NULL
        AND (q.not_before IS NULL OR q.not_before <= now())
    ORDER BY q.message_id LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE message_queue q SET claimed_at = now(), claimed_by =
        CASE WHEN q.campaign_id = ANY (%(paused)s::bigint[]) THEN 0 ELSE %(engine_id)s END
    FROM picked p WHERE q.enterprise_id = p.enterprise_id AND q.message_id = p.message_id
    RETURNING q.enterprise_id, q.message_id, q.attempt, q.refused_by, q.claimed_by
)
SELECT c.message_id, c.attempt, c.refused_by, m.phone, m.text, m.segments, m.extension, m.traffic,
    m.kind, m.source, m.campaign_id, m.template_id, m.signature_id, m.package_id,
    EXISTS (SELECT FROM carriers_blockednumber b
            WHERE b.phone = m.phone AND b.enterprise_id = ANY (ARRAY[0, m.enterprise_id])),
    c.attempt > 0 AND EXISTS (SELECT FROM message_event e
        WHERE e.enterprise_id = c.enterprise_id AND e.message_id = c.message_id
            AND e.kind = 'sent_again')
FROM claimed c JOIN message m ON m.enterprise_id = c.enterprise_id AND m.id = c.message_id
WHERE c.claimed_by = %(engine_id)s
ORDER BY c.message_id

-- name: free_unknown_claims
-- Sets free what this engine claimed without learning of it: the commit's answer was lost.
UPDATE message_queue SET claimed_by = NULL, claimed_at = NULL
WHERE claimed_by = %(engine_id)s AND message_id <> ALL (%(in_hand)s::bigint[])

-- name: parked_campaigns
-- The campaigns that have parked messages.
SELECT DISTINCT campaign_id FROM message_queue WHERE claimed_by = 0 AND campaign_id IS NOT NULL

-- name: unpark
-- Lets some parked messages of campaigns that go on wait for their turn again.
UPDATE message_queue q SET claimed_by = NULL, claimed_at = NULL
FROM (SELECT enterprise_id, message_id FROM message_queue
      WHERE claimed_by = 0 AND campaign_id = ANY (%(campaign_ids)s::bigint[])
      LIMIT %(most)s FOR UPDATE SKIP LOCKED) p
WHERE q.enterprise_id = p.enterprise_id AND q.message_id = p.message_id

-- name: unpark_due
-- Lets some messages whose time has come wait for their turn.
UPDATE message_queue q SET claimed_by = NULL, claimed_at = NULL
FROM (SELECT enterprise_id, message_id FROM message_queue
      WHERE claimed_by = 0 AND campaign_id IS NULL AND not_before <= now()
      ORDER BY not_before LIMIT %(most)s FOR UPDATE SKIP LOCKED) p
WHERE q.enterprise_id = p.enterprise_id AND q.message_id = p.message_id

-- name: adopt_claims
-- Takes over some messages that a dead engine had in its hands; their fate is then judged here.
WITH picked AS (
    SELECT q.enterprise_id, q.message_id FROM message_queue q
    WHERE q.claimed_by = %(dead_id)s LIMIT %(most)s FOR UPDATE SKIP LOCKED
), adopted AS (
    UPDATE message_queue q SET claimed_by = %(engine_id)s, claimed_at = now()
    FROM picked p WHERE q.enterprise_id = p.enterprise_id AND q.message_id = p.message_id
    RETURNING q.enterprise_id, q.message_id, q.priority, q.carrier, q.province, q.attempt,
        q.refused_by
)
SELECT a.message_id, a.attempt, a.refused_by, m.phone, m.text, m.segments, m.extension, m.traffic,
    m.kind, m.source, m.campaign_id, m.template_id, m.signature_id, m.package_id,
    a.enterprise_id, a.priority::bigint, a.carrier, a.province
FROM adopted a JOIN message m ON m.enterprise_id = a.enterprise_id AND m.id = a.message_id

-- name: waiting_without_province
-- Some waiting messages of a group of which no province is noted, with their phones, locked.
-- They are found before their messages are looked up, one by one, whatever the planner thinks.
WITH picked AS MATERIALIZED (
    SELECT q.enterprise_id, q.message_id FROM message_queue q
    WHERE q.priority = %(priority)s AND q.enterprise_id = %(enterprise_id)s
        AND q.carrier = %(carrier)s AND q.province = '' AND q.claimed_by IS NULL
        AND q.message_id > %(after)s
    ORDER BY q.message_id LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
SELECT p.message_id, m.phone
FROM picked p CROSS JOIN LATERAL (
    SELECT m.phone FROM message m
    WHERE m.enterprise_id = p.enterprise_id AND m.id = p.message_id LIMIT 1) m
ORDER BY p.message_id

-- name: note_provinces
-- Notes where the phones of waiting messages are from.
UPDATE message_queue q SET province = x.province
FROM unnest(%(message_ids)s::bigint[], %(provinces)s::text[]) AS x (message_id, province)
WHERE q.enterprise_id = %(enterprise_id)s AND q.message_id = x.message_id AND q.claimed_by IS NULL
