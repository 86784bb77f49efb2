-- name: smpp_accounts
-- All accounts with their enterprises' state and digits, and how many programs serve each now.
SELECT a.id, a.enterprise_id, a.system_id, a.password_hash, a.networks, a."window"::bigint,
    a.rate_per_s::bigint, a.sessions_max::bigint, a.text_mode, a.traffic, a.source_rule, a.extension,
    a.default_alphabet, a.enabled, e.suspended_at IS NULL, e.access_number, e.extension_code,
    (SELECT count(DISTINCT s.instance_id) FROM smpp_session s
     WHERE s.account_id = a.id AND s.heartbeat_at > now() - interval '7 seconds')
FROM interfaces_smppaccount a JOIN accounts_enterprise e ON e.id = a.enterprise_id
ORDER BY a.id

-- name: note_smpp_bind
-- Notes that an account was bound, or why not.
INSERT INTO smpp_account_state AS s (account_id, enterprise_id, last_bound_at, last_bound_address,
    last_refused_at, last_refused_address, last_refusal)
SELECT %(account_id)s, %(enterprise_id)s,
    CASE WHEN %(refusal)s::text = '' THEN now() END,
    CASE WHEN %(refusal)s::text = '' THEN %(address)s::text ELSE '' END,
    CASE WHEN %(refusal)s::text <> '' THEN now() END,
    CASE WHEN %(refusal)s::text <> '' THEN %(address)s::text ELSE '' END, %(refusal)s::text
ON CONFLICT (account_id) DO UPDATE SET
    last_bound_at = coalesce(excluded.last_bound_at, s.last_bound_at),
    last_bound_address = CASE WHEN excluded.last_refusal = '' THEN excluded.last_bound_address
        ELSE s.last_bound_address END,
    last_refused_at = coalesce(excluded.last_refused_at, s.last_refused_at),
    last_refused_address = CASE WHEN excluded.last_refusal <> '' THEN excluded.last_refused_address
        ELSE s.last_refused_address END,
    last_refusal = CASE WHEN excluded.last_refusal <> '' THEN excluded.last_refusal
        ELSE s.last_refusal END
