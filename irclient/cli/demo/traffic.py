"""The demo's traffic: a few threads that call at a steady pace, and the tally of their calls."""

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Self

from irclient.cli.demo.calls import Calls
from irclient.client import IRClient
from irclient.errors import IRError
from irclient.queries import ListQuery

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Count", "Tally", "Traffic"]

_RECENTLY = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Calls):
    """The tally at one instant.

    Attributes:
        recent: Answered calls of the last second, by account.
    """

    recent: Mapping[str, int]


class Tally:
    """Counts calls as they end; any thread may add to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_account: Counter[str] = Counter()
        self._recent: deque[tuple[float, str]] = deque()
        self._latencies: list[float] = []
        self._errors: list[str] = []

    def answered(self, account: str, *, elapsed: float, at: float) -> None:
        """Count a call that was answered."""
        with self._lock:
            self._by_account[account] += 1
            self._latencies.append(elapsed)
            self._recent.append((at, account))

    def failed(self, error: IRError) -> None:
        """Count a call that failed."""
        with self._lock:
            self._errors.append(f"{type(error).__name__}: {error}")

    def count(self, now: float) -> Count:
        """Return the tally."""
        with self._lock:
            while self._recent and self._recent[0][0] < now - _RECENTLY:
                self._recent.popleft()
            return Count(
                answered=len(self._latencies),
                failed=len(self._errors),
                by_account=dict(self._by_account),
                recent=Counter(account for _, account in self._recent),
            )

    @property
    def latencies(self) -> list[float]:
        """Seconds that each answered call took."""
        with self._lock:
            return list(self._latencies)

    @property
    def errors(self) -> list[str]:
        """What failed calls said."""
        with self._lock:
            return list(self._errors)


class Traffic:
    """Threads that call one client for as long as the ``with`` block lasts.

    Args:
        client: The client that all threads share.
        queries: Asked in turn.
        threads: How many callers.
        rate: Calls a second, all threads together.
    """

    def __init__(
        self, client: IRClient, *, queries: Sequence[ListQuery], threads: int, rate: float
    ) -> None:
        self.tally = Tally()
        self._client = client
        self._queries = queries
        self._threads = threads
        self._interval = threads / rate
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="irclient-demo")
        self._callers: list[Future[None]] = []

    def count(self) -> Count:
        """Return the tally so far."""
        return self.tally.count(time.monotonic())

    def _call_steadily(self, position: int) -> None:
        next_at = time.monotonic() + position * self._interval / self._threads
        queries = cycle([*self._queries[position:], *self._queries[:position]])
        while not self._stop.wait(max(next_at - time.monotonic(), 0.0)):
            try:
                answer = self._client.fetch(next(queries))
            except IRError as error:
                self.tally.failed(error)
            else:
                account = answer.served.account or answer.served.source
                self.tally.answered(account, elapsed=answer.served.elapsed, at=time.monotonic())
            # A caller that was held up does not make up for it with a burst.
            next_at = max(next_at + self._interval, time.monotonic())

    def __enter__(self) -> Self:
        self._callers = [
            self._pool.submit(self._call_steadily, position) for position in range(self._threads)
        ]
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        if kind is None:
            for caller in self._callers:
                caller.result()
