-- What the engine and the API write for the HTTP interfaces. Keys begin with enterprise_id where
-- rows are many, as those of the messages do.

-- What happened, for pulls by cursor and for replays; days are dropped, not deleted from.
-- `tx` orders rows as they became visible: a reader that stops before the oldest transaction still
-- running (pg_snapshot_xmin) never passes over a row that is committed later.
CREATE TABLE interface_event (
    enterprise_id bigint NOT NULL,
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind text NOT NULL CHECK (kind IN ('receipts', 'replies')),
    object_id bigint NOT NULL, -- of the message or of the reply; 0 where `detail` says it all
    source text NOT NULL DEFAULT 'api',
    detail jsonb,
    at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (at);
-- pulls by cursor
CREATE INDEX interface_event_pull ON interface_event (enterprise_id, kind, tx, id);
-- batches look their events up
CREATE INDEX interface_event_id ON interface_event (enterprise_id, id);

CREATE TABLE push_queue (
    enterprise_id bigint NOT NULL,
    target_id bigint NOT NULL,
    event_id bigint NOT NULL,
    PRIMARY KEY (enterprise_id, target_id, event_id)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);
-- whose events wait
CREATE INDEX push_queue_target ON push_queue (target_id, event_id);

CREATE TABLE push_batch (
    enterprise_id bigint NOT NULL,
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    target_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('receipts', 'replies', 'test')),
    format text NOT NULL CHECK (format IN ('ronghe', 'v1')),
    event_ids bigint[] NOT NULL,
    events smallint NOT NULL,
    body bytea,
    wish_id bigint,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'acked', 'dead')),
    attempt smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    next_at timestamptz NOT NULL DEFAULT now(),
    claimed_until timestamptz,
    finished_at timestamptz,
    CHECK ((state = 'waiting') = (finished_at IS NULL)),
    PRIMARY KEY (enterprise_id, id)
);
-- what is to be tried, target by target
CREATE INDEX push_batch_waiting ON push_batch (target_id, next_at, id) WHERE state = 'waiting';
-- the log of one URL, and of what is dead
CREATE INDEX push_batch_target ON push_batch (enterprise_id, target_id, id);
CREATE INDEX push_batch_dead ON push_batch (enterprise_id, id) WHERE state = 'dead';
-- what became of a wish
CREATE INDEX push_batch_wish ON push_batch (wish_id) WHERE wish_id IS NOT NULL;
-- upkeep
CREATE INDEX push_batch_created ON push_batch (created_at);

CREATE TABLE push_attempt (
    enterprise_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    attempt smallint NOT NULL,
    at timestamptz NOT NULL,
    duration_ms integer NOT NULL,
    url text NOT NULL,
    status smallint,
    answer text NOT NULL DEFAULT '',
    error text NOT NULL DEFAULT '',
    PRIMARY KEY (enterprise_id, batch_id, attempt)
);

CREATE TABLE push_target_state (
    target_id bigint NOT NULL PRIMARY KEY,
    enterprise_id bigint NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    open_until timestamptz,
    last_ok_at timestamptz,
    last_error_at timestamptz,
    last_error text NOT NULL DEFAULT ''
);

-- The answer to a request that must have its effect once: `scope` says which promise it keeps.
CREATE TABLE api_answer (
    enterprise_id bigint NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    answer bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    replays integer NOT NULL DEFAULT 0,
    PRIMARY KEY (enterprise_id, scope, key)
);
-- upkeep
CREATE INDEX api_answer_created ON api_answer (created_at);

-- Token buckets that all API processes draw from, some tokens at a time.
CREATE TABLE rate_bucket (
    enterprise_id bigint NOT NULL,
    credential_id bigint NOT NULL, -- 0: of the whole enterprise
    tokens double precision NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (enterprise_id, credential_id)
) WITH (fillfactor = 50);

CREATE TABLE api_usage (
    enterprise_id bigint NOT NULL,
    credential_id bigint NOT NULL,
    day date NOT NULL,
    outcome text NOT NULL,
    requests bigint NOT NULL DEFAULT 0,
    last_at timestamptz NOT NULL,
    last_address text NOT NULL DEFAULT '',
    PRIMARY KEY (enterprise_id, credential_id, day, outcome)
);

-- Tells an enterprise of messages' final words: an event each, and a place in the queue of each URL
-- that wants to hear of it. Called in the transaction that makes them final.
CREATE FUNCTION note_receipts(enterprise_ids bigint[], message_ids bigint[], sources text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    noted bigint;
BEGIN
    IF enterprise_ids IS NULL THEN
        RETURN 0;
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
CREATE FUNCTION note_event(owner bigint, what text, object bigint, said jsonb)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    noted bigint;
BEGIN
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

-- Daily partitions of interface_event, from midnight to midnight in Asia/Shanghai.
CREATE FUNCTION ensure_event_partitions(first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    day timestamptz := date_trunc('day', first AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai';
    suffix text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(791001);
    WHILE day <= last LOOP
        suffix := 'interface_event_' || to_char(day AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD');
        IF to_regclass(suffix) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF interface_event FOR VALUES FROM (%L) TO (%L)',
                           suffix, day, day + interval '1 day');
            EXECUTE format('ALTER TABLE %I SET (autovacuum_analyze_scale_factor = 0.05)', suffix);
            made := made + 1;
        END IF;
        day := day + interval '1 day';
    END LOOP;
    RETURN made;
END $$;

-- Drops the days of interface_event that end before a moment; those that somebody is reading are
-- left for the next time.
CREATE FUNCTION drop_event_partitions(before timestamptz) RETURNS integer
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
    name text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(791001);
    FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'interface_event'::regclass
            AND (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp
                AT TIME ZONE 'Asia/Shanghai' <= before
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TABLE %I', name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END $$;

SELECT ensure_event_partitions(now() - interval '1 day', now() + interval '7 days');
