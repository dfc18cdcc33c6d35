"""The user's configuration, as the commands read it: a file, or the environment."""

from pathlib import Path

from irclient.client import IRClient
from irclient.configuration import Configuration
from irclient.errors import ConfigurationError
from irclient.topology import ServiceEndpoint, TrafficSplit, flatten

__all__ = ["configured_client", "endpoint_named", "endpoints_of", "read_configuration"]


def read_configuration(config: Path | None) -> Configuration:
    """Read the file, or the environment when there is none.

    Raises:
        ConfigurationError: A key or variable is missing or wrong.
    """
    return Configuration.from_env() if config is None else Configuration.from_file(config)


def configured_client(config: Path | None) -> IRClient:
    """Make a client from the file, or from the environment when there is none.

    Raises:
        ConfigurationError: A key or variable is missing or wrong.
    """
    return IRClient.from_env() if config is None else IRClient.from_file(config)


def endpoints_of(configuration: Configuration) -> tuple[ServiceEndpoint, ...]:
    """Return every service endpoint of a configuration once, in the order of preference."""
    given = configuration.endpoints
    if not isinstance(given, TrafficSplit):
        return flatten(given)
    variants = (each for each in given.variants.values() if not isinstance(each, TrafficSplit))
    return tuple(dict.fromkeys(endpoint for each in variants for endpoint in flatten(each)))


def endpoint_named(account: str | None, configuration: Configuration) -> ServiceEndpoint:
    """Return the one service endpoint of an account, or the only one when None is named.

    Raises:
        ConfigurationError: It is not clear which is meant.
    """
    endpoints = endpoints_of(configuration)
    fitting = [each for each in endpoints if account in {None, each.account, each.label}]
    if len(fitting) == 1:
        return fitting[0]
    labels = ", ".join(each.label for each in endpoints)
    if account is None:
        raise ConfigurationError(f"name one account; configured are {labels}")
    what = "several endpoints" if fitting else "no endpoint"
    raise ConfigurationError(f"{what} of {account!r} among those configured: {labels}")
