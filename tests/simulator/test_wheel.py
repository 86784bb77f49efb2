"""Everything due runs once, in order of time, and never early."""

import asyncio

from yunxin.simulator.wheel import Wheel


async def test_actions_run_when_they_are_due() -> None:
    loop, ran, ticks = asyncio.get_running_loop(), [], []
    wheel = Wheel(lambda: ticks.append(loop.time()))
    start = loop.time()
    done = asyncio.Event()
    for delay in (0.06, 0.0, 0.03, 0.0):
        wheel.at(delay, lambda d=delay: ran.append((d, loop.time() - start)))
    wheel.at(0.08, done.set)
    await asyncio.wait_for(done.wait(), 5)
    assert [delay for delay, _ in ran] == [0.0, 0.0, 0.03, 0.06]
    assert all(took >= delay for delay, took in ran)
    assert ticks


async def test_an_action_may_plan_another_and_stop_forgets_all() -> None:
    wheel, ran, done = Wheel(lambda: None), [], asyncio.Event()

    def first() -> None:
        ran.append("first")
        wheel.at(0.0, second)

    def second() -> None:
        ran.append("second")
        wheel.at(0.0, lambda: ran.append("never"))
        wheel.stop()
        done.set()

    wheel.at(0.0, first)
    await asyncio.wait_for(done.wait(), 5)
    await asyncio.sleep(0.05)
    assert ran == ["first", "second"]
