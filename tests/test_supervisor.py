"""`yunxin up` on real processes: it starts, mends what dies, and leaves nothing behind."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue

import psutil
import pytest

from yunxin import embedded, supervisor
from yunxin.config import Config

START_S = 150.0
PATIENCE_S = 45.0


OPTIONS = supervisor.Options(
    host="127.0.0.1", port=1, folder=Path(), demo=True, simulator=True, carrier=[]
)


@pytest.mark.parametrize(
    ("options", "given", "networks", "wait_s"),
    [
        (OPTIONS, {}, supervisor.LOOPBACK, 300),
        (replace(OPTIONS, host="localhost"), {}, supervisor.LOOPBACK, 300),
        (replace(OPTIONS, host="::1"), {}, supervisor.LOOPBACK, 300),
        (replace(OPTIONS, host="0.0.0.0"), {}, (), 300),
        (replace(OPTIONS, host="192.0.2.7"), {}, (), 300),
        (replace(OPTIONS, host="sms.example.com"), {}, (), 300),
        (replace(OPTIONS, demo=False), {}, (), 259_200),
        (OPTIONS, {"YUNXIN_PUSH_NETWORK": "", "YUNXIN_RECEIPT_WAIT_S": "60"}, (), 60),
    ],
)
def test_only_a_demo_that_nobody_else_reaches_may_push_to_this_machine(
    options: supervisor.Options, given: dict[str, str], networks: tuple[str, ...], wait_s: int
) -> None:
    config = supervisor.with_demo_defaults(Config.from_environment(given), options, given)
    assert (config.push_network, config.receipt_wait_s) == (networks, wait_s)


class Up:
    """One `yunxin up` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.said: list[str] = []
        command = [sys.executable, "-m", "yunxin", "up", "--no-demo", "--data", str(folder)]
        environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self._lines: Queue[str | None] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._lines.put(line.rstrip())
        self._lines.put(None)

    def wait_for(self, word: str, timeout_s: float = START_S) -> str:
        """The next line that holds the word."""
        give_up = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(give_up - time.monotonic(), 0))
            except Empty:
                raise AssertionError(f"No {word!r} in time; it said: {self.said}") from None
            assert line is not None, f"It ended without {word!r}; it said: {self.said}"
            self.said.append(line)
            if word in line:
                return line

    def ready(self) -> "Up":
        self.wait_for("Data and logs:")
        return self

    def status(self, path: str = "/login/") -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def pid_of(self, program: str) -> int | None:
        for process in psutil.Process(self.process.pid).children():
            try:
                if process.cmdline()[1:4] == ["-m", "yunxin", program]:
                    return process.pid
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return None

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_of(folder: Path) -> list[psutil.Process]:
    """Everything that works for the folder, however it was started."""
    mark = str(folder)
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        try:
            seen = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
            own = process.environ().get("YUNXIN_DATA", "")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and (mark in own or any(mark in word for word in seen)):
            found.append(process)
    return found


def eventually(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> bool:
    give_up = time.monotonic() + timeout_s
    while time.monotonic() < give_up:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def folder(short_folder: Path) -> Iterator[Path]:
    """A data folder; the first test that starts a platform in it pays for the migrations."""
    folder = Path(tempfile.mkdtemp(prefix="up-", dir=short_folder))
    yield folder
    embedded.Server(folder).remove()


@pytest.fixture(scope="module")
def second_folder(short_folder: Path) -> Iterator[Path]:
    """The folder of a second platform beside the first, for tests that stop it."""
    folder = Path(tempfile.mkdtemp(prefix="second-", dir=short_folder))
    yield folder
    embedded.Server(folder).remove()


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Up]:
    """A platform that several tests look at and hurt; each leaves it running."""
    up = Up(folder)
    try:
        yield up.ready()
    finally:
        up.end()


def test_the_login_page_answers(running):
    assert running.status() < 400


def test_the_api_answers_under_the_same_address(running):
    give_up = time.monotonic() + PATIENCE_S
    while running.status("/umcinterface/sendtempletmsg") != http.HTTPStatus.METHOD_NOT_ALLOWED:
        assert time.monotonic() < give_up, "the API never answered"
        time.sleep(0.1)


def test_addresses_are_written_for_scripts_and_only_the_owner_can_read_them(running):
    path = running.folder / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = json.loads(path.read_text())
    assert written["base_url"] == f"http://127.0.0.1:{running.port}"
    assert written["logins"] == [], "without the demo nobody can sign in yet"


def test_the_secret_key_is_private(running):
    path = running.folder / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().strip()) >= 50


def test_a_second_platform_is_kept_out_of_the_folder(running):
    other = Up(running.folder)
    said = other.wait_for("in use by another yunxin up")
    assert str(running.process.pid) in said
    assert other.process.wait(PATIENCE_S) == 1
    other.end()


def test_a_taken_port_is_named(running, short_folder):
    empty = Path(tempfile.mkdtemp(prefix="other-", dir=short_folder))
    other = Up(empty, "--port", str(running.port))
    assert str(running.port) in other.wait_for("is taken by another program")
    assert other.process.wait(PATIENCE_S) == 1
    assert not (empty / "postgres").exists(), "nothing was half done"
    other.end()


def test_a_program_that_is_killed_is_started_again(running):
    for program in ("web", "jobs", "engine", "simulator"):
        pid = running.pid_of(program)
        if pid is None:
            assert not supervisor._is_there(program)
            continue
        os.kill(pid, signal.SIGKILL)
        assert "SIGKILL" in running.wait_for(f"{program} was killed", PATIENCE_S)
        assert eventually(lambda: running.pid_of(program) not in (None, pid)), program  # noqa: B023
    assert eventually(lambda: running.status() == 200)


def test_postgresql_is_started_again_when_it_is_killed(running):
    server = embedded.Server(running.folder)
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    running.wait_for("PostgreSQL runs again", PATIENCE_S)
    assert server.pid() not in (None, pid)
    assert eventually(lambda: running.status() == 200)


def test_ctrl_c_stops_all_and_leaves_no_process(second_folder, running):
    up = Up(second_folder).ready()
    assert len(processes_of(second_folder)) >= 5
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(PATIENCE_S) == 0
    assert processes_of(second_folder) == []
    up.end()
    assert running.status() == 200, "its neighbour goes on"


def test_kill_9_of_the_supervisor_leaves_no_process_and_loses_nothing(second_folder):
    up = Up(second_folder).ready()
    assert not any("up to date" in line for line in up.said), "no migrations the second time"
    up.process.kill()
    assert eventually(lambda: processes_of(second_folder) == [])
    up.end()

    up = Up(second_folder).ready()
    assert up.status() == 200
    up.end()


def test_ctrl_c_while_it_starts_is_heard(second_folder):
    up = Up(second_folder)
    up.wait_for("Starting PostgreSQL")
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(PATIENCE_S) == 0
    assert processes_of(second_folder) == []
    up.end()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    up = Up(tmp_path / "file" / "data")
    up.wait_for("The data folder cannot be used")
    assert up.process.wait(PATIENCE_S) == 1
    up.end()


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(port, capsys):
    with pytest.raises(SystemExit):
        supervisor.command(Config(), ["--port", port])
    assert "--port" in capsys.readouterr().err


def test_an_address_that_is_not_this_machines_is_named():
    with pytest.raises(supervisor.UpError, match=r"Nobody can listen on 192\.0\.2\.1"):
        supervisor.check_port("192.0.2.1", 8000)


def test_ports_of_the_carrier_stay_the_same_while_they_are_free(tmp_path):
    first = supervisor.choose_ports(tmp_path)
    assert supervisor.choose_ports(tmp_path) == first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first.smpp))
        taken.listen()
        second = supervisor.choose_ports(tmp_path)
    assert second.smpp != first.smpp
    assert second.simulator_http == first.simulator_http


def test_a_database_that_cannot_be_reached_is_named(tmp_path):
    config = Config(database_url=f"postgresql:///none?host={tmp_path}")
    with pytest.raises(supervisor.UpError, match="The database cannot be reached"):
        supervisor.migrate(config, tmp_path, {})


def test_a_program_that_keeps_dying_is_started_ever_later(tmp_path, monkeypatch):
    program = supervisor.Program("web", ["version"], dict(os.environ), tmp_path / "log")
    pauses = []
    for _ in range(3):
        program.start()
        assert program.process is not None
        program.process.wait()
        started = time.monotonic()
        assert "web ended with 0" in program.bury()
        pauses.append(round(program.not_before - started, 1))
        assert not program.is_due()
    assert pauses == [0.2, 1.0, 2.0]


def test_a_log_that_has_grown_too_long_is_cut_and_one_old_one_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "LOG_BYTES_MAX", 100)
    log = tmp_path / "web.log"
    log.write_text("x" * 101)
    supervisor._trim_logs(tmp_path)
    assert log.read_text() == ""
    assert (tmp_path / "web.log.1").read_text() == "x" * 101
