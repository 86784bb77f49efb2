"""What the benchmarks start: a fresh database, the platform's own programs, a carrier beside them.

Everything is real and separate: PostgreSQL with synchronous_commit on, programs as processes of
their own, TCP on loopback. `Stack` is a context manager and leaves nothing behind.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from yunxin import embedded

SAMPLE_EVERY_S = 0.25
START_TIMEOUT_S = 30.0
SECRET_KEY = "a key of the benchmarks, good for nothing else in the world ever"
MEBIBYTE = 1 << 20


class BenchError(Exception):
    """The benchmark could not be carried out; the message says what stood in the way."""


def free_port() -> int:
    """A TCP port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Meter:
    """CPU seconds and peak memory of named process trees, sampled while they live."""

    def __init__(self) -> None:
        self.roots: dict[str, psutil.Process] = {}
        self._cpu: dict[str, dict[int, float]] = {}
        self._peak: dict[str, int] = {}
        self._start: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def watch(self, name: str, pid: int) -> None:
        """Count a process and its children under this name."""
        self.roots[name] = psutil.Process(pid)

    def mark(self) -> None:
        """What was used until now is not counted."""
        self._sample()
        self._start = {name: self.cpu_s(name) for name in self.roots}

    def cpu_s(self, name: str) -> float:
        """CPU seconds of the tree so far, processes that have ended included as last seen."""
        return sum(self._cpu.get(name, {}).values())

    def used_s(self) -> dict[str, float]:
        """CPU seconds since `mark`, by name."""
        self._sample()
        return {name: self.cpu_s(name) - self._start.get(name, 0.0) for name in self.roots}

    def peak_rss_mb(self) -> dict[str, float]:
        """The largest resident set that any single process of the tree had, in MiB."""
        return {name: round(peak / MEBIBYTE, 1) for name, peak in self._peak.items()}

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SAMPLE_EVERY_S):
            self._sample()

    def _sample(self) -> None:
        for name, root in list(self.roots.items()):
            for process in self._tree(root):
                try:
                    with process.oneshot():
                        times, memory = process.cpu_times(), process.memory_info()
                except psutil.Error:
                    continue
                spent = times.user + times.system
                self._cpu.setdefault(name, {})[process.pid] = spent
                self._peak[name] = max(self._peak.get(name, 0), memory.rss)

    @staticmethod
    def _tree(root: psutil.Process) -> list[psutil.Process]:
        try:
            return [root, *root.children(recursive=True)]
        except psutil.Error:
            return []


class Stack:
    """A database and programs in a fresh folder, ended and removed at the end."""

    def __init__(self, **settings: str) -> None:
        """Args: settings: YUNXIN_ variables without their prefix, for the programs."""
        self.folder = Path(tempfile.mkdtemp(prefix="yunxin-bench-"))
        self.folder.chmod(0o711)
        self.meter = Meter()
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        self._settings = settings
        self._end = ExitStack()
        self._database = embedded.Server(self.folder / "database")
        self.database_url = ""

    def __enter__(self) -> Self:
        try:
            self._start_database()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.meter.close()
        for program in reversed(self.programs.values()):
            end(program)
        self._end.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs are given: nothing of the caller's own settings."""
        plain = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith("YUNXIN_") and k not in ("DATABASE_URL", "PGOPTIONS")
        }
        return plain | {
            "DATABASE_URL": self.database_url,
            "YUNXIN_SECRET_KEY": SECRET_KEY,
            "YUNXIN_DATA": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "yunxin.settings",
            **{f"YUNXIN_{name.upper()}": value for name, value in self._settings.items()},
        }

    def _start_database(self) -> None:
        self._end.callback(self._database.remove)
        self.start_database()
        self.manage("migrate", "--verbosity", "0")

    def start_database(self) -> None:
        """Start PostgreSQL, or start it again after `kill_database`."""
        self.database_url = self._database.start()
        pid = self._database.pid()
        if pid is not None:
            self.meter.watch("postgres", pid)

    def kill_database(self) -> None:
        """End PostgreSQL as a loss of power would: the postmaster and all its backends at once."""
        pid = self._database.pid()
        if pid is None:
            raise BenchError("PostgreSQL does not run, so it cannot be killed.")
        postmaster = psutil.Process(pid)
        postmaster.suspend()  # so that it neither starts backends nor ends them in good order
        for process in (*postmaster.children(recursive=True), postmaster):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def manage(self, *arguments: str) -> None:
        """Run one management command to its end."""
        command = [sys.executable, "-m", "yunxin", "manage", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=False)
        if done.returncode:
            raise BenchError(f"{' '.join(arguments)} failed:\n{done.stderr.decode()}")

    def start(
        self, name: str, *arguments: str, module: str = "yunxin"
    ) -> "subprocess.Popen[bytes]":
        """Start `yunxin ARGUMENTS` as a process that the meter watches under this name."""
        log = self._end.enter_context((self.folder / f"{name}.log").open("wb"))
        program = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.programs[name] = program
        self.meter.watch(name, program.pid)
        return program

    def kill(self, name: str) -> None:
        """End a program and its workers as a crash would: at once and without a word."""
        program = self.programs.pop(name)
        workers = psutil.Process(program.pid).children(recursive=True)
        program.kill()
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()
        program.wait()

    def log_end(self, name: str) -> str:
        """The last lines that a program wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]

    def check_alive(self) -> None:
        """Raises: BenchError: a program has ended; with what it said last."""
        for name, program in self.programs.items():
            if program.poll() is not None:
                raise BenchError(f"{name} ended with {program.returncode}:\n{self.log_end(name)}")


def end(program: "subprocess.Popen[bytes]", grace_s: float = 15.0) -> None:
    """Ask a process to stop, and insist."""
    if program.poll() is None:
        program.terminate()
        try:
            program.wait(grace_s)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def wait_for(
    condition: Callable[[], bool], what: str, timeout_s: float, pause_s: float = 0.05
) -> None:
    """Raises: BenchError: it has not come true in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {timeout_s:g} s")
        time.sleep(pause_s)


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts TCP connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def get_json(url: str) -> Any:
    """What a program on loopback says at this address; asked again where the line was cut."""
    for _ in range(3):
        with suppress(ConnectionError), urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)
    raise BenchError(f"{url} does not answer.")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
