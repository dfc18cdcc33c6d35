"""Several members of a fleet in one process, each with a link of its own, that call for a while."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.promise.accounts import accounts, busiest_second
from irclient import Caching, IRClient, ServiceEndpoint, Settings, StaticToken, Throttling, Timeouts
from irclient.errors import IRError
from tests.fleet.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from irclient.fleet import RedisFleet

DEADLINE = 3.0
_THREADS = 8


@dataclass(slots=True)
class Calls:
    """What came of the calls of all members.

    Attributes:
        busiest_second: The most requests that the service saw in any second.
        answered: How many calls were answered.
        failed: What the others said.
        longest: Seconds of the longest call.
        modes: How the members stood to their fleet, each time one was looked at.
    """

    busiest_second: int = 0
    answered: int = 0
    failed: list[str] = field(default_factory=list[str])
    longest: float = 0.0
    modes: list[str | None] = field(default_factory=list["str | None"])


def calls_of_members(
    fleets: Sequence[Callable[[], RedisFleet]],
    *,
    tps: int,
    rate: float,
    seconds: float,
    happening: Sequence[tuple[float, Callable[[], object]]] = (),
) -> Calls:
    """Let members call, and things happen meanwhile.

    Args:
        fleets: What makes the fleet of each member.
        tps: Of the service.
        rate: Calls a second of each member; infinite is as many as its threads can make.
        seconds: For how long.
        happening: What happens, and in which second.
    """
    told, lock = Calls(), threading.Lock()
    settings = Settings(
        caching=Caching(enabled=False),
        throttling=Throttling(max_wait=2.0),
        timeouts=Timeouts(deadline=DEADLINE),
    )
    with ExitStack() as stack:
        service = stack.enter_context(accounts("a"))
        endpoint = ServiceEndpoint("a", "web", tps=tps, url=service.url("a"))
        joined = [stack.enter_context(fleet()) for fleet in fleets]
        clients = [
            stack.enter_context(
                IRClient(endpoint, credential=StaticToken("t"), settings=settings, fleet=fleet)
            )
            for fleet in joined
        ]
        for client in clients:
            client.similar("first")
        # A member that was lent something goes on with it.
        for fleet in joined:
            allowance = fleet.allowance(endpoint, adaptive=True)
            until(lambda allowance=allowance: allowance.lease.right(time.monotonic()) > 0)
        began_at = time.monotonic()
        pause = _THREADS / rate

        def call(client: IRClient, number: int) -> None:
            next_at = began_at + pause * (number % _THREADS) / _THREADS
            turn = 0
            while time.monotonic() < began_at + seconds:
                time.sleep(max(next_at - time.monotonic(), 0.0))
                turn += 1
                asked_at, problem = time.monotonic(), None
                try:
                    client.similar(f"{number}-{turn}")
                except IRError as error:
                    problem = f"{asked_at - began_at:.1f} s: {type(error).__name__}: {error}"
                took = time.monotonic() - asked_at
                with lock:
                    told.longest = max(told.longest, took)
                    if problem is None:
                        told.answered += 1
                    else:
                        told.failed.append(problem)
                next_at = max(next_at + pause, time.monotonic())

        threads = [
            threading.Thread(target=call, args=(client, _THREADS * at + number))
            for at, client in enumerate(clients)
            for number in range(_THREADS)
        ]
        for thread in threads:
            thread.start()
        for after, what in happening:
            time.sleep(max(began_at + after - time.monotonic(), 0.0))
            told.modes += [each.health()["a"].allowance.mode for each in clients]
            what()
        for thread in threads:
            thread.join()
        told.modes += [each.health()["a"].allowance.mode for each in clients]
        told.busiest_second = busiest_second(service.arrivals("a"))
    return told
