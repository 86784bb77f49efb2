-- name: find_ported
-- Which of these phones changed their carrier, and to whom they went.
SELECT phone, carrier FROM carriers_portednumber WHERE phone = ANY (%(phones)s::text[])

-- name: find_blocked
-- Which of these phones nobody, or not this enterprise, may send to.
SELECT x.enterprise_id, x.phone, bool_or(b.enterprise_id = 0)
FROM unnest(%(enterprise_ids)s::bigint[], %(phones)s::text[]) AS x (enterprise_id, phone)
JOIN carriers_blockednumber b
    ON b.phone = x.phone AND b.enterprise_id = ANY (ARRAY[0, x.enterprise_id])
GROUP BY x.enterprise_id, x.phone

-- name: lock_packages
-- The packages that these enterprises can pay with, locked until the end of the transaction.
-- In the order of ids, as everybody locks them, so that no two wait for each other; an
-- enterprise's acceptances thereby come one after the other.
SELECT id, enterprise_id, total - used, valid_to FROM billing_package
WHERE enterprise_id = ANY (%(enterprise_ids)s::bigint[]) AND kind = 'text'
    AND valid_from <= %(now)s AND valid_to > %(now)s AND used < total
ORDER BY id
FOR NO KEY UPDATE

-- name: count_recent
-- How many messages of a traffic class an enterprise sent to a phone, since three moments.
SELECT x.enterprise_id, x.phone, x.traffic,
    count(*) FILTER (WHERE m.id >= %(minute_floor)s), count(*) FILTER (WHERE m.id >= %(hour_floor)s),
    count(*)
FROM unnest(%(enterprise_ids)s::bigint[], %(phones)s::text[], %(traffics)s::text[])
    AS x (enterprise_id, phone, traffic)
JOIN message m ON m.enterprise_id = x.enterprise_id AND m.phone = x.phone
    AND m.id >= %(day_floor)s AND m.traffic = x.traffic AND m.state <> 'cancelled'
GROUP BY x.enterprise_id, x.phone, x.traffic

-- name: pay
-- Takes segments from packages, each only if it has them.
UPDATE billing_package p SET used = p.used + x.segments
FROM unnest(%(package_ids)s::bigint[], %(segments)s::bigint[]) AS x (package_id, segments)
WHERE p.id = x.package_id AND p.used + x.segments <= p.total

-- name: copy_messages
-- Writes accepted messages.
COPY message (enterprise_id, id, phone, carrier, kind, traffic, source, campaign_id, signature_id,
    template_id, package_id, extension, task_id, reference, text, segments)
FROM STDIN (FORMAT binary)

-- name: copy_queue
-- Queues accepted messages.
COPY message_queue (enterprise_id, message_id, priority, carrier, province, campaign_id)
FROM STDIN (FORMAT binary)

-- name: copy_parked
-- Queues accepted messages that wait for their time; `unpark_due` lets them go.
COPY message_queue (enterprise_id, message_id, priority, carrier, province, campaign_id, not_before,
    claimed_by, claimed_at)
FROM STDIN (FORMAT binary)

-- name: copy_smpp_messages
-- Notes which messages came by the SMPP server, and what is to be told of them.
COPY smpp_message (enterprise_id, message_id, account_id, told_ids, wanted, back, expires_at)
FROM STDIN (FORMAT binary)

-- name: tally_accepted
-- Notes how many messages were accepted and paid, and tells dispatchers that work is waiting.
WITH noted AS (
    INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id,
        signature_id, carrier, package_id, state, messages, segments)
    SELECT x.enterprise_id, x.day, 'text', x.source, x.campaign_id, x.template_id,
        x.signature_id, x.carrier, x.package_id, 'accepted', x.messages, x.segments
    FROM unnest(%(enterprise_ids)s::bigint[], %(days)s::date[], %(sources)s::text[],
        %(campaign_ids)s::bigint[], %(template_ids)s::bigint[], %(signature_ids)s::bigint[],
        %(carriers)s::text[], %(package_ids)s::bigint[], %(messages)s::bigint[],
        %(segments)s::bigint[])
        AS x (enterprise_id, day, source, campaign_id, template_id, signature_id, carrier,
            package_id, messages, segments)
)
SELECT pg_notify('queue', '')

-- name: wait_briefly_for_locks
-- In this transaction no lock is waited for longer than a moment.
SELECT set_config('lock_timeout', '2s', true)

-- name: message_exists
-- Whether a message was written: its whole batch was, or nothing of it.
SELECT EXISTS (SELECT FROM message WHERE enterprise_id = %(enterprise_id)s AND id = %(message_id)s)
