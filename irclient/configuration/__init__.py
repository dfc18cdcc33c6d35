"""Configuration: what a client is made of, read from a file or from the environment.

One schema serves both. In a TOML file:

```toml
ca_file = "ca.pem"                     # optional; beside this file
observers = "opentelemetry"            # optional; or "prometheus, logging"

[[regions]]                            # the home region first, then DR
[regions.primary]
account = "contoso-a"
name = "web"
tps = 100

[regions.secondary]                    # optional, with the same keys
account = "contoso-b"
name = "web"
tps = 100

[credential]
kind = "key_vault"                     # or "azure", or "token" with token_env
vault_url = "https://contoso.vault.azure.net"
secret_name = "ir-web"
tenant_id = "contoso.onmicrosoft.com"
client_id = "11111111-2222-3333-4444-555555555555"

[settings.timeouts]                    # optional; any group of irclient.Settings
deadline = 2.5

[fleet]                                # optional: the processes that share one TPS
url = "redis://cache.internal:6379/0"
name = "shop"
workers = 8
```

In the environment each key is ``IRCLIENT_`` and the key in upper case, its parts joined by two
underscores, positions in a list as numbers: ``IRCLIENT_REGIONS__0__PRIMARY__ACCOUNT``. For the
common case there are short forms (`SHORT_FORMS`):

```sh
IRCLIENT_PRIMARY=contoso-a/web   IRCLIENT_SECONDARY=contoso-b/web   IRCLIENT_TPS=100
IRCLIENT_VAULT_URL=...  IRCLIENT_SECRET_NAME=...  IRCLIENT_TENANT_ID=...  IRCLIENT_CLIENT_ID=...
```

``IRCLIENT_CONFIG`` names a file that is read first; variables then win over it, key by key. An
empty variable counts as not set. A variable that names another endpoint drops the file's ``url``,
which is that of the old one. Variables that only share the prefix are left alone; of those that no
platform is known to make a `UserWarning` is given. Credentials never stand in a file: a file names
where they are.

`describe` returns the whole schema as rows.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irclient.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from irclient._core.allowance_protocol import Fleet
    from irclient.auth import Credential
    from irclient.configuration.schema import Key
    from irclient.configuration.source import ShortForm
    from irclient.observe import Observer
    from irclient.settings import Settings
    from irclient.topology import Endpoints

__all__ = ["Configuration", "describe", "short_forms"]


# The imports inside functions: both clients import this module, and most programs never read a
# configuration, so only those that do pay for its schema.


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a client is made of.

    Attributes:
        endpoints: A `ServiceEndpoint`, a `Pair`, or a list of them, the home region first.
        credential: Where the client gets its tokens.
        settings: How it behaves.
        ca_file: A PEM file of the only authorities to trust, or None.
        fleet: With whom the TPS is shared, or None.
        observers: Observers that get each record before those that a client is given.
    """

    endpoints: Endpoints
    credential: Credential
    settings: Settings
    ca_file: str | None = None
    fleet: Fleet | None = None
    observers: tuple[Observer, ...] = ()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Configuration:
        """Read the environment variables ``IRCLIENT_…``.

        Args:
            environ: The variables; those of this process when left out.

        Raises:
            ConfigurationError: A variable is missing or wrong; the message names it and the fix.
        """
        return _without_frames(lambda: _from_env(environ))

    @classmethod
    def from_file(cls, path: str | Path) -> Configuration:
        """Read a TOML file.

        Raises:
            ConfigurationError: A key is missing or wrong; the message names it and the fix.
        """
        return _without_frames(lambda: _from_file(path))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, name: str) -> Configuration:
        """Take the values of a file that another program keeps, nested as in the file.

        Args:
            values: The tables and their keys.
            name: What messages call it, as they call a file by its path.

        Raises:
            ConfigurationError: A key is missing or wrong; the message names it and the fix.
        """
        return _without_frames(lambda: _from_mapping(values, name))


def _from_env(environ: Mapping[str, str] | None) -> Configuration:
    from irclient.configuration import building, source  # noqa: PLC0415

    environ = os.environ if environ is None else environ
    return Configuration(**building.build(source.from_environment(environ), environ))


def _from_file(path: str | Path) -> Configuration:
    from irclient.configuration import building, source  # noqa: PLC0415

    return Configuration(**building.build(source.from_toml(path), os.environ))


def _from_mapping(values: Mapping[str, Any], name: str) -> Configuration:
    from irclient.configuration import building, source  # noqa: PLC0415

    return Configuration(**building.build(source.Source(dict(values), name), os.environ))


def _without_frames(read: Callable[[], Configuration]) -> Configuration:
    """Read, and raise errors without where they came from: those frames hold the environment."""
    try:
        return read()
    except ConfigurationError as problem:
        problem.__context__ = None
        raise problem.with_traceback(None) from None


def describe() -> tuple[Key, ...]:
    """Return the whole schema, one row for each key that holds a value."""
    from irclient.configuration import schema  # noqa: PLC0415

    return schema.describe()


def short_forms() -> tuple[ShortForm, ...]:
    """Return the variables that stand for keys of the common case."""
    from irclient.configuration import source  # noqa: PLC0415

    return source.SHORT_FORMS
