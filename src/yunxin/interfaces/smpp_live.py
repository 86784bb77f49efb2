"""How the SMPP accounts are doing: who is bound, what waits to be delivered, what was refused.

The rows are the SMPP server's; nothing is written here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from yunxin.interfaces.smpp_models import SmppAccount, SmppAccountState, SmppSession

SILENT_AFTER = timedelta(seconds=15)  # the server writes every 2 s; older sessions are nobody's
WAITING_MAX = 10_000  # of one account that are counted; beyond it is "more than"


@dataclass(slots=True)
class Live:
    """One account right now.

    `waiting` counts receipts and replies that its systems have not acknowledged, `oldest` is when
    the first of those counted came.
    """

    sessions: list[SmppSession] = field(default_factory=list)
    state: SmppAccountState | None = None
    waiting: int = 0
    oldest: datetime | None = None

    @property
    def is_bound(self) -> bool:
        return bool(self.sessions)

    @property
    def is_behind(self) -> bool:
        return self.waiting > WAITING_MAX

    @property
    def waiting_shown(self) -> int:
        return min(self.waiting, WAITING_MAX)

    @property
    def submitted(self) -> int:
        """Submits of the live sessions that were accepted."""
        return sum(session.submitted for session in self.sessions)

    @property
    def refused(self) -> int:
        return sum(session.refused for session in self.sessions)

    @property
    def throttled(self) -> int:
        return sum(session.throttled for session in self.sessions)

    @property
    def delivered(self) -> int:
        return sum(session.delivered for session in self.sessions)

    @property
    def unanswered(self) -> int:
        return sum(session.unanswered for session in self.sessions)

    @property
    def was_refused_since(self) -> bool:
        """The latest try to bind was refused."""
        state = self.state
        if state is None or state.last_refused_at is None:
            return False
        return state.last_bound_at is None or state.last_refused_at > state.last_bound_at


def read_live(accounts: Iterable[SmppAccount], now: datetime | None = None) -> dict[int, Live]:
    """How accounts are doing, by their ids; three queries, however many they are."""
    ids = [account.pk for account in accounts]
    told = {pk: Live() for pk in ids}
    for session in live_sessions(now).filter(account_id__in=ids):
        told[session.account_id].sessions.append(session)
    for state in SmppAccountState.objects.filter(account_id__in=ids):
        told[state.account_id].state = state
    for pk, waiting, oldest in _waiting(ids):
        told[pk].waiting, told[pk].oldest = waiting, oldest
    return told


def live_sessions(now: datetime | None = None) -> QuerySet[SmppSession]:
    """Sessions whose server lives, the oldest first."""
    since = (now or timezone.now()) - SILENT_AFTER
    return SmppSession.objects.filter(heartbeat_at__gt=since).order_by("bound_at", "id")


def _waiting(ids: list[int]) -> list[tuple[int, int, datetime | None]]:
    """Of each account: how many deliveries wait, counted no further than one beyond the bound."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, w.n, w.oldest FROM interfaces_smppaccount a, LATERAL ("
            "  SELECT count(*) AS n, min(created_at) AS oldest FROM ("
            "    SELECT d.created_at FROM smpp_deliver d"
            "    WHERE d.enterprise_id = a.enterprise_id AND d.account_id = a.id LIMIT %s"
            "  ) AS found"
            ") AS w WHERE a.id = ANY(%s)",
            [WAITING_MAX + 1, ids],
        )
        return list(cursor.fetchall())
