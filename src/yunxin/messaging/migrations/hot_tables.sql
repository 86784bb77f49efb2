-- The engine's tables. Every primary key begins with enterprise_id, so that the tables can be
-- distributed by enterprise; ids are bare numbers without foreign keys, as the writers are many
-- and the rows short-lived.

CREATE TABLE message (
    enterprise_id bigint NOT NULL,
    id bigint NOT NULL,
    phone text NOT NULL,
    carrier text NOT NULL,
    kind text NOT NULL,
    traffic text NOT NULL,
    source text NOT NULL,
    campaign_id bigint,
    signature_id bigint NOT NULL,
    template_id bigint NOT NULL,
    package_id bigint NOT NULL,
    extension text NOT NULL DEFAULT '',
    task_id text,
    reference text,
    text text NOT NULL,
    segments smallint NOT NULL CHECK (segments > 0),
    state text NOT NULL DEFAULT 'accepted'
        CHECK (state IN ('accepted', 'delivered', 'failed', 'expired', 'unknown', 'cancelled')),
    code text,
    channel_id bigint,
    submitted_at timestamptz,
    done_at timestamptz,
    finished_at timestamptz,
    refunded boolean NOT NULL DEFAULT false,
    CHECK ((state = 'accepted') = (finished_at IS NULL))
) PARTITION BY RANGE (id);
-- records by phone; frequency caps; owner of a reply
CREATE INDEX message_phone ON message (enterprise_id, phone, id);
-- records of a campaign
CREATE INDEX message_campaign ON message (enterprise_id, campaign_id, id) WHERE campaign_id IS NOT NULL;
-- records by template, and by signature through its templates
CREATE INDEX message_template ON message (enterprise_id, template_id, id);
-- records by any state but the common one; messages that wait too long for a receipt
CREATE INDEX message_state ON message (enterprise_id, state, id) WHERE state <> 'delivered';
-- records by the two carriers that have hardly any phones; costs nothing for all others
CREATE INDEX message_rare_carrier ON message (enterprise_id, carrier, id)
    WHERE carrier IN ('broadnet', 'unknown');
-- replay of an API request
CREATE INDEX message_task ON message (enterprise_id, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX message_reference ON message (enterprise_id, reference) WHERE reference IS NOT NULL;
-- The key is made last: among indexes that cost the same, as all do while a table is empty, the
-- planner takes the latest, and the engine's prepared plans outlive the emptiness.
ALTER TABLE message ADD PRIMARY KEY (enterprise_id, id);

CREATE TABLE message_event (
    enterprise_id bigint NOT NULL,
    message_id bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    channel_id bigint,
    part smallint,
    code text
) PARTITION BY RANGE (message_id);
CREATE INDEX message_event_message ON message_event (enterprise_id, message_id, at);

CREATE TABLE message_queue (
    enterprise_id bigint NOT NULL,
    message_id bigint NOT NULL,
    priority smallint NOT NULL,
    carrier text NOT NULL,
    campaign_id bigint,
    not_before timestamptz,
    attempt smallint NOT NULL DEFAULT 0,
    claimed_by bigint,
    claimed_at timestamptz,
    channel_id bigint,
    CHECK ((claimed_by IS NULL) = (claimed_at IS NULL)),
    PRIMARY KEY (enterprise_id, message_id)
) WITH (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);
-- who waits, and whose turn it is
CREATE INDEX message_queue_waiting ON message_queue (priority, enterprise_id, carrier, message_id)
    WHERE claimed_by IS NULL;
-- what an engine that died had in its hands
CREATE INDEX message_queue_claimed ON message_queue (claimed_by) WHERE claimed_by IS NOT NULL;
-- a campaign that is terminated
CREATE INDEX message_queue_campaign ON message_queue (enterprise_id, campaign_id)
    WHERE campaign_id IS NOT NULL;

CREATE TABLE submission (
    channel_id bigint NOT NULL,
    carrier_message_id text NOT NULL,
    enterprise_id bigint NOT NULL,
    message_id bigint NOT NULL,
    part smallint NOT NULL,
    parts smallint NOT NULL,
    submitted_at timestamptz NOT NULL,
    state text,
    code text,
    done_at timestamptz
) PARTITION BY RANGE (submitted_at);
CREATE INDEX submission_carrier_id ON submission (carrier_message_id, channel_id);
CREATE INDEX submission_message ON submission (enterprise_id, message_id);

CREATE TABLE held_receipt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id bigint NOT NULL,
    carrier_message_id text NOT NULL,
    phone text NOT NULL DEFAULT '',
    state text NOT NULL,
    code text,
    done_at timestamptz,
    received_at timestamptz NOT NULL,
    unmatched boolean NOT NULL DEFAULT false
);
CREATE INDEX held_receipt_waiting ON held_receipt (carrier_message_id, channel_id) WHERE NOT unmatched;

CREATE TABLE tally_delta (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enterprise_id bigint NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    campaign_id bigint NOT NULL DEFAULT 0,
    template_id bigint NOT NULL,
    signature_id bigint NOT NULL,
    carrier text NOT NULL,
    package_id bigint NOT NULL,
    state text NOT NULL
        CHECK (state IN ('accepted', 'submitted', 'delivered', 'failed', 'expired', 'unknown', 'cancelled')),
    code text,
    messages bigint NOT NULL,
    segments bigint NOT NULL,
    refund_segments bigint NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);

CREATE TABLE daily_count (
    enterprise_id bigint NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    campaign_id bigint NOT NULL,
    template_id bigint NOT NULL,
    signature_id bigint NOT NULL,
    carrier text NOT NULL,
    accepted bigint NOT NULL DEFAULT 0,
    submitted bigint NOT NULL DEFAULT 0,
    delivered bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    expired bigint NOT NULL DEFAULT 0,
    unknown bigint NOT NULL DEFAULT 0,
    cancelled bigint NOT NULL DEFAULT 0,
    segments bigint NOT NULL DEFAULT 0,
    refunded_segments bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (enterprise_id, day, kind, source, campaign_id, template_id, carrier)
);
-- figures of one campaign
CREATE INDEX daily_count_campaign ON daily_count (enterprise_id, campaign_id) WHERE campaign_id <> 0;
-- the console's figures of today
CREATE INDEX daily_count_day ON daily_count (day);

CREATE TABLE daily_failure (
    enterprise_id bigint NOT NULL,
    day date NOT NULL,
    campaign_id bigint NOT NULL,
    state text NOT NULL,
    code text NOT NULL,
    messages bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (enterprise_id, day, campaign_id, state, code)
);
CREATE INDEX daily_failure_campaign ON daily_failure (enterprise_id, campaign_id) WHERE campaign_id <> 0;

CREATE TABLE inbound_message (
    id bigint NOT NULL PRIMARY KEY,
    enterprise_id bigint NOT NULL,
    phone text NOT NULL,
    access_number text NOT NULL,
    text text NOT NULL,
    channel_id bigint NOT NULL,
    message_id bigint,
    campaign_id bigint,
    unsubscribed boolean NOT NULL DEFAULT false,
    received_at timestamptz NOT NULL
);
CREATE INDEX inbound_message_enterprise ON inbound_message (enterprise_id, id);

-- Parts of long replies until all are here: they may come on any connection, to any engine.
CREATE TABLE inbound_part (
    channel_id bigint NOT NULL,
    phone text NOT NULL,
    access_number text NOT NULL,
    reference integer NOT NULL,
    total smallint NOT NULL,
    number smallint NOT NULL,
    alphabet text NOT NULL,
    data bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (channel_id, phone, access_number, reference, total, number)
);

-- When a message was accepted, and on which day of Asia/Shanghai: both stand in its id.
CREATE FUNCTION message_time(id bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT timestamptz '2024-01-01 00:00:00+00' + (id >> 22) * interval '1 millisecond' $$;
CREATE FUNCTION message_day(id bigint) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ((timestamptz '2024-01-01 00:00:00+00' + (id >> 22) * interval '1 millisecond')
           AT TIME ZONE 'Asia/Shanghai')::date $$;

-- Weekly partitions of message and message_event, Monday to Monday in Asia/Shanghai, for ids made
-- from the first moment to the second. Safe to call at any time by anybody.
CREATE FUNCTION ensure_message_partitions(first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    week timestamptz := date_trunc('week', first AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai';
    lower_id bigint;
    upper_id bigint;
    suffix text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(791001);
    WHILE week <= last LOOP
        suffix := to_char(week AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD');
        lower_id := (extract(epoch FROM week - timestamptz '2024-01-01 00:00:00+00') * 1000)::bigint << 22;
        upper_id := (extract(epoch FROM week + interval '7 days' - timestamptz '2024-01-01 00:00:00+00') * 1000)::bigint << 22;
        IF to_regclass('message_' || suffix) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF message FOR VALUES FROM (%s) TO (%s)',
                           'message_' || suffix, lower_id, upper_id);
            EXECUTE format('ALTER TABLE %I SET (autovacuum_vacuum_insert_scale_factor = 0.1,'
                           ' autovacuum_analyze_scale_factor = 0.05)', 'message_' || suffix);
            EXECUTE format('CREATE TABLE %I PARTITION OF message_event FOR VALUES FROM (%s) TO (%s)',
                           'message_event_' || suffix, lower_id, upper_id);
            made := made + 1;
        END IF;
        week := week + interval '7 days';
    END LOOP;
    RETURN made;
END $$;

-- Daily partitions of submission, from midnight to midnight in Asia/Shanghai.
CREATE FUNCTION ensure_submission_partitions(first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    day timestamptz := date_trunc('day', first AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai';
    suffix text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(791001);
    WHILE day <= last LOOP
        suffix := 'submission_' || to_char(day AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD');
        IF to_regclass(suffix) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF submission FOR VALUES FROM (%L) TO (%L)',
                           suffix, day, day + interval '1 day');
            EXECUTE format('ALTER TABLE %I SET (autovacuum_analyze_scale_factor = 0.05)', suffix);
            made := made + 1;
        END IF;
        day := day + interval '1 day';
    END LOOP;
    RETURN made;
END $$;

-- Drops the daily partitions of submission that end before a moment; those that somebody is
-- reading are left for the next time.
CREATE FUNCTION drop_submission_partitions(before timestamptz) RETURNS integer
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
    name text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(791001);
    FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'submission'::regclass
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

SELECT ensure_message_partitions(now() - interval '7 days', now() + interval '28 days');
SELECT ensure_submission_partitions(now() - interval '1 day', now() + interval '7 days');
