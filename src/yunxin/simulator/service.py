"""`yunxin simulator`: the carrier on a port for each protocol, the page of its phones on another.

Runs until it is told to stop. Accounts and behaviour are options; see docs/simulator.md.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import structlog
import uvloop

from yunxin.config import Config
from yunxin.simulator.behaviour import Behaviour, BehaviourInvalid, from_mapping, load
from yunxin.simulator.carrier import Carrier
from yunxin.simulator.clients import Account
from yunxin.simulator.gateways.base import Gateway
from yunxin.simulator.gateways.cmpp import CmppGateway
from yunxin.simulator.gateways.sgip import SgipGateway
from yunxin.simulator.gateways.smgp import SmgpGateway
from yunxin.simulator.inbox import serving

log = structlog.get_logger()

DEFAULT_ACCOUNT = "yunxin:secret"
USAGE_ERROR = 2


def command(_config: Config, arguments: list[str]) -> int:
    """Run until SIGTERM or Ctrl-C."""
    options = parse(arguments)
    try:
        behaviour = behaviour_of(options)
        accounts = [account_of(text) for text in options.account or [DEFAULT_ACCOUNT]]
    except (BehaviourInvalid, ValueError) as error:
        print(f"yunxin simulator: {error}", file=sys.stderr)  # noqa: T201
        return USAGE_ERROR
    try:
        uvloop.run(run(options, behaviour, accounts))
    except OSError as error:
        print(f"yunxin simulator: it cannot listen: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="yunxin simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address of all ports")
    parser.add_argument("--smpp-port", type=int, default=2775, help="0 takes any free one")
    parser.add_argument("--cmpp-port", type=int, help="CMPP 2.0 and 3.0 are spoken there too")
    parser.add_argument("--sgip-port", type=int, help="SGIP 1.2 is spoken there too")
    parser.add_argument(
        "--sgip-deliver-to",
        type=address_of,
        metavar="HOST:PORT",
        help="where the clients of SGIP listen for what the carrier delivers",
    )
    parser.add_argument("--smgp-port", type=int, help="SMGP 3.0 and 1.3 are spoken there too")
    parser.add_argument("--http-port", type=int, default=0, help="of the phones; 0: no page")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same fates")
    parser.add_argument("--behaviour", type=Path, help="a .toml or .json file with the knobs")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="one knob; repeatable"
    )
    parser.add_argument(
        "--account",
        action="append",
        metavar="ID:PASSWORD",
        help=f"who may bind; repeatable; {DEFAULT_ACCOUNT} when none is given",
    )
    return parser.parse_args(arguments)


def behaviour_of(options: argparse.Namespace) -> Behaviour:
    """The file's knobs, with single ones over them."""
    behaviour = load(options.behaviour) if options.behaviour else Behaviour()
    for assignment in options.set:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise BehaviourInvalid(f"--set {assignment}: it has to be KNOB=VALUE.")
        behaviour = from_mapping({name: value}, base=behaviour, strict=False)
    return behaviour


def account_of(text: str) -> Account:
    """An account written as id:password."""
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise ValueError(f"--account {text}: it has to be ID:PASSWORD.")
    return Account(name, password)


def address_of(text: str) -> tuple[str, int]:
    """An address written as host:port."""
    host, colon, port = text.rpartition(":")
    if not (host and colon and port.isdecimal() and int(port) < 65_536):
        raise argparse.ArgumentTypeError(f"{text} has to be HOST:PORT.")
    return host, int(port)


def doors_of(options: argparse.Namespace) -> dict[Gateway, int]:
    """The protocols beside SMPP that a port is given for."""
    doors: dict[Gateway, int | None] = {
        CmppGateway(): options.cmpp_port,
        SgipGateway(options.sgip_deliver_to): options.sgip_port,
        SmgpGateway(): options.smgp_port,
    }
    return {gateway: port for gateway, port in doors.items() if port is not None}


async def run(options: argparse.Namespace, behaviour: Behaviour, accounts: list[Account]) -> None:
    """Listen on all ports until a signal comes."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with Carrier(
        behaviour,
        accounts,
        host=options.host,
        port=options.smpp_port,
        seed=options.seed,
        doors=doors_of(options),
    ) as carrier:
        ports = {f"{protocol}_port": port for protocol, port in carrier.ports.items()}
        log.info("simulator_listens", **ports, seed=carrier.seed)
        if not options.http_port:
            await stopping.wait()
            return
        async with serving(carrier, options.host, options.http_port):
            log.info("simulator_pages", http_port=options.http_port)
            await stopping.wait()
