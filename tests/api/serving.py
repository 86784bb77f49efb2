"""`yunxin api` and `yunxin jobs` as programs of their own, the API on a free port."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx

from yunxin.config import Config
from yunxin.dialects.ronghe import PATH

START_S = 30.0


def free_port() -> int:
    """A port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serve(config: Config, workers: int = 1) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """The running program: its address and its process; it is stopped at the end."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YUNXIN_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "yunxin", "api", "--port", str(port), "--workers", str(workers)],
        env=environment | config.to_environment(),
    )
    try:
        wait_for_answer(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def jobs(config: Config) -> Iterator[None]:
    """`yunxin jobs`, running."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YUNXIN_")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "yunxin", "jobs"], env=environment | config.to_environment()
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def wait_for_answer(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Until the parts behind an address run: the dialect then knows that nobody is nobody."""
    give_up = time.monotonic() + START_S
    body = {"cpcode": "-", "msg": "", "mobiles": "1", "excode": "", "templetid": "1", "sign": "1"}
    while True:
        assert process.poll() is None, "the program ended"
        assert time.monotonic() < give_up, "the program does not answer"
        with contextlib.suppress(httpx.TransportError):
            if httpx.post(url + PATH, json=body).json()["resultcode"] == 304:
                return
        time.sleep(0.05)
