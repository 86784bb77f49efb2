-- Tells an enterprise of messages' final words: an event each, a place in the queue of each URL that
-- wants to hear of it, and what its SMPP accounts asked for. Called in the transaction that makes
-- them final.
CREATE OR REPLACE FUNCTION note_receipts(enterprise_ids bigint[], message_ids bigint[], sources text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    noted bigint;
BEGIN
    IF enterprise_ids IS NULL THEN
        RETURN 0;
    END IF;
    IF 'smpp' = ANY (sources) THEN
        PERFORM note_smpp_receipts(enterprise_ids, message_ids);
    END IF;
    WITH event AS (
        INSERT INTO interface_event (enterprise_id, kind, object_id, source)
        SELECT x.enterprise_id, 'receipts', x.message_id, x.source
        FROM unnest(enterprise_ids, message_ids, sources) AS x (enterprise_id, message_id, source)
        WHERE x.source = 'api' OR EXISTS (
            SELECT FROM interfaces_pushtarget t
            WHERE t.enterprise_id = x.enterprise_id AND t.kind = 'receipts' AND t.portal_too)
        RETURNING enterprise_id, id, source
    ), queued AS (
        INSERT INTO push_queue (enterprise_id, target_id, event_id)
        SELECT e.enterprise_id, t.id, e.id
        FROM event e JOIN interfaces_pushtarget t ON t.enterprise_id = e.enterprise_id
            AND t.kind = 'receipts' AND t.enabled AND (e.source = 'api' OR t.portal_too)
        RETURNING 1
    )
    SELECT count(*) INTO noted FROM queued;
    IF noted > 0 THEN
        PERFORM pg_notify('push', '');
    END IF;
    RETURN noted;
END $$;

-- Tells an enterprise of one thing more: a reply, or a number that the dialect had to refuse after
-- its answer was given (`detail`).
CREATE OR REPLACE FUNCTION note_event(owner bigint, what text, object bigint, said jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    noted bigint;
BEGIN
    IF what = 'replies' THEN
        PERFORM note_smpp_reply(owner, object);
    END IF;
    WITH event AS (
        INSERT INTO interface_event (enterprise_id, kind, object_id, detail)
        VALUES (owner, what, object, said)
        RETURNING enterprise_id, id
    ), queued AS (
        INSERT INTO push_queue (enterprise_id, target_id, event_id)
        SELECT e.enterprise_id, t.id, e.id
        FROM event e JOIN interfaces_pushtarget t ON t.enterprise_id = e.enterprise_id
            AND t.kind = what AND t.enabled
        RETURNING 1
    )
    SELECT count(*) INTO noted FROM queued;
    IF noted > 0 THEN
        PERFORM pg_notify('push', '');
    END IF;
    RETURN noted;
END $$;
