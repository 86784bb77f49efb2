"""Background jobs of carriers; procrastinate finds them by this file's name."""

from django.db import close_old_connections
from procrastinate.contrib.django import app

from yunxin.carriers import alerts

QUEUE = "carriers"


@app.periodic(cron="* * * * * */10")
@app.task(name="carriers.look_at_channels", queue=QUEUE)
def look_at_channels(timestamp: int) -> None:
    """Tell operators of channels that have no line."""
    close_old_connections()
    alerts.look()
    close_old_connections()
