"""Loading ahead what the first call would load: `irclient.preload`."""

from __future__ import annotations

from importlib import import_module
from typing import Final

__all__ = ["preload"]

#: What clients, their configuration and their first token load when they first need it.
_LOADED_LATE: Final = (
    "anyio._backends._asyncio",
    "azure.identity",
    "azure.keyvault.secrets",
    "irclient._clients.assembly",
    "irclient._clients.options",
    "irclient._core.cached_answer",
    "irclient._core.paging",
    "irclient._core.readying",
    "irclient._display.progress",
    "irclient._drivers.blocking",
    "irclient._drivers.tasks",
    "irclient.aclient",
    "irclient.auth.azure",
    "irclient.auth.rotation",
    "irclient.auth.tokens",
    "irclient.client",
    "irclient.configuration.building",
    "irclient.configuration.source",
    "irclient.transports.blocking",
    "irclient.transports.tasks",
    "msal",
    "tenacity",
)


def preload() -> None:
    """Load every module that a client and its first token need, and do nothing else.

    For the master of a preforking server: its workers then share what was loaded, and each starts
    as quickly as the first. No connection is opened, no thread is started, and nothing is read from
    the environment.
    """
    for module in _LOADED_LATE:
        import_module(module)
