"""Times as SMPP writes them: `YYMMDDhhmmsstnnp`, absolute or from now on.

`t` are tenths of a second, `nn` quarters of an hour between local time and UTC, `p` is `+` or `-`
(local time is ahead of UTC, or behind), or `R`: the first twelve digits are then a stretch of time.
Source: SMPP v3.4 §7.1.1. That a month of a stretch has 30 days and a year 365 is our guess, as the
specification does not say.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

SIZE: Final = 16
QUARTERS_MAX: Final = 48
_QUARTER = timedelta(minutes=15)
_DAYS_OF_YEAR, _DAYS_OF_MONTH = 365, 30


class TimeInvalid(ValueError):
    """These signs are no time of SMPP's."""


def read_time(text: str, now: datetime) -> datetime | None:
    """The moment that a field names; None where it is empty.

    Args:
        now: aware; a stretch of time begins there.
    Raises:
        TimeInvalid: what stands there is no time.
    """
    if not text:
        return None
    if len(text) != SIZE or not text.isascii() or not text[:-1].isdigit():
        raise TimeInvalid(text)
    parts = [int(text[at : at + 2]) for at in range(0, 12, 2)]
    try:
        return _from_now_on(parts, now) if text[-1] == "R" else _absolute(parts, text)
    except (ValueError, OverflowError):
        raise TimeInvalid(text) from None


def write_time(moment: datetime, zone: timezone) -> str:
    """An aware moment in a time zone, which is whole quarters of an hour from UTC."""
    local = moment.astimezone(zone)
    quarters = round((local.utcoffset() or timedelta()) / _QUARTER)
    sign = "-" if quarters < 0 else "+"
    return f"{local:%y%m%d%H%M%S}{local.microsecond // 100_000}{abs(quarters):02}{sign}"


def _from_now_on(parts: list[int], now: datetime) -> datetime:
    years, months, days, hours, minutes, seconds = parts
    days += years * _DAYS_OF_YEAR + months * _DAYS_OF_MONTH
    return now + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _absolute(parts: list[int], text: str) -> datetime:
    quarters = int(text[13:15])
    if text[-1] not in "+-" or quarters > QUARTERS_MAX:
        raise TimeInvalid(text)
    year, *rest = parts
    month, day, hour, minute, second = rest
    local = datetime(
        2000 + year, month, day, hour, minute, second, int(text[12]) * 100_000, tzinfo=UTC
    )
    ahead = quarters * _QUARTER
    return local - ahead if text[-1] == "+" else local + ahead
