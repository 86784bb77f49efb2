"""The carriers' clock: all of China has one time, and no summer time."""

from datetime import timedelta, timezone
from typing import Final

BEIJING: Final = timezone(timedelta(hours=8))
