"""Demand: what the callers of a shop ask, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from irclient.queries import Picks, Popular, Similar

if TYPE_CHECKING:
    from random import Random

    from irclient.queries import Query

__all__ = ["Demand"]

_ITEMS: Final = 2_000
_USERS: Final = 3_000
_SESSIONS: Final = 300


def _mix() -> tuple[list[Query], list[float]]:
    """Seven of ten ask for a product page, by Zipf's law; two for a user, one for a session."""
    products = {Similar(str(number)): 1.0 / (number + 1) for number in range(_ITEMS)}
    scale = 0.65 / sum(products.values())
    weighted: list[tuple[Query, float]] = [
        *((query, weight * scale) for query, weight in products.items()),
        *((Picks(f"user-{number}"), 0.2 / _USERS) for number in range(_USERS)),
        *((Picks(session_id=f"s{number}"), 0.1 / _SESSIONS) for number in range(_SESSIONS)),
        (Popular(count=10), 0.05),
    ]
    return [query for query, _ in weighted], list(accumulate(weight for _, weight in weighted))


_QUERIES, _CUMULATED = _mix()


@dataclass(slots=True)
class Demand:
    """Calls that come by chance, so many a second on average.

    Attributes:
        random: Draws of its own, so that every policy meets the same callers.
        calls_per_second: On average.
        clients: Among how many clients they are spread.
    """

    random: Random
    calls_per_second: float
    clients: int
    _last_at: float = field(default=0.0, init=False)

    def next(self) -> tuple[float, int, Query]:
        """Return when the next call comes, at which client, and what it asks."""
        self._last_at += self.random.expovariate(self.calls_per_second)
        query = self.random.choices(_QUERIES, cum_weights=_CUMULATED)[0]
        return self._last_at, self.random.randrange(self.clients), query
