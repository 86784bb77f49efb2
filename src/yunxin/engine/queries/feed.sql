-- name: live_campaigns
-- Campaigns on their way: those that are to be fed on, and those that are to be ended.
SELECT c.id, c.enterprise_id, c.wish, true, p.hold
FROM campaign_progress p JOIN campaigns_campaign c ON c.id = p.campaign_id
WHERE p.state IN ('feeding', 'fed') AND c.deleted_at IS NULL AND c.kind = 'text'
    AND (c.wish = 'terminate' OR c.wish = 'run' AND p.state = 'feeding'
        AND c.audience_state = 'ready' AND coalesce(c.scheduled_at <= %(now)s, true))
ORDER BY c.id

-- name: new_campaigns
-- Campaigns whose time has come and that nobody began with, and those to be ended before that.
-- It passes over every campaign that was ever run, so it is asked on a hint and now and then.
SELECT c.id, c.enterprise_id, c.wish, false, ''
FROM campaigns_campaign c
WHERE c.wish IN ('run', 'terminate') AND c.deleted_at IS NULL AND c.kind = 'text'
    AND (c.wish = 'terminate'
        OR c.audience_state = 'ready' AND coalesce(c.scheduled_at <= %(now)s, true))
    AND NOT EXISTS (SELECT FROM campaign_progress p WHERE p.campaign_id = c.id)
ORDER BY c.id

-- name: lock_campaign
-- What people decided about a campaign, unchanged until the end of the transaction.
SELECT template_id, extension_code FROM campaigns_campaign
WHERE id = %(campaign_id)s AND wish = %(wish)s AND deleted_at IS NULL
    AND (wish = 'terminate' OR audience_state = 'ready')
FOR SHARE

-- name: begin_progress
-- Notes that the engine began with a campaign.
INSERT INTO campaign_progress (campaign_id, enterprise_id, state, hold, failure, cursor_position,
    started_at, accepted, refused, submitted, delivered, failed, expired, unknown, cancelled,
    segments, refunded_segments, replies)
VALUES (%(campaign_id)s, %(enterprise_id)s, 'feeding', '', '', 0, now(),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
ON CONFLICT (campaign_id) DO NOTHING

-- name: lock_progress
-- How far a campaign is, for one engine at a time.
SELECT state, cursor_position, hold FROM campaign_progress
WHERE campaign_id = %(campaign_id)s AND state IN ('feeding', 'fed')
FOR UPDATE SKIP LOCKED

-- name: count_queued
-- How many messages of a campaign are in the queue, counted up to a limit.
SELECT count(*) FROM (
    SELECT FROM message_queue
    WHERE enterprise_id = %(enterprise_id)s AND campaign_id = %(campaign_id)s
    LIMIT %(limit)s
) queued

-- name: next_recipients
-- The next recipients of a campaign after the cursor.
SELECT position, phone, params FROM campaign_recipient
WHERE enterprise_id = %(enterprise_id)s AND campaign_id = %(campaign_id)s
    AND position > %(cursor)s
ORDER BY position
LIMIT %(limit)s

-- name: write_refusals
-- Notes the recipients that were refused when they came to be accepted.
INSERT INTO campaign_refusal (enterprise_id, campaign_id, position, phone, reason, detail, at)
SELECT %(enterprise_id)s, %(campaign_id)s, x.position, x.phone, x.reason, left(x.detail, 100),
    now()
FROM unnest(%(positions)s::bigint[], %(phones)s::text[], %(reasons)s::text[],
    %(details)s::text[]) AS x (position, phone, reason, detail)

-- name: move_cursor
-- All recipients up to the cursor are accepted or refused; why it waits there, if it does.
UPDATE campaign_progress
SET cursor_position = %(cursor)s, hold = %(hold)s, refused = refused + %(refused)s
WHERE campaign_id = %(campaign_id)s

-- name: end_feeding
-- All recipients are done; if not one was accepted the campaign failed.
UPDATE campaign_progress p
SET hold = '', fed_at = now(),
    state = CASE WHEN accepted.found THEN 'fed' ELSE 'failed' END,
    failure = CASE WHEN accepted.found THEN '' ELSE 'all_refused' END,
    finished_at = CASE WHEN accepted.found THEN NULL ELSE now() END
FROM (
    SELECT EXISTS (
        SELECT FROM message
        WHERE enterprise_id = %(enterprise_id)s AND campaign_id = %(campaign_id)s
    ) AS found
) accepted
WHERE p.campaign_id = %(campaign_id)s

-- name: fail_campaign
-- The campaign cannot be carried on.
UPDATE campaign_progress
SET state = 'failed', failure = %(failure)s, hold = '', finished_at = now()
WHERE campaign_id = %(campaign_id)s

-- name: end_terminated
-- A campaign that is to be ended is at its end once none of its messages is in the queue.
UPDATE campaign_progress
SET state = 'terminated', hold = '', finished_at = now()
WHERE campaign_id = %(campaign_id)s AND NOT EXISTS (
    SELECT FROM message_queue
    WHERE enterprise_id = %(enterprise_id)s AND campaign_id = %(campaign_id)s
)
