"""Log lines of all programs: structlog, one JSON object a line or text for people.

Every program calls `configure` once at its start; every file then takes its logger by
`structlog.get_logger()`. Lines of the standard library's loggers (Django, granian, procrastinate)
come out in the same shape. Logs carry ids, never message texts, whole phone numbers or secrets.
"""

import logging
import sys
from collections.abc import Sequence

import structlog
from structlog.typing import EventDict, Processor

from yunxin.config import Config

# Where in the code, but never with which values: those are texts, phones and passwords.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
QUIET = {"django.request": "ERROR", "asyncio": "WARNING", "procrastinate": "INFO"}


def _is_told(record: logging.LogRecord) -> bool:
    """Of what procrastinate says of every job, only that one failed and is tried again."""
    if record.levelno >= logging.WARNING or not record.name.startswith("procrastinate"):
        return True
    return str(getattr(record, "action", "")).endswith("_retry")


def configure(config: Config, program: str) -> None:
    """Send all log lines of this process to standard error, each with the program's name."""
    shared = _shared_processors(program)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=_last_processors(config)
        )
    )
    handler.addFilter(_is_told)
    logging.basicConfig(handlers=[handler], level=config.log_level.upper(), force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def _shared_processors(program: str) -> Sequence[Processor]:
    def name_program(_: object, __: str, event: EventDict) -> EventDict:
        event["program"] = program
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_program,
    ]


def _last_processors(config: Config) -> Sequence[Processor]:
    if config.log_format == "console":
        return [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _TRACEBACKS,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
