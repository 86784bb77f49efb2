"""An enterprise has one turn at a time, all together a few, and few may wait."""

import asyncio

import pytest

from yunxin.api import turns
from yunxin.api.problems import Refused
from yunxin.api.turns import AT_ONCE, WAITING_MAX, Turns


class Holder:
    """Tasks that take a turn and hold it until they are let go."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.inside: list[int] = []
        self.most = 0
        self.go = asyncio.Event()

    async def hold(self, enterprise_id: int) -> None:
        async with self.turns.take(enterprise_id):
            self.inside.append(enterprise_id)
            self.most = max(self.most, len(self.inside))
            await self.go.wait()
            self.inside.remove(enterprise_id)

    async def start(self, *enterprise_ids: int) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.create_task(self.hold(id)) for id in enterprise_ids]
        for _ in range(5):
            await asyncio.sleep(0)
        return tasks


async def test_an_enterprise_has_one_at_a_time():
    holder = Holder()
    tasks = await holder.start(1, 1, 1, 2)
    assert sorted(holder.inside) == [1, 2]
    holder.go.set()
    await asyncio.gather(*tasks)
    assert holder.most == 2


async def test_all_together_have_a_few():
    holder = Holder()
    tasks = await holder.start(*range(AT_ONCE + 4))
    assert len(holder.inside) == AT_ONCE
    holder.go.set()
    await asyncio.gather(*tasks)
    assert holder.most == AT_ONCE


async def test_who_finds_too_many_waiting_is_sent_away():
    holder = Holder()
    tasks = await holder.start(*[1] * (1 + WAITING_MAX))
    with pytest.raises(Refused) as refused:
        await holder.hold(1)
    assert (refused.value.code, refused.value.retry_after) == ("too_many_requests", 1)
    others = await holder.start(2)
    assert 2 in holder.inside
    holder.go.set()
    await asyncio.gather(*tasks, *others)
    await holder.hold(1)


async def test_who_waits_too_long_is_sent_away_and_takes_no_place(monkeypatch):
    monkeypatch.setattr(turns, "WAIT_S", 0.01)
    holder = Holder()
    tasks = await holder.start(1)
    with pytest.raises(Refused) as refused:
        await holder.hold(1)
    assert refused.value.code == "unavailable"
    holder.go.set()
    await asyncio.gather(*tasks)
    await holder.hold(1)


async def test_a_timeout_of_the_work_itself_is_its_own(monkeypatch):
    with pytest.raises(TimeoutError):
        async with Turns().take(1):
            raise TimeoutError


async def test_who_goes_away_while_waiting_takes_no_place():
    holder = Holder()
    [holding, waiting] = await holder.start(1, 1)
    waiting.cancel()
    await asyncio.wait({waiting})
    holder.go.set()
    await holding
    await holder.hold(1)
    assert holder.inside == []
