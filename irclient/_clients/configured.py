"""Making a client: of its parts, or of a configuration; in both clients alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, Literal, Self

from irclient._clients.parts import ClientParts, TransportT
from irclient._runtime.deferred import Deferred

if TYPE_CHECKING:
    from pathlib import Path

    from irclient import configuration as configured
    from irclient import settings as groups
    from irclient._clients import options
    from irclient._core.allowance_protocol import Fleet
    from irclient.auth import Credential
    from irclient.configuration import Configuration
    from irclient.observe import Observer
    from irclient.settings import Fallback, Settings
    from irclient.stores import Store
    from irclient.topology import Endpoints
else:
    configured = Deferred("irclient.configuration")
    groups = Deferred("irclient.settings")
    options = Deferred("irclient._clients.options")

__all__ = ["ConfiguredClient"]


class ConfiguredClient(ABC, Generic[TransportT]):
    """A client that is made of its parts, of the environment, or of a file."""

    #: None: interactive for one call, batch for many.
    _priority: Literal["interactive", "batch"] | None
    _own_transport: TransportT | None

    @abstractmethod
    def at(self, label: str) -> Self:
        """Return a light copy that asks one endpoint alone."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        credential: Credential,
        settings: Settings | None = None,
        fallback: Fallback | None = None,
        store: Store | None = None,
        transport: TransportT | None = None,
        observers: Sequence[Observer] = (),
        fleet: Fleet | None = None,
    ) -> None:
        self._put_together(
            ClientParts(
                endpoints=endpoints,
                credential=credential,
                settings=groups.Settings.model_construct() if settings is None else settings,
                fallback=fallback,
                store=store,
                transport=transport,
                observers=observers,
                fleet=fleet,
            )
        )

    @abstractmethod
    def _put_together(self, parts: ClientParts[TransportT]) -> None:
        """Check what the client is made of, and make what its calls share."""

    @staticmethod
    @abstractmethod
    def _make_transport(*, ca_file: str | None = None) -> TransportT:
        """Make the client's own transport."""

    @classmethod
    def from_env(
        cls,
        *,
        settings: Settings | None = None,
        fallback: Fallback | None = None,
        store: Store | None = None,
        transport: TransportT | None = None,
        observers: Sequence[Observer] = (),
        fleet: Fleet | None = None,
    ) -> Self:
        """Make a client from the environment variables ``IRCLIENT_…``.

        What is passed here wins. Of `settings` that is each value that they were given, so what
        they leave to its default stays as it was configured; a `transport` goes its own way,
        without the configured ``ca_file``.

        Args:
            settings: How to behave.
            fallback: What to answer when nothing else can.
            store: Where answers are kept.
            transport: As for the client itself.
            observers: Each is called with each record of what happened, after those that are
                configured.
            fleet: With whom the TPS is shared.

        Raises:
            ConfigurationError: A variable is missing or wrong; the message names it and the fix.
        """
        return cls.from_configuration(
            configured.Configuration.from_env(),
            settings=settings,
            fallback=fallback,
            store=store,
            transport=transport,
            observers=observers,
            fleet=fleet,
        )

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        settings: Settings | None = None,
        fallback: Fallback | None = None,
        store: Store | None = None,
        transport: TransportT | None = None,
        observers: Sequence[Observer] = (),
        fleet: Fleet | None = None,
    ) -> Self:
        """Make a client from a TOML file with the same schema as the environment's.

        What is passed here wins. Of `settings` that is each value that they were given, so what
        they leave to its default stays as it was configured; a `transport` goes its own way,
        without the configured ``ca_file``.

        Args:
            path: The file.
            settings: How to behave.
            fallback: What to answer when nothing else can.
            store: Where answers are kept.
            transport: As for the client itself.
            observers: Each is called with each record of what happened, after those that are
                configured.
            fleet: With whom the TPS is shared.

        Raises:
            ConfigurationError: A key is missing or wrong; the message names it and the fix.
        """
        return cls.from_configuration(
            configured.Configuration.from_file(path),
            settings=settings,
            fallback=fallback,
            store=store,
            transport=transport,
            observers=observers,
            fleet=fleet,
        )

    @classmethod
    def from_configuration(
        cls,
        configuration: Configuration,
        *,
        settings: Settings | None = None,
        fallback: Fallback | None = None,
        store: Store | None = None,
        transport: TransportT | None = None,
        observers: Sequence[Observer] = (),
        fleet: Fleet | None = None,
        beside: object | None = None,
    ) -> Self:
        """Make a client of what was read already; the other arguments are those of `from_file`.

        Args:
            configuration: As `irclient.configuration` reads it.
            settings: How to behave.
            fallback: What to answer when nothing else can.
            store: Where answers are kept.
            transport: As for the client itself.
            observers: Each is called with each record of what happened, after those that are
                configured.
            fleet: With whom the TPS is shared.
            beside: A client of the same endpoints, of either kind: both then have one allowance,
                one memory, one token and one view of the endpoints' health, and closing one closes
                both, but for the other's connections. `store` and `fleet` are that client's.

        Raises:
            ConfigurationError: `beside` is no client, or one of other endpoints.
        """
        own = cls._make_transport(ca_file=configuration.ca_file) if transport is None else None
        parts = ClientParts(
            endpoints=configuration.endpoints,
            credential=configuration.credential,
            settings=options.overlaid(configuration.settings, settings),
            fallback=fallback,
            store=store,
            transport=own if transport is None else transport,
            observers=_both(configuration.observers, observers),
            fleet=configuration.fleet if fleet is None else fleet,
        )
        return cls._made_of(parts, own) if beside is None else cls._made_beside(parts, own, beside)

    @classmethod
    @abstractmethod
    def _made_beside(
        cls, parts: ClientParts[TransportT], own_transport: TransportT | None, other: object
    ) -> Self:
        """Make a client that shares another's state."""

    @classmethod
    def _made_of(
        cls,
        parts: ClientParts[TransportT],
        own_transport: TransportT | None,
        priority: Literal["interactive", "batch"] | None = None,
        pinned_to: str | None = None,
    ) -> Self:
        client = cls(
            parts.endpoints,
            credential=parts.credential,
            settings=parts.settings,
            fallback=parts.fallback,
            store=parts.store,
            transport=parts.transport,
            observers=parts.observers,
            fleet=parts.fleet,
        )
        client._own_transport, client._priority = own_transport, priority
        return client if pinned_to is None else client.at(pinned_to)


def _both(configured: Sequence[Observer], given: Sequence[Observer]) -> Sequence[Observer]:
    # What is no list is refused by the client, in its own words.
    return (*configured, *given) if configured and isinstance(given, Sequence) else given
