"""Metrics for Prometheus: an observer that keeps them with its official client.

Counters and histograms come from records, and gauges are set on records, so that they are right
in the multiprocess mode of `prometheus_client`, where nothing may be worked out at the scrape.
``pip install 'irclient[prometheus]'``.
"""

from __future__ import annotations

import math
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final

try:
    import prometheus_client
    from prometheus_client.registry import Collector
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        "irclient.integrations.prometheus needs prometheus-client: "
        "pip install 'irclient[prometheus]'",
        name=_missing.name,
    ) from None

from irclient.integrations.measurements import Places, gauged, measured
from irclient.integrations.metrics import METRICS, TOKEN_EXPIRY
from irclient.observe import Ejected, PutAside, Returned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prometheus_client import CollectorRegistry

    from irclient.instrument import Watched
    from irclient.integrations.measurements import Label, Measured
    from irclient.integrations.metrics import Metric
    from irclient.observe import Record

__all__ = ["PrometheusObserver"]

#: Seconds between two looks at how a client is doing, while records come.
_LOOK_AFTER: Final = 1.0
#: Records after which the next look is not waited for.
_TELLING: Final = (Ejected, PutAside, Returned)
#: What the translation of OpenTelemetry's names to those of Prometheus adds for a unit.
_SUFFIXES: Final = {"s": "_seconds", "By": "_bytes"}
_metrics_lock: Final = threading.Lock()
_metrics_of: Final[weakref.WeakKeyDictionary[CollectorRegistry, _Metrics]] = (
    weakref.WeakKeyDictionary()
)


class PrometheusObserver:
    """Keeps the metrics of the clients that it is an observer of.

    The names are those of `irclient.integrations.opentelemetry` in Prometheus's spelling, for
    example ``irclient_call_duration_seconds``. One observer may serve several clients, and several
    observers one registry.

    Args:
        registry: Where the metrics are registered; the client library's own when left out.
    """

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        self._registry = prometheus_client.REGISTRY if registry is None else registry
        with _metrics_lock:
            metrics = _metrics_of.get(self._registry)
            if metrics is None:
                metrics = _metrics_of[self._registry] = _Metrics(self._registry)
        self._metrics = metrics

    def watch(self, client: Watched, /) -> None:
        """Learn which client this is an observer of."""
        self._metrics.watch(client)

    def __call__(self, record: Record, /) -> None:
        """Count one record."""
        self._metrics.count(record)

    def __repr__(self) -> str:
        return f"PrometheusObserver({len(self._metrics.clients)} clients)"

    def __reduce__(self) -> tuple[type[PrometheusObserver], tuple[()]]:
        if self._registry is not prometheus_client.REGISTRY:
            raise TypeError("it has a registry of its own, which no other process has")
        return PrometheusObserver, ()


class _Metrics:
    """The metrics of one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._places = Places()
        self.clients: weakref.WeakSet[Watched] = weakref.WeakSet()
        self._next_look_at = 0.0
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            # Before the gauges: what is collected first may still set what comes after it.
            registry.register(_AtTheScrape(self.look))
        self._kept: dict[str, Any] = {each.name: _kept(each, registry) for each in METRICS}
        # Until there is a token, none ends.
        self._kept[TOKEN_EXPIRY.name].set(math.inf)
        self._children: dict[tuple[object, ...], Callable[[float], None]] = {}

    def watch(self, client: Watched) -> None:
        self._places.add(client.endpoints)
        self.clients.add(client)
        self.look()

    def count(self, record: Record) -> None:
        self._keep(measured(record, self._places))
        if record.at >= self._next_look_at or isinstance(record, _TELLING):
            self._next_look_at = record.at + _LOOK_AFTER
            self.look()

    def look(self) -> None:
        """Set the gauges to how the clients are doing now."""
        self._keep(gauged(list(self.clients)))

    def _keep(self, measurements: Iterable[Measured]) -> None:
        for metric, value, labels in measurements:
            key = (metric.name, *labels.items())
            take = self._children.get(key)
            if take is None:
                take = self._children[key] = self._child(metric, labels)
            take(value)

    def _child(self, metric: Metric, labels: Mapping[str, Label]) -> Callable[[float], None]:
        kept = self._kept[metric.name]
        if metric.labels:
            # To Prometheus a label that is empty is one that is not there.
            kept = kept.labels(*(str(labels.get(name, "")) for name in metric.labels))
        take: Callable[[float], None] = getattr(kept, _TAKES[metric.kind])
        return take


_TAKES: Final = {"counter": "inc", "histogram": "observe", "gauge": "set"}


def _kept(metric: Metric, registry: CollectorRegistry) -> Any:  # noqa: ANN401  (one of three kinds, which share no base)
    # As OpenTelemetry translates its names; the client library adds `_total` itself.
    name = metric.name.replace(".", "_") + _SUFFIXES.get(metric.unit, "")
    labels = [each.replace(".", "_") for each in metric.labels]
    match metric.kind:
        case "counter":
            return prometheus_client.Counter(name, metric.description, labels, registry=registry)
        case "histogram":
            return prometheus_client.Histogram(
                name, metric.description, labels, registry=registry, buckets=metric.buckets
            )
        case "gauge":
            # Of the processes that live: what one that is gone had is nobody's any more.
            return prometheus_client.Gauge(
                name,
                metric.description,
                labels,
                registry=registry,
                multiprocess_mode="livemin" if metric.together == "min" else "livesum",
            )


class _AtTheScrape(Collector):
    """Has the gauges set before they are read: in one process that can be had for nothing."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look

    def collect(self) -> Iterable[prometheus_client.Metric]:
        """Set the gauges, and add nothing."""
        self._look()
        return ()

    def describe(self) -> Iterable[prometheus_client.Metric]:
        """Add nothing, and do not look: this is asked while it is registered."""
        return ()
