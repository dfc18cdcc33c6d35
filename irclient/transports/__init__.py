"""The outside world of HTTP: the default transports, and how any transport is spoken to.

A transport is any `httpx.BaseTransport` (or `httpx.AsyncBaseTransport`); the two defaults are
`Pooled` for threads and `Lanes` for tasks. Each is loaded on first use, and its HTTP library with
it; `AiohttpTransport` needs the extra ``aiohttp``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from irclient.transports.aiohttp import AiohttpTransport
    from irclient.transports.lanes import Lanes
    from irclient.transports.pooled import Pooled
    from irclient.transports.tls import ssl_context

__all__ = [
    "AiohttpTransport",
    "Lanes",
    "Pooled",
    "default_async_transport",
    "default_transport",
    "ssl_context",
]


_MODULES: Final = {
    "AiohttpTransport": "aiohttp",
    "Lanes": "lanes",
    "Pooled": "pooled",
    "ssl_context": "tls",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def default_transport(*, ca_file: str | None = None) -> "Pooled":
    """Return the transport that `IRClient` uses when it is given none.

    Args:
        ca_file: A PEM file of the only authorities to trust; None trusts what the process
            trusts (``SSL_CERT_FILE``, ``SSL_CERT_DIR``, else certifi's list).
    """
    from irclient.transports.pooled import Pooled  # noqa: PLC0415  (loads an HTTP library)

    return Pooled(ca_file=ca_file)


def default_async_transport(*, ca_file: str | None = None) -> "Lanes":
    """Return the transport that `AsyncIRClient` uses when it is given none.

    Args:
        ca_file: As for `default_transport`.
    """
    from irclient.transports.lanes import Lanes  # noqa: PLC0415  (loads an HTTP library)

    return Lanes(ca_file=ca_file)
