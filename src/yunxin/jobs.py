"""The background jobs of the pages: a procrastinate worker inside Django."""

import argparse
import os

import django

from yunxin.config import Config

CONCURRENCY = 4  # imports and exports are bound by the database, not by one another
# Without its database for so long, a worker ends; whoever runs it starts it again. It also bounds
# how long it takes to leave when the database went first.
DATABASE_WAIT_S = 10.0


def command(config: Config, arguments: list[str]) -> int:
    """Work on jobs until told to stop; the one at hand is finished first."""
    parser = argparse.ArgumentParser(prog="yunxin jobs", description=command.__doc__)
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help="jobs at one time")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")
    django.setup()
    # Both need the app registry.
    from procrastinate import PsycopgConnector
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.utils import connector_params

    connector = PsycopgConnector(kwargs=connector_params(), timeout=DATABASE_WAIT_S)
    with app.replace_connector(connector) as worker:
        worker.run_worker(concurrency=options.concurrency, name="jobs", delete_jobs="successful")
    return 0
