"""`yunxin up`: the whole platform on one machine, in one folder, behind one address.

It starts PostgreSQL (unless DATABASE_URL names one), brings the schema up to date, starts the
programs, watches them, and stops everything in reverse order. A program that dies is started
again, sooner at first and later each time. Every program is told by the kernel when the
supervisor is gone, so that nothing is left behind even after kill -9.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import http.client
import ipaddress
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

import psycopg

from yunxin import embedded, processes
from yunxin.config import Config
from yunxin.deployment import keep_secret_key

PACKAGE = Path(__file__).resolve().parent
WATCH_EVERY_S = 0.25
READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 20.0  # a program that takes longer is killed
BACKOFF_S = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_AFTER_S = 60.0  # running this long, an earlier death is forgiven
LOG_BYTES_MAX = 50 * 1024 * 1024
LOG_TAIL_LINES = 12
LOGIN_PATH = "/login/"
# The demo's own defaults. The simulated carrier answers within seconds, so what it loses on purpose
# need not keep a newcomer's task open for three days; and a developer tries pushes on this machine.
DEMO_RECEIPT_WAIT_S = 300
LOOPBACK = ("127.0.0.0/8", "::1/128")
CARRIER_ACCOUNT, CARRIER_PASSWORD = "yunxin", "secret"  # of the simulated carrier


class Interrupted(Exception):
    """Somebody asked to stop while the platform was starting."""


class UpError(Exception):
    """The platform cannot be started; the message says why and what to do."""


@dataclass(slots=True)
class Program:
    """One program of the platform, run as a child process in a session of its own."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    log_file: Path
    deaths: int = 0
    started_at: float = 0.0
    not_before: float = 0.0
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        """Start it; its output goes to its log file."""
        parent = os.getpid()
        self.started_at = time.monotonic()
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "yunxin", *self.arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal goes to the supervisor alone
                preexec_fn=lambda: processes.ask_to_end_with_parent(parent),
            )

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def bury(self) -> str:
        """After a death: end what is left of its session, plan the next start, say how it died."""
        assert self.process is not None
        _kill_session(self.process.pid, signal.SIGKILL)
        lived_s = time.monotonic() - self.started_at
        self.deaths = 1 if lived_s > STEADY_AFTER_S else self.deaths + 1
        pause_s = BACKOFF_S[min(self.deaths, len(BACKOFF_S)) - 1]
        self.not_before = time.monotonic() + pause_s
        code, self.process = self.process.returncode, None
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        return f"{self.name} {how}; it starts again in {pause_s:g} s."

    def is_due(self) -> bool:
        return self.process is None and time.monotonic() >= self.not_before

    def stop(self, in_a_hurry: Callable[[], bool]) -> None:
        """Ask it to stop and wait; what does not listen, or has no time left, is killed."""
        if self.process is None:
            return
        self.process.terminate()
        give_up = time.monotonic() + STOP_TIMEOUT_S
        while self.process.poll() is None:
            if time.monotonic() > give_up or in_a_hurry():
                say(f"{self.name} does not stop; it is killed.")
                break
            time.sleep(0.02)
        _kill_session(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def last_words(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines)


@dataclass(slots=True)
class Options:
    """What the command line of `yunxin up` says."""

    host: str
    port: int
    folder: Path
    demo: bool
    simulator: bool
    carrier: list[str]


class Platform:
    """Everything that `yunxin up` runs, and the loop that keeps it running."""

    def __init__(self, config: Config, options: Options, stop_signals: "StopSignals") -> None:
        self.config = config
        self.options = options
        self.folder = options.folder
        self.stop_signals = stop_signals
        self.ports = choose_ports(self.folder)
        self.server = (
            None if config.database_url else embedded.Server(self.folder, dies_with_us=True)
        )
        self.programs: list[Program] = []
        self.loader: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Database, schema, programs; returns when the login page answers."""
        if self.server is not None:
            say("Starting PostgreSQL …")
            self.server.start()
        self.config = self._complete(self.config)
        migrate(self.config, self.folder, self._environment())
        is_first = self.options.demo and not _read_json(self.folder / "demo.json").get("logins")
        if is_first:
            self._load_demo(wait=True)
        self.programs = self._programs()
        say("Starting " + ", ".join(program.name for program in self.programs) + " …")
        for program in sorted(self.programs, key=lambda program: program.name != "web"):
            program.start()  # the pages before the rest: a person waits for them
        self._wait_for_pages()
        if self.options.demo and not is_first:
            self._load_demo(wait=False)
        else:
            self._write_addresses({})

    def watch(self) -> None:
        """Start again whatever dies, until told to stop."""
        while not self.stop_signals.have_come():
            if self.server is not None and self.server.pid() is None:
                say("PostgreSQL is gone; starting it again …")
                self._restart_server()
            for program in self.programs:
                if program.has_died():
                    say(f"{program.bury()}\n{program.last_words()}")
                elif program.is_due():
                    program.start()
            self._collect_loader()
            _trim_logs(self.folder / "log")
            self.stop_signals.wait(WATCH_EVERY_S)

    def stop(self) -> None:
        """Stop all in reverse order: pages first, the database last."""
        if self.loader is not None and self.loader.poll() is None:
            self.loader.terminate()
            self.loader.wait()
        for program in reversed(self.programs):
            if program.process is not None:
                say(f"Stopping {program.name} …")
            program.stop(self.stop_signals.are_urgent)
        if self.server is not None:
            say("Stopping PostgreSQL …")
            self.server.stop()
        say("Stopped.")

    def _restart_server(self) -> None:
        assert self.server is not None
        try:
            self.server.start()
            say("PostgreSQL runs again.")
        except embedded.EmbeddedError as error:
            say(f"{error} It is tried again.")
            time.sleep(1)

    def _complete(self, config: Config) -> Config:
        url = self.server.url if self.server is not None else config.database_url
        given = "YUNXIN_BASE_URL" in os.environ
        shown = "127.0.0.1" if self.options.host in ("0.0.0.0", "::") else self.options.host
        address = f"http://127.0.0.1:{self.ports.simulator_http}"
        return replace(
            with_demo_defaults(config, self.options, os.environ),
            database_url=url,
            data=self.folder,
            secret_key=config.secret_key or keep_secret_key(self.folder),
            base_url=config.base_url if given else f"http://{shown}:{self.options.port}",
            demo=self.options.demo,
            simulator_url=address if self.options.simulator else "",
            smpp_address=config.smpp_address or f"127.0.0.1:{self.ports.smpp_server}",
            log_format="json" if os.environ.get("YUNXIN_LOG_FORMAT") == "json" else "console",
        )

    def _environment(self) -> dict[str, str]:
        own = self.config.to_environment() | {"PYTHONUNBUFFERED": "1"}
        return os.environ | own

    def _programs(self) -> list[Program]:
        wanted: dict[str, list[str]] = {}
        if self.options.simulator:
            wanted["simulator"] = [
                *self.ports.of_carrier(),
                "--sgip-deliver-to", f"127.0.0.1:{self.ports.sgip_deliver}",
                "--http-port", str(self.ports.simulator_http),
                "--account", f"{CARRIER_ACCOUNT}:{CARRIER_PASSWORD}",
                *self.options.carrier,
            ]  # fmt: skip
        wanted |= {"engine": [], "jobs": [], "api": ["--port", str(self.ports.api)]}
        wanted["smpp"] = ["--port", str(self.ports.smpp_server)]
        wanted["web"] = [
            "--host", self.options.host,
            "--port", str(self.options.port),
            "--api", f"http://127.0.0.1:{self.ports.api}",
        ]  # fmt: skip
        environment = self._environment()
        return [
            Program(name, [name, *arguments], environment, self.folder / "log" / f"{name}.log")
            for name, arguments in wanted.items()
            if _is_there(name)
        ]

    def _wait_for_pages(self) -> None:
        web = next(program for program in self.programs if program.name == "web")
        give_up = time.monotonic() + READY_TIMEOUT_S
        while not _answers(self.options.host, self.options.port):
            if self.stop_signals.have_come():
                raise Interrupted
            if web.has_died():
                raise UpError(f"The pages do not start:\n{web.last_words()}")
            if time.monotonic() > give_up:
                raise UpError(f"The pages do not answer:\n{web.last_words()}")
            time.sleep(0.02)

    def _load_demo(self, *, wait: bool) -> None:
        """Run `manage loaddemo`, which leaves what is there as it is; the first time, wait."""
        if not any(PACKAGE.glob("*/management/commands/loaddemo.py")):
            self._write_addresses({})
            return
        if wait:
            say("Making demo data, once …")
        command = [sys.executable, "-m", "yunxin", "manage", "loaddemo", "--json"]
        command += [*self.ports.of_carrier(), "--sgip-deliver-port", str(self.ports.sgip_deliver)]
        with (self.folder / "log" / "demo.log").open("ab") as log:
            self.loader = subprocess.Popen(
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: processes.end_with_parent(),
            )
        while wait and self.loader is not None:
            if self.stop_signals.have_come():
                raise Interrupted
            self.stop_signals.wait(WATCH_EVERY_S)
            self._collect_loader()

    def _collect_loader(self) -> None:
        """When the demo loader has ended, keep what it said about logins."""
        if self.loader is None or self.loader.poll() is None:
            return
        assert self.loader.stdout is not None
        with self.loader.stdout as output:
            lines = output.read().decode().strip().splitlines()
        if self.loader.returncode:
            say(f"The demo data could not be made; see {self.folder / 'log' / 'demo.log'}.")
        self.loader = None
        with contextlib.suppress(IndexError, json.JSONDecodeError):
            self._write_addresses(json.loads(lines[-1]))

    def _write_addresses(self, demo: dict[str, Any]) -> None:
        """demo.json, for scripts: what the loader said last, and today's addresses."""
        path = self.folder / "demo.json"
        known = _read_json(path)
        content = {**known, **demo} if self.options.demo else {}
        content |= {
            "base_url": self.config.base_url,
            "smpp_port": self.ports.smpp if self.options.simulator else None,
            "cmpp_port": self.ports.cmpp if self.options.simulator else None,
            "sgip_port": self.ports.sgip if self.options.simulator else None,
            "smgp_port": self.ports.smgp if self.options.simulator else None,
            "smpp_account": CARRIER_ACCOUNT if self.options.simulator else None,
            "smpp_password": CARRIER_PASSWORD if self.options.simulator else None,
            "simulator_url": f"{self.config.base_url}/simulator/"
            if self.options.simulator
            else None,
            "database_url": self.config.database_url,
        }
        # Of the SMPP server to which enterprises' systems bind; the loader knows a demo account.
        server = {"host": "127.0.0.1", "port": self.ports.smpp_server}
        content["smpp_server"] = {**content.get("smpp_server", {}), **server}
        content.setdefault("logins", [])
        half_done = path.with_suffix(".new")
        descriptor = os.open(half_done, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, ensure_ascii=False, indent=2)
        half_done.replace(path)

    def announce(self) -> None:
        """Say where everything is, in a few lines."""
        say(f"Ready: {self.config.base_url}/")
        for login in _read_json(self.folder / "demo.json").get("logins", []):
            name, password = login.get("username", ""), login.get("password", "")
            say(f"    {name:<16} {password:<16} {login.get('who', '')}")
        if any(program.name == "simulator" for program in self.programs):
            say(f"The simulated carrier's phones: {self.config.base_url}/simulator/")
            say(
                f"    its gateways, for channels: host 127.0.0.1, account {CARRIER_ACCOUNT}, "
                f"password {CARRIER_PASSWORD};"
            )
            say(
                f"    ports: SMPP {self.ports.smpp}, CMPP {self.ports.cmpp}, "
                f"SGIP {self.ports.sgip}, SMGP {self.ports.smgp}"
            )
        say(f"The SMPP server for enterprises' systems: {self.config.smpp_address}")
        say(f"Data and logs: {self.folder}   Ctrl-C stops everything.")


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports behind the one address; kept between runs while nobody else takes them.

    `sgip_deliver` is the engine's, for the carrier that connects to it, and `smpp_server` that of
    enterprises' systems; the others of protocols are the carrier's.
    """

    smpp: int
    cmpp: int
    sgip: int
    sgip_deliver: int
    smgp: int
    simulator_http: int
    api: int
    smpp_server: int

    def of_carrier(self) -> list[str]:
        """Where the simulated carrier speaks what, as options of a command."""
        return [
            "--smpp-port", str(self.smpp),
            "--cmpp-port", str(self.cmpp),
            "--sgip-port", str(self.sgip),
            "--smgp-port", str(self.smgp),
        ]  # fmt: skip


def choose_ports(folder: Path) -> Ports:
    """The ports of last time where they are free, else others."""
    path = folder / "ports.json"
    known = _read_json(path)
    chosen: dict[str, int] = {}
    for name in (known_port.name for known_port in fields(Ports)):
        port = known.get(name)
        chosen[name] = port if port and is_free("127.0.0.1", port) else _free_port()
    path.write_text(json.dumps(chosen))
    return Ports(**chosen)


def migrate(config: Config, folder: Path, environment: dict[str, str]) -> None:
    """Bring the schema up to date; takes no time when it is."""
    stamp = folder / "migrated.json"
    wanted = {"code": _migrations_digest(), "database": _applied(config.database_url)}
    if wanted["database"] and _read_json(stamp) == wanted:
        return
    say("Bringing the database up to date …")
    command = [sys.executable, "-m", "yunxin", "manage", "migrate", "--no-input", "-v", "0"]
    command.append("--skip-checks")  # doctor's and CI's business
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UpError(f"The database could not be brought up to date:\n{done.stderr[-3000:]}")
    wanted["database"] = _applied(config.database_url)
    stamp.write_text(json.dumps(wanted))


def _migrations_digest() -> str:
    """Changes whenever a migration of ours, or a package that brings its own, changes."""
    digest = hashlib.sha256()
    for name in ("django", "procrastinate"):
        digest.update(metadata.version(name).encode())
    for path in sorted(PACKAGE.glob("*/migrations/*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _applied(url: str) -> str:
    """What the database says about migrations: which cluster, how many, the last one."""
    query = (
        "SELECT (SELECT system_identifier FROM pg_control_system()), current_database(),"
        " count(*), max(id), max(applied) FROM django_migrations"
    )
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            return str(connection.execute(query).fetchone())
    except psycopg.errors.Error as error:
        if isinstance(error, psycopg.OperationalError):
            raise UpError(f"The database cannot be reached: {error}") from error
        return ""  # no table yet, or no right to ask: Django decides


def with_demo_defaults(config: Config, options: Options, given: Mapping[str, str]) -> Config:
    """The demo's defaults, where the environment does not say otherwise.

    Pushes to this machine are allowed only where nobody else can reach the demo's logins: who
    listens on another address keeps the machine's own services closed.
    """
    own: dict[str, Any] = {}
    if options.demo and "YUNXIN_RECEIPT_WAIT_S" not in given:
        own["receipt_wait_s"] = DEMO_RECEIPT_WAIT_S
    if options.demo and _is_loopback(options.host) and "YUNXIN_PUSH_NETWORK" not in given:
        own["push_network"] = LOOPBACK
    return replace(config, **own)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_port(host: str, port: int) -> None:
    """Refuse an address that the pages cannot have, before anything is started.

    Raises:
        UpError: it is taken, not ours to take, or none of this machine's.
    """
    try:
        _try_to_listen(host, port)
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"Port {port} is taken by another program. Choose one by --port.",
            errno.EACCES: f"Port {port} is for root only. Choose one above 1023 by --port.",
        }
        fallback = f"Nobody can listen on {host}, port {port}: {error}."
        raise UpError(reasons.get(error.errno or 0, fallback)) from error


def is_free(host: str, port: int) -> bool:
    """Whether the port could be had."""
    try:
        _try_to_listen(host, port)
    except OSError:
        return False
    return True


def _try_to_listen(host: str, port: int) -> None:
    """Listen for a moment; without SO_REUSEPORT, so that everybody who listens is in the way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(host: str, port: int) -> bool:
    """Whether the login page comes, be it with a redirect."""
    address = "127.0.0.1" if host in ("0.0.0.0", "") else host
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", LOGIN_PATH, headers={"Host": f"127.0.0.1:{port}"})
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_there(program: str) -> bool:
    return program in ("web", "jobs") or (PACKAGE / program / "service.py").exists()


def _kill_session(leader: int, sent: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, sent)


def _trim_logs(folder: Path) -> None:
    """Keep one old generation of a log that has grown too long (writers append, so we may cut)."""
    for entry in os.scandir(folder):
        if entry.name.endswith(".log") and entry.stat().st_size > LOG_BYTES_MAX:
            path = Path(entry.path)
            path.with_suffix(".log.1").write_bytes(path.read_bytes())
            os.truncate(path, 0)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[TextIO]:
    """Own the data folder while the block runs.

    Raises:
        UpError: another `yunxin up` has it, or it cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "log").mkdir(exist_ok=True)
        lock = (folder / "lock").open("a+")
    except OSError as error:
        raise UpError(f"The data folder cannot be used: {error}. Choose one by --data.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UpError(
                f"The data folder {folder} is in use by another yunxin up (process "
                f"{lock.read().strip() or 'unknown'}). Stop that one, or choose a folder by --data."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock


class StopSignals:
    """Ctrl-C, SIGTERM and SIGHUP as something to ask and to wait for; a second one is urgent."""

    def __init__(self) -> None:
        self.count = 0
        self._read_end, self._write_end = socket.socketpair()
        self._write_end.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._read_end, selectors.EVENT_READ)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._note)
        signal.set_wakeup_fd(self._write_end.fileno())

    def _note(self, *_: object) -> None:
        self.count += 1

    def have_come(self) -> bool:
        return self.count > 0

    def are_urgent(self) -> bool:
        return self.count > 1

    def wait(self, seconds: float) -> None:
        if self._selector.select(seconds):
            self._read_end.recv(64)


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    print(sentence, flush=True)  # noqa: T201


def command(config: Config, arguments: list[str]) -> int:
    """Run the whole platform on this machine until Ctrl-C."""
    options = _parse(config, arguments)
    try:
        with hold(options.folder):
            check_port(options.host, options.port)
            return _run(Platform(config, options, StopSignals()))
    except (UpError, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _run(platform: Platform) -> int:
    try:
        platform.start()
        platform.announce()
        platform.watch()
    except Interrupted:
        pass
    finally:
        platform.stop()
    return 0


def _port(text: str) -> int:
    """A port as it stands on the command line.

    Raises:
        ValueError: argparse says so to the person.
    """
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


def _parse(config: Config, arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="yunxin up", description=command.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=8000, help="1 to 65535; default: 8000")
    parser.add_argument("--data", type=Path, default=config.data, help="data folder")
    parser.add_argument("--no-demo", action="store_true", help="no demo logins and no demo data")
    parser.add_argument("--no-simulator", action="store_true", help="no simulated carrier")
    parser.add_argument(
        "--carrier",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option for the simulated carrier, such as --carrier=--seed=7; repeatable",
    )
    words = parser.parse_args(arguments)
    return Options(
        host=words.host,
        port=words.port,
        folder=words.data.expanduser().absolute(),
        demo=not words.no_demo,
        simulator=not words.no_simulator,
        carrier=words.carrier,
    )
