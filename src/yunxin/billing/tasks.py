"""Background jobs of billing; procrastinate finds them by this file's name."""

from django.db import close_old_connections
from procrastinate.contrib.django import app

from yunxin.billing import alerts

QUEUE = "billing"


@app.periodic(cron="* * * * *")
@app.task(name="billing.look_at_balances", queue=QUEUE)
def look_at_balances(timestamp: int) -> None:
    """Tell enterprises whose packages are nearly used up."""
    close_old_connections()
    alerts.look()
    close_old_connections()
