-- name: find_smpp_message
-- A message that an account sent, with the carrier's word or why it was cancelled.
SELECT m.id, m.state, CASE WHEN m.state = 'cancelled' THEN (
        SELECT e.code FROM message_event e WHERE e.enterprise_id = m.enterprise_id
            AND e.message_id = m.id AND e.kind = 'cancelled' LIMIT 1
    ) ELSE m.code END, m.finished_at
FROM smpp_message s
JOIN message m ON m.enterprise_id = s.enterprise_id AND m.id = s.message_id
WHERE s.enterprise_id = %(enterprise_id)s AND s.message_id = %(told_id)s
    AND s.account_id = %(account_id)s

-- name: find_smpp_part
-- A part of a long message that an account sent, and what became of it.
SELECT message_id, outcome, received_at FROM smpp_part
WHERE enterprise_id = %(enterprise_id)s AND id = %(told_id)s AND account_id = %(account_id)s
