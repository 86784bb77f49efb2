"""What people may ask the sending records for, and the SQL condition that it becomes.

One `RecordFilters` serves the page, its total and its export, so that all three agree. How a
question becomes a fast query is in records.py.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from yunxin.vocabulary import CarrierName, MessageState, Source, message_id_floor

SHANGHAI = ZoneInfo("Asia/Shanghai")
ID_MAX = 2**63 - 1
# 处理中 for people: everything that is not final yet, whatever it is doing.
IN_FLIGHT = MessageState.ACCEPTED
# Carriers with hardly any phones: the partial index message_rare_carrier finds theirs.
RARE_CARRIERS = frozenset({CarrierName.BROADNET, CarrierName.UNKNOWN})


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordFilters:
    """A question to the records of one enterprise; what is None is not asked.

    Attributes:
        first_day, last_day: days of acceptance in Shanghai, both included.
        state: as the column has it; `IN_FLIGHT` (accepted) stands for all that is not final.
        message_id: one message, whatever else is asked.
    """

    first_day: date | None = None
    last_day: date | None = None
    phone: str | None = None
    signature_id: int | None = None
    template_id: int | None = None
    campaign_id: int | None = None
    source: Source | None = None
    state: MessageState | None = None
    carrier: CarrierName | None = None
    message_id: int | None = None

    @property
    def low(self) -> int:
        """The smallest id of the range of days."""
        return day_floor(self.first_day) if self.first_day else 0

    @property
    def high(self) -> int:
        """The first id behind the range of days."""
        return day_floor(self.last_day + timedelta(days=1)) if self.last_day else ID_MAX

    @property
    def asked(self) -> frozenset[str]:
        """The names of what is asked, days aside."""
        return frozenset(
            f.name
            for f in fields(self)
            if f.name not in ("first_day", "last_day") and getattr(self, f.name) is not None
        )

    @property
    def is_counted(self) -> bool:
        """The daily counts can say how many rows fit."""
        return not self.asked & {"phone", "message_id"}

    @property
    def has_own_index(self) -> bool:
        """Some index holds the rows that fit, in order, and no others."""
        if self.asked & {"phone", "message_id"} or not self.asked:
            return True
        if self.asked == {"state"}:
            return self.state != MessageState.DELIVERED
        if self.asked == {"carrier"}:
            return self.carrier in RARE_CARRIERS
        return self.asked in ({"campaign_id"}, {"template_id"})

    def condition(self) -> tuple[str, dict[str, Any]]:
        """SQL over `message` and its parameters; the signature is left to its templates."""
        names = ("phone", "template_id", "campaign_id", "source", "state", "carrier", "message_id")
        return self._equal(names)

    def count_condition(self) -> tuple[str, str, dict[str, Any]]:
        """For `daily_count`: which rows fit, which sum of theirs counts, and the parameters."""
        names = ("signature_id", "template_id", "campaign_id", "source", "carrier")
        condition, values = self._equal(names)
        return condition, _COUNTED[self.state], values

    def _equal(self, names: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
        values = {name: getattr(self, name) for name in names if name in self.asked}
        columns = {name: "id" if name == "message_id" else name for name in values}
        condition = "".join(f" AND {columns[name]} = %({name})s" for name in values)
        return condition, {
            name: value if isinstance(value, int) else str(value) for name, value in values.items()
        }


_COUNTED: dict[MessageState | None, str] = {
    None: "accepted",
    IN_FLIGHT: "accepted - delivered - failed - expired - unknown - cancelled",
    MessageState.DELIVERED: "delivered",
    MessageState.FAILED: "failed",
    MessageState.EXPIRED: "expired",
    MessageState.UNKNOWN: "unknown",
    MessageState.CANCELLED: "cancelled",
}


def day_floor(day: date) -> int:
    """The smallest message id of a day in Shanghai; of days that no id can name, the nearest."""
    floor = message_id_floor(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))
    return min(max(floor, 0), ID_MAX)
