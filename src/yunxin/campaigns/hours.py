"""When marketing may be sent: the hours of the day in Asia/Shanghai. Pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def is_open(at: datetime, *, begin: time, end: time) -> bool:
    """Whether marketing may be sent at a moment; equal times mean the whole day."""
    clock = at.astimezone(SHANGHAI).time()
    if begin == end:
        return True
    if begin < end:
        return begin <= clock < end
    return clock >= begin or clock < end


def next_opening(at: datetime, *, begin: time, end: time) -> datetime:
    """The moment itself when marketing may be sent then, else the next at which it may."""
    if is_open(at, begin=begin, end=end):
        return at
    local = at.astimezone(SHANGHAI)
    opening = datetime.combine(local.date(), begin, tzinfo=SHANGHAI)
    return opening if opening > local else opening + timedelta(days=1)
