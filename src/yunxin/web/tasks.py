"""Upkeep of what the pages leave behind; procrastinate finds it by this file's name."""

from django.db import close_old_connections
from procrastinate.contrib.django import app

from yunxin.web import once

QUEUE = "web"


@app.periodic(cron="*/10 * * * *")
@app.task(name="web.forget_old", queue=QUEUE)
def forget_old(timestamp: int) -> None:
    """Drop secrets that nobody came to see, and the numbers of old forms."""
    close_old_connections()
    once.forget_old()
    close_old_connections()
