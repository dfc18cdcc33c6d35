"""One process of a fleet: calls for a while, and tells what came of it.

It is told what to do in one line of JSON, says that it is ready, is told when to begin, by the
monotonic clock that processes share, and answers with another line.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from redis.sentinel import Sentinel

from irclient import Caching, IRClient, ServiceEndpoint, Settings, StaticToken, Throttling, Timeouts
from irclient.errors import IRError
from irclient.fleet import RedisFleet
from irclient.observe import FleetJoined, FleetLost, FleetReturned

if TYPE_CHECKING:
    from irclient.observe import Record

__all__ = ["Orders", "Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a member does.

    Attributes:
        redis: Where the fleet meets; None for no fleet.
        sentinel_port: Of the Sentinel that says where it meets, in place of that.
        workers: How many processes there are.
        url: Of the service.
        tps: Of the service.
        seconds: For how long.
        rates: Calls a second from each instant on, in seconds from the beginning; infinite ones
            are as many as 8 threads can make.
        max_wait: How long a call may wait for its turn.
        deadline: How long a call may take.
        clock: Seconds by which its wall clock is wrong.
        seed: For the times of its calls.
        name: Of the fleet.
    """

    redis: str | None
    sentinel_port: int | None
    workers: int
    url: str
    tps: float
    seconds: float
    rates: list[tuple[float, float]]
    max_wait: float = 0.5
    deadline: float = 5.0
    clock: float = 0.0
    seed: int = 0
    name: str = "measured"


@dataclass(slots=True)
class Outcome:
    """What came of it.

    Attributes:
        calls: Each one's beginning and seconds, and the name of its error.
        changes: When it joined, lost and found its fleet again, and why.
        messages: How many it sent to the server.
        mode: How it stood to its fleet in the end.
    """

    calls: list[tuple[float, float, str | None]] = field(
        default_factory=list[tuple[float, float, "str | None"]]
    )
    changes: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    messages: int = 0
    mode: str | None = None


class _Member:
    def __init__(self, orders: Orders) -> None:
        self._orders, self._outcome, self._begins_at = orders, Outcome(), 0.0
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()

    def run(self) -> Outcome:
        orders = self._orders
        if orders.clock:
            wall_clock = time.time
            time.time = lambda: wall_clock() + orders.clock
        fleet = self._fleet()
        with IRClient(
            ServiceEndpoint("a", "web", tps=orders.tps, url=orders.url),
            credential=StaticToken("benchmark"),
            settings=Settings(
                timeouts=Timeouts(deadline=orders.deadline),
                throttling=Throttling(max_wait=orders.max_wait),
                # What is measured is the allowance; the fleet's memory has messages of its own.
                caching=Caching(enabled=False),
            ),
            observers=[self._note],
            fleet=fleet,
        ) as self._ir:
            print("ready", flush=True)
            self._begins_at = float(sys.stdin.readline())
            time.sleep(max(self._begins_at - time.monotonic(), 0.0))
            if any(rate == float("inf") for _, rate in orders.rates):
                self._as_many_as_possible()
            else:
                self._now_and_then()
            status = self._ir.health()["a"].allowance
            self._outcome.mode = status.mode
        if fleet is not None:
            self._outcome.messages = fleet.stats().messages
            fleet.close()
        return self._outcome

    def _note(self, record: Record) -> None:
        if isinstance(record, FleetJoined | FleetLost | FleetReturned):
            self._outcome.changes.append((record.at, str(record)))

    def _fleet(self) -> RedisFleet | None:
        orders = self._orders
        if orders.sentinel_port is not None:
            sentinel = Sentinel([("127.0.0.1", orders.sentinel_port)], socket_timeout=0.1)
            return RedisFleet(
                connect=lambda: sentinel.master_for("shop", socket_timeout=0.1),
                name=orders.name,
                workers=orders.workers,
            )
        if orders.redis is None:
            return None
        return RedisFleet(orders.redis, name=orders.name, workers=orders.workers)

    @property
    def _ends_at(self) -> float:
        return self._begins_at + self._orders.seconds

    def _rate(self) -> float:
        elapsed = time.monotonic() - self._begins_at
        return [rate for since, rate in self._orders.rates if since <= elapsed][-1]

    def _call(self) -> None:
        with self._lock:
            number = next(self._numbers)
        began_at, error = time.monotonic(), None
        try:
            self._ir.similar(f"{self._orders.seed}-{number}")
        except IRError as problem:
            error = type(problem).__name__
        self._outcome.calls.append((began_at, time.monotonic() - began_at, error))

    def _as_many_as_possible(self) -> None:
        def work() -> None:
            while time.monotonic() < self._ends_at:
                rate = self._rate()
                if rate == float("inf"):
                    self._call()
                    continue
                time.sleep(min(8 / rate, 0.1) if rate else 0.02)
                if rate:
                    self._call()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _now_and_then(self) -> None:
        chance = random.Random(self._orders.seed)
        at = time.monotonic()
        with ThreadPoolExecutor(64) as pool:
            while at < self._ends_at:
                rate = self._rate()
                at += chance.expovariate(rate) if rate else 0.1
                time.sleep(max(at - time.monotonic(), 0.0))
                if rate:
                    pool.submit(self._call)


def _main() -> None:
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    given["rates"] = [(since, rate) for since, rate in given["rates"]]
    print(json.dumps(asdict(_Member(Orders(**given)).run())), flush=True)


if __name__ == "__main__":
    _main()
