"""The embedded PostgreSQL starts, stops, survives kill -9 and lets nobody else in."""

import contextlib
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from yunxin import embedded

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has accounts to change to")


@pytest.fixture
def server(short_folder: Path) -> Iterator[embedded.Server]:
    folder = Path(tempfile.mkdtemp(dir=short_folder))
    server = embedded.Server(folder, embedded.FAST_AND_UNSAFE, dies_with_us=True)
    yield server
    server.remove()


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def write_a_row(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('留')")


def processes_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(folder):
            found.append(process)
    return found


def test_it_starts_stops_and_keeps_what_was_written(server):
    write_a_row(server.start())
    assert server.stop()
    assert processes_in(server.cluster) == []
    assert not server.stop(), "a second stop finds nothing to stop"
    assert ask(server.start(), "SELECT word FROM kept") == "留"


def test_starting_twice_finds_the_running_one(server):
    url = server.start()
    pid = server.pid()
    other = embedded.Server(server.folder)
    assert other.start() == url
    assert other.pid() == pid


def test_it_is_a_database_as_the_platform_needs_it(server):
    url = server.start()
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SHOW timezone") == "UTC"
    assert int(str(ask(url, "SHOW server_version_num"))) >= 150_000


def test_it_listens_on_no_network_port(server):
    url = server.start()
    assert ask(url, "SHOW listen_addresses") == ""
    listening = []
    for process in processes_in(server.cluster):
        with contextlib.suppress(psutil.NoSuchProcess):  # autovacuum workers come and go
            found = process.net_connections("inet")
            listening += [one for one in found if one.status == psutil.CONN_LISTEN]
    assert listening == []


def test_only_its_own_account_can_enter_its_folders(server):
    server.start()
    for folder in (server.cluster, embedded.socket_folder(server.cluster)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@AS_ROOT
def test_as_root_it_runs_as_an_unprivileged_account(server):
    server.start()
    for process in processes_in(server.cluster):
        # A worker of PostgreSQL may end at any moment.
        with contextlib.suppress(psutil.NoSuchProcess):
            assert all(process.uids()), "no real, effective or saved user id is root's"
            assert all(process.gids())


@AS_ROOT
def test_another_account_is_not_let_in(server):
    url = server.start()
    stranger = embedded.Account("daemon", *pwd.getpwnam("daemon")[2:4])
    psql = embedded.find_binaries(stranger) / "psql"
    assert "Permission denied" in stranger.run(psql, url, "-c", "SELECT 1").stderr


@AS_ROOT
def test_the_account_that_owns_the_files_may_not_sign_in_either(server):
    url = server.start()
    account = embedded.server_account()
    psql = embedded.find_binaries(account) / "psql"
    assert "Peer authentication failed" in account.run(psql, url, "-c", "SELECT 1").stderr


def test_after_kill_9_it_starts_again_with_all_that_was_committed(server):
    server.settings = {}  # as in real life
    write_a_row(server.start())
    pid = server.pid()
    with psycopg.connect(server.url):  # a session is open: its process must end by itself
        os.kill(pid, signal.SIGKILL)
        assert ask(server.start(), "SELECT word FROM kept") == "留"
    assert server.pid() != pid


def test_a_stale_pid_file_that_names_a_stranger_is_no_obstacle(server):
    server.start()
    server.stop()
    lines = f"{os.getpid()}\n{server.cluster}\n1\n5432\n\n\n\nready\n"
    (server.cluster / "postmaster.pid").write_text(lines)
    lock = embedded.socket_folder(server.cluster) / f"{embedded.SOCKET_NAME}.lock"
    lock.write_text(lines)
    assert server.pid() is None
    server.start()
    assert server.pid() not in (None, os.getpid())


def test_it_ends_with_the_process_that_started_it(short_folder):
    folder = Path(tempfile.mkdtemp(dir=short_folder))
    script = (
        "import os, signal; from pathlib import Path; from yunxin import embedded;"
        f"embedded.Server(Path({str(folder)!r}), embedded.FAST_AND_UNSAFE, True).start();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    server = embedded.Server(folder)
    gone, alive = psutil.wait_procs(processes_in(server.cluster), timeout=20)
    assert alive == []
    server.remove()


def test_a_socket_path_that_would_be_too_long_is_moved(short_folder):
    folder = Path(tempfile.mkdtemp(dir=short_folder)) / ("long" * 30)
    folder.mkdir()
    server = embedded.Server(folder, embedded.FAST_AND_UNSAFE, dies_with_us=True)
    try:
        assert ask(server.start(), "SELECT 1") == 1
        path = embedded.socket_folder(server.cluster) / embedded.SOCKET_NAME
        assert len(os.fsencode(path)) <= embedded.SOCKET_PATH_BYTES_MAX
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        server.remove()
    assert not path.parent.exists()


def test_a_socket_folder_that_somebody_else_has_put_there_is_refused(server):
    server.start()
    server.stop()
    sockets = embedded.socket_folder(server.cluster)
    sockets.chmod(0o777)
    with pytest.raises(embedded.EmbeddedError, match="must be a folder that only"):
        server.start()
    sockets.chmod(0o700)


@AS_ROOT
def test_a_folder_that_is_closed_to_the_account_is_left_as_it_is(short_folder, monkeypatch):
    """As under /root: database and binaries go elsewhere, and no permission is changed."""
    closed = Path(tempfile.mkdtemp(dir=short_folder))
    closed.chmod(0o700)
    shared = Path(tempfile.mkdtemp(dir=short_folder)) / "shared"
    monkeypatch.setattr(embedded, "SHARED_HOME", shared)
    server = embedded.Server(closed / "data", embedded.FAST_AND_UNSAFE, dies_with_us=True)
    try:
        shared.parent.chmod(0o711)
        assert ask(server.start(), "SELECT 1") == 1
        assert server.cluster.is_relative_to(shared)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        home = server.cluster.parent
    finally:
        server.remove()
    assert not home.exists()


@AS_ROOT
def test_binaries_that_are_out_of_reach_are_copied_once(short_folder, monkeypatch):
    shared = Path(tempfile.mkdtemp(dir=short_folder))
    monkeypatch.setattr(embedded, "SHARED_HOME", shared)
    shared.chmod(0o711)
    monkeypatch.setattr(
        embedded.Account, "can_enter", lambda self, folder: "site-packages" not in str(folder)
    )
    account = embedded.server_account()
    first = embedded.find_binaries(account)
    made = first.stat().st_ctime_ns
    assert account.run(first / "postgres", "--version").stdout.startswith("postgres (PostgreSQL)")
    assert account.run(first / "initdb", "--version").returncode == 0, "its libraries came along"
    assert embedded.find_binaries(account).stat().st_ctime_ns == made
    assert len(list(shared.iterdir())) == 1


def test_a_server_that_does_not_start_says_why(server):
    server.settings = {**embedded.FAST_AND_UNSAFE, "shared_buffers": "nonsense"}
    with pytest.raises(
        embedded.EmbeddedError, match='invalid value for parameter "shared_buffers"'
    ):
        server.start()


def test_the_command_line_starts_and_stops(short_folder):
    folder = tempfile.mkdtemp(dir=short_folder)

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "yunxin.embedded", folder, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    assert ask(run("--fast"), "SELECT current_database()") == "yunxin"
    assert run("--stop") == "stopped"
    assert run("--stop") == "was not running"


def test_the_guard_of_the_tests_lets_nobody_reach_for_the_network():
    with socket.socket() as client, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        client.connect(("192.0.2.1", 80))
