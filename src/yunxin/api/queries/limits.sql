-- name: lease_tokens
-- Takes tokens from a bucket that fills with time up to its size: what is wanted or what there is,
-- nothing if that is less than is needed. Says what was taken and what is left; no row: no bucket.
UPDATE rate_bucket b SET tokens = f.filled - f.granted, at = f.seen_at
FROM (
    SELECT enterprise_id, credential_id, seen_at, filled,
        CASE WHEN filled >= %(needed)s::float8 THEN least(filled, %(wanted)s::float8) ELSE 0 END
            AS granted
    FROM (
        SELECT enterprise_id, credential_id, clock_timestamp() AS seen_at,
            least(%(burst)s::float8, tokens + %(rate)s::float8
                * greatest(0, extract(epoch FROM clock_timestamp() - at)::float8)) AS filled
        FROM rate_bucket
        WHERE enterprise_id = %(enterprise_id)s AND credential_id = %(credential_id)s
        FOR UPDATE
    ) locked
) f
WHERE b.enterprise_id = f.enterprise_id AND b.credential_id = f.credential_id
RETURNING f.granted, b.tokens

-- name: open_bucket
-- Makes a bucket, full, unless it is there.
INSERT INTO rate_bucket (enterprise_id, credential_id, tokens, at)
VALUES (%(enterprise_id)s, %(credential_id)s, %(burst)s::float8, clock_timestamp())
ON CONFLICT DO NOTHING
