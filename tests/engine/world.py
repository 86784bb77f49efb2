"""Rows that people would have made, written straight into a fresh database for the engine's tests.

The engine knows the rooms by their rows only; so do its tests. Numbers are fictitious: 1380000….
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from yunxin.vocabulary import (
    AudienceState,
    CampaignWish,
    ReviewState,
    SignaturePosition,
    TemplateKind,
    TrafficClass,
)


def phone(number: int) -> str:
    """The n-th fictitious phone, one of China Mobile's."""
    return f"138{number:08}"


async def eventually(true: Callable[[], object], within_s: float = 20) -> None:
    """Wait until something is so; a TimeoutError if it never is."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - it looks at rows, which set no event
            await asyncio.sleep(0.01)


class World:
    """The rows of one database, seen and changed through a connection of its own."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self._numbers = itertools.count(1)

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.connection.execute(query.encode(), params or None).fetchall()

    def one(self, query: str, *params: Any) -> Any:
        """The only value of a query."""
        ((value,),) = self.rows(query, *params)
        return value

    def do(self, query: str, *params: Any) -> None:
        """Run a statement."""
        self.connection.execute(query.encode(), params or None)

    def insert(self, table: str, **values: Any) -> int:
        """Insert a row; its id."""
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        row = self.connection.execute(statement, list(values.values())).fetchone()
        assert row is not None
        return int(row[0])

    def enterprise(self, **values: Any) -> int:
        number = next(self._numbers)
        defaults: dict[str, Any] = {
            "name": f"Enterprise {number}", "cpcode": f"T{number:05}", "access_number": "",
            "extension_code": "", "contact_name": "", "contact_phone": "",
            "suspended_reason": "", "weight": 1, "created_at": datetime.now(UTC),
        }  # fmt: skip
        return self.insert("accounts_enterprise", **(defaults | values))

    def signature(self, enterprise_id: int, **values: Any) -> int:
        now = datetime.now(UTC)
        defaults: dict[str, Any] = {
            "enterprise_id": enterprise_id, "name": f"签名{next(self._numbers)}",
            "kind": "company", "purpose": "", "state": ReviewState.APPROVED,
            "reject_reason": "", "extension_code": "", "created_at": now, "submitted_at": now,
        }  # fmt: skip
        return self.insert("content_signature", **(defaults | values))

    def template(
        self,
        enterprise_id: int,
        content: str = "您的订单#*#已发货。",
        *,
        signature_id: int = 0,
        traffic: TrafficClass = TrafficClass.NOTICE,
        carriers: str = '["all"]',
        **values: Any,
    ) -> int:
        now = datetime.now(UTC)
        marketing = traffic == TrafficClass.MARKETING
        defaults: dict[str, Any] = {
            "enterprise_id": enterprise_id, "name": f"模板{next(self._numbers)}",
            "signature_id": signature_id or self.signature(enterprise_id),
            "kind": TemplateKind.MARKETING if marketing else TemplateKind.INDUSTRY,
            "traffic": traffic, "position": SignaturePosition.FRONT, "content": content,
            "variable_names": "[]", "carriers": carriers, "state": ReviewState.APPROVED,
            "reject_reason": "", "created_at": now, "submitted_at": now,
        }  # fmt: skip
        return self.insert("content_template", **(defaults | values))

    def package(self, enterprise_id: int, total: int = 1000, *, days: float = 30) -> int:
        now = datetime.now(UTC)
        return self.insert(
            "billing_package",
            enterprise_id=enterprise_id,
            name="",
            kind="text",
            total=total,
            used=0,
            valid_from=now - timedelta(days=1),
            valid_to=now + timedelta(days=days),
            created_at=now,
        )

    def used(self, package_id: int) -> int:
        return int(self.one("SELECT used FROM billing_package WHERE id = %s", package_id))

    def block(self, number: str, enterprise_id: int = 0) -> None:
        self.insert(
            "carriers_blockednumber",
            enterprise_id=enterprise_id,
            phone=number,
            reason="operator",
            note="",
        )

    def forbid(self, word: str) -> None:
        self.insert("carriers_forbiddenword", word=word, note="", at=datetime.now(UTC))

    def campaign(
        self,
        enterprise_id: int,
        template_id: int,
        recipients: int,
        *,
        params: tuple[str, ...] = ("A",),
        **values: Any,
    ) -> int:
        """A campaign that is due, to the first so many phones, with gaps in the positions."""
        defaults: dict[str, Any] = {
            "enterprise_id": enterprise_id, "template_id": template_id, "kind": "text",
            "name": "任务", "extension_code": "", "wish": CampaignWish.RUN,
            "created_at": datetime.now(UTC), "confirmed_at": datetime.now(UTC),
            "audience": "file", "typed_phones": "", "shared_params": [],
            "audience_state": AudienceState.READY, "audience_error": "", "audience_version": 1,
            "bytes_read": 0, "lines_read": 0, "valid_count": recipients, "duplicate_count": 0,
            "invalid_count": 0, "blocked_count": 0, "segments_expected": recipients,
        }  # fmt: skip
        campaign_id = self.insert("campaigns_campaign", **(defaults | values))
        self.do(
            "INSERT INTO campaign_recipient (enterprise_id, campaign_id, position, phone, params)"
            " SELECT %s, %s, n * 2, '138' || lpad(n::text, 8, '0'), %s"
            " FROM generate_series(1, %s) n",
            enterprise_id,
            campaign_id,
            list(params),
            recipients,
        )
        return campaign_id

    def wish(self, campaign_id: int, wish: CampaignWish) -> None:
        self.do("UPDATE campaigns_campaign SET wish = %s WHERE id = %s", wish, campaign_id)

    def start(self, campaign_id: int) -> None:
        """A progress row as feed would begin it."""
        self.do(
            "INSERT INTO campaign_progress (campaign_id, enterprise_id, state, hold, failure,"
            " cursor_position, accepted, refused, submitted, delivered, failed, expired, unknown,"
            " cancelled, segments, refunded_segments, replies)"
            " SELECT id, enterprise_id, 'feeding', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0"
            " FROM campaigns_campaign WHERE id = %s",
            campaign_id,
        )

    def progress(self, campaign_id: int) -> dict[str, Any]:
        """The campaign's progress row as a mapping."""
        cursor = self.connection.execute(
            "SELECT * FROM campaign_progress WHERE campaign_id = %s", (campaign_id,)
        )
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        row = cursor.fetchone()
        assert row is not None, "the campaign was not started"
        return dict(zip(names, row, strict=True))

    def lost_and_doubled(self, campaign_id: int) -> tuple[set[str], set[str]]:
        """Recipients that were neither accepted nor refused, and phones dealt with twice."""
        recipients = {
            phone
            for (phone,) in self.rows(
                "SELECT phone FROM campaign_recipient WHERE campaign_id = %s", campaign_id
            )
        }
        dealt_with = [
            phone
            for (phone,) in self.rows(
                "SELECT phone FROM message WHERE campaign_id = %s"
                " UNION ALL SELECT phone FROM campaign_refusal WHERE campaign_id = %s",
                campaign_id,
                campaign_id,
            )
        ]
        counted = Counter(dealt_with)
        return recipients - counted.keys(), {p for p, times in counted.items() if times > 1}

    def finish(self, state: str, where: str = "true", *, refund: bool = False) -> int:
        """Give messages that are not final their final word, as receipts would; how many."""
        return len(
            self.rows(
                f"""
                WITH done AS (
                    UPDATE message SET state = '{state}', finished_at = now(), refunded = {refund}
                    WHERE state = 'accepted' AND ({where})
                    RETURNING *
                ), gone AS (
                    DELETE FROM message_queue q USING done
                    WHERE done.enterprise_id = q.enterprise_id AND done.id = q.message_id
                ), noted AS (
                    INSERT INTO tally_delta (enterprise_id, day, kind, source, campaign_id,
                        template_id, signature_id, carrier, package_id, state, messages, segments,
                        refund_segments)
                    SELECT enterprise_id, message_day(id), kind, source, coalesce(campaign_id, 0),
                        template_id, signature_id, carrier, package_id, state, count(*),
                        sum(segments), coalesce(sum(segments) FILTER (WHERE refunded), 0)
                    FROM done GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
                )
                SELECT 1 FROM done
                """
            )
        )

    def kill_others(self) -> None:
        """End every other connection to the database, as its restart would."""
        self.do(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
