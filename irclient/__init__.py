"""irclient: a resilient, typed client for Microsoft Intelligent Recommendations (IR).

The public names are below; each is loaded when it is first used, so that importing the package
costs next to nothing and programs that never need a part of it never load it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from irclient._version import __version__

if TYPE_CHECKING:
    from irclient import errors
    from irclient.aclient import AsyncIRClient
    from irclient.auth import KeyVaultCredential, StaticToken
    from irclient.client import IRClient
    from irclient.errors import (
        AccessDenied,
        AuthenticationError,
        ClientClosed,
        ConfigurationError,
        DeadlineExceeded,
        IRError,
        NotReady,
        QueryError,
        Throttled,
        Unavailable,
        UnexpectedAnswer,
    )
    from irclient.results import RecommendationList, RecommendedItem, Selectors, Served
    from irclient.settings import (
        Caching,
        Failover,
        Fallback,
        Guard,
        Hedging,
        Retries,
        Settings,
        Throttling,
        Timeouts,
    )
    from irclient.topology import Pair, ServiceEndpoint, TrafficSplit

__all__ = [
    "AccessDenied",
    "AsyncIRClient",
    "AuthenticationError",
    "Caching",
    "ClientClosed",
    "ConfigurationError",
    "DeadlineExceeded",
    "Failover",
    "Fallback",
    "Guard",
    "Hedging",
    "IRClient",
    "IRError",
    "KeyVaultCredential",
    "NotReady",
    "Pair",
    "QueryError",
    "RecommendationList",
    "RecommendedItem",
    "Retries",
    "Selectors",
    "Served",
    "ServiceEndpoint",
    "Settings",
    "StaticToken",
    "Throttled",
    "Throttling",
    "Timeouts",
    "TrafficSplit",
    "Unavailable",
    "UnexpectedAnswer",
    "__version__",
    "errors",
]

_HOMES = {
    "irclient.aclient": ("AsyncIRClient",),
    "irclient.auth": ("KeyVaultCredential", "StaticToken"),
    "irclient.client": ("IRClient",),
    "irclient.errors": (
        "AccessDenied",
        "AuthenticationError",
        "ClientClosed",
        "ConfigurationError",
        "DeadlineExceeded",
        "IRError",
        "NotReady",
        "QueryError",
        "Throttled",
        "Unavailable",
        "UnexpectedAnswer",
    ),
    "irclient.results": ("RecommendationList", "RecommendedItem", "Selectors", "Served"),
    "irclient.settings": (
        "Caching",
        "Failover",
        "Fallback",
        "Guard",
        "Hedging",
        "Retries",
        "Settings",
        "Throttling",
        "Timeouts",
    ),
    "irclient.topology": ("Pair", "ServiceEndpoint", "TrafficSplit"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401  (whatever the name stands for)
    if name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    if name == "errors":
        return import_module("irclient.errors")
    raise AttributeError(f"module 'irclient' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
