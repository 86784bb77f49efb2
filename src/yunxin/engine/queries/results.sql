-- Two habits of this file: `claimed_by IS NOT DISTINCT FROM` and `finished_at IS NULL` (instead of
-- `state = 'accepted'`) cannot be looked up in an index, so the planner always takes the key.

-- name: store_sent
-- Messages that the carrier took: out of the queue, a submission for each part, counted.
-- Driven by the queue rows that are deleted, so that a second run changes nothing.
WITH told AS (
    SELECT * FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[],
        %(channel_ids)s::bigint[], %(part_ids)s::text[], %(written_ms)s::bigint[],
        %(groups)s::bigint[])
        AS t (enterprise_id, message_id, channel_id, part_ids, written_ms, grp)
), gone AS (
    DELETE FROM message_queue q USING told t
    WHERE q.enterprise_id = t.enterprise_id AND q.message_id = t.message_id
        AND q.claimed_by IS NOT DISTINCT FROM %(engine_id)s
    RETURNING t.enterprise_id, t.message_id, t.channel_id, string_to_array(t.part_ids, E'\n')
        AS ids, t.written_ms, t.grp
), kept AS (
    INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id, part,
        parts, submitted_at)
    SELECT g.channel_id, p.id, g.enterprise_id, g.message_id, p.part, cardinality(g.ids),
        to_timestamp(g.written_ms / 1000.0)
    FROM gone g CROSS JOIN LATERAL unnest(g.ids) WITH ORDINALITY AS p (id, part)
)
INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id, signature_id,
    carrier, package_id, state, messages, segments)
SELECT x.enterprise_id, x.day, x.kind, x.source, x.campaign_id, x.template_id, x.signature_id,
    x.carrier, x.package_id, 'submitted', c.messages, 0
FROM (SELECT grp, count(*) AS messages FROM gone GROUP BY grp) c
JOIN unnest(%(g_enterprise_ids)s::bigint[], %(g_days)s::date[], %(g_kinds)s::text[],
    %(g_sources)s::text[], %(g_campaign_ids)s::bigint[], %(g_template_ids)s::bigint[],
    %(g_signature_ids)s::bigint[], %(g_carriers)s::text[], %(g_package_ids)s::bigint[])
    WITH ORDINALITY AS x (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, package_id, grp) ON x.grp = c.grp

-- name: note_doubts
-- What happened to messages that nobody answered and whose receipts are awaited all the same.
-- Driven by their queue rows, which `store_sent` then takes away.
INSERT INTO message_event (enterprise_id, message_id, at, kind, channel_id)
SELECT t.enterprise_id, t.message_id, now() + e.step * interval '1 microsecond', e.kind,
    t.channel_id
FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[], %(channel_ids)s::bigint[],
    %(events)s::text[]) AS t (enterprise_id, message_id, channel_id, events)
JOIN message_queue q ON q.enterprise_id = t.enterprise_id AND q.message_id = t.message_id
    AND q.claimed_by IS NOT DISTINCT FROM %(engine_id)s
CROSS JOIN LATERAL unnest(string_to_array(t.events, ',')) WITH ORDINALITY AS e (kind, step)

-- name: keep_late_ids
-- The ids of tries that were answered after their time, for their receipts: as of tries in doubt
-- while the message is not final, else for a line in its time line.
INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id, part, parts,
    submitted_at)
SELECT t.channel_id, t.carrier_id, t.enterprise_id, t.message_id, t.part,
    CASE WHEN m.finished_at IS NULL THEN -t.total ELSE t.total END,
    to_timestamp(t.written_ms / 1000.0)
FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[], %(channel_ids)s::bigint[],
    %(carrier_ids)s::text[], %(parts)s::smallint[], %(totals)s::smallint[], %(written_ms)s::bigint[])
    AS t (enterprise_id, message_id, channel_id, carrier_id, part, total, written_ms)
CROSS JOIN LATERAL (SELECT finished_at FROM message m
    WHERE m.enterprise_id = t.enterprise_id AND m.id = t.message_id OFFSET 0) m

-- name: keep_tries
-- The ids of tries in doubt that are sent again, for their receipts: the number of parts below
-- zero. Driven by their queue rows, which `set_free` then sets free.
INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id, part, parts,
    submitted_at)
SELECT t.channel_id, p.id, t.enterprise_id, t.message_id, p.part,
    -cardinality(string_to_array(t.part_ids, E'\n')), to_timestamp(t.written_ms / 1000.0)
FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[], %(channel_ids)s::bigint[],
    %(part_ids)s::text[], %(written_ms)s::bigint[])
    AS t (enterprise_id, message_id, channel_id, part_ids, written_ms)
JOIN message_queue q ON q.enterprise_id = t.enterprise_id AND q.message_id = t.message_id
    AND q.claimed_by IS NOT DISTINCT FROM %(engine_id)s
CROSS JOIN LATERAL unnest(string_to_array(t.part_ids, E'\n')) WITH ORDINALITY AS p (id, part)
WHERE p.id <> ''

-- name: store_final
-- Messages that ended without a receipt: failed, unknown or cancelled; refunded by the rules.
-- What parts of them the carrier has is kept, so that their receipts find something.
WITH told AS (
    SELECT * FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[],
        %(channel_ids)s::bigint[], %(part_ids)s::text[], %(written_ms)s::bigint[],
        %(states)s::text[], %(codes)s::text[], %(events)s::text[])
        AS t (enterprise_id, message_id, channel_id, part_ids, written_ms, state, code, events)
), gone AS (
    DELETE FROM message_queue q USING told t
    WHERE q.enterprise_id = t.enterprise_id AND q.message_id = t.message_id
        AND q.claimed_by IS NOT DISTINCT FROM %(engine_id)s
    RETURNING t.enterprise_id, t.message_id, NULLIF(t.channel_id, 0) AS channel_id,
        string_to_array(t.part_ids, E'\n') AS ids, t.written_ms, t.state, t.code, t.events
), kept AS (
    INSERT INTO submission (channel_id, carrier_message_id, enterprise_id, message_id, part,
        parts, submitted_at)
    SELECT g.channel_id, p.id, g.enterprise_id, g.message_id, p.part, cardinality(g.ids),
        to_timestamp(g.written_ms / 1000.0)
    FROM gone g CROSS JOIN LATERAL unnest(g.ids) WITH ORDINALITY AS p (id, part)
    WHERE p.id <> ''
), noted AS (
    INSERT INTO message_event (enterprise_id, message_id, at, kind, channel_id, code)
    SELECT g.enterprise_id, g.message_id, now() + e.step * interval '1 microsecond', e.kind,
        g.channel_id, g.code
    FROM gone g CROSS JOIN LATERAL unnest(string_to_array(g.events, ','))
        WITH ORDINALITY AS e (kind, step)
), done AS (
    UPDATE message m SET state = g.state, code = g.code, channel_id = g.channel_id,
        submitted_at = CASE WHEN g.written_ms > 0 THEN to_timestamp(g.written_ms / 1000.0) END,
        finished_at = now(), refunded = g.state = ANY (%(refunded_states)s::text[])
    FROM gone g
    WHERE m.enterprise_id = g.enterprise_id AND m.id = g.message_id AND m.finished_at IS NULL
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

-- name: set_free
-- Messages that are to be sent later or elsewhere: back to waiting, with what happened noted.
WITH told AS (
    SELECT * FROM unnest(%(enterprise_ids)s::bigint[], %(message_ids)s::bigint[],
        %(channel_ids)s::bigint[], %(avoids)s::bigint[], %(after_ms)s::bigint[],
        %(burns)s::bigint[], %(codes)s::text[], %(events)s::text[])
        AS t (enterprise_id, message_id, channel_id, avoid, after_ms, burns, code, events)
), freed AS (
    UPDATE message_queue q SET claimed_by = NULL, claimed_at = NULL,
        attempt = q.attempt + t.burns, channel_id = COALESCE(NULLIF(t.avoid, 0), q.channel_id),
        refused_by = CASE WHEN t.avoid > 0
            THEN array_append(array_remove(q.refused_by, t.avoid), t.avoid) ELSE q.refused_by END,
        not_before = CASE WHEN t.after_ms > 0
            THEN now() + t.after_ms * interval '1 millisecond' END
    FROM told t
    WHERE q.enterprise_id = t.enterprise_id AND q.message_id = t.message_id
        AND q.claimed_by IS NOT DISTINCT FROM %(engine_id)s
    RETURNING t.enterprise_id, t.message_id, NULLIF(t.channel_id, 0) AS channel_id, t.code, t.events
), said AS (
    INSERT INTO code_delta (channel_id, code, messages)
    SELECT coalesce(channel_id, 0), code, count(*) FROM freed
    WHERE code <> '' GROUP BY 1, 2
)
INSERT INTO message_event (enterprise_id, message_id, at, kind, channel_id, code)
SELECT f.enterprise_id, f.message_id, now() + e.step * interval '1 microsecond', e.kind,
    f.channel_id, f.code
FROM freed f CROSS JOIN LATERAL unnest(string_to_array(f.events, ','))
    WITH ORDINALITY AS e (kind, step)
