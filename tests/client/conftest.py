"""The server that clients of the tests talk to, and a key for it."""

from collections.abc import Iterator

import pytest

from tests.client.server import Server, serve
from yunxin.client.exchange import Patience

KEY = "yx_live_abcdefghijkl_0123456789abcdefghij0123456789abcdefghij"
QUICK = Patience(tries=4, first_pause_s=0.001, pause_s_max=0.002, wait_s_max=0.05)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as server:
        yield server
