"""`yunxin doctor`: what is wrong with this deployment, in words, and the way out.

Each check is a function that takes the config and says one or more findings. Nothing is changed.
The exit code is 0 when the platform can work, 1 when something must be mended.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import django
import psycopg
from django.core.management.utils import get_random_secret_key
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from yunxin.config import Config
from yunxin.deployment import complete
from yunxin.vocabulary import READY_STATES, LinkState

PYTHON_MIN = (3, 11)
POSTGRES_MIN = 15
SECRET_LENGTH_MIN = 50  # as Django's own check has it
HEARTBEAT_MAX = timedelta(seconds=30)
CLOCK_DIFFERENCE_MAX_S = 2.0
DISK_FREE_MIN_BYTES = 1024**3
DISK_FREE_GOOD_BYTES = 5 * 1024**3
PACKAGE = Path(__file__).resolve().parent


class Verdict(StrEnum):
    """How bad a finding is."""

    GOOD = "ok"
    WARNING = "warning"
    BAD = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what was seen and, unless it is good, the way out."""

    verdict: Verdict
    subject: str
    seen: str
    way_out: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict:<8} {self.subject:<14} {self.seen}"
        return f"{line}\n{'':<23} → {self.way_out}" if self.way_out else line


Check = Callable[[Config], Iterator[Finding]]


def good(subject: str, seen: str) -> Finding:
    return Finding(Verdict.GOOD, subject, seen)


def warning(subject: str, seen: str, way_out: str) -> Finding:
    return Finding(Verdict.WARNING, subject, seen, way_out)


def bad(subject: str, seen: str, way_out: str) -> Finding:
    return Finding(Verdict.BAD, subject, seen, way_out)


def check_python(_config: Config) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON_MIN:
        yield bad("python", f"This is Python {version}.", "Install Python 3.11 or later.")
    else:
        yield good("python", f"Python {version}.")


def check_secret_key(config: Config) -> Iterator[Finding]:
    way_out = f"Set YUNXIN_SECRET_KEY to a long random text, such as: {get_random_secret_key()!r}"
    if not config.secret_key:
        yield bad("secret key", "There is none, so sessions end with the process.", way_out)
    elif len(config.secret_key) < SECRET_LENGTH_MIN:
        yield bad("secret key", f"It has only {len(config.secret_key)} characters.", way_out)
    else:
        yield good("secret key", "Set.")


def check_mode(config: Config) -> Iterator[Finding]:
    is_local = "127.0.0.1" in config.base_url or "localhost" in config.base_url
    if config.debug:
        yield bad("mode", "YUNXIN_DEBUG shows error details to everybody.", "Unset YUNXIN_DEBUG.")
    if config.demo and not is_local:
        way_out = "Unset YUNXIN_DEMO and delete the demo users, or start with --no-demo."
        yield bad("mode", f"Demo logins exist at {config.base_url}.", way_out)
    if not is_local and not config.base_url.startswith("https://"):
        way_out = "Put a reverse proxy with TLS in front and set YUNXIN_BASE_URL to its address."
        yield warning("mode", f"{config.base_url} sends passwords unencrypted.", way_out)


def check_static_files(config: Config) -> Iterator[Finding]:
    if (config.static_root / "staticfiles.json").exists():
        yield good("static files", f"Collected in {config.static_root}.")
    else:
        way_out = "Run scripts/setup, or: yunxin manage collectstatic --no-input"
        yield warning("static files", "Not collected; they are served slowly.", way_out)


def check_translations(_config: Config) -> Iterator[Finding]:
    stale = [
        str(source.relative_to(PACKAGE))
        for source in PACKAGE.glob("**/LC_MESSAGES/*.po")
        if not _is_compiled(source)
    ]
    if stale:
        seen = f"{len(stale)} not compiled or out of date, {stale[0]} for one."
        yield bad("translations", seen, "Run scripts/setup.")
    else:
        yield good("translations", "Compiled.")


def _is_compiled(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime


def check_disk(config: Config) -> Iterator[Finding]:
    folder = next(
        f for f in [config.data.absolute(), *config.data.absolute().parents] if f.exists()
    )
    free = shutil.disk_usage(folder).free
    seen = f"{free / 1024**3:.1f} GiB free in {folder}."
    way_out = "Free some space, or move the data folder (YUNXIN_DATA) to a larger disk."
    if free < DISK_FREE_MIN_BYTES:
        yield bad("disk", seen, way_out)
    elif free < DISK_FREE_GOOD_BYTES:
        yield warning("disk", seen, way_out)
    else:
        yield good("disk", seen)


def check_database(config: Config) -> Iterator[Finding]:
    """The database and, if it can be reached, all that is read from it."""
    if not config.database_url:
        way_out = "Start yunxin up, name its folder by --data, or set DATABASE_URL."
        yield bad("database", f"None is running in {config.data} and none is set.", way_out)
        return
    try:
        with psycopg.connect(config.database_url, connect_timeout=5) as connection:
            yield from _check_server(connection)
            yield from _check_clock(connection)
            applied = list(_check_migrations(config))
            yield from applied
            if all(finding.verdict == Verdict.GOOD for finding in applied):
                yield from _check_engines(connection)
                yield from _check_api(connection)
                yield from _check_smpp(connection)
                yield from _check_channels(connection)
    except psycopg.OperationalError as error:
        way_out = "Start PostgreSQL, and look whether host, user and password in DATABASE_URL fit."
        yield bad("database", f"It cannot be reached: {str(error).strip()}", way_out)


Connection = psycopg.Connection[tuple[object, ...]]


def _check_server(connection: Connection) -> Iterator[Finding]:
    major, text = divmod(connection.info.server_version, 10_000)
    seen = f"PostgreSQL {major}.{text}."
    if major < POSTGRES_MIN:
        yield bad("database", seen, f"Upgrade PostgreSQL to {POSTGRES_MIN} or later.")
        return
    yield good("database", seen)
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        way_out = (
            "Make the database anew with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
        yield bad("database", f"Its encoding is {encoding}.", way_out)
    row = connection.execute("SHOW transaction_read_only").fetchone()
    if row is not None and row[0] == "on":
        way_out = "Free its disk if it was locked for that; else let DATABASE_URL name the primary."
        yield bad("database", "It only reads: nothing is accepted, and receipts wait.", way_out)


def _check_clock(connection: Connection) -> Iterator[Finding]:
    before = time.time()
    row = connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
    after = time.time()
    there = float(str(row[0])) if row else 0.0
    difference = max(before - there, there - after, 0.0)
    if difference > CLOCK_DIFFERENCE_MAX_S:
        seen = f"This machine and the database differ by {difference:.0f} s."
        yield bad("clock", seen, "Keep both right by NTP, for example with chrony.")
    else:
        here = datetime.now(UTC).astimezone(tz=_shanghai()).strftime("%Y-%m-%d %H:%M")
        yield good("clock", f"The same here and in the database; in Shanghai it is {here}.")


def _shanghai() -> ZoneInfo:
    return ZoneInfo("Asia/Shanghai")


def _check_migrations(config: Config) -> Iterator[Finding]:
    executor = MigrationExecutor(connections["default"])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        seen = f"{len(missing)} migrations are not applied, {missing[0][0]} for one."
        yield bad("migrations", seen, "Run: yunxin manage migrate")
    else:
        yield good("migrations", "All applied.")


def _check_engines(connection: Connection) -> Iterator[Finding]:
    query = """
        SELECT host, pid, now() - heartbeat_at FROM engine_instance
        WHERE role = 'engine' ORDER BY heartbeat_at DESC
    """
    rows = connection.execute(query).fetchall()
    alive = [row for row in rows if isinstance(row[2], timedelta) and row[2] < HEARTBEAT_MAX]
    way_out = "Start one: yunxin engine"
    if alive:
        yield good("engine", f"{len(alive)} running, at {alive[0][0]} for one.")
    elif rows:
        yield bad("engine", f"None is alive; the last was heard of {rows[0][2]} ago.", way_out)
    else:
        yield bad("engine", "None has ever run on this database.", way_out)


def _check_api(connection: Connection) -> Iterator[Finding]:
    query = """
        SELECT host FROM engine_instance
        WHERE role = 'api' AND heartbeat_at > now() - %s ORDER BY heartbeat_at DESC
    """
    rows = connection.execute(query, [HEARTBEAT_MAX]).fetchall()
    if rows:
        yield good("api", f"{len(rows)} running, at {rows[0][0]} for one.")
    else:
        way_out = "Start one: yunxin api"
        yield warning("api", "None is running, so nothing is answered to systems.", way_out)


def _check_smpp(connection: Connection) -> Iterator[Finding]:
    query = """
        SELECT (SELECT count(*) FROM engine_instance
                WHERE role = 'smpp' AND heartbeat_at > now() - %s),
            (SELECT count(*) FROM interfaces_smppaccount WHERE enabled)
    """
    ((running, accounts),) = connection.execute(query, [HEARTBEAT_MAX]).fetchall()
    if running:
        yield good("smpp", f"{running} running, for {accounts} accounts.")
    elif accounts:
        seen = f"None is running, so none of {accounts} accounts can bind."
        yield warning("smpp", seen, "Start one: yunxin smpp")


def _check_channels(connection: Connection) -> Iterator[Finding]:
    query = """
        SELECT c.name, s.state, s.last_error
        FROM carriers_channel c
        LEFT JOIN LATERAL (
            SELECT state, last_error FROM channel_state
            WHERE channel_id = c.id ORDER BY at DESC LIMIT 1
        ) s ON true
        WHERE c.wish = 'run' ORDER BY c.id
    """
    rows = connection.execute(query).fetchall()
    if not rows:
        way_out = "Make one in the console, under channels, and start it."
        yield warning("channels", "None is to run, so nothing can be sent.", way_out)
    for name, state, last_error in rows:
        if state in READY_STATES:
            how = "connected" if state == LinkState.BOUND else "idle and connects when needed"
            yield good("channels", f"{name} is {how}.")
        else:
            way_out = "Look at its address, account and password in the console, under channels."
            yield bad("channels", f"{name}: {state or 'not started'}. {last_error or ''}", way_out)


CHECKS: tuple[Check, ...] = (
    check_python,
    check_secret_key,
    check_mode,
    check_static_files,
    check_translations,
    check_disk,
    check_database,
)


def examine(config: Config) -> list[Finding]:
    """All findings, good ones too."""
    return [finding for check in CHECKS for finding in check(config)]


def command(config: Config, arguments: list[str]) -> int:
    """Check this deployment and say what is wrong."""
    parser = argparse.ArgumentParser(prog="yunxin doctor", description=command.__doc__)
    parser.add_argument("--data", type=Path, default=config.data, help="data folder")
    options = parser.parse_args(arguments)
    config = complete(replace(config, data=options.data))
    os.environ.update(config.to_environment())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunxin.settings")
    django.setup()
    findings = examine(config)
    for finding in findings:
        print(finding)  # noqa: T201
    wrong = sum(finding.verdict == Verdict.BAD for finding in findings)
    print(f"\n{wrong} to mend." if wrong else "\nAll is well.")  # noqa: T201
    return 1 if wrong else 0
