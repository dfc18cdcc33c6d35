"""The parts that a client is made of, by which it is also made again in another process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from irclient._core.allowance_protocol import Fleet
    from irclient.auth import Credential
    from irclient.observe import Observer
    from irclient.settings import Fallback, Settings
    from irclient.stores import Store
    from irclient.topology import Endpoints

__all__ = ["ClientParts", "TransportT"]

#: What requests go through: httpx's kind for threads, or its kind for tasks.
TransportT = TypeVar("TransportT", bound="httpx.BaseTransport | httpx.AsyncBaseTransport")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientParts(Generic[TransportT]):
    """What a client was given, as `IRClient` describes it.

    Attributes:
        endpoints: Where lists come from.
        credential: Where tokens come from.
        settings: How to behave.
        fallback: What to answer when nothing else can, or None.
        store: Where answers are kept, or None for a store of its own.
        transport: What requests go through, or None for one of its own.
        observers: Who is told what happened.
        fleet: With whom the TPS is shared, or None.
    """

    endpoints: Endpoints
    credential: Credential
    settings: Settings
    fallback: Fallback | None
    store: Store | None
    transport: TransportT | None
    observers: Sequence[Observer]
    fleet: Fleet | None = None
