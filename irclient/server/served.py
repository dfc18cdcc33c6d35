"""What a configuration comes to: endpoints with their modelings, each on an output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from irclient.server.configuration import Account, Configuration, Endpoint, Modeling

__all__ = ["ServedEndpoint", "ServedModeling", "served_endpoints"]

#: The modeling of an endpoint for which none is named.
DEFAULT_MODELING = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModeling:
    """A modeling of an endpoint: its name, its folder of outputs, and the command that cooks it."""

    name: str
    output: Path
    cook: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedEndpoint:
    """An endpoint of an account, its place among all, and its modelings, the default one first."""

    place: int
    account: Account
    endpoint: Endpoint
    modelings: tuple[ServedModeling, ...]

    @property
    def label(self) -> str:
        """How people name it: account/endpoint."""
        return f"{self.account.name}/{self.endpoint.name}"

    @property
    def host_label(self) -> str:
        """The first label of the hosts that choose it."""
        return f"{self.account.name}-{self.endpoint.name}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Further hosts that choose it."""
        return self.endpoint.hosts


def served_endpoints(configuration: Configuration, out: Path | None) -> tuple[ServedEndpoint, ...]:
    """Every endpoint of a configuration.

    Args:
        configuration: What the file says.
        out: The folder of outputs for those that name none; None if all name theirs.

    Raises:
        ConfigurationError: An endpoint has no output.
    """
    found: list[ServedEndpoint] = []
    for account in configuration.accounts:
        for endpoint in account.endpoints:
            modelings = endpoint.modelings
            if not modelings and endpoint.output is None and endpoint.cook is None:
                modelings = account.modelings
            served = ServedEndpoint(
                place=len(found),
                account=account,
                endpoint=endpoint,
                modelings=tuple(map(_named, modelings)) or (_only(account, endpoint, out),),
            )
            found.append(served)
    return tuple(found)


def _named(modeling: Modeling) -> ServedModeling:
    return ServedModeling(name=modeling.name, output=modeling.output.resolve(), cook=modeling.cook)


def _only(account: Account, endpoint: Endpoint, out: Path | None) -> ServedModeling:
    output = endpoint.output or account.output or out
    if output is None:
        raise ConfigurationError(
            f"{account.name}/{endpoint.name} has no output: name the folder that irclient cook "
            "--to fills behind irclient serve, or as the endpoint's output in the configuration"
        )
    return ServedModeling(
        name=DEFAULT_MODELING,
        output=output.resolve(),
        cook=endpoint.cook or account.cook,
    )
