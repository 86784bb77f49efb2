-- The demo's history of one enterprise: thirty days of messages and today's until now, made from a
-- generator that always gives the same, and every figure that is kept beside them, counted from the very messages.
-- Parameters: enterprise, package, channel, a_day (messages on an ordinary day).

-- name: messages
INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source, campaign_id,
    signature_id, template_id, package_id, extension, text, segments, state, code, channel_id,
    submitted_at, done_at, finished_at, refunded)
WITH days AS (
    SELECT d, (current_date - d)::timestamp AT TIME ZONE 'Asia/Shanghai' AS midnight,
           (%(a_day)s * (0.7 + 0.6 * abs(sin(d * 1.7)))
            * CASE WHEN extract(isodow FROM current_date - d) > 5 THEN 0.45 ELSE 1 END)::int AS n
    FROM generate_series(0, 30) d
), numbers AS (
    SELECT days.*, i, ('x' || substr(md5(%(enterprise)s || '-' || d || '-' || i), 1, 8))::bit(32)::bigint AS h,
           ('x' || substr(md5(%(enterprise)s || '-' || d || '-' || i), 9, 8))::bit(32)::bigint AS g
    FROM days, generate_series(1, n) i
), chosen AS (
    SELECT n.*, t.id AS template_id, t.signature_id, t.traffic, t.demo_text, t.demo_segments,
           c.id AS campaign_id,
           midnight + CASE WHEN c.id IS NULL THEN interval '8 hours' + (h %% 43200) * interval '1 second'
                           ELSE interval '9 hours' + (h %% 420) * interval '1 second' END
               + (g %% 1000) * interval '1 millisecond' AS accepted_at,
           CASE WHEN d < 4 THEN g %% 994 ELSE g %% 1000 END AS luck,
           (ARRAY['134','135','138','150','187','130','131','156','186','133','189','180','192'])
               [1 + (g / 1000) %% 13] AS prefix
    FROM numbers n
    JOIN LATERAL (SELECT * FROM demo_template WHERE position = (h / 43200) %% (SELECT count(*) FROM demo_template)) t ON true
    LEFT JOIN demo_campaign c ON c.day = n.d AND c.template_id = t.id AND h %% 3 > 0
)
SELECT %(enterprise)s,
       ((extract(epoch FROM accepted_at - timestamptz '2024-01-01 00:00:00+00') * 1000)::bigint << 22)
           | (row_number() OVER (PARTITION BY date_trunc('milliseconds', accepted_at)) & 4095),
       prefix || lpad(((g / 7) %% 100000000)::text, 8, '0'),
       CASE WHEN prefix IN ('134','135','138','150','187') THEN 'mobile'
            WHEN prefix IN ('130','131','156','186') THEN 'unicom'
            WHEN prefix = '192' THEN 'broadnet' ELSE 'telecom' END,
       'text', traffic, CASE WHEN campaign_id IS NULL THEN 'api' ELSE 'portal' END, campaign_id,
       signature_id, template_id, %(package)s, '', demo_text, demo_segments,
       CASE WHEN luck < 968 THEN 'delivered' WHEN luck < 988 THEN 'failed'
            WHEN luck < 994 THEN 'expired' ELSE 'unknown' END,
       CASE WHEN luck < 968 THEN 'DELIVRD' WHEN luck < 976 THEN 'MK:0001' WHEN luck < 982 THEN 'MK:0005'
            WHEN luck < 985 THEN 'MK:0023' WHEN luck < 988 THEN 'UNDELIV' WHEN luck < 994 THEN 'EXPIRED' END,
       %(channel)s,
       accepted_at + interval '0.2 seconds',
       CASE WHEN luck < 994 THEN accepted_at + interval '0.2 seconds' + (h %% 9000) * interval '1 millisecond' END,
       CASE WHEN luck < 994 THEN accepted_at + interval '0.3 seconds' + (h %% 9000) * interval '1 millisecond'
            ELSE accepted_at + interval '72 hours' END,
       luck >= 968 AND luck < 994
FROM chosen WHERE accepted_at < now() - interval '1 minute'
ON CONFLICT DO NOTHING

-- name: daily_counts
INSERT INTO daily_count (enterprise_id, day, kind, source, campaign_id, template_id, signature_id,
    carrier, accepted, submitted, delivered, failed, expired, unknown, cancelled, segments, refunded_segments)
SELECT enterprise_id, message_day(id), kind, source, coalesce(campaign_id, 0), template_id, min(signature_id),
       carrier, count(*), count(*), count(*) FILTER (WHERE state = 'delivered'),
       count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'expired'),
       count(*) FILTER (WHERE state = 'unknown'), 0, sum(segments),
       coalesce(sum(segments) FILTER (WHERE refunded), 0)
FROM message WHERE enterprise_id = %(enterprise)s
GROUP BY 1, 2, 3, 4, 5, 6, 8

-- name: daily_failures
INSERT INTO daily_failure (enterprise_id, day, campaign_id, state, code, messages)
SELECT enterprise_id, message_day(id), coalesce(campaign_id, 0), state, coalesce(code, ''), count(*)
FROM message WHERE enterprise_id = %(enterprise)s AND state NOT IN ('accepted', 'delivered')
GROUP BY 1, 2, 3, 4, 5

-- name: recipients
INSERT INTO campaign_recipient (enterprise_id, campaign_id, position, phone, params)
SELECT enterprise_id, campaign_id, row_number() OVER (PARTITION BY campaign_id ORDER BY id), phone, '{}'
FROM message WHERE enterprise_id = %(enterprise)s AND campaign_id IS NOT NULL

-- name: progress
INSERT INTO campaign_progress (campaign_id, enterprise_id, state, hold, failure, cursor_position,
    started_at, fed_at, finished_at, accepted, refused, submitted, delivered, failed, expired, unknown,
    cancelled, segments, refunded_segments, replies)
SELECT campaign_id, enterprise_id, 'finished', '', '', count(*), min(message_time(id)),
       max(message_time(id)), max(finished_at), count(*), 0, count(*),
       count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'failed'),
       count(*) FILTER (WHERE state = 'expired'), count(*) FILTER (WHERE state = 'unknown'), 0,
       sum(segments), coalesce(sum(segments) FILTER (WHERE refunded), 0), 0
FROM message WHERE enterprise_id = %(enterprise)s AND campaign_id IS NOT NULL
GROUP BY 1, 2

-- name: campaign_sizes
UPDATE campaigns_campaign c
SET valid_count = p.accepted, lines_read = p.accepted, segments_expected = p.segments
FROM campaign_progress p WHERE p.campaign_id = c.id AND p.enterprise_id = %(enterprise)s

-- name: minutes
INSERT INTO campaign_minute (enterprise_id, campaign_id, minute, submitted, delivered, failed)
SELECT enterprise_id, campaign_id, date_trunc('minute', message_time(id)), count(*),
       count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state <> 'delivered')
FROM message WHERE enterprise_id = %(enterprise)s AND campaign_id IS NOT NULL
GROUP BY 1, 2, 3

-- name: package
UPDATE billing_package SET used = (
    SELECT coalesce(sum(segments), 0) FROM message
    WHERE enterprise_id = %(enterprise)s AND package_id = %(package)s AND NOT refunded
) WHERE id = %(package)s
