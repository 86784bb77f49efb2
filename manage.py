#!/usr/bin/env python
"""Django's command line, the same as `yunxin manage`."""

import os
import sys

from django.core.management import execute_from_command_line

from yunxin import logs
from yunxin.config import Config

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")
    logs.configure(Config.from_environment(), "manage")
    execute_from_command_line(sys.argv)
