-- name: note_deliveries
-- Notes what carriers deliver, in one order for all engines; gives what was not noted before.
INSERT INTO inbound_seen (channel_id, delivery, received_at)
SELECT t.channel_id, t.delivery, now()
FROM unnest(%(channel_ids)s::bigint[], %(deliveries)s::text[]) WITH ORDINALITY
    AS t (channel_id, delivery, at)
ORDER BY t.at
ON CONFLICT DO NOTHING
RETURNING channel_id, delivery

-- name: forget_deliveries
-- What was delivered so long ago that it does not come again.
DELETE FROM inbound_seen WHERE received_at < now() - %(kept)s::interval

-- name: lock_inbound_parts
-- Waits until no other engine is at the parts of these long replies.
SELECT pg_advisory_xact_lock(791003, key) FROM (
    SELECT DISTINCT hashtext(t) AS key FROM unnest(%(texts)s::text[]) AS t ORDER BY 1 OFFSET 0
) keys

-- name: keep_inbound_part
-- A part of a long reply; the same part twice is kept once.
INSERT INTO inbound_part (channel_id, phone, access_number, reference, total, number, alphabet,
    data, received_at)
VALUES (%(channel_id)s, %(phone)s, %(access_number)s, %(reference)s, %(total)s, %(number)s,
    %(alphabet)s, %(data)s, now())
ON CONFLICT DO NOTHING

-- name: inbound_parts
-- The parts of one long reply that are here, in order; locked, so that one engine joins them.
SELECT number::bigint, alphabet, data FROM inbound_part
WHERE channel_id = %(channel_id)s AND phone = %(phone)s AND access_number = %(access_number)s
    AND reference = %(reference)s AND total = %(total)s
ORDER BY number FOR UPDATE

-- name: drop_inbound_parts
-- The parts of one long reply, now that it is whole or given up.
DELETE FROM inbound_part
WHERE channel_id = %(channel_id)s AND phone = %(phone)s AND access_number = %(access_number)s
    AND reference = %(reference)s AND total = %(total)s

-- name: stale_inbound_parts
-- Long replies whose missing parts do not come any more, with their channels' access numbers.
SELECT p.channel_id, p.phone, p.access_number, p.reference::bigint, p.total::bigint,
    coalesce(c.access_number, '')
FROM inbound_part p LEFT JOIN carriers_channel c ON c.id = p.channel_id
GROUP BY p.channel_id, p.phone, p.access_number, p.reference, p.total, c.access_number
HAVING max(p.received_at) < now() - interval '5 minutes'
LIMIT 100

-- name: last_message_to
-- The last message to a phone, of one of these enterprises: most likely what a reply answers.
SELECT m.enterprise_id, m.id, m.campaign_id
FROM unnest(%(enterprise_ids)s::bigint[]) AS e (id)
CROSS JOIN LATERAL (
    SELECT m.enterprise_id, m.id, m.campaign_id FROM message m
    WHERE m.enterprise_id = e.id AND m.phone = %(phone)s AND m.id > %(floor)s
        AND (%(extension)s::text IS NULL OR m.extension = %(extension)s)
    ORDER BY m.id DESC LIMIT 1) m
ORDER BY m.id DESC LIMIT 1

-- name: store_reply
-- A reply, told to its owner, with the campaign that it answers; a second run with the same id
-- changes nothing.
WITH stored AS (
    INSERT INTO inbound_message (id, enterprise_id, phone, access_number, text, channel_id,
        message_id, campaign_id, unsubscribed, received_at)
    VALUES (%(id)s, %(enterprise_id)s, %(phone)s, %(access_number)s, %(text)s, %(channel_id)s,
        %(message_id)s, %(campaign_id)s, %(unsubscribed)s, now())
    ON CONFLICT (id) DO NOTHING
    RETURNING enterprise_id, id, campaign_id
)
SELECT campaign_id,
    CASE WHEN enterprise_id <> 0 THEN note_event(enterprise_id, 'replies', id, NULL) END
FROM stored

-- name: count_replies
-- Counts replies for their campaigns, which are locked in the order of ids, as settling locks them.
UPDATE campaign_progress p SET replies = p.replies + x.replies
FROM (SELECT campaign_id, count(*) AS replies FROM unnest(%(campaign_ids)s::bigint[]) AS c (campaign_id)
      GROUP BY campaign_id ORDER BY campaign_id) x
WHERE p.campaign_id = x.campaign_id

-- name: block_unsubscribed
-- A phone that does not want this enterprise's messages any more.
INSERT INTO carriers_blockednumber (enterprise_id, phone, reason, note, at)
VALUES (%(enterprise_id)s, %(phone)s, 'unsubscribed', '', now())
ON CONFLICT (phone, enterprise_id) DO NOTHING

-- name: store_phone_news
-- What carriers told of phones' accounts, the last word on each; none of one that is in order again.
WITH told AS (
    SELECT DISTINCT ON (phone) phone, condition, channel_id
    FROM unnest(%(phones)s::text[], %(conditions)s::text[], %(channel_ids)s::bigint[])
        WITH ORDINALITY AS t (phone, condition, channel_id, at)
    ORDER BY phone, at DESC
), gone AS (
    DELETE FROM phone_news n USING told t WHERE n.phone = t.phone AND t.condition = ''
)
INSERT INTO phone_news (phone, condition, channel_id, at)
SELECT phone, condition, channel_id, now() FROM told WHERE condition <> ''
ON CONFLICT (phone) DO UPDATE SET condition = excluded.condition,
    channel_id = excluded.channel_id, at = excluded.at

-- name: drop_phone_news
-- News of phones that are too old to say anything of whose they are now.
DELETE FROM phone_news WHERE at < now() - %(kept)s::interval
