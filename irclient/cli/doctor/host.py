"""The hosts that a call needs, and the way to each: its proxy and the authorities to trust.

All are asked by way of the proxy that the environment names, unless they are on loopback. The
Azure SDK reads other variables for the authorities than the rest does.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from irclient._runtime.proxies import Proxy, proxy_for
from irclient.auth import KeyVaultCredential
from irclient.configuration import Configuration
from irclient.topology import ServiceEndpoint

__all__ = ["Host", "Proxy", "Route", "hosts_of"]

#: What a host is: it decides what must be named to trust it.
Route: TypeAlias = Literal["service", "entra", "vault"]


@dataclass(frozen=True, slots=True)
class Host:
    """A host that the client needs.

    Attributes:
        purpose: What it is needed for, for example ``Key Vault``.
        url: Its base URL.
        ca_file: The authorities to trust for it; None for the process's usual.
        route: What kind of host it is.
        key: The key or variable that names its URL; None where none had to.
    """

    purpose: str
    url: str
    ca_file: str | os.PathLike[str] | None
    route: Route = "service"
    key: str | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host name and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def proxy(self) -> Proxy | None:
        """The proxy by way of which it is asked, or None."""
        return proxy_for(self.address[0], urlsplit(self.url).scheme)

    @property
    def trusted_file(self) -> str | None:
        """The PEM file of the only authorities that the call will trust; None for the usual."""
        if self.ca_file is not None:
            return os.fspath(self.ca_file)
        if self.route == "vault":
            names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
            return next((os.environ[name] for name in names if os.environ.get(name)), None)
        return None

    @property
    def trusts_usual_list(self) -> bool:
        """Whether the variables that the other hosts' trust is read from do not count."""
        return self.route == "vault" and self.trusted_file is None

    def __str__(self) -> str:
        name, port = self.address
        return f"{self.purpose} {name}:{port}"


def hosts_of(
    configuration: Configuration,
    endpoints: tuple[ServiceEndpoint, ...],
    keys: Mapping[str, str],
) -> Iterator[Host]:
    """Every host that a call of this configuration needs, in the order in which it needs them.

    Args:
        configuration: The configuration.
        endpoints: Its endpoints.
        keys: The name of the key or variable of each host's URL, by the host's purpose.
    """
    credential = configuration.credential
    if isinstance(credential, KeyVaultCredential):
        vault_url, authority = credential.vault_url, credential.authority
        yield Host("Key Vault", vault_url, credential.ca_file, "vault", keys.get("Key Vault"))
        yield Host("Entra", authority, credential.ca_file, "entra", keys.get("Entra"))
    for each in endpoints:
        yield Host(each.label, each.url, configuration.ca_file, "service", keys.get(each.label))
