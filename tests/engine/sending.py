"""Engines and a simulated carrier for tests: real PostgreSQL, real TCP, no Django."""

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import time as clock
from typing import Any

from tests.engine.world import World, phone
from yunxin.config import Config
from yunxin.engine.accept import Accepted, AcceptRequest
from yunxin.engine.service import Engine
from yunxin.sealing import seal
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier
from yunxin.simulator.gateways.base import Gateway
from yunxin.simulator.gateways.cmpp import CmppGateway
from yunxin.simulator.gateways.sgip import SgipGateway
from yunxin.simulator.gateways.smgp import SmgpGateway
from yunxin.vocabulary import Source

FAST = Behaviour(receipt_delay_s=0.02, receipt_jitter_s=0.02)


def any_hour(config: Config) -> Config:
    """The same settings without rules of the hour or of how often a phone may be sent to."""
    return replace(
        config,
        marketing_from=clock(0, 0),
        marketing_to=clock(0, 0),
        cap_marketing_per_day=0,
        cap_verification_per_minute=0,
        cap_verification_per_hour=0,
        cap_verification_per_day=0,
    )


def channel(world: World, config: Config, port: int, **values: Any) -> int:
    """A channel to the simulator that runs; its id."""
    defaults: dict[str, Any] = {
        "name": f"channel {time.monotonic_ns()}", "protocol": "smpp", "host": "127.0.0.1",
        "port": port, "system_id": "yunxin", "system_type": "",
        "password_sealed": seal(config.secret_key, "secret"), "bind_mode": "transceiver",
        "sessions": 1, "window": 100, "rate_per_s": 0, "access_number": "10690000",
        "carriers": "[]", "weight": 1, "id_rule": "as_is", "alphabet": "ucs2", "source_ton": 0,
        "source_npi": 1, "dest_ton": 1, "dest_npi": 1, "dest_prefix": "86",
        "enquire_every_s": 30, "answer_timeout_s": 30, "wish": "run", "version": 1,
        "created_at": "2026-01-01",
    }  # fmt: skip
    channel_id = world.insert("carriers_channel", **(defaults | values))
    world.do("NOTIFY channels")
    return channel_id


NODE = 3_010_012_345  # of SGIP: an invented company in Beijing


class Spoken:
    """One of the Chinese protocols in one version: a carrier's door for it, channels to it."""

    def __init__(self, protocol: str, version: str = "") -> None:
        self.protocol = protocol
        self.version = version
        self._listen_port = free_port() if protocol == "sgip" else 0

    def __repr__(self) -> str:
        return f"{self.protocol}{self.version}"

    def gateway(self) -> Gateway:
        """The carrier's door; SGIP's knows where channels listen."""
        if self.protocol == "sgip":
            return SgipGateway(("127.0.0.1", self._listen_port))
        return CmppGateway() if self.protocol == "cmpp" else SmgpGateway()

    @property
    def options(self) -> dict[str, Any]:
        """What a channel has to know beside the usual."""
        if self.protocol == "sgip":
            return {"node": NODE, "corp_id": "12345", "listen_port": self._listen_port,
                    "listen_host": "127.0.0.1"}  # fmt: skip
        return {"version": self.version}

    def carrier(self, behaviour: Behaviour = FAST) -> Any:
        """A simulated carrier that speaks it."""
        return carrier(behaviour, doors={self.gateway(): 0})

    def channel(self, stage: "Stage", smsc: Carrier, *, more: Any = None, **values: Any) -> int:
        """A channel to that carrier; `more` are options beside its own."""
        options = json.dumps(self.options | (more or {}))
        values = {"protocol": self.protocol, "options": options, "window": 32} | values
        return channel(stage.world, stage.config, smsc.ports[self.protocol], **values)


def free_port() -> int:
    """A TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def magic(digits: str, number: int = 0) -> str:
    """A phone whose last four digits choose its fate at the simulator."""
    return f"138{number:04}{digits}"


async def until(true: Callable[[], object], within_s: float = 90) -> None:
    """Wait until something is so; an AssertionError if it never is."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.02)


class Stage:
    """A world with one enterprise that may send, and its engine's way in."""

    def __init__(self, world: World, config: Config) -> None:
        self.world = world
        self.config = config
        self.enterprise_id = world.enterprise(extension_code="77")
        self.template_id = world.template(self.enterprise_id, "#*#")
        self.package_id = world.package(self.enterprise_id, 10_000_000)

    def request(self, number: str, text: str = "您好", template_id: int = 0) -> AcceptRequest:
        """To be accepted: one text to one phone."""
        return AcceptRequest(
            enterprise_id=self.enterprise_id,
            template_id=template_id or self.template_id,
            phone=number,
            params=(text,),
            source=Source.API,
        )

    async def send(
        self, engine: Engine, *numbers: str, text: str = "您好", template_id: int = 0
    ) -> list[int]:
        """Accept one text to some phones; their message ids."""
        requests = [self.request(number, text, template_id) for number in numbers]
        answers = await engine.acceptor.accept(requests)
        assert all(isinstance(answer, Accepted) for answer in answers), answers
        return [answer.message_id for answer in answers if isinstance(answer, Accepted)]

    def fates(self) -> dict[str, tuple[str, str | None]]:
        """State and code of every message, by the last four digits of its phone."""
        rows = self.world.rows("SELECT right(phone, 4), state, code FROM message")
        return {digits: (state, code) for digits, state, code in rows}

    def states(self) -> dict[str, int]:
        """How many messages are in which state."""
        return dict(self.world.rows("SELECT state, count(*) FROM message GROUP BY state"))

    def pending(self) -> int:
        """How many messages are not final."""
        return int(self.world.one("SELECT count(*) FROM message WHERE state = 'accepted'"))

    def events(self, message_id: int = 0) -> list[str]:
        """The time line of one message, or the lines of all, in order."""
        rows = self.world.rows(
            "SELECT kind FROM message_event WHERE %s IN (0, message_id) ORDER BY at", message_id
        )
        return [kind for (kind,) in rows]

    async def done(self, within_s: float = 90) -> None:
        """Wait until every message is final."""
        await until(lambda: not self.pending(), within_s)

    def bound(self) -> int:
        """How many sessions the engines say are bound."""
        return int(self.world.one("SELECT COALESCE(sum(sessions_bound), 0) FROM channel_state"))


@asynccontextmanager
async def carrier(behaviour: Behaviour = FAST, **options: Any) -> AsyncIterator[Carrier]:
    """A simulated carrier on a free port."""
    async with Carrier(behaviour, **options) as running:
        yield running


class EngineProcess:
    """`yunxin engine` as a program of its own, to be killed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "EngineProcess":
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("YUNXIN_")
        } | self._config.to_environment()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "yunxin", "engine", env=environment
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(15):
                    await self.process.wait()
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def kill(self) -> None:
        """End it the hard way, as a crash would."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()


__all__ = [
    "FAST",
    "EngineProcess",
    "Spoken",
    "Stage",
    "any_hour",
    "carrier",
    "channel",
    "magic",
    "phone",
    "until",
]
