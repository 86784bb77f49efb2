"""The program is killed in the middle of everything: nothing that was answered is lost or doubled.

What was not answered may have been accepted; a system that sends it again sends a new message, and
pays for two. So as many messages may be there as submits were sent, and must be as were answered.
"""

import asyncio
import contextlib
import os
import sys
from collections import Counter

from tests.engine.sending import FAST, carrier, channel, free_port, until
from tests.smpp.test_parts import by_header
from tests.smpp.world import Owner, System, submit
from yunxin.config import Config
from yunxin.engine.reconcile import disagreements
from yunxin.engine.service import Engine
from yunxin.protocols.stream import BindFailed

SUBMITS = 600
AT_A_TIME = 20
KILLS_AT = (150, 350)


class Server:
    """`yunxin smpp` as a program of its own, to be killed."""

    def __init__(self, config: Config) -> None:
        self.port = free_port()
        self._config = config
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("YUNXIN_")
        } | self._config.to_environment()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "yunxin", "smpp", "--port", str(self.port), env=environment
        )

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


class Sender:
    """A careful client: what has no answer it sends again, on whatever connection there is."""

    def __init__(self, server: Server, acme: Owner) -> None:
        self.server = server
        self.acme = acme
        self.systems: list[System] = []
        self.answered: list[str] = []
        self.sent = 0

    async def bind(self) -> System:
        for _ in range(200):
            with contextlib.suppress(OSError, BindFailed, TimeoutError):
                system = await System().bind(self.server.port)
                self.systems.append(system)
                return system
            await asyncio.sleep(0.1)
        raise AssertionError("nobody lets us in")

    async def send(self, numbers: range) -> None:
        """One message after the other until each has its answer."""
        system = await self.bind()
        for number in numbers:
            pdu = submit(self.acme.text(str(number)), destination_addr=f"139{number:04}5678")
            while True:
                self.sent += 1
                answer = None if system.closed else await system.begin(pdu)
                if answer is not None and answer.status == 0:
                    self.answered.append(answer.message_id)
                    break
                if system.closed:
                    system = await self.bind()
                else:
                    await asyncio.sleep(0.05)

    @property
    def receipts(self) -> Counter[str]:
        return Counter(one.receipt.message_id for system in self.systems for one in system.receipts)


async def test_nothing_is_lost_or_paid_twice_when_the_program_is_killed(config, world):
    acme = Owner(world, window=100, rate_per_s=10_000, sessions_max=50)
    world.do("UPDATE billing_package SET total = 1000000")
    server = Server(config)
    await server.start()
    sender = Sender(server, acme)
    share = SUBMITS // AT_A_TIME
    try:
        async with carrier(FAST) as smsc, Engine(config):
            channel(world, config, smsc.port, window=200)
            lanes = [
                asyncio.create_task(sender.send(range(at * share, (at + 1) * share)))
                for at in range(AT_A_TIME)
            ]
            for count in KILLS_AT:
                await until(lambda count=count: len(sender.answered) >= count)
                await server.kill()
                await server.start()
            await asyncio.gather(*lanes)
            await until(lambda: not world.one("SELECT count(*) FROM smpp_deliver"), 60)
            await until(lambda: not world.one(
                "SELECT count(*) FROM message WHERE state = 'accepted'"
            ))  # fmt: skip
            await until(lambda: not world.one("SELECT count(*) FROM smpp_deliver"), 60)
        stored = {str(id) for (id,) in world.rows("SELECT id FROM message")}
        assert len(sender.answered) == len(set(sender.answered)) == SUBMITS
        assert set(sender.answered) <= stored
        assert len(stored) <= sender.sent
        assert acme.used == len(stored)
        assert disagreements(config.database_url) == []
        assert set(sender.receipts) >= set(sender.answered)  # at least once, each
        doubled = sum(times - 1 for times in sender.receipts.values())
        assert doubled <= len(KILLS_AT) * AT_A_TIME * 100  # no more than the windows hold
        assert sender.sent > SUBMITS  # the kills were felt
    finally:
        for system in sender.systems:
            system.stream.abort()
        await server.stop()


async def test_a_long_message_survives_a_kill_between_its_parts(config, world):
    acme = Owner(world)
    server = Server(config)
    await server.start()
    sender = Sender(server, acme)
    try:
        first, *rest = by_header(acme.text("长" * 150))
        system = await sender.bind()
        answers = [await system.ask(first)]
        await server.kill()
        await server.start()
        system = await sender.bind()
        answers += [await system.ask(pdu) for pdu in rest]
        assert [one.status for one in answers] == [0, 0, 0]
        assert world.rows("SELECT text, segments FROM message") == [(acme.text("长" * 150), 3)]
        assert acme.used == 3
        ids = [int(one.message_id) for one in answers]
        assert world.rows("SELECT told_ids FROM smpp_message") == [(ids,)]
    finally:
        for system in sender.systems:
            system.stream.abort()
        await server.stop()
