"""The policies that are compared: ours with some settings, what it was before, two naive ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from benchmarks.simulation import naive
from benchmarks.simulation.before import Before
from irclient._core.call import call
from irclient._core.protocol import TokenReading, TokenStatus
from irclient._core.state import ClientState
from irclient._values.secret import Secret
from irclient.settings import Caching, Hedging, Settings, Throttling
from irclient.stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from irclient._core.protocol import Call
    from irclient.queries import Query
    from irclient.results import Answer
    from irclient.topology import Pair, ServiceEndpoint

    #: What a client of a fleet is here: from a query and the time to a call.
    Client: TypeAlias = Callable[[Query, float], Call[Answer]]

__all__ = [
    "BEFORE",
    "BEFORE_IN_NEED",
    "FAIL_OVER",
    "HEDGED",
    "HEDGED_WITHOUT_MEMORY",
    "IN_NEED",
    "OURS",
    "OURS_UNSHARED",
    "RETRY",
    "WITHOUT_MEMORY",
    "Kind",
    "Policy",
]


class Kind(Enum):
    """Who decides."""

    OURS = "irclient"
    BEFORE = "irclient before"
    RETRY = "retry three times"
    FAIL_OVER = "fail over without memory"


@dataclass(frozen=True, slots=True)
class Policy:
    """One way of asking.

    Attributes:
        name: For tables.
        kind: Who decides.
        settings: Of ours; the share of the TPS is the fleet's business.
        shares_tps: Whether each client of a fleet keeps to its part of the TPS, or to all of it.
    """

    name: str
    kind: Kind
    settings: Settings = Settings()  # noqa: RUF009  (frozen)
    shares_tps: bool = True

    def make_client(
        self, regions: tuple[Pair | ServiceEndpoint, ...], *, clients: int, random: Random
    ) -> Client:
        """Make one client of a fleet, with a state of its own."""
        share = 1.0 / clients if self.shares_tps else 1.0
        settings = self.settings.model_copy(update={"throttling": Throttling(share=share)})
        state = ClientState.of(
            regions,
            settings=settings,
            tokens=_TokenAtHand(),
            store=MemoryStore(max_entries=settings.caching.max_entries),
            uniform=random.random,
            has_observers=True,
        )
        if self.kind is Kind.BEFORE:
            return Before(state.endpoints, settings, random.random).call
        if self.kind is Kind.RETRY:
            return lambda query, _: naive.retry_three_times(query, state.endpoints)
        if self.kind is Kind.FAIL_OVER:
            return lambda query, _: naive.fail_over(query, state.endpoints)
        return partial(_call, state, settings)


def _call(state: ClientState, settings: Settings, query: Query, now: float) -> Call[Answer]:
    return call(query, state, settings, now)


class _TokenAtHand:
    """A token source that always has one."""

    _READING: Final = TokenReading(token=Secret("token"))

    def read(self, now: float) -> TokenReading:  # noqa: ARG002  (the protocol's)
        return self._READING

    def reject(self, token: str, now: float) -> bool:  # noqa: ARG002  (the protocol's)
        return False

    def status(self, now: float) -> TokenStatus:  # noqa: ARG002  (the protocol's)
        return TokenStatus("valid", None, None)

    def hasten(self, now: float) -> None:
        """Do nothing: there is nothing to fetch."""


_NO_MEMORY: Final = Caching(enabled=False)
_HEDGING: Final = Hedging(enabled=True)

OURS: Final = Policy("irclient", Kind.OURS)
OURS_UNSHARED: Final = Policy("irclient, share=1 each", Kind.OURS, shares_tps=False)
WITHOUT_MEMORY: Final = Policy("irclient, no cache", Kind.OURS, Settings(caching=_NO_MEMORY))
HEDGED: Final = Policy("irclient, hedging", Kind.OURS, Settings(hedging=_HEDGING))
HEDGED_WITHOUT_MEMORY: Final = Policy(
    "irclient, hedging, no cache", Kind.OURS, Settings(hedging=_HEDGING, caching=_NO_MEMORY)
)
#: Remembers for ten seconds, and for a day in case that everything fails.
_IN_NEED: Final = Settings(caching=Caching(fresh_for=10.0, stale_while_refresh_for=0.0))
IN_NEED: Final = Policy("irclient", Kind.OURS, _IN_NEED)
BEFORE: Final = Policy("irclient before", Kind.BEFORE, Settings(caching=_NO_MEMORY))
BEFORE_IN_NEED: Final = Policy("irclient before", Kind.BEFORE, _IN_NEED)
RETRY: Final = Policy("retry three times", Kind.RETRY)
FAIL_OVER: Final = Policy("fail over, no memory", Kind.FAIL_OVER)
