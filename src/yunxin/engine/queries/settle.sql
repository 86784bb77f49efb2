-- name: try_to_settle
-- Whether this transaction is the only one that settles.
SELECT pg_try_advisory_xact_lock(791002)

-- name: fold_deltas
-- Takes the oldest deltas away, adds them to all counts, and returns what packages get back.
WITH taken AS (
    DELETE FROM tally_delta
    WHERE id <= (SELECT max(id) FROM (
        SELECT id FROM tally_delta ORDER BY id LIMIT %(limit)s
    ) oldest)
    RETURNING *
), days AS (
    INSERT INTO daily_count AS c (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, accepted, submitted, delivered, failed, expired, unknown,
        cancelled, segments, refunded_segments)
    SELECT enterprise_id, day, kind, source, campaign_id, template_id, max(signature_id), carrier,
        coalesce(sum(messages) FILTER (WHERE state = 'accepted'), 0),
        coalesce(sum(messages) FILTER (WHERE state = 'submitted'), 0),
        coalesce(sum(messages) FILTER (WHERE state = 'delivered'), 0),
        coalesce(sum(messages) FILTER (WHERE state = 'failed'), 0),
        coalesce(sum(messages) FILTER (WHERE state = 'expired'), 0),
        coalesce(sum(messages) FILTER (WHERE state = 'unknown'), 0),
        coalesce(sum(messages) FILTER (WHERE state = 'cancelled'), 0),
        coalesce(sum(segments) FILTER (WHERE state = 'accepted'), 0), sum(refund_segments)
    FROM taken
    GROUP BY enterprise_id, day, kind, source, campaign_id, template_id, carrier
    ON CONFLICT (enterprise_id, day, kind, source, campaign_id, template_id, carrier)
    DO UPDATE SET accepted = c.accepted + excluded.accepted,
        submitted = c.submitted + excluded.submitted,
        delivered = c.delivered + excluded.delivered, failed = c.failed + excluded.failed,
        expired = c.expired + excluded.expired, unknown = c.unknown + excluded.unknown,
        cancelled = c.cancelled + excluded.cancelled, segments = c.segments + excluded.segments,
        refunded_segments = c.refunded_segments + excluded.refunded_segments
), failures AS (
    INSERT INTO daily_failure AS f (enterprise_id, day, campaign_id, state, code, messages)
    SELECT enterprise_id, day, campaign_id, state, coalesce(code, ''), sum(messages)
    FROM taken WHERE state IN ('failed', 'expired', 'unknown', 'cancelled')
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (enterprise_id, day, campaign_id, state, code)
    DO UPDATE SET messages = f.messages + excluded.messages
), minutes AS (
    INSERT INTO campaign_minute AS m (enterprise_id, campaign_id, minute, submitted, delivered,
        failed)
    SELECT enterprise_id, campaign_id, date_trunc('minute', now()),
        coalesce(sum(messages) FILTER (WHERE state = 'submitted'), 0),
        coalesce(sum(messages) FILTER (WHERE state = 'delivered'), 0),
        coalesce(sum(messages) FILTER (WHERE state NOT IN ('submitted', 'delivered')), 0)
    FROM taken WHERE campaign_id <> 0 AND state <> 'accepted'
    GROUP BY enterprise_id, campaign_id
    ON CONFLICT (enterprise_id, campaign_id, minute)
    DO UPDATE SET submitted = m.submitted + excluded.submitted,
        delivered = m.delivered + excluded.delivered, failed = m.failed + excluded.failed
), campaigns AS (
    UPDATE campaign_progress p
    SET accepted = p.accepted + x.accepted, submitted = p.submitted + x.submitted,
        delivered = p.delivered + x.delivered, failed = p.failed + x.failed,
        expired = p.expired + x.expired, unknown = p.unknown + x.unknown,
        cancelled = p.cancelled + x.cancelled, segments = p.segments + x.segments,
        refunded_segments = p.refunded_segments + x.refunded_segments
    FROM (
        SELECT campaign_id,
            coalesce(sum(messages) FILTER (WHERE state = 'accepted'), 0) AS accepted,
            coalesce(sum(messages) FILTER (WHERE state = 'submitted'), 0) AS submitted,
            coalesce(sum(messages) FILTER (WHERE state = 'delivered'), 0) AS delivered,
            coalesce(sum(messages) FILTER (WHERE state = 'failed'), 0) AS failed,
            coalesce(sum(messages) FILTER (WHERE state = 'expired'), 0) AS expired,
            coalesce(sum(messages) FILTER (WHERE state = 'unknown'), 0) AS unknown,
            coalesce(sum(messages) FILTER (WHERE state = 'cancelled'), 0) AS cancelled,
            coalesce(sum(segments) FILTER (WHERE state = 'accepted'), 0) AS segments,
            sum(refund_segments) AS refunded_segments
        FROM taken WHERE campaign_id <> 0 GROUP BY campaign_id
        ORDER BY campaign_id  -- as replies are counted
    ) x
    WHERE p.campaign_id = x.campaign_id
)
SELECT package_id, sum(refund_segments)::bigint, count(*) FROM taken
GROUP BY package_id ORDER BY package_id

-- name: fold_codes
-- Takes the counts of carriers' codes away and adds them to the counts of today.
WITH taken AS (
    DELETE FROM code_delta WHERE id IN (SELECT id FROM code_delta ORDER BY id LIMIT %(limit)s)
    RETURNING channel_id, left(code, 60) AS code, messages
)
INSERT INTO daily_code AS d (day, channel_id, code, messages)
SELECT (%(now)s::timestamptz AT TIME ZONE 'Asia/Shanghai')::date, channel_id, code, sum(messages)
FROM taken GROUP BY channel_id, code
ON CONFLICT (day, channel_id, code) DO UPDATE SET messages = d.messages + excluded.messages

-- name: drop_codes
-- Counts of codes that are older than anybody looks at.
DELETE FROM daily_code WHERE day < %(before)s::timestamptz::date

-- name: refund_packages
-- Gives segments back to packages, which come in the order of their ids.
UPDATE billing_package p SET used = p.used - x.segments
FROM unnest(%(package_ids)s::bigint[], %(segments)s::bigint[]) AS x (package_id, segments)
WHERE p.id = x.package_id

-- name: finish_campaigns
-- Campaigns that are fed, with every message final and every count folded, are finished; those that
-- people ended are not, `end_terminated` says so.
UPDATE campaign_progress p SET state = 'finished', finished_at = now()
WHERE p.state = 'fed' AND p.accepted = p.delivered + p.failed + p.expired + p.unknown + p.cancelled
    AND NOT EXISTS (SELECT FROM tally_delta d WHERE d.campaign_id = p.campaign_id)
    AND NOT EXISTS (SELECT FROM campaigns_campaign c
                    WHERE c.id = p.campaign_id AND c.wish = 'terminate')

-- name: list_enterprises
-- The enterprises, whose overdue messages are looked for one by one.
SELECT id FROM accounts_enterprise ORDER BY id

-- name: find_overdue
-- Old messages of an enterprise without a final word, each with whether one may still come.
-- It may for those that are still queued, and those that were submitted later than the limit.
SELECT m.id,
    EXISTS (SELECT FROM message_queue q
            WHERE q.enterprise_id = m.enterprise_id AND q.message_id = m.id)
    OR EXISTS (SELECT FROM submission s
               WHERE s.enterprise_id = m.enterprise_id AND s.message_id = m.id
                   AND s.submitted_at > %(since)s)
FROM message m
WHERE m.enterprise_id = %(enterprise_id)s AND m.state = 'accepted'
    AND m.id > %(after)s AND m.id < %(floor)s
ORDER BY m.id
LIMIT %(limit)s

-- name: expire_messages
-- Messages of an enterprise whose receipt never came become unknown.
WITH told AS MATERIALIZED (
    SELECT x.enterprise_id, x.id, s.submitted_at, s.channel_id
    FROM (
        SELECT %(enterprise_id)s::bigint AS enterprise_id, id
        FROM unnest(%(message_ids)s::bigint[]) AS x (id)
        OFFSET 0
    ) x
    LEFT JOIN LATERAL (
        SELECT s.submitted_at, s.channel_id FROM submission s
        WHERE s.enterprise_id = x.enterprise_id AND s.message_id = x.id
        ORDER BY s.submitted_at DESC LIMIT 1
    ) s ON true
    WHERE NOT EXISTS (SELECT FROM message_queue q
                      WHERE q.enterprise_id = x.enterprise_id AND q.message_id = x.id)
), done AS (
    UPDATE message m
    SET state = 'unknown', finished_at = now(), refunded = %(refund)s::boolean,
        submitted_at = t.submitted_at, channel_id = t.channel_id
    FROM told t
    WHERE m.enterprise_id = t.enterprise_id AND m.id = t.id AND m.finished_at IS NULL
    RETURNING m.id, m.kind, m.source, m.campaign_id, m.template_id, m.signature_id, m.carrier,
        m.package_id, m.segments
), events AS (
    INSERT INTO message_event (enterprise_id, message_id, at, kind)
    SELECT %(enterprise_id)s, id, now(), 'expired' FROM done
), noted AS (
    INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, package_id, state, messages, segments, refund_segments)
    SELECT %(enterprise_id)s, message_day(id), kind, source, coalesce(campaign_id, 0),
        template_id, signature_id, carrier, package_id, 'unknown', count(*), sum(segments),
        CASE WHEN %(refund)s::boolean THEN sum(segments) ELSE 0 END
    FROM done GROUP BY 2, 3, 4, 5, 6, 7, 8, 9
)
SELECT count(*), note_receipts(array_agg(%(enterprise_id)s::bigint), array_agg(id),
    array_agg(source))
FROM done

-- name: ensure_message_partitions
-- Makes the partitions that messages and their time lines of the coming weeks will need.
SELECT ensure_message_partitions(%(now)s, %(now)s::timestamptz + interval '28 days')

-- name: ensure_submission_partitions
-- Makes the partitions that submissions of the coming days will need.
SELECT ensure_submission_partitions(%(now)s, %(now)s::timestamptz + interval '7 days')

-- name: ensure_event_partitions
-- Makes the partitions that events of the coming days will need.
SELECT ensure_event_partitions(%(now)s, %(now)s::timestamptz + interval '7 days')

-- name: drop_submissions
-- Drops the days of submissions for which no receipt is waited for any more.
SELECT drop_submission_partitions(%(before)s)

-- name: drop_events
-- Drops the days of events that are older than customers may ask for.
SELECT drop_event_partitions(%(before)s)
