"""What Prometheus is told, added up over all workers."""

from __future__ import annotations

import math
import os
from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from irclient.server.endpoint_service import Noted
    from irclient.server.outputs import ServedOutput
    from irclient.server.served import ServedEndpoint

__all__ = ["CONTENT_TYPE", "Metrics", "keep_metrics_in"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
#: The library decides at its import whether numbers of several processes are added up.
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


def keep_metrics_in(folder: Path) -> None:
    """Choose where workers keep their numbers; before the first `Metrics` is made."""
    os.environ[_FOLDER] = str(folder)


def forget_worker(process_id: int) -> None:
    """Drop the gauges of a worker that has ended; its counts stay."""
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(process_id)  # type: ignore[no-untyped-call]


class Metrics:
    """The numbers of this worker."""

    def __init__(self) -> None:
        # Here, since the folder must be chosen before.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415

        registry = CollectorRegistry()
        #: Finding the labels' numbers takes longer than counting.
        self._known: dict[tuple[int, str, int], tuple[Counter, Histogram]] = {}
        endpoint = ("account", "endpoint")
        self._requests = Counter(
            "irclient_server_requests",
            "Requests, by endpoint, operation and HTTP status.",
            (*endpoint, "operation", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "irclient_server_request_seconds",
            "From a request's head to its answer.",
            (*endpoint, "operation"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._strangers = Counter(
            "irclient_server_refused_requests",
            "Requests that no endpoint answered, by reason.",
            ("reason",),
            registry=registry,
        )
        gauge = partial(Gauge, registry=registry)
        self._connections = gauge(
            "irclient_server_connections", "Open connections.", multiprocess_mode="livesum"
        )
        self._cooked_at = gauge(
            "irclient_server_output_cooked_at_seconds",
            "When the output that is served was cooked, oldest of all workers.",
            (*endpoint, "modeling"),
            multiprocess_mode="livemin",
        )
        self._problems = gauge(
            "irclient_server_output_problem",
            "1 where the current output cannot be opened and the one before is served.",
            (*endpoint, "modeling"),
            multiprocess_mode="livemax",
        )
        self._tps = gauge(
            "irclient_server_provisioned_tps",
            "The TPS of the configuration.",
            endpoint,
            multiprocess_mode="livemax",
        )

    def answered(self, served: ServedEndpoint, noted: Noted, status: int, seconds: float) -> None:
        """Count a request."""
        key = (served.place, noted.operation, status)
        found = self._known.get(key)
        if found is None:
            names = (served.account.name, served.endpoint.name, noted.operation)
            counter = self._requests.labels(*names, str(status))
            found = self._known[key] = (counter, self._seconds.labels(*names))
        counter, histogram = found
        counter.inc()
        histogram.observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a request that reached no endpoint, or a connection that was ended."""
        self._strangers.labels(reason).inc()

    def connections(self, count: int) -> None:
        """Tell how many connections are open."""
        self._connections.set(count)

    def endpoint(self, served: ServedEndpoint) -> None:
        """Tell an endpoint's TPS."""
        self._tps.labels(served.account.name, served.endpoint.name).set(served.endpoint.tps)

    def output(self, served: ServedEndpoint, modeling: str, output: ServedOutput) -> None:
        """Tell which output is served."""
        names = (served.account.name, served.endpoint.name, modeling)
        if not math.isnan(output.cooked_at):
            self._cooked_at.labels(*names).set(output.cooked_at)
        self._problems.labels(*names).set(output.problem is not None)

    def exposition(self) -> bytes:
        """The numbers of all workers, in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
