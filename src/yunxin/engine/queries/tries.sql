-- name: take_channel_try
-- The next log-in that people want tried, unless it waited so long that nobody looks any more.
UPDATE carriers_channeltry SET taken_at = now()
WHERE id = (
    SELECT id FROM carriers_channeltry
    WHERE taken_at IS NULL AND created_at > now() - interval '1 minute'
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, channel_id

-- name: finish_channel_try
-- Says what came of a log-in that was tried.
UPDATE carriers_channeltry SET finished_at = now(), outcome = %(outcome)s, status = %(status)s,
    detail = %(detail)s, connect_ms = %(connect_ms)s, login_ms = %(login_ms)s
WHERE id = %(try_id)s
