"""`yunxin api` as a program of its own, over TCP."""

import asyncio
import os
import socket
import sys

import httpx
import psutil

from tests.api.world import Side
from yunxin.dialects.ronghe import PATH


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_it_answers_and_takes_leave(config, world, acme: Side):
    acme.allow("127.0.0.1/32")
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YUNXIN_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "yunxin", "api", "--port", str(port), "--workers", "2",
        env=environment | config.to_environment(),
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            async with asyncio.timeout(30):
                while True:
                    try:
                        told = (await client.post(PATH, json=acme.signed())).json()
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.05)
            assert told["resultcode"] == 0
        roles = world.rows("SELECT role, count(*) FROM engine_instance GROUP BY role")
        assert roles[0][0] == "api"
        children = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.terminate()
        async with asyncio.timeout(20):
            await process.wait()
    assert world.one("SELECT count(*) FROM engine_instance") == 0
    assert not any(child.is_running() for child in children)
