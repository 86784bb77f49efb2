-- name: count_usage
-- Adds to the counts of how often credentials were used today.
INSERT INTO api_usage (enterprise_id, credential_id, day, outcome, requests, last_at, last_address)
SELECT x.enterprise_id, x.credential_id, (now() AT TIME ZONE 'Asia/Shanghai')::date, x.outcome,
    x.requests, now(), x.address
FROM unnest(%(enterprise_ids)s::bigint[], %(credential_ids)s::bigint[], %(outcomes)s::text[],
    %(requests)s::bigint[], %(addresses)s::text[])
    AS x (enterprise_id, credential_id, outcome, requests, address)
ORDER BY 1, 2, 4
ON CONFLICT (enterprise_id, credential_id, day, outcome) DO UPDATE
SET requests = api_usage.requests + excluded.requests, last_at = excluded.last_at,
    last_address = excluded.last_address
