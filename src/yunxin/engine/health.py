"""What this engine says of itself: a row a channel every second, and metrics for Prometheus.

The console shows the rows (`channel_state`). The metrics are served over HTTP where
`YUNXIN_METRICS_PORT` is not 0; docs/operations.md lists them, and a test compares the two.
"""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from yunxin.engine.dispatch import Dispatcher
from yunxin.engine.lines import Lines
from yunxin.engine.link import Link
from yunxin.engine.push import Push
from yunxin.engine.rescue import Rescue
from yunxin.engine.results import Results
from yunxin.engine.store import Store, run_forever

EVERY_S = 1.0


class Health:
    """Writes the rows; its `metrics` are what an HTTP server shows."""

    def __init__(
        self,
        store: Store,
        engine_id: int,
        lines: Lines,
        dispatcher: Dispatcher,
        results: Results,
        rescue: Rescue,
        push: Push,
    ) -> None:
        self._store = store
        self._engine_id = engine_id
        self._lines = lines
        self._at = asyncio.get_running_loop().time()
        self._submitted: dict[int, int] = {}
        self.metrics = EngineMetrics(lines, dispatcher, results, rescue, push)

    async def run(self) -> None:
        """Write every second until cancelled."""
        await run_forever("health", self.once, pause_s=EVERY_S)

    async def once(self) -> None:
        """Write the state of every channel."""
        links = self._lines.all()
        speeds = self._speeds(links)
        ids = [link.channel.id for link in links]
        await self._store.execute(
            "store_channel_states",
            {
                "engine_id": self._engine_id,
                "channel_ids": ids,
                "states": [str(link.state) for link in links],
                "breakers": [str(link.breaker) for link in links],
                "sessions_bound": [link.sessions_bound for link in links],
                "window_used": [link.outstanding for link in links],
                "window_size": [link.window for link in links],
                "submitted_per_s": speeds,
                "allowed_per_s": [link.allowed_per_s for link in links],
                "last_errors": [link.last_error for link in links],
                "last_error_ats": [link.last_error_at for link in links],
                "bound_ats": [link.bound_at if link.ready else None for link in links],
            },
        )
        params = {"engine_id": self._engine_id, "channel_ids": ids}
        await self._store.execute("drop_channel_states", params)

    def _speeds(self, links: Iterable[Link]) -> list[float]:
        """Segments a second that each channel was sent since the last time."""
        now = asyncio.get_running_loop().time()
        passed, self._at = max(now - self._at, 0.001), now
        speeds = []
        for link in links:
            last = self._submitted.get(link.channel.id, link.submitted)
            # A link that was made anew counts from 0 again.
            speeds.append(max(0, link.submitted - last) / passed)
            self._submitted[link.channel.id] = link.submitted
        return speeds


class EngineMetrics(Collector):
    """The engine's figures, read when somebody asks; nothing is counted twice for it."""

    def __init__(
        self,
        lines: Lines,
        dispatcher: Dispatcher,
        results: Results,
        rescue: Rescue,
        push: Push,
    ) -> None:
        self._lines = lines
        self._dispatcher = dispatcher
        self._results = results
        self._rescue = rescue
        self._push = push

    def collect(self) -> Iterator[Metric]:
        yield from self._of_messages()
        yield from self._of_pushes()
        yield from self._of_channels()

    def _of_messages(self) -> Iterator[Metric]:
        dispatcher, counts = self._dispatcher, self._results.counts
        yield CounterMetricFamily(
            "yunxin_engine_claimed", "Messages claimed from the queue.", dispatcher.claimed
        )
        yield GaugeMetricFamily(
            "yunxin_engine_in_hand",
            "Messages claimed whose outcome is not stored yet.",
            len(dispatcher.in_hand),
        )
        yield _labelled(
            "yunxin_engine_outcomes",
            "Outcomes stored: sent, set_free, failed, cancelled, unknown, in_doubt.",
            "outcome",
            counts.verdicts,
        )
        yield _labelled(
            "yunxin_engine_receipts", "Final receipts stored.", "state", counts.receipts
        )
        yield CounterMetricFamily(
            "yunxin_engine_replies", "Replies and parts of replies.", counts.replies["inbound"]
        )
        yield CounterMetricFamily(
            "yunxin_engine_rescued",
            "Messages in doubt that were taken over from dead engines.",
            self._rescue.rescued,
        )

    def _of_pushes(self) -> Iterator[Metric]:
        push = self._push
        yield _labelled(
            "yunxin_push_requests",
            "Requests to customers' URLs: acked, or why not.",
            "outcome",
            push.counts,
        )
        yield CounterMetricFamily(
            "yunxin_push_events", "Receipts and replies that were acknowledged.", push.events
        )
        yield GaugeMetricFamily(
            "yunxin_push_in_flight", "Requests that are on their way.", push.in_flight
        )

    def _of_channels(self) -> Iterator[Metric]:
        bound = _gauge("yunxin_channel_sessions_bound", "Sessions of a channel that are bound.")
        used = _gauge("yunxin_channel_window_used", "Parts without a stored outcome.")
        size = _gauge("yunxin_channel_window_size", "Parts that may be without one.")
        allowed = _gauge(
            "yunxin_channel_allowed_per_second",
            "Segments a second that the carrier's throttling leaves; 0: no limit.",
        )
        submitted = _counter("yunxin_channel_submitted", "Parts written to the carrier.")
        throttled = _counter("yunxin_channel_throttled", "Answers that said: too fast.")
        late = _counter("yunxin_channel_late_answers", "Answers after their time-out.")
        for link in self._lines.all():
            channel = [str(link.channel.id)]
            bound.add_metric(channel, link.sessions_bound)
            used.add_metric(channel, link.outstanding)
            size.add_metric(channel, link.window)
            allowed.add_metric(channel, link.allowed_per_s)
            submitted.add_metric(channel, link.submitted)
            throttled.add_metric(channel, link.throttled)
            late.add_metric(channel, link.late)
        yield from (bound, used, size, allowed, submitted, throttled, late)


class MetricsServer:
    """Serves metrics on a port of this machine, from a thread of its own."""

    def __init__(self, metrics: Collector, port: int) -> None:
        """Args: port: 0 takes any free one."""
        registry = CollectorRegistry()
        registry.register(metrics)
        served: tuple[Any, threading.Thread] = start_http_server(
            port, addr="127.0.0.1", registry=registry
        )
        self._server: WSGIServer = served[0]
        self._thread = served[1]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _gauge(name: str, sentence: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, sentence, labels=["channel"])


def _counter(name: str, sentence: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, sentence, labels=["channel"])


def _labelled(name: str, sentence: str, label: str, values: dict[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, sentence, labels=[label])
    for value, count in list(values.items()):
        family.add_metric([value], count)
    return family
