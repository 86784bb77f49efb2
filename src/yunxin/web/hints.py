"""Hints to the engine that something changed: NOTIFY, sent when the transaction commits.

A hint only makes things quicker; the engine polls as well. Call it last in a writing function.
"""

from typing import Literal

from django.db import connection

Channel = Literal["queue", "directory", "channels", "campaigns", "push"]


def hint(channel: Channel, payload: str = "") -> None:
    """Tell listeners of a channel that rows changed; `payload` may name the kind of thing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])
