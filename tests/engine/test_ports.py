"""The ports to which SGIP's carriers connect: channels that share one must be told apart."""

import asyncio
from contextlib import AsyncExitStack
from ipaddress import ip_network

import pytest

from yunxin.engine.accounts.ports import ALIKE, Place, Ports
from yunxin.protocols.sgip.listener import Channel


def guest(name: str, password: str, *networks: str) -> Channel:
    return Channel(name, password, lambda stream, events: None, tuple(map(ip_network, networks)))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (("a", "x"), ("a", "x"), ALIKE),
        (("a", "x", "192.0.2.0/24"), ("a", "x", "::/0", "192.0.2.9/32"), ALIKE),
        (("a", "x", "192.0.2.0/24"), ("a", "x", "198.51.100.0/24"), ""),
        (("a", "x", "192.0.2.0/24"), ("a", "x", "::/0"), ""),
        (("a", "x", "192.0.2.0/24"), ("a", "x"), ""),
        (("a", "x"), ("a", "y"), ""),
        (("a", "x"), ("b", "x"), ""),
    ],
)
async def test_channels_whose_carriers_cannot_be_told_apart_say_so(
    one: tuple[str, ...], other: tuple[str, ...], told: str
) -> None:
    ports, place = Ports(), Place("127.0.0.1", 0)
    numbers = ports.numbers(1)
    async with AsyncExitStack() as stack:
        for index, who in enumerate((one, other)):
            heard: asyncio.Queue[str] = asyncio.Queue()
            await stack.enter_async_context(
                ports.admitting(place, guest(*who), numbers, heard.put_nowait)
            )
            assert await heard.get() == (told if index else "")
