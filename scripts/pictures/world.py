"""The world in which the pictures are drawn: the client's core, on a clock that is a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from irclient._core.call import call
from irclient._core.protocol import Failure, Send, Trouble
from irclient._core.state import ClientState
from irclient._wire.responses import Response
from irclient.observe import Record
from irclient.settings import Settings
from irclient.stores import MemoryStore
from irclient.topology import Pair, ServiceEndpoint
from tests.core.virtual_time import OneToken, VirtualTime

if TYPE_CHECKING:
    from irclient._core.protocol import TokenSource
    from irclient.queries import Query
    from irclient.topology import Endpoints

__all__ = ["REFUSED", "UNAVAILABLE", "WELL", "A", "B", "C", "Client", "D", "Outcome", "World"]

A, B, C, D = (ServiceEndpoint(f"contoso-{each}", "web", tps=100) for each in "abcd")

WELL = Response(200, {}, b'{"items": [{"id": "1"}], "status": "Success"}', 0.0)
UNAVAILABLE = Response(503, {}, b"", 0.0)
REFUSED = Failure(Trouble.UNREACHABLE, "connection refused")

Outcome: TypeAlias = Response | Failure
Answerer: TypeAlias = Callable[[Send, float], tuple[Outcome, float]]
RecordT = TypeVar("RecordT", bound=Record)


class World:
    """Virtual time that begins at 0.

    Args:
        answer: From a request and the time to what comes of it, and after how many seconds.
        token_takes: Seconds until a token has come.
    """

    def __init__(self, answer: Answerer, *, token_takes: float = 0.0) -> None:
        self.time = VirtualTime(
            lambda send: answer(send, self.time.now), now=0.0, work_takes=token_takes
        )

    def told(self, kind: type[RecordT]) -> list[RecordT]:
        """Return the records of a kind, in order."""
        return [each for each in self.time.told if isinstance(each, kind)]


class Client:
    """A client of that world."""

    def __init__(
        self,
        world: World,
        endpoints: Endpoints | None = None,
        *,
        settings: Settings | None = None,
        tokens: TokenSource | None = None,
    ) -> None:
        self.world = world
        self.settings = settings or Settings()
        self.state = ClientState.of(
            endpoints or Pair(A, B),
            settings=self.settings,
            tokens=tokens or OneToken(),
            store=MemoryStore(max_entries=1000),
            uniform=lambda: 0.5,
            has_observers=True,
        )

    def begin(self, query: Query) -> object:
        """Begin a call; what comes of it is told."""
        return self.world.time.begin(lambda now: call(query, self.state, self.settings, now=now))

    def run(self, query: Query) -> object:
        """Return a call's answer, or the error that it raised."""
        return self.world.time.run(lambda now: call(query, self.state, self.settings, now=now))


def with_tps(endpoint: ServiceEndpoint, tps: float) -> ServiceEndpoint:
    """The same endpoint with another TPS."""
    return replace(endpoint, tps=tps)
