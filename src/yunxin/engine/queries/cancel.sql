-- name: find_waiting_of_campaign
-- Messages of a campaign that wait in the queue and are in nobody's hands.
SELECT message_id FROM message_queue
WHERE enterprise_id = %(enterprise_id)s AND campaign_id = %(campaign_id)s
    AND (claimed_by IS NULL OR claimed_by = 0)
LIMIT %(limit)s

-- name: find_waiting_of_enterprise
-- The next messages of an enterprise that are in nobody's hands, each with its signature.
SELECT q.message_id, m.signature_id
FROM (
    SELECT enterprise_id, message_id FROM message_queue
    WHERE enterprise_id = %(enterprise_id)s AND message_id > %(after)s
        AND (claimed_by IS NULL OR claimed_by = 0)
    ORDER BY message_id
    LIMIT %(limit)s
) q
JOIN message m ON m.enterprise_id = q.enterprise_id AND m.id = q.message_id
ORDER BY q.message_id

-- name: cancel_messages
-- Takes waiting messages of an enterprise out of the queue, cancels them and notes the refund.
-- What was handed over once and never answered may be on the phone: that ends as unknown.
-- Driven by the rows that DELETE still finds: running it again does nothing.
WITH told AS (
    SELECT %(enterprise_id)s::bigint AS enterprise_id, x.id
    FROM unnest(%(message_ids)s::bigint[]) AS x (id)
    OFFSET 0
), gone AS (
    DELETE FROM message_queue q USING told t
    WHERE q.enterprise_id = t.enterprise_id AND q.message_id = t.id
        AND coalesce(q.claimed_by, 0) = 0
    RETURNING q.enterprise_id, q.message_id, q.attempt > 0 AND EXISTS (
        SELECT FROM message_event e WHERE e.enterprise_id = q.enterprise_id
            AND e.message_id = q.message_id AND e.kind = 'sent_again') AS was_in_doubt
), ended AS (
    UPDATE message m SET finished_at = now(),
        state = CASE WHEN gone.was_in_doubt THEN 'unknown' ELSE 'cancelled' END,
        code = CASE WHEN gone.was_in_doubt THEN 'NOANSWER' END,
        refunded = NOT gone.was_in_doubt OR 'unknown' = ANY (%(refunded_states)s::text[])
    FROM gone
    WHERE m.enterprise_id = gone.enterprise_id AND m.id = gone.message_id
        AND m.finished_at IS NULL
    RETURNING m.id, m.kind, m.source, m.campaign_id, m.template_id, m.signature_id, m.carrier,
        m.package_id, m.segments, m.state, coalesce(m.code, %(code)s::text) AS code, m.refunded
), events AS (
    INSERT INTO message_event (enterprise_id, message_id, at, kind, code)
    SELECT %(enterprise_id)s, id, now(),
        CASE state WHEN 'unknown' THEN 'withdrawn' ELSE 'cancelled' END, %(code)s::text
    FROM ended
), noted AS (
    INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, package_id, state, code, messages, segments, refund_segments)
    SELECT %(enterprise_id)s, message_day(id), kind, source, coalesce(campaign_id, 0),
        template_id, signature_id, carrier, package_id, state, code, count(*), sum(segments),
        coalesce(sum(segments) FILTER (WHERE refunded), 0)
    FROM ended GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
SELECT count(*), note_receipts(array_agg(%(enterprise_id)s::bigint), array_agg(id),
    array_agg(source))
FROM ended
