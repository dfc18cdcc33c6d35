"""irclient: a resilient, typed client for Microsoft Intelligent Recommendations (IR).

The public names are below; each is loaded when it is first used, so that importing the package
costs next to nothing and programs that never need a part of it never load it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from irclient._runtime.late_names import late_names
from irclient._version import __version__

if TYPE_CHECKING:
    from irclient import errors
    from irclient.aclient import AsyncIRClient
    from irclient.auth import KeyVaultCredential, StaticToken
    from irclient.cache import Cache
    from irclient.client import IRClient
    from irclient.deadlines import deadline
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
    from irclient.health import AllowanceStatus, EndpointStatus, HealthSnapshot, HealthStatus
    from irclient.process import preload
    from irclient.readiness import Readiness
    from irclient.results import (
        RecommendationList,
        RecommendedItem,
        Selector,
        Selectors,
        Served,
    )
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
    from irclient.split import Split
    from irclient.stats import Stats
    from irclient.stores import Entry, MemoryStore, Store
    from irclient.topology import Pair, ServiceEndpoint, TrafficSplit

__all__ = [
    "AccessDenied",
    "AllowanceStatus",
    "AsyncIRClient",
    "AuthenticationError",
    "Cache",
    "Caching",
    "ClientClosed",
    "ConfigurationError",
    "DeadlineExceeded",
    "EndpointStatus",
    "Entry",
    "Failover",
    "Fallback",
    "Guard",
    "HealthSnapshot",
    "HealthStatus",
    "Hedging",
    "IRClient",
    "IRError",
    "KeyVaultCredential",
    "MemoryStore",
    "NotReady",
    "Pair",
    "QueryError",
    "Readiness",
    "RecommendationList",
    "RecommendedItem",
    "Retries",
    "Selector",
    "Selectors",
    "Served",
    "ServiceEndpoint",
    "Settings",
    "Split",
    "StaticToken",
    "Stats",
    "Store",
    "Throttled",
    "Throttling",
    "Timeouts",
    "TrafficSplit",
    "Unavailable",
    "UnexpectedAnswer",
    "__version__",
    "deadline",
    "errors",
    "preload",
]

#: Where each name is loaded from, once somebody uses it.
_HOME_OF = {
    "AccessDenied": "irclient.errors",
    "AllowanceStatus": "irclient.health",
    "AsyncIRClient": "irclient.aclient",
    "AuthenticationError": "irclient.errors",
    "Cache": "irclient.cache",
    "Caching": "irclient.settings",
    "ClientClosed": "irclient.errors",
    "ConfigurationError": "irclient.errors",
    "DeadlineExceeded": "irclient.errors",
    "EndpointStatus": "irclient.health",
    "Entry": "irclient.stores",
    "Failover": "irclient.settings",
    "Fallback": "irclient.settings",
    "Guard": "irclient.settings",
    "HealthSnapshot": "irclient.health",
    "HealthStatus": "irclient.health",
    "Hedging": "irclient.settings",
    "IRClient": "irclient.client",
    "IRError": "irclient.errors",
    "KeyVaultCredential": "irclient.auth",
    "MemoryStore": "irclient.stores",
    "NotReady": "irclient.errors",
    "Pair": "irclient.topology",
    "QueryError": "irclient.errors",
    "Readiness": "irclient.readiness",
    "RecommendationList": "irclient.results",
    "RecommendedItem": "irclient.results",
    "Retries": "irclient.settings",
    "Selector": "irclient.results",
    "Selectors": "irclient.results",
    "Served": "irclient.results",
    "ServiceEndpoint": "irclient.topology",
    "Settings": "irclient.settings",
    "Split": "irclient.split",
    "StaticToken": "irclient.auth",
    "Stats": "irclient.stats",
    "Store": "irclient.stores",
    "Throttled": "irclient.errors",
    "Throttling": "irclient.settings",
    "Timeouts": "irclient.settings",
    "TrafficSplit": "irclient.topology",
    "Unavailable": "irclient.errors",
    "UnexpectedAnswer": "irclient.errors",
    "deadline": "irclient.deadlines",
    "preload": "irclient.process",
}


_load = late_names(__name__, _HOME_OF)


def __getattr__(name: str) -> Any:  # noqa: ANN401  (whatever the name stands for)
    return import_module("irclient.errors") if name == "errors" else _load(name)


def __dir__() -> list[str]:
    return sorted(__all__)
