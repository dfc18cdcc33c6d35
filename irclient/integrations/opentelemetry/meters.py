"""The metrics, kept with OpenTelemetry's meters."""

from __future__ import annotations

import threading
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import metrics
from opentelemetry.metrics import NoOpMeter, Observation

from irclient import __version__
from irclient.integrations.measurements import Places, gauged, labels_of_call, measured
from irclient.integrations.metrics import CALL_DURATION, METRICS, REQUEST_DURATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider

    from irclient.instrument import Watched
    from irclient.integrations.metrics import Metric
    from irclient.observe import Record
    from irclient.results import Served

__all__ = ["Meters"]

#: What stands in until a program sets its provider holds that by this name; the API has no public
#: way to ask. Without it metrics would be counted for nobody.
_REAL: Final = "_real_meter_provider"
_lock: Final = threading.Lock()
_meters_of: Final[weakref.WeakKeyDictionary[MeterProvider, Meters]] = weakref.WeakKeyDictionary()


class Meters:
    """Counts records, and looks at how clients are doing when it is asked.

    Args:
        meter: What the metrics are kept with.
        standing_in: Its provider, if that only stands in for one that may be set later.
    """

    def __init__(self, meter: Meter, *, standing_in: MeterProvider | None = None) -> None:
        self._is_noop, self._standing_in = isinstance(meter, NoOpMeter), standing_in
        self._places = Places()
        self._clients: weakref.WeakSet[Watched] = weakref.WeakSet()
        #: Gauges that records set, which are read later.
        self._held: dict[str, float] = {}
        self._take: dict[str, Callable[[float, Any], None]] = {}
        for metric in METRICS:
            named: dict[str, Any] = {"unit": metric.unit, "description": metric.description}
            match metric.kind:
                case "counter":
                    self._take[metric.name] = meter.create_counter(metric.name, **named).add
                case "histogram":
                    self._take[metric.name] = meter.create_histogram(
                        metric.name, **named, explicit_bucket_boundaries_advisory=metric.buckets
                    ).record
                case "gauge":
                    self._take[metric.name] = partial(self._hold, metric.name)
                    read = partial(self._read, metric)
                    meter.create_observable_gauge(metric.name, [read], **named)

    @staticmethod
    def of(provider: MeterProvider | None) -> Meters:
        """The meters of a provider; one set, since an instrument may be made only once there.

        Args:
            provider: The provider; the program's own when None.
        """
        provider = metrics.get_meter_provider() if provider is None else provider
        with _lock:
            meters = _meters_of.get(provider)
            if meters is None:
                meter = provider.get_meter("irclient", __version__)
                # Not any provider: it would be held by what it is the weak key of.
                standing_in = provider if hasattr(provider, _REAL) else None
                meters = _meters_of[provider] = Meters(meter, standing_in=standing_in)
        return meters

    @property
    def are_kept(self) -> bool:
        """Whether anybody keeps them: no provider of metrics may have been set yet, or ever."""
        standing_in = self._standing_in
        is_set = standing_in is None or getattr(standing_in, _REAL, standing_in) is not None
        return is_set and not self._is_noop

    def watch(self, client: Watched) -> None:
        """Look at this client as well."""
        self._places.add(client.endpoints)
        self._clients.add(client)

    def count(self, record: Record) -> None:
        """Count one record."""
        if not self.are_kept:
            return
        for metric, value, labels in measured(record, self._places):
            self._take[metric.name](value, labels)

    def count_request(self, operation: str, label: str, status: int, took: float) -> None:
        """Count a request that was answered well, of which there is no record.

        Args:
            operation: What was asked.
            label: The label of its endpoint.
            status: The HTTP status of the answer.
            took: Seconds until it was there.
        """
        labels = self._places.labels_of(operation, label, status, "served")
        self._take[REQUEST_DURATION.name](took, labels)

    def count_answer(self, operation: str, served: Served) -> None:
        """Count a call that was answered, of which there is no record."""
        labels = labels_of_call(operation, None, served.source, served.variant)
        self._take[CALL_DURATION.name](served.elapsed, labels)

    def _hold(self, name: str, value: float, _: object) -> None:
        self._held[name] = value

    def _read(self, metric: Metric, _: CallbackOptions) -> Iterable[Observation]:
        held = self._held.get(metric.name)
        if held is not None:
            yield Observation(held)
            return
        for one in gauged(list(self._clients)):
            if one.metric is metric:
                yield Observation(one.value, one.labels)
