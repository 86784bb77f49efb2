-- name: ping
-- Whether the database answers, and what time it has.
SELECT now()
