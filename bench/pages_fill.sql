-- Ten million believable messages, made inside the database; bench/pages.py runs each statement
-- by its name. Shares are skewed as in life: few templates carry most of the traffic, and a few
-- values (a template, two carriers, one state, portal messages on some days) are very rare.

-- name: day
-- One day of one enterprise: n messages from 08:00 to 21:00 Shanghai, evenly spaced.
INSERT INTO message (
    enterprise_id, id, phone, carrier, kind, traffic, source, campaign_id, signature_id,
    template_id, package_id, text, segments, state, code, channel_id, submitted_at, done_at,
    finished_at, refunded
)
SELECT
    %(enterprise)s, id,
    '1' || (30 + (r1 * 69)::int) || lpad((r2 * %(phones)s)::int::text, 8, '0'),
    CASE WHEN r3 < 0.52 THEN 'mobile' WHEN r3 < 0.76 THEN 'unicom' WHEN r3 < 0.9995 THEN 'telecom'
         WHEN r3 < 0.99999 THEN 'broadnet' ELSE 'unknown' END,
    'text', CASE WHEN campaign IS NULL THEN 'verification' ELSE 'notice' END,
    CASE WHEN campaign IS NULL THEN 'api' ELSE 'portal' END,
    campaign, %(signatures)s[1 + template_index %% %(signature_count)s],
    %(templates)s[1 + template_index], %(package)s,
    '【云启科技】尊敬的客户,您订购的服务' || (r1 * 1000000)::int || '将于今日到期,请登录控制台完成续费,以免影响使用。',
    1, state,
    CASE state WHEN 'failed' THEN (ARRAY['UNDELIV', 'REJECTD', 'MK:0001', 'DB:0141'])[1 + (r1 * 3.99)::int / 1]
               WHEN 'expired' THEN 'EXPIRED' WHEN 'delivered' THEN 'DELIVRD' END,
    %(channel)s,
    CASE WHEN state <> 'cancelled' THEN message_time(id) + interval '1 second' END,
    CASE WHEN state = 'delivered' THEN message_time(id) + interval '5 seconds' END,
    CASE WHEN state <> 'accepted' THEN message_time(id) + interval '6 seconds' END,
    state IN ('failed', 'cancelled')
FROM (
    SELECT
        (((%(start_ms)s::float8 + i * (46800000.0 / %(n)s))::bigint) << 22) | (i %% 4096) AS id,
        r1, r2, r3, campaign,
        CASE WHEN campaign IS NOT NULL THEN campaign::int %% (%(template_count)s - 1)
             ELSE ((%(template_count)s - 1) * power(r5, 3))::int %% (%(template_count)s - 1) END
            AS template_index,
        CASE WHEN i > %(n)s - %(in_flight)s THEN 'accepted'
             WHEN r4 < 0.95 THEN 'delivered' WHEN r4 < 0.985 THEN 'failed' WHEN r4 < 0.997 THEN 'unknown'
             WHEN r4 < 0.99999 THEN 'expired' ELSE 'cancelled' END AS state
    FROM (
        SELECT i, r1, r2, r3, r4, r5,
            CASE WHEN %(campaigns)s > 0 AND r6 < 0.6
                 THEN %(first_campaign)s + (r6 / 0.6 * %(campaigns)s)::int END::bigint AS campaign
        FROM (
            SELECT i, random() r1, random() r2, random() r3, random() r4, random() r5, random() r6
            FROM generate_series(1, %(n)s) AS i
        ) AS dice
    ) AS drawn
) AS shaped;

-- name: rare_template
-- The last template has only a handful of messages, three days in all.
UPDATE message SET template_id = %(rare)s, signature_id = %(rare_signature)s
WHERE enterprise_id = %(enterprise)s AND id %% 4096 = 7 AND id >= %(low)s AND id < %(high)s;

-- name: queue
-- What is in flight: half of it still waits, a little is being sent, the rest waits for receipts.
INSERT INTO message_queue (
    enterprise_id, message_id, priority, carrier, campaign_id, claimed_by, claimed_at
)
SELECT enterprise_id, id, 1, carrier, campaign_id,
    CASE WHEN id %% 10 = 0 THEN 1 END, CASE WHEN id %% 10 = 0 THEN now() END
FROM message WHERE state = 'accepted' AND id %% 2 = 0;

-- name: counts
-- The daily counts as engine/settle would have folded them.
INSERT INTO daily_count (
    enterprise_id, day, kind, source, campaign_id, template_id, signature_id, carrier,
    accepted, submitted, delivered, failed, expired, unknown, cancelled, segments
)
SELECT enterprise_id, message_day(id), kind, source, coalesce(campaign_id, 0), template_id,
    min(signature_id), carrier, count(*), count(submitted_at),
    count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'failed'),
    count(*) FILTER (WHERE state = 'expired'), count(*) FILTER (WHERE state = 'unknown'),
    count(*) FILTER (WHERE state = 'cancelled'), sum(segments)
FROM message GROUP BY 1, 2, 3, 4, 5, 6, 8;
