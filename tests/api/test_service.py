"""`yunxin api` as a program of its own, over TCP."""

import time

import httpx
import psutil

from tests.api.serving import serve
from tests.api.world import Side
from tests.engine.world import phone
from yunxin.dialects.ronghe import PATH


def test_it_answers_and_takes_leave(config, world, acme: Side):
    acme.allow("127.0.0.1/32")
    with serve(config, workers=2) as (url, process):
        told = httpx.post(url + PATH, json=acme.signed()).json()
        assert told["resultcode"] == 0
        assert world.rows("SELECT DISTINCT role FROM engine_instance") == [("api",)]
        children = psutil.Process(process.pid).children(recursive=True)
    assert world.one("SELECT count(*) FROM engine_instance") == 0
    assert not any(child.is_running() for child in children)


def test_what_people_decide_holds_on_every_process(config, world, acme: Side, globex: Side):
    """A cancelled signature, a disabled key and an empty package: no process goes on as before."""
    acme.allow("127.0.0.1/32")
    globex.allow("127.0.0.1/32")
    numbers = iter(range(1, 10_000))

    def codes(side: Side) -> set[int]:
        """What requests on connections of their own get: of 12, all of one worker in 2,000 runs."""
        bodies = [side.signed(mobiles=phone(next(numbers))) for _ in range(12)]
        return {httpx.post(url + PATH, json=body).json()["resultcode"] for body in bodies}

    def until(side: Side, wanted: int) -> None:
        deadline = time.monotonic() + 10
        while codes(side) != {wanted}:
            assert time.monotonic() < deadline

    with serve(config, workers=2) as (url, _process):
        assert codes(acme) == codes(globex) == {0}
        world.do("UPDATE billing_package SET used = total WHERE id = %s", acme.package)
        assert codes(acme) == {306}, "money is decided in the transaction"
        world.do("UPDATE billing_package SET used = 0 WHERE id = %s", acme.package)
        world.do("UPDATE content_signature SET state = 'cancelled' WHERE id = %s", acme.signature)
        world.do("SELECT pg_notify('directory', '')")
        until(acme, 306)
        world.do("UPDATE interfaces_credential SET disabled_at = now() WHERE kind = 'ronghe'")
        until(globex, 302)  # without a hint: each reads again every second
