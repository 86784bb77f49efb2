"""Do all accounts agree? Every figure that is kept twice, counted again from the messages.

`yunxin doctor --accounts`, the benchmarks and the tests ask `disagreements`. It reads one
snapshot, so it may run while messages are sent: what the deltas have not folded yet is counted in.
It reads every message of the partitions that exist: minutes on a large database.
"""

from typing import NamedTuple

import psycopg


class Disagreement(NamedTuple):
    """Two figures that should be one."""

    rule: str
    what: str
    kept: int
    counted: int

    def __str__(self) -> str:
        return f"{self.rule}: {self.what} says {self.kept}, the messages say {self.counted}"


# name → SQL that returns (what, kept, counted) for each thing whose two figures differ.
RULES: dict[str, str] = {
    "a package was charged for exactly the messages that were not refunded": """
        SELECT 'package ' || p.id, p.used - coalesce(d.refunds, 0), coalesce(m.segments, 0)
        FROM billing_package p
        LEFT JOIN (SELECT package_id, sum(segments) AS segments FROM message
                   WHERE NOT refunded GROUP BY package_id) m ON m.package_id = p.id
        LEFT JOIN (SELECT package_id, sum(refund_segments) AS refunds FROM tally_delta
                   GROUP BY package_id) d ON d.package_id = p.id
        WHERE p.used - coalesce(d.refunds, 0) <> coalesce(m.segments, 0)
    """,
    "a campaign's figures are those of its messages": """
        WITH counted AS (
            SELECT campaign_id, 'accepted' AS state, count(*) AS n FROM message
            WHERE campaign_id IS NOT NULL GROUP BY campaign_id
            UNION ALL
            SELECT campaign_id, state, count(*) FROM message
            WHERE campaign_id IS NOT NULL AND state <> 'accepted' GROUP BY campaign_id, state
        ), pending AS (
            SELECT campaign_id, state, sum(messages)::bigint AS n FROM tally_delta
            WHERE campaign_id <> 0 AND state <> 'submitted' GROUP BY campaign_id, state
        ), kept AS (
            SELECT p.campaign_id, k.state, k.n FROM campaign_progress p, LATERAL (VALUES
                ('accepted', p.accepted), ('delivered', p.delivered), ('failed', p.failed),
                ('expired', p.expired), ('unknown', p.unknown), ('cancelled', p.cancelled)
            ) AS k (state, n)
        )
        SELECT 'campaign ' || k.campaign_id || ' ' || k.state,
               k.n + coalesce(p.n, 0), coalesce(c.n, 0)
        FROM kept k
        LEFT JOIN pending p USING (campaign_id, state)
        LEFT JOIN counted c USING (campaign_id, state)
        WHERE k.n + coalesce(p.n, 0) <> coalesce(c.n, 0)
    """,
    "the daily counts are those of the messages": """
        WITH counted AS (
            SELECT enterprise_id, message_day(id) AS day, count(*) AS accepted,
                   count(*) FILTER (WHERE state <> 'accepted') AS final,
                   sum(segments)::bigint AS segments
            FROM message GROUP BY 1, 2
        ), pending AS (
            SELECT enterprise_id, day,
                   sum(messages) FILTER (WHERE state = 'accepted')::bigint AS accepted,
                   sum(messages) FILTER (WHERE state NOT IN ('accepted', 'submitted'))::bigint
                       AS final,
                   sum(segments) FILTER (WHERE state = 'accepted')::bigint AS segments
            FROM tally_delta GROUP BY 1, 2
        ), kept AS (
            SELECT enterprise_id, day, sum(accepted)::bigint AS accepted,
                   sum(delivered + failed + expired + unknown + cancelled)::bigint AS final,
                   sum(segments)::bigint AS segments
            FROM daily_count GROUP BY 1, 2
        ), both_sides AS (
            SELECT enterprise_id, day,
                   coalesce(k.accepted, 0) + coalesce(p.accepted, 0) AS kept_accepted,
                   coalesce(k.final, 0) + coalesce(p.final, 0) AS kept_final,
                   coalesce(k.segments, 0) + coalesce(p.segments, 0) AS kept_segments,
                   coalesce(c.accepted, 0) AS accepted, coalesce(c.final, 0) AS final,
                   coalesce(c.segments, 0) AS segments
            FROM kept k FULL JOIN pending p USING (enterprise_id, day)
            FULL JOIN counted c USING (enterprise_id, day)
        )
        SELECT 'enterprise ' || enterprise_id || ' on ' || day || ' ' || f.name, f.kept, f.counted
        FROM both_sides, LATERAL (VALUES
            ('accepted', kept_accepted, accepted), ('final', kept_final, final),
            ('segments', kept_segments, segments)
        ) AS f (name, kept, counted)
        WHERE f.kept <> f.counted
    """,
    "a message that is not final is queued, or was submitted": """
        SELECT 'enterprise ' || m.enterprise_id || ' lost messages', 0, count(*)
        FROM message m
        WHERE m.state = 'accepted'
          AND NOT EXISTS (SELECT FROM message_queue q
                          WHERE q.enterprise_id = m.enterprise_id AND q.message_id = m.id)
          AND NOT EXISTS (SELECT FROM submission s
                          WHERE s.enterprise_id = m.enterprise_id AND s.message_id = m.id)
        GROUP BY m.enterprise_id
    """,
    "a final message is not queued any more": """
        SELECT 'enterprise ' || q.enterprise_id || ' queue rows', 0, count(*)
        FROM message_queue q JOIN message m
          ON m.enterprise_id = q.enterprise_id AND m.id = q.message_id
        WHERE m.state <> 'accepted' GROUP BY q.enterprise_id
    """,
    "a campaign's recipients up to its cursor were accepted or refused, each once": """
        SELECT 'campaign ' || p.campaign_id, r.n,
               (SELECT count(*) FROM message m
                WHERE m.enterprise_id = p.enterprise_id AND m.campaign_id = p.campaign_id)
               + (SELECT count(*) FROM campaign_refusal f
                  WHERE f.enterprise_id = p.enterprise_id AND f.campaign_id = p.campaign_id)
        FROM campaign_progress p, LATERAL (
            SELECT count(*) AS n FROM campaign_recipient c
            WHERE c.enterprise_id = p.enterprise_id AND c.campaign_id = p.campaign_id
              AND c.position <= p.cursor_position
        ) r
        WHERE r.n > 0 AND r.n <> (SELECT count(*) FROM message m
                WHERE m.enterprise_id = p.enterprise_id AND m.campaign_id = p.campaign_id)
               + (SELECT count(*) FROM campaign_refusal f
                  WHERE f.enterprise_id = p.enterprise_id AND f.campaign_id = p.campaign_id)
    """,
    "no phone got two messages of one campaign": """
        SELECT 'campaign ' || campaign_id || ' phones', 0, count(*) FROM (
            SELECT campaign_id FROM message WHERE campaign_id IS NOT NULL
            GROUP BY enterprise_id, campaign_id, phone HAVING count(*) > 1
        ) doubled GROUP BY campaign_id
    """,
}


def disagreements(database_url: str) -> list[Disagreement]:
    """Everything that does not agree, empty when all does; one read-only snapshot.

    Raises:
        psycopg.OperationalError: the database cannot be reached.
    """
    with psycopg.connect(database_url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return [
            Disagreement(rule, what, int(kept), int(counted))
            for rule, sql in RULES.items()
            for what, kept, counted in connection.execute(sql.encode())
        ]
