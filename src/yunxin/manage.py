"""`yunxin manage`: Django's commands, on the database and with the key of the data folder."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from yunxin.config import Config
from yunxin.deployment import complete


def command(config: Config, arguments: list[str]) -> int:
    """Run one of Django's management commands."""
    os.environ.update(complete(config).to_environment())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")
    try:
        execute_from_command_line(["yunxin manage", *arguments])
    except OperationalError as error:
        print(f"The database cannot be reached: {error}", file=sys.stderr)  # noqa: T201
        print(_WAY_OUT, file=sys.stderr)  # noqa: T201
        return 1
    return 0


_WAY_OUT = "Set DATABASE_URL, or YUNXIN_DATA to the folder of a running yunxin up."
