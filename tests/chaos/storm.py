"""One storm: a seed, a service, a crowd and a schedule of faults, and what was seen of it."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from irclient import AsyncIRClient, IRClient
from irclient.observe import LoggingObserver
from irclient.topology import flatten
from irclient.transports import default_async_transport, default_transport
from tests.chaos.crowd import Crowd

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from irclient.settings import Settings
    from irclient.stats import Stats
    from irclient.topology import Endpoints
    from tests.chaos.crowd import Tally
    from tests.chaos.oracle import Oracle
    from tests.chaos.schedule import Event
    from tests.chaos.serving import Served

__all__ = ["Logged", "Storm", "logged"]


@dataclass(eq=False)
class Storm:
    """Lets a crowd ask while events happen to the service.

    Attributes:
        served: The service.
        oracle: Knows the right answers.
        endpoints: What both clients are made with.
        settings: Likewise.
        seed: Whatever the crowd draws comes from it.
        backend: The event loop of the tasks.
        crowd: Who asks, while the storm rages.
        clients: Both clients, as long.
        stats: What each has done, afterwards.
    """

    served: Served
    oracle: Oracle
    endpoints: Endpoints
    settings: Settings
    seed: int
    backend: str = "asyncio"
    crowd: Crowd | None = None
    clients: list[IRClient | AsyncIRClient] = field(default_factory=list)
    stats: list[Stats] = field(default_factory=list)

    def rage(self, events: Sequence[Event], *, seconds: float) -> Tally:
        """Carry the events out at their times, and return what the crowd met meanwhile."""
        variants = getattr(self.endpoints, "variants", {None: self.endpoints})
        crowd = self.crowd = Crowd(
            oracle=self.oracle,
            accounts={name: flatten(each) for name, each in variants.items()},
            seed=self.seed,
            backend=self.backend,
        )
        parts = {"endpoints": self.endpoints, "settings": self.settings}

        def make() -> AsyncIRClient:
            transport = default_async_transport(ca_file=self.served.ca_file)
            client = AsyncIRClient(
                **parts,
                credential=self.served.credential(),
                transport=transport,
                observers=[LoggingObserver()],
            )
            self.clients.append(client)
            return client

        transport = default_transport(ca_file=self.served.ca_file)
        client = IRClient(
            **parts,
            credential=self.served.credential(),
            transport=transport,
            observers=[LoggingObserver()],
        )
        self.clients = [client]
        with client, transport:
            crowd.start(client, make)
            try:
                self._carry_out(events, crowd.stopped, seconds=seconds)
            finally:
                crowd.stop(within=self.settings.timeouts.deadline + 10)
        self.stats = [each.stats() for each in self.clients]
        return crowd.tally

    def _carry_out(
        self, events: Sequence[Event], stopped: threading.Event, *, seconds: float
    ) -> None:
        began_at = time.monotonic()
        for event in events:
            if stopped.wait(max(event.at - (time.monotonic() - began_at), 0.0)):
                return
            self.served.change(event.method, event.path, dict(event.body))
        stopped.wait(max(seconds - (time.monotonic() - began_at), 0.0))


class Logged(logging.Handler):
    """Every log record of every library, as the text that a log file would hold."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        extras = {name: value for name, value in vars(record).items() if name.startswith("ir_")}
        self.lines.append(f"{record.name} {record.levelname} {self.format(record)} {extras}")


@contextmanager
def logged() -> Iterator[Logged]:
    """Collect all that is logged during a block, debugging included."""
    handler, root = Logged(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
