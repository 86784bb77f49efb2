"""How often one phone may be sent to: caps by traffic class, an enterprise and a phone each.

They keep a stolen credential from bombing a phone and burning the balance. The windows slide: "a
day" is the last 24 hours.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from yunxin.config import Config
from yunxin.engine.checks import Draft
from yunxin.engine.store import Transaction
from yunxin.vocabulary import TrafficClass, message_id_floor

Key = tuple[int, str, str]  # enterprise, phone, traffic class
Windows = tuple[tuple[str, int], ...]  # "minute", "hour", "day", each with the most; 0: no cap


class History:
    """How often an enterprise sent to a phone lately, what this batch adds included."""

    def __init__(
        self,
        caps: Mapping[TrafficClass, Windows],
        counts: Mapping[Key, tuple[int, ...]],
    ) -> None:
        self._caps = caps
        self._counts = counts
        self._added: Counter[Key] = Counter()

    def reached_cap(self, draft: Draft) -> str | None:
        """The cap that one more message would exceed, as "1/minute"; None if it may go."""
        caps = self._caps.get(draft.template.traffic)
        if caps is None:
            return None
        key = _cap_key(draft)
        counts, added = self._counts.get(key, (0, 0, 0)), self._added[key]
        for (window, most), count in zip(caps, counts, strict=True):
            if most and count + added >= most:
                return f"{most}/{window}"
        return None

    def add(self, draft: Draft) -> None:
        """One more was accepted."""
        if draft.template.traffic in self._caps:
            self._added[_cap_key(draft)] += 1


class Caps:
    """How many messages an enterprise may send to one phone, by traffic class; 0: no cap."""

    def __init__(self, config: Config) -> None:
        caps: dict[TrafficClass, Windows] = {
            TrafficClass.VERIFICATION: (
                ("minute", config.cap_verification_per_minute),
                ("hour", config.cap_verification_per_hour),
                ("day", config.cap_verification_per_day),
            ),
            TrafficClass.MARKETING: (
                ("minute", 0), ("hour", 0), ("day", config.cap_marketing_per_day),
            ),
        }  # fmt: skip
        self._caps = {
            traffic: windows
            for traffic, windows in caps.items()
            if any(most for _, most in windows)
        }

    async def read_history(
        self, tx: Transaction, drafts: Iterable[Draft], now: datetime
    ) -> History:
        """What was sent in the last minute, hour and 24 hours, for the drafts that are capped.

        Read with the packages locked, so that no other acceptance of the enterprise comes
        between the count and the commit.
        """
        keys = {_cap_key(draft) for draft in drafts if draft.template.traffic in self._caps}
        if not keys:
            return History(self._caps, {})
        enterprise_ids, phones, traffics = zip(*keys, strict=True)
        rows = await tx.fetch(
            "count_recent",
            {
                "enterprise_ids": list(enterprise_ids),
                "phones": list(phones),
                "traffics": list(traffics),
                "minute_floor": message_id_floor(now - timedelta(minutes=1)),
                "hour_floor": message_id_floor(now - timedelta(hours=1)),
                "day_floor": message_id_floor(now - timedelta(days=1)),
            },
        )
        return History(self._caps, {row[:3]: row[3:] for row in rows})


def _cap_key(draft: Draft) -> Key:
    return draft.request.enterprise_id, draft.phone, draft.template.traffic.value
