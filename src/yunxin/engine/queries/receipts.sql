-- name: store_receipts
-- Receipts: messages of one part become final and are counted; what nobody knows is held.
-- Returns how many messages were told of and how many became final, how many are held, the receipts
-- of longer messages and of tries in doubt, with their messages, which `finish_parts` and
-- `finish_tries` deal with, whether there are such tries, and how many pushes it queued.
WITH told AS MATERIALIZED (
    SELECT * FROM unnest(%(channel_ids)s::bigint[], %(carrier_ids)s::text[], %(states)s::text[],
        %(codes)s::text[], %(done_ats)s::text[])
        WITH ORDINALITY AS t (channel_id, carrier_message_id, state, code, done_at, at)
), known AS MATERIALIZED (
    SELECT t.channel_id, t.carrier_message_id, t.state, t.code, t.at,
        NULLIF(t.done_at, '')::timestamptz AS done_at, s.enterprise_id, s.message_id, s.part, s.parts, s.submitted_at
    FROM told t LEFT JOIN LATERAL (
        SELECT s.enterprise_id, s.message_id, s.part, s.parts, s.submitted_at FROM submission s
        WHERE s.carrier_message_id = t.carrier_message_id AND s.channel_id = t.channel_id
            AND s.submitted_at > now() - %(wait)s::interval AND s.submitted_at < now() + interval '1 minute'
        ORDER BY s.submitted_at DESC LIMIT 1) s ON true
), single AS (
    SELECT DISTINCT ON (enterprise_id, message_id) * FROM known WHERE parts = 1
    ORDER BY enterprise_id, message_id, at
), done AS (
    UPDATE message m SET state = k.state, code = k.code, channel_id = k.channel_id,
        submitted_at = k.submitted_at, done_at = k.done_at, finished_at = now(),
        refunded = k.state = ANY (%(refunded_states)s::text[])
    FROM single k
    WHERE m.enterprise_id = k.enterprise_id AND m.id = k.message_id AND m.finished_at IS NULL
    RETURNING m.enterprise_id, m.id, message_day(m.id) AS day, m.kind, m.source, m.campaign_id,
        m.template_id, m.signature_id, m.carrier, m.package_id, m.state, m.code, m.segments,
        m.refunded, m.channel_id
), said AS (
    INSERT INTO code_delta (channel_id, code, messages)
    SELECT coalesce(channel_id, 0), code, count(*) FROM done
    WHERE state <> 'delivered' AND code <> '' GROUP BY 1, 2
), counted AS (
    INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, package_id, state, code, messages, segments, refund_segments)
    SELECT enterprise_id, day, kind, source, COALESCE(campaign_id, 0), template_id, signature_id,
        carrier, package_id, state, code, count(*), 0,
        COALESCE(sum(segments) FILTER (WHERE refunded), 0)
    FROM done
    GROUP BY enterprise_id, day, kind, source, campaign_id, template_id, signature_id, carrier,
        package_id, state, code
), held AS (
    INSERT INTO held_receipt (channel_id, carrier_message_id, state, code, done_at, received_at)
    SELECT channel_id, carrier_message_id, state, code, done_at, now()
    FROM known WHERE message_id IS NULL
    RETURNING 1
)
SELECT (SELECT count(*) FROM known WHERE parts = 1), (SELECT count(*) FROM done),
    (SELECT count(*) FROM held),
    (SELECT array_agg(at) FROM known WHERE parts <> 1),
    (SELECT array_agg(enterprise_id) FROM known WHERE parts <> 1),
    (SELECT array_agg(message_id) FROM known WHERE parts <> 1),
    (SELECT coalesce(bool_or(parts < 0), false) FROM known),
    (SELECT note_receipts(array_agg(enterprise_id), array_agg(id), array_agg(source)) FROM done)

-- name: note_late_receipts
-- Receipts that say something else than the final word that a message has already: a line each.
INSERT INTO message_event (enterprise_id, message_id, at, kind, channel_id, part, code)
SELECT m.enterprise_id, m.id, now(), 'late_receipt', t.channel_id, s.part, t.code
FROM unnest(%(channel_ids)s::bigint[], %(carrier_ids)s::text[], %(states)s::text[],
    %(codes)s::text[]) AS t (channel_id, carrier_message_id, state, code)
CROSS JOIN LATERAL (
    SELECT s.enterprise_id, s.message_id, s.part, s.parts FROM submission s
    WHERE s.carrier_message_id = t.carrier_message_id AND s.channel_id = t.channel_id
        AND s.submitted_at > now() - %(wait)s::interval AND s.submitted_at < now() + interval '1 minute'
    ORDER BY s.submitted_at DESC LIMIT 1) s
JOIN message m ON m.enterprise_id = s.enterprise_id AND m.id = s.message_id
WHERE s.parts = 1 AND m.state <> 'accepted' AND m.state <> t.state AND m.finished_at < now()

-- name: note_ported
-- Phones of which a report says that they are another carrier's now; the pages' half learns it.
INSERT INTO ported_news (phone, carrier, code, channel_id, at)
SELECT DISTINCT ON (m.phone) m.phone, t.carrier, t.code, t.channel_id, now()
FROM unnest(%(channel_ids)s::bigint[], %(carrier_ids)s::text[], %(carriers)s::text[],
    %(codes)s::text[]) AS t (channel_id, carrier_message_id, carrier, code)
CROSS JOIN LATERAL (
    SELECT s.enterprise_id, s.message_id FROM submission s
    WHERE s.carrier_message_id = t.carrier_message_id AND s.channel_id = t.channel_id
        AND s.submitted_at > now() - %(wait)s::interval AND s.submitted_at < now() + interval '1 minute'
    ORDER BY s.submitted_at DESC LIMIT 1) s
JOIN message m ON m.enterprise_id = s.enterprise_id AND m.id = s.message_id

-- name: lock_messages
-- Locks messages of several parts, in one order, so that only one engine at a time adds up parts.
SELECT m.id FROM (SELECT DISTINCT * FROM unnest(%(enterprise_ids)s::bigint[],
        %(message_ids)s::bigint[]) AS t (enterprise_id, message_id)
    ORDER BY 1, 2) t
JOIN message m ON m.enterprise_id = t.enterprise_id AND m.id = t.message_id
FOR NO KEY UPDATE OF m

-- name: store_part_receipts
-- What became of single parts of longer messages, and of tries in doubt; the first word stays.
UPDATE submission s SET state = t.state, code = t.code,
    done_at = NULLIF(t.done_at, '')::timestamptz
FROM unnest(%(channel_ids)s::bigint[], %(carrier_ids)s::text[], %(states)s::text[],
    %(codes)s::text[], %(done_ats)s::text[])
    AS t (channel_id, carrier_message_id, state, code, done_at)
WHERE s.carrier_message_id = t.carrier_message_id AND s.channel_id = t.channel_id
    AND s.submitted_at > now() - %(wait)s::interval AND s.submitted_at < now() + interval '1 minute'
    AND s.parts <> 1 AND s.state IS NULL

-- name: finish_parts
-- Longer messages become final: delivered when every part is, else what the first bad part says.
WITH told AS (
    SELECT DISTINCT * FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[])
        AS t (enterprise_id, message_id)
), added AS (
    SELECT t.enterprise_id, t.message_id, x.*
    FROM told t CROSS JOIN LATERAL (
        SELECT min(s.submitted_at) AS submitted_at, max(s.done_at) AS done_at,
            max(s.channel_id) AS channel_id,
            count(DISTINCT s.part) FILTER (WHERE s.state = 'delivered') = max(s.parts) AS whole,
            (array_agg(s.state ORDER BY array_position(
                ARRAY['failed', 'expired', 'unknown', 'delivered'], s.state), s.part)
                FILTER (WHERE s.state IS NOT NULL))[1] AS worst,
            (array_agg(s.code ORDER BY array_position(
                ARRAY['failed', 'expired', 'unknown', 'delivered'], s.state), s.part)
                FILTER (WHERE s.state IS NOT NULL))[1] AS code
        FROM submission s
        WHERE s.enterprise_id = t.enterprise_id AND s.message_id = t.message_id AND s.parts > 1
            AND s.submitted_at > now() - %(wait)s::interval AND s.submitted_at < now() + interval '1 minute') x
), done AS (
    UPDATE message m SET state = a.worst, code = a.code, channel_id = a.channel_id,
        submitted_at = a.submitted_at, done_at = a.done_at, finished_at = now(),
        refunded = a.worst = ANY (%(refunded_states)s::text[])
    FROM added a
    WHERE m.enterprise_id = a.enterprise_id AND m.id = a.message_id AND m.finished_at IS NULL
        AND (a.whole OR a.worst <> 'delivered')
    RETURNING m.enterprise_id, m.id, message_day(m.id) AS day, m.kind, m.source, m.campaign_id,
        m.template_id, m.signature_id, m.carrier, m.package_id, m.state, m.code, m.segments,
        m.refunded, m.channel_id
), said AS (
    INSERT INTO code_delta (channel_id, code, messages)
    SELECT coalesce(channel_id, 0), code, count(*) FROM done
    WHERE state <> 'delivered' AND code <> '' GROUP BY 1, 2
), counted AS (
    INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, package_id, state, code, messages, segments, refund_segments)
    SELECT enterprise_id, day, kind, source, COALESCE(campaign_id, 0), template_id, signature_id,
        carrier, package_id, state, code, count(*), 0,
        COALESCE(sum(segments) FILTER (WHERE refunded), 0)
    FROM done
    GROUP BY enterprise_id, day, kind, source, campaign_id, template_id, signature_id, carrier,
        package_id, state, code
)
SELECT note_receipts(array_agg(enterprise_id), array_agg(id), array_agg(source)) FROM done

-- name: finish_tries
-- Messages of which a try in doubt reached the phone after all: delivered, and not sent again if
-- they still wait for it. Of a try that failed nothing follows: the message was sent again.
WITH told AS (
    SELECT DISTINCT * FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[])
        AS t (enterprise_id, message_id)
), arrived AS (
    SELECT t.enterprise_id, t.message_id, x.*
    FROM told t CROSS JOIN LATERAL (
        SELECT s.channel_id, s.submitted_at, max(s.code) AS code, max(s.done_at) AS done_at
        FROM submission s
        WHERE s.enterprise_id = t.enterprise_id AND s.message_id = t.message_id AND s.parts < 0
            AND s.submitted_at > now() - %(wait)s::interval AND s.submitted_at < now() + interval '1 minute'
        GROUP BY s.channel_id, s.submitted_at, s.parts
        HAVING count(DISTINCT s.part) FILTER (WHERE s.state = 'delivered') = -s.parts
        ORDER BY s.submitted_at LIMIT 1) x
), done AS (
    UPDATE message m SET state = 'delivered', code = a.code, channel_id = a.channel_id,
        submitted_at = a.submitted_at, done_at = a.done_at, finished_at = now()
    FROM arrived a
    WHERE m.enterprise_id = a.enterprise_id AND m.id = a.message_id AND m.finished_at IS NULL
    RETURNING m.enterprise_id, m.id, message_day(m.id) AS day, m.kind, m.source, m.campaign_id,
        m.template_id, m.signature_id, m.carrier, m.package_id, m.state, m.code
), gone AS (
    DELETE FROM message_queue q USING done d
    WHERE q.enterprise_id = d.enterprise_id AND q.message_id = d.id
    RETURNING q.enterprise_id, q.message_id
), words AS (
    SELECT d.*, w.word, CASE WHEN w.word = 'delivered' THEN d.code END AS its_code
    FROM done d LEFT JOIN gone g ON g.enterprise_id = d.enterprise_id AND g.message_id = d.id
    CROSS JOIN LATERAL unnest(CASE WHEN g.message_id IS NULL
        THEN ARRAY['delivered'] ELSE ARRAY['submitted', 'delivered'] END) AS w (word)
), counted AS (
    INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, package_id, state, code, messages, segments)
    SELECT enterprise_id, day, kind, source, COALESCE(campaign_id, 0), template_id, signature_id,
        carrier, package_id, word, its_code, count(*), 0
    FROM words
    GROUP BY enterprise_id, day, kind, source, campaign_id, template_id, signature_id, carrier,
        package_id, word, its_code
)
SELECT note_receipts(array_agg(enterprise_id), array_agg(id), array_agg(source)) FROM done

-- name: take_held_receipts
-- Held receipts whose message is known by now.
DELETE FROM held_receipt h USING (
    SELECT w.id FROM held_receipt w
    WHERE NOT w.unmatched AND w.received_at > now() - %(fresh)s::interval
        AND EXISTS (SELECT FROM submission s WHERE s.carrier_message_id = w.carrier_message_id
            AND s.channel_id = w.channel_id AND s.submitted_at > now() - %(wait)s::interval
            AND s.submitted_at < now() + interval '1 minute')
    ORDER BY w.id LIMIT %(most)s FOR UPDATE SKIP LOCKED) found
WHERE h.id = found.id
RETURNING h.channel_id, h.carrier_message_id, h.state, h.code, COALESCE(h.done_at::text, '')

-- name: give_up_held_receipts
-- Held receipts whose message did not turn up within the grace.
UPDATE held_receipt SET unmatched = true
WHERE NOT unmatched AND received_at < now() - %(grace)s::interval

-- name: drop_held_receipts
-- Unmatched receipts that are of no use any more.
DELETE FROM held_receipt WHERE unmatched AND received_at < now() - %(wait)s::interval
