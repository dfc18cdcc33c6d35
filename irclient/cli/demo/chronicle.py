"""The demo's observer: it remembers what the client said, and how long failing over took."""

import threading
from typing import TypeVar

from irclient.observe import CallEnded, Ejected, FailedOver, Record, Returned

__all__ = ["Chronicle"]

R = TypeVar("R", bound=Record)


class Chronicle:
    """Keeps the rare records whole, and of the frequent ones only what the summary needs.

    Called on many threads; a call's own records all come on the thread of that call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._first_failed = threading.local()
        self._failover_delays: list[float] = []

    def __call__(self, record: Record, /) -> None:
        """Remember one record."""
        match record:
            case FailedOver():
                if self._failed_at() is None:
                    self._first_failed.at = record.at
            case CallEnded():
                failed_at = self._failed_at()
                self._first_failed.at = None
                if failed_at is not None and record.error is None:
                    with self._lock:
                        self._failover_delays.append(record.at - failed_at)
            case _:
                with self._lock:
                    self._records.append(record)

    def of(self, kind: type[R]) -> list[R]:
        """Return all records of a kind, oldest first."""
        with self._lock:
            return [each for each in self._records if isinstance(each, kind)]

    @property
    def failover_delays(self) -> list[float]:
        """Seconds from the first failure to the answer, for each call that failed over."""
        with self._lock:
            return list(self._failover_delays)

    def ejected_at(self, endpoint: str, *, since: float) -> float | None:
        """Return when the endpoint was first ejected after an instant."""
        return _first([each for each in self.of(Ejected) if each.endpoint == endpoint], since)

    def returned_at(self, endpoint: str, *, since: float) -> float | None:
        """Return when the endpoint had all of its traffic back after an instant."""
        return _first([each for each in self.of(Returned) if each.endpoint == endpoint], since)

    def _failed_at(self) -> float | None:
        return getattr(self._first_failed, "at", None)


def _first(records: list[Ejected] | list[Returned], since: float) -> float | None:
    return next((each.at for each in records if each.at >= since), None)
