"""`yunxin api`: granian with one ASGI application in each worker."""

import argparse
import functools
import multiprocessing

from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from yunxin import logs, processes
from yunxin.api.app import App
from yunxin.config import Config

KILL_AFTER_S = 10


def load(config: Config) -> App:
    """The application of one worker; called in it."""
    main = multiprocessing.parent_process()
    if main is not None and main.pid is not None:
        processes.ask_to_end_with_parent(main.pid)
    logs.configure(config, "api")
    return App(config)


def command(config: Config, arguments: list[str]) -> int:
    """Serve the HTTP interfaces until told to stop."""
    parser = argparse.ArgumentParser(prog="yunxin api", description=command.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    options = parser.parse_args(arguments)
    server = Server(
        "yunxin.api.service:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        websockets=False,
        workers=options.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_AFTER_S,
        log_level=LogLevels.error,
    )
    server.serve(target_loader=functools.partial(load, config), wrap_loader=False)
    return 0
