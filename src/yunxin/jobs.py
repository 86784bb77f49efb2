"""The background jobs of the pages: a procrastinate worker inside Django."""

import argparse
import os

import django

from yunxin.config import Config

CONCURRENCY = 4  # imports and exports are bound by the database, not by one another


def command(config: Config, arguments: list[str]) -> int:
    """Work on jobs until told to stop; the one at hand is finished first."""
    parser = argparse.ArgumentParser(prog="yunxin jobs", description=command.__doc__)
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help="jobs at one time")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")
    django.setup()
    from procrastinate.contrib.django import app  # needs the app registry

    with app.replace_connector(app.connector.get_worker_connector()) as worker:  # type: ignore[attr-defined]
        worker.run_worker(concurrency=options.concurrency, name="jobs", delete_jobs="successful")
    return 0
