"""Each request counts once, whatever is killed in the middle: accepted, paid, sent and pushed.

The API, an engine and the customer's receiver are killed (SIGKILL) while callers ask and repeat
what was not answered, as a careful client does. `scripts/bench api --kill` does it with more.
"""

import os

import pytest
from bench import api as bench
from bench.stack import Stack

FACE = "ronghe"  # the others go the same way behind their signatures
REQUESTS = 3_000  # with a kill at each quarter
CONCURRENCY = 32


def test_every_request_counts_once_whatever_is_killed() -> None:
    if os.environ.get("DATABASE_URL"):
        pytest.skip("this test starts a database of its own")
    with Stack(log_level="warning", push_network="127.0.0.0/8") as stack:
        running = bench.start(stack, workers=2)
        result = bench.measure(running, FACE, REQUESTS, CONCURRENCY, kill=True)
        assert result["refused"] == {}
        assert result["repeats"] > 0  # the kills were felt
        assert bench.check(running) == []
