"""The command line: `yunxin up | web | api | smpp | engine | jobs | manage | doctor | …`.

Each command is a function (config, arguments) → exit code in a module of its own, imported only
when it is asked for: the engine's process holds no Django, and everything starts fast.
"""

import os
import sys
from dataclasses import dataclass
from importlib import import_module, metadata

from yunxin import logs
from yunxin.config import Config, ConfigError

USAGE_ERROR = 2  # as argparse has it


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command lives and what it does, in words."""

    module: str
    sentence: str
    needs_database: bool = False


COMMANDS = {
    "up": Command("yunxin.supervisor", "Run the whole platform on this machine."),
    "web": Command("yunxin.front", "Serve the pages.", needs_database=True),
    "api": Command("yunxin.api.service", "Serve the HTTP interfaces.", needs_database=True),
    "smpp": Command(
        "yunxin.smpp.service", "Let enterprises' systems bind over SMPP.", needs_database=True
    ),
    "engine": Command(
        "yunxin.engine.service", "Move messages: send, receive, settle.", needs_database=True
    ),
    "jobs": Command("yunxin.jobs", "Work on background jobs of the pages.", needs_database=True),
    "simulator": Command("yunxin.simulator.service", "Play a carrier, for demos and tests."),
    "manage": Command("yunxin.manage", "Run a management command, such as createoperator."),
    "send": Command("yunxin.client.command", "Send a template through a platform's API."),
    "doctor": Command("yunxin.doctor", "Check this deployment and say what is wrong."),
    "version": Command("yunxin.__main__", "Say which version this is."),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the `yunxin` program."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] not in COMMANDS:
        asked_for_help = bool(words) and words[0] in ("-h", "--help", "help")
        print(_usage(), file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else USAGE_ERROR
    try:
        config = Config.from_environment()
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return USAGE_ERROR
    logs.configure(config, words[0])
    if COMMANDS[words[0]].needs_database:
        config = _complete(config)
        if not (config.database_url and config.secret_key):
            print(_INCOMPLETE.format(folder=config.data), file=sys.stderr)  # noqa: T201
            return USAGE_ERROR
    module = import_module(COMMANDS[words[0]].module)
    if words[0] == "engine":  # asyncio, without a command line of its own
        module.run(config)
        return 0
    code: int = module.command(config, words[1:])
    return code


_INCOMPLETE = (
    "Set DATABASE_URL and YUNXIN_SECRET_KEY, or YUNXIN_DATA to the folder of a running yunxin up "
    "(no database is running in {folder})."
)


def _complete(config: Config) -> Config:
    """What the environment leaves open, from the data folder; Django's settings see it too."""
    if not (config.database_url and config.secret_key):
        config = import_module("yunxin.deployment").complete(config)
        os.environ.update(config.to_environment())
    return config


def command(_config: Config, _arguments: list[str]) -> int:
    """Print the version."""
    print(metadata.version("yunxin"))  # noqa: T201
    return 0


def _usage() -> str:
    lines = [f"  {name:<10} {command.sentence}" for name, command in COMMANDS.items()]
    return "\n".join(["usage: yunxin COMMAND [options]", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
