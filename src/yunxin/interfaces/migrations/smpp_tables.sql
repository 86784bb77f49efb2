-- What the SMPP server keeps. Drawn at the top of interfaces/smpp_models.py.

-- What an SMPP account was told of each message that it sent, and how it wants to hear of it.
-- Written by binary COPY in the transaction that accepts; days are dropped, not deleted from.
CREATE TABLE smpp_message (
    enterprise_id bigint NOT NULL,
    message_id bigint NOT NULL,
    account_id bigint NOT NULL,
    told_ids bigint[] NOT NULL, -- one for each submit_sm that it came in
    wanted smallint[] NOT NULL, -- registered_delivery of each: 0 never, 1 always, 2 on failure
    back bytea NOT NULL, -- the beginning of a deliver_sm to where it came from, on the wire
    expires_at timestamptz, -- not to be sent later than this
    PRIMARY KEY (enterprise_id, message_id)
) PARTITION BY RANGE (message_id);
-- what is to be withdrawn, as its validity ends
CREATE INDEX smpp_message_expires ON smpp_message (expires_at) WHERE expires_at IS NOT NULL;

-- Parts of long messages, each answered when it was stored; they wait for the others, whatever
-- session they come by. What became of them stays for a while, for query_sm and receipts.
CREATE TABLE smpp_part (
    enterprise_id bigint NOT NULL,
    id bigint NOT NULL, -- what the account was told
    account_id bigint NOT NULL,
    sender text NOT NULL,
    phone text NOT NULL,
    reference integer NOT NULL,
    total smallint NOT NULL,
    number smallint NOT NULL,
    alphabet text NOT NULL,
    data bytea NOT NULL,
    wanted smallint NOT NULL,
    back bytea NOT NULL,
    scheduled_at timestamptz,
    expires_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome text CHECK (outcome IN ('joined', 'refused', 'incomplete')), -- none: it waits
    reason text NOT NULL DEFAULT '', -- where refused or incomplete
    message_id bigint, -- where joined
    CHECK ((outcome IS NOT DISTINCT FROM 'joined') = (message_id IS NOT NULL)),
    PRIMARY KEY (enterprise_id, id)
);
-- the other parts of a message; at most one of a kind waits
CREATE UNIQUE INDEX smpp_part_waiting ON smpp_part
    (account_id, phone, sender, reference, total, number) WHERE outcome IS NULL;
-- parts whose siblings do not come any more, and upkeep
CREATE INDEX smpp_part_received ON smpp_part (received_at);

-- Receipts and replies until they are acknowledged. Who takes a row holds it until `next_at`.
CREATE TABLE smpp_deliver (
    enterprise_id bigint NOT NULL,
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    account_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('receipt', 'lost', 'reply')),
    object_id bigint NOT NULL,
    told_id bigint NOT NULL DEFAULT 0,
    attempt smallint NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    leased_by bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (enterprise_id, id)
) WITH (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0
);
-- what is due to an account
CREATE INDEX smpp_deliver_due ON smpp_deliver (enterprise_id, account_id, next_at, id);
-- what a server that died had in its hands
CREATE INDEX smpp_deliver_leased ON smpp_deliver (leased_by) WHERE leased_by IS NOT NULL;
-- upkeep
CREATE INDEX smpp_deliver_created ON smpp_deliver (created_at);

CREATE TABLE smpp_session (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL,
    enterprise_id bigint NOT NULL,
    instance_id bigint NOT NULL,
    mode text NOT NULL CHECK (mode IN ('transmitter', 'receiver', 'transceiver')),
    address text NOT NULL,
    bound_at timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    submitted bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    throttled bigint NOT NULL DEFAULT 0,
    delivered bigint NOT NULL DEFAULT 0,
    unanswered integer NOT NULL DEFAULT 0,
    last_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX smpp_session_account ON smpp_session (account_id);

CREATE TABLE smpp_account_state (
    account_id bigint NOT NULL PRIMARY KEY,
    enterprise_id bigint NOT NULL,
    last_bound_at timestamptz,
    last_bound_address text NOT NULL DEFAULT '',
    last_refused_at timestamptz,
    last_refused_address text NOT NULL DEFAULT '',
    last_refusal text NOT NULL DEFAULT ''
);

-- The smallest id of a message that can be made at a moment.
CREATE FUNCTION message_id_at(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT (extract(epoch FROM moment - timestamptz '2024-01-01 00:00:00+00') * 1000)::bigint << 22 $$;

-- Tells SMPP accounts of the final words of messages that they sent, as each submit asked for it.
CREATE FUNCTION note_smpp_receipts(enterprise_ids bigint[], message_ids bigint[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    noted bigint;
BEGIN
    INSERT INTO smpp_deliver (enterprise_id, account_id, kind, object_id, told_id)
    SELECT s.enterprise_id, s.account_id, 'receipt', s.message_id, p.told_id
    FROM unnest(enterprise_ids, message_ids) AS x (enterprise_id, message_id)
    JOIN smpp_message s ON s.enterprise_id = x.enterprise_id AND s.message_id = x.message_id
    JOIN message m ON m.enterprise_id = x.enterprise_id AND m.id = x.message_id
    CROSS JOIN LATERAL unnest(s.told_ids, s.wanted) AS p (told_id, wanted)
    WHERE p.wanted = 1 OR (p.wanted = 2 AND m.state <> 'delivered');
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF noted > 0 THEN
        PERFORM pg_notify('smpp', '');
    END IF;
    RETURN noted;
END $$;

-- Tells SMPP accounts of a reply: that one whose message it answers, and those that want all.
CREATE FUNCTION note_smpp_reply(owner bigint, reply bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    noted bigint;
BEGIN
    INSERT INTO smpp_deliver (enterprise_id, account_id, kind, object_id)
    SELECT owner, a.id, 'reply', reply
    FROM interfaces_smppaccount a
    WHERE a.enterprise_id = owner AND a.enabled AND (a.replies = 'all' OR (a.replies = 'own'
        AND a.id = (SELECT s.account_id FROM inbound_message r
                    JOIN smpp_message s ON s.enterprise_id = owner AND s.message_id = r.message_id
                    WHERE r.id = reply AND r.enterprise_id = owner)));
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF noted > 0 THEN
        PERFORM pg_notify('smpp', '');
    END IF;
    RETURN noted;
END $$;

-- Daily partitions of smpp_message, from midnight to midnight in Asia/Shanghai, for the ids of
-- messages made from the first moment to the second.
CREATE FUNCTION ensure_smpp_partitions(first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    day timestamptz := date_trunc('day', first AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai';
    suffix text;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(791001);
    WHILE day <= last LOOP
        suffix := 'smpp_message_' || to_char(day AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD');
        IF to_regclass(suffix) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF smpp_message FOR VALUES FROM (%s) TO (%s)',
                           suffix, message_id_at(day), message_id_at(day + interval '1 day'));
            EXECUTE format('ALTER TABLE %I SET (autovacuum_analyze_scale_factor = 0.05)', suffix);
            made := made + 1;
        END IF;
        day := day + interval '1 day';
    END LOOP;
    RETURN made;
END $$;

-- Drops the days of smpp_message that end before a moment; those that somebody is reading are left
-- for the next time.
CREATE FUNCTION drop_smpp_partitions(before timestamptz) RETURNS integer
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
    name text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(791001);
    FOR name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'smpp_message'::regclass
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

SELECT ensure_smpp_partitions(now() - interval '1 day', now() + interval '7 days');
