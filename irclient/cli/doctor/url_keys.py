"""By which key or variable each host is named, for advice that names it."""

import os
import warnings
from pathlib import Path

from irclient.auth import KeyVaultCredential
from irclient.auth.arguments import PUBLIC_AUTHORITY
from irclient.configuration import Configuration
from irclient.configuration.source import from_environment, from_toml
from irclient.topology import Pair, ServiceEndpoint, TrafficSplit

__all__ = ["url_keys"]


def url_keys(config: Path | None, configuration: Configuration) -> dict[str, str]:
    """Return the name of the key of each host's URL, by the host's purpose.

    The usual authority has none: it is there without being named.

    Args:
        config: The file that the configuration was read from; None for the environment.
        configuration: What was read.
    """
    with warnings.catch_warnings():
        # They were given when it was read.
        warnings.simplefilter("ignore", UserWarning)
        source = from_environment(os.environ) if config is None else from_toml(config)
    keys: dict[str, str] = {}
    credential, given = configuration.credential, configuration.endpoints
    if isinstance(credential, KeyVaultCredential):
        keys["Key Vault"] = source.name_of(("credential", "vault_url"))
        if credential.authority != PUBLIC_AUTHORITY:
            keys["Entra"] = source.name_of(("credential", "authority"))
    if isinstance(given, TrafficSplit):
        return keys  # No file and no variable can make one.
    regions = (given,) if isinstance(given, ServiceEndpoint | Pair) else given
    for at, region in enumerate(regions):
        if isinstance(region, ServiceEndpoint):
            roles = {"primary": region}
        else:
            roles = {"primary": region.primary, "secondary": region.secondary}
        for role, endpoint in roles.items():
            keys[endpoint.label] = source.name_of(("regions", at, role, "url"))
    return keys
