-- name: channels
-- The channels that the operator wants to run or to drain, or only one, whatever is wanted of it;
-- and on how many other engines each is bound or rests.
SELECT c.id, c.name, c.host, c.port::bigint, c.system_id, c.password_sealed, c.system_type,
    c.bind_mode, c.sessions::bigint, c."window"::bigint, c.rate_per_s::bigint, c.access_number,
    c.carriers, c.weight::bigint, c.id_rule, c.alphabet, c.source_ton::bigint,
    c.source_npi::bigint, c.dest_ton::bigint, c.dest_npi::bigint, c.dest_prefix,
    c.enquire_every_s::bigint, c.answer_timeout_s::bigint, c.version::bigint, c.protocol,
    c.options, c.traffics, c.open_from, c.open_to, c.provinces,
    ARRAY(SELECT e.enterprise_id FROM carriers_channel_enterprises e WHERE e.channel_id = c.id),
    (SELECT count(*) FROM channel_state s
     WHERE s.channel_id = c.id AND s.engine_id <> %(engine_id)s AND s.state IN ('bound', 'idle')
        AND s.at > now() - interval '5 seconds'),
    c.wish = 'drain'
FROM carriers_channel c
WHERE CASE WHEN %(only)s::bigint IS NULL THEN c.wish IN ('run', 'drain') ELSE c.id = %(only)s END
    AND c.protocol = ANY (%(protocols)s::text[])
ORDER BY c.id

-- name: store_channel_states
-- What this engine says of its channels right now.
INSERT INTO channel_state (channel_id, engine_id, state, breaker, sessions_bound, window_used, window_size,
    submitted_per_s, allowed_per_s, last_error, last_error_at, bound_at, at)
SELECT x.channel_id, %(engine_id)s, x.state, x.breaker, x.sessions_bound, x.window_used, x.window_size,
    x.submitted_per_s, x.allowed_per_s, x.last_error, x.last_error_at, x.bound_at, now()
FROM unnest(%(channel_ids)s::bigint[], %(states)s::text[], %(breakers)s::text[], %(sessions_bound)s::bigint[],
    %(window_used)s::bigint[], %(window_size)s::bigint[], %(submitted_per_s)s::float8[],
    %(allowed_per_s)s::float8[], %(last_errors)s::text[], %(last_error_ats)s::timestamptz[],
    %(bound_ats)s::timestamptz[])
    AS x (channel_id, state, breaker, sessions_bound, window_used, window_size, submitted_per_s,
        allowed_per_s, last_error, last_error_at, bound_at)
ON CONFLICT (channel_id, engine_id) DO UPDATE SET state = excluded.state,
    breaker = excluded.breaker,
    sessions_bound = excluded.sessions_bound, window_used = excluded.window_used,
    window_size = excluded.window_size, submitted_per_s = excluded.submitted_per_s,
    allowed_per_s = excluded.allowed_per_s, last_error = excluded.last_error,
    last_error_at = excluded.last_error_at, bound_at = excluded.bound_at, at = excluded.at

-- name: drop_channel_states
-- Channels that this engine runs no more.
DELETE FROM channel_state
WHERE engine_id = %(engine_id)s AND channel_id <> ALL (%(channel_ids)s::bigint[])
