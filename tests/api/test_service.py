"""`yunxin api` as a program of its own, over TCP."""

import httpx
import psutil

from tests.api.serving import serve
from tests.api.world import Side
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
