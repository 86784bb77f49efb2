"""`yunxin manage`: Django's commands, on the database and with the key of the data folder."""

import os

from django.core.management import execute_from_command_line

from yunxin.config import Config
from yunxin.deployment import complete


def command(config: Config, arguments: list[str]) -> int:
    """Run one of Django's management commands."""
    os.environ.update(complete(config).to_environment())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")
    execute_from_command_line(["yunxin manage", *arguments])
    return 0
