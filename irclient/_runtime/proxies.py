"""Which proxy the environment names for a host.

The service, Entra and Key Vault are asked by one rule: by way of the proxy that ``HTTPS_PROXY``
names, else ``ALL_PROXY``, but for hosts that ``NO_PROXY`` names and for this machine's own.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from irclient.errors import ConfigurationError
from irclient.topology import is_loopback

__all__ = ["Proxy", "proxy_for"]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy of the environment.

    Attributes:
        host: Its name or address.
        port: Its port.
        variable: What names it, for advice.
        scheme: How it is spoken to; our own transports know ``http`` alone.
        user: The user and password that it asks for, as the header says them; empty without.
        url: All of this as the environment gives it, for other libraries.
    """

    host: str
    port: int
    variable: str
    scheme: str = "http"
    user: str = field(default="", repr=False)
    url: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def proxy_for(host: str, scheme: str = "https") -> Proxy | None:
    """Return the proxy by way of which a host is asked, or None where it is asked directly.

    Raises:
        ConfigurationError: What the environment names cannot be read.
    """
    if is_loopback(host):
        return None  # A proxy leads out of this machine.
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  (loads much)

    found = getproxies()
    kind = next((each for each in (scheme, "all") if found.get(each)), None)
    if kind is None or proxy_bypass(host):
        return None
    url, variable = found[kind], f"{kind.upper()}_PROXY"
    url = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise _unreadable(variable) from None
    # Of http://user:12/34@host the user would be the host, and a part of the password its port.
    if not name or "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise _unreadable(variable)
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return Proxy(
        name,
        port,
        variable,
        parts.scheme,
        "" if parts.username is None else b64encode(user.encode()).decode(),
        url,
    )


def _unreadable(variable: str) -> ConfigurationError:
    # Neither the URL nor what is wrong with it: both may hold a part of a password.
    return ConfigurationError(
        f"{variable} is not the URL of a proxy; write http://host:port, with user and password "
        "percent-encoded"
    )
