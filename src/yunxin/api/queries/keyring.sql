-- name: keyring_enterprises
-- Every enterprise with its merchant code and its limits, where an operator set any.
SELECT e.id, e.cpcode, e.suspended_at IS NULL, coalesce(l.ronghe_allowed, true),
    l.requests_per_s::bigint, l.recipients_per_s::bigint
FROM accounts_enterprise e LEFT JOIN interfaces_limits l ON l.enterprise_id = e.id

-- name: keyring_credentials
-- The credentials that open something now or until their overlap ends, the newest first.
SELECT id, enterprise_id, kind, key_id, secret_hash, sealed, scopes, networks, expires_at
FROM interfaces_credential
WHERE disabled_at IS NULL AND (expires_at IS NULL OR expires_at > now())
ORDER BY id DESC

-- name: keyring_networks
-- The networks that reviewers approved for the dialect; those of SMPP accounts open nothing here.
SELECT enterprise_id, network FROM interfaces_allowednetwork
WHERE state = 'approved' AND smpp_account_id IS NULL
