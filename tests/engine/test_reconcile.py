"""Each way in which the accounts can disagree is found, and named."""

from collections.abc import Iterator

import psycopg
import pytest

from yunxin.engine.reconcile import disagreements

NOW_ID = "(extract(epoch FROM now() - timestamptz '2024-01-01 00:00:00+00') * 1000)::bigint << 22"


@pytest.fixture
def books(database: str) -> Iterator[psycopg.Connection]:
    """Ten messages of two segments in one campaign, all delivered, with every figure right."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO accounts_enterprise (id, name, cpcode, access_number, extension_code,"
            " contact_name, contact_phone, suspended_reason, weight, created_at)"
            " VALUES (1, 'Acme', 'ACME01', '', '', '', '', '', 1, now())"
        )
        connection.execute(
            "INSERT INTO billing_package (id, enterprise_id, name, kind, total, used, valid_from,"
            " valid_to, created_at) VALUES (9, 1, 'p', 'text', 100, 20, now() - interval '1 day',"
            " now() + interval '1 day', now())"
        )
        connection.execute(
            "INSERT INTO message (enterprise_id, id, phone, carrier, kind, traffic, source,"
            " campaign_id, signature_id, template_id, package_id, text, segments, state,"
            " finished_at)"
            f" SELECT 1, ({NOW_ID}) + n, (13000000000 + n)::text, 'unicom', 'text',"
            " 'notice', 'portal', 5, 2, 3, 9, 'x', 2, 'delivered', now()"
            " FROM generate_series(1, 10) n"
        )
        connection.execute(
            "INSERT INTO daily_count (enterprise_id, day, kind, source, campaign_id, template_id,"
            " signature_id, carrier, accepted, delivered, segments)"
            f" VALUES (1, message_day({NOW_ID}), 'text', 'portal', 5, 3, 2, 'unicom', 10, 10,"
            " 20)"
        )
        connection.execute(
            "INSERT INTO campaign_recipient SELECT 1, 5, n, (13000000000 + n)::text, '{}'"
            " FROM generate_series(1, 10) n"
        )
        connection.execute(
            "INSERT INTO campaign_progress (campaign_id, enterprise_id, state, hold, failure,"
            " cursor_position, accepted, refused, submitted, delivered, failed, expired, unknown,"
            " cancelled, segments, refunded_segments, replies)"
            " VALUES (5, 1, 'finished', '', '', 10, 10, 0, 10, 10, 0, 0, 0, 0, 20, 0, 0)"
        )
        yield connection


def test_right_books_agree(books: psycopg.Connection, database: str) -> None:
    assert disagreements(database) == []


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("UPDATE billing_package SET used = 19", "a package was charged"),
        ("UPDATE message SET refunded = true WHERE phone = '13000000001'", "a package was charged"),
        ("UPDATE campaign_progress SET delivered = 9", "a campaign's figures"),
        ("UPDATE daily_count SET delivered = 9", "the daily counts"),
        ("UPDATE daily_count SET segments = 21", "the daily counts"),
        (
            "UPDATE message SET state = 'accepted', finished_at = NULL WHERE phone = '13000000001'",
            "a message that is not final",
        ),
        (
            "INSERT INTO message_queue (enterprise_id, message_id, priority, carrier)"
            " SELECT 1, id, 1, 'unicom' FROM message LIMIT 1",
            "a final message is not queued",
        ),
        (
            "DELETE FROM message WHERE phone = '13000000001'",
            "a campaign's recipients up to its cursor",
        ),
        (
            "UPDATE message SET phone = '13000000001' WHERE phone = '13000000002'",
            "no phone got two",
        ),
    ],
)
def test_wrong_books_are_named(
    books: psycopg.Connection, database: str, wrong: str, rule: str
) -> None:
    books.execute(wrong.encode())
    assert any(found.rule.startswith(rule) for found in disagreements(database))


def test_what_is_not_folded_yet_counts(books: psycopg.Connection, database: str) -> None:
    books.execute(
        "UPDATE message SET refunded = true, state = 'failed' WHERE phone = '13000000001'"
    )
    books.execute(
        "INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id, template_id,"
        " signature_id, carrier, package_id, state, messages, segments, refund_segments)"
        " SELECT 1, message_day(id), 'text', 'portal', 5, 3, 2, 'unicom', 9, 'failed', 1, 2, 2"
        " FROM message LIMIT 1"
    )
    # Nothing was taken off yet where the books still say ten delivered: two figures are one off.
    rules = {found.rule for found in disagreements(database)}
    assert not any(rule.startswith("a package") for rule in rules)
