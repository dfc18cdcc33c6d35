"""What a call needs of the allowance of an endpoint: of this process, or of a whole fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from irclient._core.priority import Priority
from irclient._values.momentary import value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from irclient._core.flights import Flight
    from irclient._core.reservation import Reservation
    from irclient._core.shared_health import SharedHealth
    from irclient._core.shared_memory import SharedMemory
    from irclient.health import AllowanceStatus
    from irclient.observe import Record
    from irclient.stats import FleetStats
    from irclient.topology import ServiceEndpoint

__all__ = ["Asked", "EndpointAllowance", "Fleet"]


@value
class Asked:
    """Whether there is a slot is being asked of others: wait, and reserve again.

    Attributes:
        until: The latest instant to reserve again.
        flight: Lands when the answer is there; None where there is nothing but time to wait for.
    """

    until: float
    flight: Flight | None = None


class EndpointAllowance(Protocol):
    """When the next request to one endpoint may start; told the time, and never waiting."""

    def reserve(
        self, now: float, *, not_after: float, priority: Priority = Priority.INTERACTIVE
    ) -> Reservation | Asked | None:
        """Reserve the first free slot, unless it starts later than `not_after`."""
        ...

    def first_slot(self, now: float, priority: Priority = Priority.INTERACTIVE) -> float:
        """The instant at which the next caller of a priority could start, as far as is known."""
        ...

    def start(self, reservation: Reservation, now: float) -> bool:
        """Use a slot; False when it cannot be used any more and the caller must reserve again."""
        ...

    def give_back(self, reservation: Reservation, now: float) -> None:
        """Return a slot that will not be used; one that was used stays so."""
        ...

    def arrived(self, reservation: Reservation, at: float) -> None:
        """Learn that a request reached the service long after it was started."""
        ...

    def throttled(self, now: float, *, retry_after: float | None) -> None:
        """Learn of a 429."""
        ...

    def status(self, now: float) -> AllowanceStatus:
        """Return how the allowance is doing."""
        ...

    def is_calm(self, now: float, *, since: float) -> bool:
        """Whether at least half of the allowance is free now, and no 429 came since an instant."""
        ...


class Fleet(Protocol):
    """All processes that read the same endpoints; what it hands out is shared by them."""

    @property
    def workers(self) -> int:
        """How many processes there are."""
        ...

    @property
    def shared_health(self) -> SharedHealth | None:
        """What the processes tell each other of endpoints' health; None if they do not."""
        ...

    def join(self, untold: list[Record]) -> None:
        """Have a client told of what changes between the process and its fleet.

        Args:
            untold: Where records go that the client's next call tells its observers.
        """
        ...

    def stats(self) -> FleetStats:
        """Return what this process has asked of its fleet since it began, counted."""
        ...

    def shared_memory(self, namespaces: Mapping[str, str]) -> SharedMemory | None:
        """Return the memory of a client's answers that all processes have; None without one.

        Args:
            namespaces: What tells the accounts of each variant from others; the empty variant is
                that of a client without a traffic split.
        """
        ...

    def allowance(self, endpoint: ServiceEndpoint, *, adaptive: bool) -> EndpointAllowance:
        """Return the allowance of an endpoint, the same for the same URL.

        Args:
            endpoint: The endpoint.
            adaptive: Whether 429 answers shrink it.
        """
        ...
