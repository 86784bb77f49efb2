-- name: recall_answers
-- The answers that requests had before; those that are too old are forgotten first.
WITH asked AS (
    SELECT * FROM unnest(%(enterprise_ids)s::bigint[], %(scopes)s::text[], %(keys)s::text[],
        %(kept_s)s::float8[]) AS x (enterprise_id, scope, key, kept_s)
), forgotten AS (
    DELETE FROM api_answer a USING asked x
    WHERE a.enterprise_id = x.enterprise_id AND a.scope = x.scope AND a.key = x.key
        AND a.created_at <= now() - x.kept_s * interval '1 second'
), again AS (
    UPDATE api_answer a SET replays = a.replays + 1 FROM asked x
    WHERE a.enterprise_id = x.enterprise_id AND a.scope = x.scope AND a.key = x.key
        AND a.created_at > now() - x.kept_s * interval '1 second'
    RETURNING a.enterprise_id, a.scope, a.key, a.digest, a.answer
)
SELECT enterprise_id, scope, key, digest, answer FROM again

-- name: remember_answers
-- Keeps answers; touches fewer rows than were given if another process was faster.
INSERT INTO api_answer (enterprise_id, scope, key, digest, answer)
SELECT x.enterprise_id, x.scope, x.key, decode(x.digest, 'hex'), convert_to(x.answer, 'UTF8')
FROM unnest(%(enterprise_ids)s::bigint[], %(scopes)s::text[], %(keys)s::text[],
    %(digests)s::text[], %(answers)s::text[]) AS x (enterprise_id, scope, key, digest, answer)
ON CONFLICT DO NOTHING

-- name: note_refusals
-- Tells an enterprise of numbers that were refused after its request was answered with success.
SELECT note_event(%(enterprise_id)s, 'receipts', 0,
    jsonb_build_object('task', %(task_id)s::text, 'phone', x.phone, 'reason', x.reason))
FROM unnest(%(phones)s::text[], %(reasons)s::text[]) AS x (phone, reason)

-- name: forget_passing_answers
-- Drops some nonces and answers of the dialect that nobody can ask for any more.
DELETE FROM api_answer a USING (
    SELECT enterprise_id, scope, key FROM api_answer
    WHERE created_at >= %(after)s AND created_at < %(before)s AND scope IN ('nonce', 'ronghe')
    ORDER BY created_at LIMIT %(most)s
    FOR UPDATE SKIP LOCKED) old
WHERE a.enterprise_id = old.enterprise_id AND a.scope = old.scope AND a.key = old.key

-- name: forget_answers
-- Drops some answers that nobody can ask for any more.
DELETE FROM api_answer a USING (
    SELECT enterprise_id, scope, key FROM api_answer
    WHERE created_at < %(before)s ORDER BY created_at LIMIT %(most)s
    FOR UPDATE SKIP LOCKED) old
WHERE a.enterprise_id = old.enterprise_id AND a.scope = old.scope AND a.key = old.key
