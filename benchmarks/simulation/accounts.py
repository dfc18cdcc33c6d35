"""The simulated accounts: how long an answer takes, what is refused, what is served."""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from benchmarks.simulation.weather import Reach, condition_at
from irclient._core.protocol import Failure, Trouble
from irclient._wire.responses import Response

if TYPE_CHECKING:
    from random import Random

    from benchmarks.simulation.weather import Spell
    from irclient.topology import ServiceEndpoint

__all__ = ["Account", "Outcome", "Requests"]

Outcome = Response | Failure

#: An answer of a healthy account: log-normal around the scenario's median.
_SPREAD: Final = 0.35
_TO_REFUSE: Final = 0.004
#: An account that is so far behind with its work sheds what comes in addition.
_LONGEST_BACKLOG: Final = 3.0
_THROTTLED: Final = b'{"error":{"code":"TooManyRequests","message":"Too many requests"}}'
_UNAVAILABLE: Final = b'{"error":{"code":"ServiceUnavailable","message":"Try again later"}}'
_WAITING: Final = b'{"items":[],"status":"WaitingForData","details":"Not cooked yet"}'
_REFUSED: Final = Failure(Trouble.UNREACHABLE, "connection refused")
_SWALLOWED: Final = Failure(Trouble.TIMED_OUT, "no answer")


@dataclass(slots=True)
class Requests:
    """The requests of one second at one account."""

    came: int = 0
    throttled: int = 0
    served: int = 0


@dataclass(slots=True)
class Account:
    """One account with its service endpoint.

    A request over the TPS is refused with 429 and costs nothing. Any other is work, done one
    after the other at the account's capacity, also for a caller who has given up: that is what
    makes a storm of retries hurt.

    Attributes:
        endpoint: The service endpoint, as clients are configured.
        random: Draws of its own, so that a policy does not change another account's luck.
        spells: The weather.
        median: Seconds that a usual answer takes.
        cookings: When it serves a new data set, and the version of it, oldest first.
        by_second: What came, by whole seconds.
    """

    endpoint: ServiceEndpoint
    random: Random
    spells: tuple[Spell, ...]
    median: float
    cookings: tuple[tuple[float, str], ...]
    by_second: dict[int, Requests] = field(default_factory=dict[int, Requests])
    _admitted: deque[float] = field(default_factory=deque[float])
    _busy_until: float = 0.0
    _bodies: dict[str, Response] = field(default_factory=dict[str, Response])

    def answer(self, now: float) -> tuple[Outcome, float]:
        """Say what comes of a request that is sent now, and after how many seconds."""
        second = self.by_second.setdefault(int(now), Requests())
        second.came += 1
        condition = condition_at(now, self.endpoint.account, self.spells)
        if condition.reach is Reach.REFUSED:
            return _REFUSED, _TO_REFUSE
        if condition.reach is Reach.SWALLOWED:
            return _SWALLOWED, math.inf
        if not self._admits(now, self.endpoint.tps * condition.tps_factor):
            second.throttled += 1
            return _response(429, _THROTTLED), _TO_REFUSE
        if self._busy_until - now > _LONGEST_BACKLOG:
            return _response(503, _UNAVAILABLE), _TO_REFUSE
        work = 1.0 / (self.endpoint.tps * condition.capacity_factor)
        self._busy_until = max(self._busy_until, now) + work
        takes = self.median * self.random.lognormvariate(0.0, _SPREAD) * condition.slowed
        if self.random.random() < condition.tail_rate:
            takes *= condition.tail_factor
        takes += self._busy_until - now - work
        if self.random.random() < condition.error_rate:
            outcome = _response(503, _UNAVAILABLE)
        elif not condition.is_cooked:
            outcome = _response(200, _WAITING)
        else:
            second.served += 1
            outcome = self._list(now)
        return outcome, takes

    def version_at(self, now: float) -> str:
        """The data set that it serves."""
        return next(version for at, version in reversed(self.cookings) if at <= now)

    def _admits(self, now: float, tps: float) -> bool:
        while self._admitted and self._admitted[0] <= now - 1.0:
            self._admitted.popleft()
        if len(self._admitted) >= tps:
            return False
        self._admitted.append(now)
        return True

    def _list(self, now: float) -> Response:
        version = self.version_at(now)
        if version not in self._bodies:
            items = [{"id": str(number)} for number in range(10)]
            body = {"items": items, "interactionsVersion": version, "status": "Success"}
            self._bodies[version] = _response(200, json.dumps(body).encode())
        return self._bodies[version]


def _response(status: int, body: bytes) -> Response:
    return Response(status, {}, body, 0.0)
